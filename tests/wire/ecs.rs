//! The model of ECS as the real SDK meets it, and as both functions live with it.

use std::time::Duration;

use aws_sdk_ecs::Client;
use aws_sdk_ecs::config::retry::RetryConfig;
use aws_sdk_ecs::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_ecs::error::ProvideErrorMetadata;
use aws_sdk_ecs::types::{
    ContainerDefinition, DeploymentRolloutState, DesiredStatus, LaunchType, Task, TaskStopCode,
};
use jiff::{SignedDuration, Timestamp};
use steward_sim::ecs::operation::ControlPlane;
use steward_sim::ecs::server::Endpoint;
use steward_sim::ecs::throttle::{Bucket, Rate};
use steward_sim::ecs::{Behaviour, Ecs, Fate, PullFailure, Revision, Settings, fargate_service};
use steward_sim::house::{EVENTS, Plan};
use steward_sim::lambda::gateway::{self, Fault, Gateway, When};

use crate::support::{PATIENCE, house, plan, run};

pub(crate) const CLUSTER: &str = "shop";

/// ECS where the functions are, empty, and so much behind the wall's clock.
pub(crate) fn since(ago: SignedDuration) -> Ecs {
    let mut settings = Settings::new(Timestamp::now() - ago, 7);
    "us-east-1".clone_into(&mut settings.region);
    settings.zones = vec!["us-east-1a".to_owned(), "us-east-1b".to_owned()];
    Ecs::new(settings)
}

/// ECS behind a gateway, and a client of it.
struct Behind {
    endpoint: Endpoint,
    gateway: Gateway,
    client: Client,
}

impl Behind {
    async fn start() -> Self {
        let endpoint = Endpoint::new(since(SignedDuration::from_hours(1)));
        let behind = gateway::Settings { ecs: Some(endpoint.clone()), ..gateway::Settings::default() };
        let gateway = Gateway::start(behind).await.unwrap();
        let client = client(&gateway.url(), RetryConfig::disabled());
        Self { endpoint, gateway, client }
    }

    /// A service of two tasks that run.
    async fn with_service() -> Self {
        let behind = Self::start().await;
        behind.client.create_cluster().cluster_name(CLUSTER).send().await.unwrap();
        behind.register("web:1").await;
        let service = behind.client.create_service().cluster(CLUSTER).service_name("web");
        let service = service.task_definition("web:1").launch_type(LaunchType::Fargate).desired_count(2);
        service.send().await.unwrap();
        behind.endpoint.advance(Duration::from_mins(10));
        behind
    }

    async fn register(&self, image: &str) {
        let container = ContainerDefinition::builder().name("app").image(image).essential(true).build();
        let register = self.client.register_task_definition().family("web").cpu("256").memory("512");
        register.container_definitions(container).send().await.unwrap();
    }

    async fn tasks(&self, status: DesiredStatus) -> Vec<Task> {
        let listed = self.client.list_tasks().cluster(CLUSTER).family("web").desired_status(status);
        let arns = listed.send().await.unwrap().task_arns.unwrap_or_default();
        let described = self.client.describe_tasks().cluster(CLUSTER).set_tasks(Some(arns)).send().await;
        described.unwrap().tasks.unwrap_or_default()
    }
}

fn client(endpoint: &str, retries: RetryConfig) -> Client {
    let config = aws_sdk_ecs::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("AKIATEST", "secret", None, None, "test"))
        .endpoint_url(endpoint)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(retries);
    Client::from_conf(config.build())
}

#[test]
fn the_sdk_reads_a_service_and_changes_it() {
    run(async {
        let behind = Behind::with_service().await;
        let described = behind.client.describe_services().cluster(CLUSTER).services("web").services("gone");
        let described = described.send().await.unwrap();
        let (service, failure) = (&described.services()[0], &described.failures()[0]);
        assert_eq!((service.running_count, service.pending_count), (2, 0), "{service:?}");
        assert_eq!(failure.reason(), Some("MISSING"));
        let age = behind.endpoint.now().as_second() - service.created_at().unwrap().secs();
        assert_eq!(age, 600, "times are seconds of the model");

        behind.register("web:2").await;
        let update = behind.client.update_service().cluster(CLUSTER).service("web").task_definition("web:2");
        let updated = update.send().await.unwrap().service.unwrap();
        assert!(updated.task_definition().unwrap().ends_with(":task-definition/web:2"));
        behind.endpoint.advance(Duration::from_mins(15));
        let described =
            behind.client.describe_services().cluster(CLUSTER).services("web").send().await.unwrap();
        let deployments = described.services()[0].deployments();
        assert_eq!(deployments.len(), 1, "{deployments:?}");
        assert_eq!(deployments[0].rollout_state(), Some(&DeploymentRolloutState::Completed));
        let stopped = behind.tasks(DesiredStatus::Stopped).await;
        assert_eq!(stopped.len(), 2);
        assert!(
            stopped.iter().all(|task| task.stop_code() == Some(&TaskStopCode::ServiceSchedulerInitiated))
        );
    });
}

