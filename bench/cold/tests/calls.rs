//! What the functions call over TLS, counted: first invocation and warm ones. Times are for `cargo cold`.
#![allow(clippy::disallowed_methods, reason = "processes live in real time")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panic")]

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use serde_json::{Value, json};
use steward_cold::calls::Calls;
use steward_cold::programs::{self, Prepared};
use steward_cold::services::Services;
use steward_cold::tls::Identity;
use steward_sim::binaries::{self, Profile};

/// The functions, with an incident to tell, behind a certificate that only they trust.
/// `test` names the folder of its roots: another test's would not know the certificate.
async fn prepared(test: &str) -> (Services, Vec<Prepared>) {
    let built = binaries::functions(Profile::Dev).expect("the functions are built");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("calls-{test}"));
    let identity = Identity::make(&folder, None).unwrap();
    let services = Services::start(&identity, programs::parameters().unwrap()).await.unwrap();
    let programs = programs::prepare(&built, None, &services, &identity, Timestamp::now()).await.unwrap();
    (services, programs)
}

fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test)
}

fn named<'p>(programs: &'p [Prepared], name: &str) -> &'p Prepared {
    programs.iter().find(|program| program.name() == name).unwrap()
}

fn counts(calls: &[(&str, u64)]) -> BTreeMap<String, u64> {
    calls.iter().map(|(operation, count)| ((*operation).to_owned(), *count)).collect()
}

#[test]
fn functions_call_nothing_before_they_are_asked_and_no_more_than_this_when_they_are() {
    run(async {
        let (services, programs) = prepared("each").await;
        let mut made = BTreeMap::new();
        for name in binaries::FUNCTIONS {
            made.insert(name, Calls::of(named(&programs, name), &services).await.unwrap());
        }
        insta::assert_json_snapshot!(made);
    });
}

#[test]
fn a_benign_stop_makes_no_call_besides_the_configurations() {
    run(async {
        let (services, programs) = prepared("benign").await;
        let mut event = programs::stop("web", Timestamp::now());
        let detail = event.get_mut("detail").and_then(Value::as_object_mut).unwrap();
        detail.insert("stopCode".to_owned(), json!("ServiceSchedulerInitiated"));
        detail.insert(
            "stoppedReason".to_owned(),
            json!("Scaling activity initiated by (deployment ecs-svc/1)"),
        );
        detail.insert(
            "containers".to_owned(),
            json!([{"name": "app", "exitCode": 0, "lastStatus": "STOPPED"}]),
        );
        let benign = programs::invoked_with(named(&programs, "remediation"), &event).unwrap();
        let calls = Calls::of(&benign, &services).await.unwrap();
        assert_eq!(calls, Calls { first: counts(&[("GetParameters", 2)]), warm: counts(&[]) });
    });
}
