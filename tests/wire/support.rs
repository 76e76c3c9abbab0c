//! Events, configurations and houses for the wire.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;

use serde_json::{Value, json};
use steward::arn::{ClusterArn, ServiceName};
use steward::aws::{DynamoLedger, Environment, Sdk};
use steward::config::file::File;
use steward::config::{MemoryParameters, store};
use steward::incident::Target;
use steward::permissions::Function;
use steward_sim::binaries::{self, Profile};
use steward_sim::house::{CONFIGURATION, House, Plan, TABLE, create_table};
use steward_sim::iam::Policy;
use steward_sim::lambda::gateway::{self, Gateway};
use steward_sim::lambda::sqs::Sqs;
use steward_sim::moto::Moto;

use crate::stack;

/// As long as anything may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// The functions' programs, built once for all tests.
static PROGRAMS: LazyLock<BTreeMap<String, PathBuf>> =
    LazyLock::new(|| binaries::functions(Profile::Dev).expect("the functions are built"));

/// What the template's roles allow, where everything is allowed that may be. Who does more than that is refused, in every test.
static POLICIES: LazyLock<BTreeMap<String, Policy>> = LazyLock::new(|| {
    let granted = |function| stack::granted(function, &stack::everything());
    Function::ALL.into_iter().map(|function| (function.as_str().to_owned(), granted(function))).collect()
});

/// Runs a test on a runtime of its own.
pub(crate) fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test)
}

/// A plan in which nothing is waited for but what a test waits for: news gather no time, and whatever fails together is told
/// one by one, however much it is.
pub(crate) fn plan() -> Plan {
    let plan = Plan::new(PROGRAMS.clone());
    Plan { parameters: applied(one_by_one()), policies: POLICIES.clone(), ..plan }
}

/// The configuration of [`plan`].
pub(crate) fn one_by_one() -> Value {
    json!({
        "version": 1,
        "guards": {"outage": {"services": 50, "within": "1m"}},
        "notifications": {"grouping": "0s", "budget": {"count": 1000, "within": "1h"}},
    })
}

/// The parameters that `steward apply` writes for a file.
pub(crate) fn applied(file: Value) -> BTreeMap<String, String> {
    let file: File = serde_json::from_value(file).unwrap();
    let parameters = MemoryParameters::new();
    run_inside(async {
        let change = store::prepare(&parameters, CONFIGURATION, file).await.unwrap();
        store::apply(&parameters, &change).await.unwrap();
    });
    parameters.values()
}

/// Memory never waits: this works inside of a runtime too.
fn run_inside(future: impl Future<Output = ()>) {
    futures_util::FutureExt::now_or_never(future).expect("memory does not wait");
}

pub(crate) async fn house(plan: &Plan) -> House {
    House::build(plan).await.unwrap_or_else(|error| panic!("{error}"))
}

/// A task of a service that ran out of memory.
pub(crate) fn stop(service: &str, task: u32) -> Value {
    let now = jiff::Timestamp::now();
    json!({
        "version": "0", "id": format!("e-{task}"), "detail-type": "ECS Task State Change", "source": "aws.ecs",
        "account": "123456789012", "region": "us-east-1", "time": now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "resources": [format!("arn:aws:ecs:us-east-1:123456789012:task/shop/{task:032x}")],
        "detail": {
            "clusterArn": "arn:aws:ecs:us-east-1:123456789012:cluster/shop",
            "taskArn": format!("arn:aws:ecs:us-east-1:123456789012:task/shop/{task:032x}"),
            "taskDefinitionArn": format!("arn:aws:ecs:us-east-1:123456789012:task-definition/{service}:7"),
            "group": format!("service:{service}"), "lastStatus": "STOPPED", "desiredStatus": "STOPPED",
            "stopCode": "EssentialContainerExited", "stoppedReason": "Essential container in task exited",
            "stoppedAt": now.to_string(), "version": 4, "overrides": {"containerOverrides": []},
            "containers": [{
                "name": "app", "exitCode": 137, "lastStatus": "STOPPED",
                "reason": "OutOfMemoryError: Container killed due to memory usage",
            }],
        },
    })
}

/// How often each of `services` stands in `titles`.
pub(crate) fn times_told(titles: &[String], services: &[String]) -> BTreeMap<String, usize> {
    let count = |service: &String| {
        let named = format!("service {service} in shop");
        titles.iter().filter(|title| title.contains(&named)).count()
    };
    services.iter().map(|service| (service.clone(), count(service))).collect()
}

/// Names that no other name begins with.
pub(crate) fn services(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("api-{n:03}")).collect()
}

/// AWS for adapters in this process: moto behind a gateway, and queues. The table is there and empty.
pub(crate) struct Services {
    pub(crate) moto: Moto,
    pub(crate) gateway: Gateway,
    pub(crate) sdk: Sdk,
}

impl Services {
    pub(crate) async fn start(sqs: &Sqs) -> Self {
        let moto = Moto::start().await.unwrap_or_else(|error| panic!("{error}"));
        create_table(&moto).await.unwrap();
        let behind = gateway::Settings {
            sqs: Some(sqs.clone()),
            upstream: Some(moto.url()),
            ..gateway::Settings::default()
        };
        let gateway = Gateway::start(behind).await.unwrap();
        let sdk = sdk_at(&gateway.url());
        Self { moto, gateway, sdk }
    }

    pub(crate) fn ledger(&self) -> DynamoLedger {
        DynamoLedger::new(&self.sdk, TABLE.to_owned())
    }
}

/// The SDK as a function's process makes it.
pub(crate) fn sdk_at(endpoint: &str) -> Sdk {
    let endpoint = endpoint.to_owned();
    let environment = Environment::new(move |name| match name {
        "AWS_ENDPOINT_URL" => Some(endpoint.clone()),
        "AWS_REGION" => Some("us-east-1".to_owned()),
        "AWS_ACCESS_KEY_ID" => Some("AKIAADAPTER".to_owned()),
        "AWS_SECRET_ACCESS_KEY" => Some("secret".to_owned()),
        _ => None,
    });
    Sdk::new(&environment).unwrap()
}

/// A service of the cluster that [`stop`] stops tasks in.
pub(crate) fn target(service: &str) -> Target {
    Target::Service {
        cluster: ClusterArn::new("arn:aws:ecs:us-east-1:123456789012:cluster/shop"),
        name: ServiceName::new(service),
    }
}

/// Lets notifications sweep until so many lost messages were queued again, and answers how many sweeps it took: nudges have
/// some seconds to arrive before a sweep takes them for lost.
pub(crate) async fn sweep_until_queued(house: &House, count: u64) -> usize {
    let end = tokio::time::Instant::now() + PATIENCE;
    let (mut queued, mut sweeps) = (0, 0);
    while queued < count {
        assert!(tokio::time::Instant::now() < end, "{queued} of {count} were queued");
        tokio::time::sleep(Duration::from_millis(500)).await;
        let answer = house.notifications.invoke(r#"{"steward":"sweep"}"#).await.unwrap();
        queued += serde_json::from_slice::<Value>(&answer).unwrap()["queued"].as_u64().unwrap();
        sweeps += 1;
    }
    sweeps
}