#[test]
fn the_sdk_knows_refusals_by_their_types() {
    run(async {
        let behind = Behind::with_service().await;
        let client = &behind.client;
        let error = client.describe_services().cluster("gone").services("web").send().await.unwrap_err();
        assert!(error.as_service_error().unwrap().is_cluster_not_found_exception(), "{error:?}");
        let error = client.update_service().cluster(CLUSTER).service("gone").send().await.unwrap_err();
        assert!(error.as_service_error().unwrap().is_service_not_found_exception(), "{error:?}");
        let error = client.stop_task().cluster(CLUSTER).task("0").send().await.unwrap_err();
        assert!(error.as_service_error().unwrap().is_invalid_parameter_exception(), "{error:?}");
        let error = client.describe_task_definition().task_definition("gone").send().await.unwrap_err();
        assert!(error.as_service_error().unwrap().is_client_exception(), "{error:?}");
        let execute = client.execute_command().cluster(CLUSTER).task("0").command("ls").interactive(true);
        let error = execute.send().await.unwrap_err();
        assert_eq!(error.code(), Some("UnknownOperationException"));
    });
}

#[test]
fn a_token_that_comes_again_with_other_parameters_is_a_conflict_that_names_its_tasks() {
    run(async {
        let behind = Behind::with_service().await;
        let job = |count| {
            let job = behind.client.run_task().cluster(CLUSTER).task_definition("web:1").client_token("a1");
            job.launch_type(LaunchType::Fargate).count(count)
        };
        let first = job(1).send().await.unwrap();
        let again = job(1).send().await.unwrap();
        assert_eq!(again.tasks()[0].task_arn(), first.tasks()[0].task_arn());
        let error = job(2).send().await.unwrap_err();
        let conflict = match error.into_service_error() {
            aws_sdk_ecs::operation::run_task::RunTaskError::ConflictException(conflict) => conflict,
            other => panic!("no conflict: {other:?}"),
        };
        assert_eq!(conflict.resource_ids(), [first.tasks()[0].task_arn().unwrap()]);
    });
}

#[test]
fn the_sdk_tries_again_what_was_throttled_and_only_that() {
    run(async {
        let behind = Behind::with_service().await;
        let quick = RetryConfig::standard().with_initial_backoff(Duration::from_millis(1));
        let client = client(&behind.gateway.url(), quick);
        behind.endpoint.model(|ecs| ecs.throttle().set(Bucket::ServiceChanges, Rate { burst: 0, refill: 0 }));
        let update = || client.update_service().cluster(CLUSTER).service("web").desired_count(3);
        let error = update().send().await.unwrap_err();
        assert_eq!(error.code(), Some("ThrottlingException"));
        let calls = || behind.gateway.calls_of(&When::any().operation("UpdateService")).len();
        assert_eq!(calls(), 3);

        behind.endpoint.model(|ecs| ecs.throttle().set(Bucket::ServiceChanges, Rate { burst: 9, refill: 0 }));
        let gone = client.update_service().cluster(CLUSTER).service("gone").send().await;
        assert!(gone.is_err());
        assert_eq!(calls(), 4);

        let throttle = behind.gateway.inject(When::any().operation("UpdateService").nth(1), Fault::Throttle);
        update().send().await.unwrap();
        assert_eq!(behind.gateway.hits(throttle).len(), 1);
        assert_eq!(calls(), 6, "a fault of the gateway is taken for ECS's own");
    });
}

#[test]
fn what_goes_wrong_in_ecs_reaches_people() {
    run(async {
        let mut ecs = since(SignedDuration::from_mins(5));
        ecs.add_cluster(CLUSTER);
        // No task ever runs: nothing is steady in between, and no incident ends before it is told.
        let fate = Fate::CannotPull(PullFailure::NotFound);
        let definition = ecs.add_task_definition(&Revision::new("web", Behaviour::new(fate)));
        ecs.add_service(&fargate_service(CLUSTER, "web", &definition, 1)).unwrap();
        let house = house(&Plan { ecs: Some(Endpoint::new(ecs)), ..plan() }).await;
        assert!(house.settles(PATIENCE).await.unwrap());
        assert!(house.slack_titles().is_empty(), "ECS stands still until time passes");

        house.advance(Duration::from_mins(5)).unwrap();
        assert!(house.settles(PATIENCE).await.unwrap(), "{:#?}", house.remediation.logs());
        let titles = house.slack_titles();
        assert!(
            !titles.is_empty() && titles.iter().all(|title| title.contains("service web in shop")),
            "{titles:?}"
        );
        assert!(titles.iter().any(|title| title.contains("(image_not_found)")), "{titles:?}");
        assert_eq!(house.keys("r#INCIDENT#").await.unwrap().len(), 1);
        assert_eq!(house.counts(EVENTS).unwrap().1.total(), 0);
    });
}
