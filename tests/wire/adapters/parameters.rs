//! Parameters in SSM: what the store of the configuration does with them, and how secrets are read.

use serde_json::json;
use steward::aws::Ssm;
use steward::config::file::File;
use steward::config::store::{self, ApplyError};
use steward::config::{Configuration, Loader};
use steward::ports::{Overwrite, ParameterError, ParameterStore, Parameters};
use steward_sim::lambda::gateway::{Fault, When};
use steward_sim::lambda::sqs::Sqs;

use crate::support::{Services, run, sdk_at};

const PATH: &str = "/steward/prod/configuration";

fn grouping(seconds: usize) -> File {
    let file = json!({"version": 1, "defaults": {"mode": "observe"}, "notifications": {"grouping": format!("{seconds}s")}});
    serde_json::from_value(file).unwrap()
}

async fn apply(ssm: &Ssm, seconds: usize) -> store::Applied {
    let change = store::prepare(ssm, PATH, grouping(seconds)).await.unwrap();
    store::apply(ssm, &change).await.unwrap()
}

/// What a function that starts now works by.
async fn in_force(ssm: &Ssm) -> (Option<u64>, i64) {
    let loaded = Loader::new(PATH).load(ssm, jiff::Timestamp::UNIX_EPOCH).await.unwrap();
    (loaded.version, loaded.configuration.notifications.grouping.as_secs())
}

async fn services() -> (Services, Ssm) {
    let services = Services::start(&Sqs::default()).await;
    // moto loads a service with its first call, which may take longer than an adapter waits.
    let nothing = json!({"Names": ["/nothing"]});
    services.moto.call("ssm", "AmazonSSM.GetParameters", &nothing).await.unwrap();
    let ssm = Ssm::new(&services.sdk);
    (services, ssm)
}

#[test]
fn a_configuration_is_applied_read_replaced_and_gone_back_to() {
    run(async {
        let (_services, ssm) = services().await;
        let defaults = Configuration::default().notifications.grouping.as_secs();
        assert_eq!(in_force(&ssm).await, (None, defaults));
        for seconds in [20, 30] {
            apply(&ssm, seconds).await;
        }
        assert_eq!(in_force(&ssm).await, (Some(2), 30));
        assert!(!store::prepare(&ssm, PATH, grouping(30)).await.unwrap().is_change);
        let earlier = store::find_earlier(&ssm, PATH, None).await.unwrap();
        store::rollback(&ssm, PATH, &earlier).await.unwrap();
        assert_eq!(in_force(&ssm).await, (Some(1), 20));
        assert_eq!(apply(&ssm, 40).await.version, 3, "a number is never used twice");
        let versions = store::versions(&ssm, PATH).await.unwrap();
        let read: Vec<_> =
            versions.iter().map(|kept| (kept.version, kept.is_whole, kept.is_current)).collect();
        assert_eq!(read, [(3, true, true), (2, true, false), (1, true, false)]);
    });
}

#[test]
fn of_two_who_apply_at_once_one_is_told() {
    run(async {
        let (_services, ssm) = services().await;
        apply(&ssm, 1).await;
        let mine = store::prepare(&ssm, PATH, grouping(2)).await.unwrap();
        let yours = store::prepare(&ssm, PATH, grouping(3)).await.unwrap();
        let (mine, yours) = tokio::join!(store::apply(&ssm, &mine), store::apply(&ssm, &yours));
        let (applied, told, seconds) = match (mine, yours) {
            (Ok(applied), Err(told)) => (applied, told, 2),
            (Err(told), Ok(applied)) => (applied, told, 3),
            both => panic!("exactly one comes into force: {both:?}"),
        };
        assert!(matches!(told, ApplyError::Overtaken { version: 2, .. }), "{told}");
        assert_eq!((applied.version, in_force(&ssm).await), (2, (Some(2), seconds)));
    });
}

#[test]
fn old_versions_are_pruned_over_several_pages_of_parameters() {
    run(async {
        let (_services, ssm) = services().await;
        for seconds in 1..=12 {
            apply(&ssm, seconds).await;
        }
        let kept: Vec<u64> =
            store::versions(&ssm, PATH).await.unwrap().into_iter().map(|kept| kept.version).collect();
        assert_eq!(kept, (3..=12).rev().collect::<Vec<u64>>());
        let names = ssm.list(PATH).await.unwrap();
        assert_eq!(names.len(), 1 + 10 * 3, "pointer; manifest, defaults and notifications of each: {names:?}");
        assert!(names.is_sorted() && !names.iter().any(|name| name.contains("/000002/")), "{names:?}");
    });
}

#[test]
fn an_apply_whose_answers_are_lost_is_not_taken_for_somebody_elses() {
    run(async {
        let (services, ssm) = services().await;
        apply(&ssm, 1).await;
        // Every other write: each is repeated by the SDK, and finds what it wrote itself.
        for nth in [1, 3, 5, 7] {
            services.gateway.inject(When::any().operation("PutParameter").nth(nth), Fault::LoseAnswer);
        }
        assert_eq!(apply(&ssm, 2).await.version, 2);
        assert_eq!(in_force(&ssm).await, (Some(2), 2));
    });
}

#[test]
fn a_secure_string_is_read_decrypted_and_what_is_not_there_is_absent() {
    run(async {
        let (services, ssm) = services().await;
        let secret =
            json!({"Name": "/secrets/slack", "Type": "SecureString", "Value": "https://hooks/secret"});
        services.moto.call("ssm", "AmazonSSM.PutParameter", &secret).await.unwrap();
        ssm.put("/plain", "text {{with}} braces and ümlauts", Overwrite::No).await.unwrap();
        let names: Vec<String> = ["/nothing", "/plain", "/secrets/slack", "/plain"].map(str::to_owned).into();
        let found = ssm.get(&names).await.unwrap();
        let plain = Some("text {{with}} braces and ümlauts".to_owned());
        assert_eq!(found, [None, plain.clone(), Some("https://hooks/secret".to_owned()), plain]);
        let exists = ssm.put("/plain", "other", Overwrite::No).await;
        assert_eq!(exists, Err(ParameterError::Exists { name: "/plain".to_owned() }));
        ssm.delete(&["/plain".to_owned(), "/nothing".to_owned()]).await.unwrap();
        assert_eq!(ssm.get(&["/plain".to_owned()]).await, Ok(vec![None]));
    });
}

#[test]
fn a_parameter_store_that_throttles_is_waited_out_and_one_that_is_not_there_is_told() {
    run(async {
        let (services, ssm) = services().await;
        services.gateway.inject(When::any().operation("GetParameters").first(2), Fault::Throttle);
        assert_eq!(ssm.get(&["/a".to_owned()]).await, Ok(vec![None]));
        services.gateway.inject(When::any().operation("GetParameters").first(3), Fault::Throttle);
        let error = ssm.get(&["/a".to_owned()]).await.unwrap_err();
        assert!(
            error.is_retryable() && error.to_string().starts_with("GetParameters /a: ThrottlingEx"),
            "{error}"
        );
        let nobody = Ssm::new(&sdk_at("http://127.0.0.1:1"));
        let error = nobody.get(&["/a".to_owned()]).await.unwrap_err();
        assert!(error.is_retryable() && error.to_string().contains("no connection"), "{error}");
    });
}
