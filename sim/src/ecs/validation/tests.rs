use super::*;
use crate::ecs::api::*;

#[track_caller]
fn refused(request: &impl Validate, member: &str) {
    let error = request.validate().expect_err("it passed");
    assert_eq!(error.code, "InvalidParameterException");
    assert!(error.message.contains(member), "{} does not name {member}", error.message);
}

fn words(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("n{n}")).collect()
}

fn run() -> RunTaskRequest {
    RunTaskRequest { task_definition: "job".to_owned(), ..RunTaskRequest::default() }
}

#[test]
fn calls_about_several_things_take_as_many_as_documented() {
    let services = |count| DescribeServicesRequest { services: words(count), ..Default::default() };
    let tasks = |count| DescribeTasksRequest { tasks: words(count), ..Default::default() };
    let protection = |count| UpdateTaskProtectionRequest {
        cluster: "prod".to_owned(),
        tasks: words(count),
        ..Default::default()
    };
    let hosts = |count| UpdateContainerInstancesStateRequest {
        container_instances: words(count),
        status: ContainerInstanceStatus::Draining,
        ..Default::default()
    };
    let deployments = |count| DescribeServiceDeploymentsRequest { service_deployment_arns: words(count) };
    services(10).validate().unwrap();
    refused(&services(11), "services");
    refused(&services(0), "services");
    tasks(100).validate().unwrap();
    refused(&tasks(101), "tasks");
    protection(10).validate().unwrap();
    refused(&protection(11), "tasks");
    hosts(10).validate().unwrap();
    refused(&hosts(11), "containerInstances");
    deployments(20).validate().unwrap();
    refused(&deployments(21), "serviceDeploymentArns");
}

#[test]
fn run_task_starts_one_to_ten_tasks() {
    for count in [1, 10] {
        RunTaskRequest { count: Some(count), ..run() }.validate().unwrap();
    }
    for count in [0, 11] {
        refused(&RunTaskRequest { count: Some(count), ..run() }, "count");
    }
    refused(&RunTaskRequest::default(), "taskDefinition");
}

#[test]
fn a_client_token_has_64_characters_that_show() {
    let with = |token: String| RunTaskRequest { client_token: Some(token), ..run() };
    with("f".repeat(64)).validate().unwrap();
    refused(&with("f".repeat(65)), "clientToken");
    refused(&with("a b".to_owned()), "clientToken");
    refused(&with(String::new()), "clientToken");
}

#[test]
fn started_by_has_128_characters_of_a_small_set() {
    let with = |text: &str| RunTaskRequest { started_by: Some(text.to_owned()), ..run() };
    with("steward/job/nightly_1-a").validate().unwrap();
    with(&"a".repeat(128)).validate().unwrap();
    refused(&with(&"a".repeat(129)), "startedBy");
    refused(&with("steward:job"), "startedBy");
}

#[test]
fn overrides_are_measured_as_json() {
    let with = |length: usize| {
        let command = Some(vec!["x".repeat(length)]);
        let container = ContainerOverride { name: Some("app".to_owned()), command, ..Default::default() };
        let overrides = TaskOverride { container_overrides: vec![container], ..Default::default() };
        RunTaskRequest { overrides: Some(overrides), ..run() }
    };
    let frame = r#"{"containerOverrides":[{"command":[""],"name":"app"}]}"#.len();
    with(8192 - frame).validate().unwrap();
    refused(&with(8193 - frame), "overrides");
}

#[test]
fn launch_type_and_strategy_exclude_each_other() {
    let item =
        CapacityProviderStrategyItem { capacity_provider: "FARGATE".to_owned(), weight: Some(1), base: None };
    let strategy = Some(vec![item.clone()]);
    RunTaskRequest { capacity_provider_strategy: strategy.clone(), ..run() }.validate().unwrap();
    let both = RunTaskRequest {
        capacity_provider_strategy: strategy,
        launch_type: Some(LaunchType::Fargate),
        ..run()
    };
    refused(&both, "launch type");
    let heavy = CapacityProviderStrategyItem { weight: Some(1001), ..item.clone() };
    refused(&RunTaskRequest { capacity_provider_strategy: Some(vec![heavy]), ..run() }, "weight");
    let based = CapacityProviderStrategyItem { base: Some(1), ..item };
    let two = Some(vec![based.clone(), based]);
    refused(&RunTaskRequest { capacity_provider_strategy: two, ..run() }, "base");
}

#[test]
fn started_by_is_the_only_filter_of_a_list_of_tasks() {
    let alone = ListTasksRequest {
        cluster: Some("prod".to_owned()),
        started_by: Some("ecs-svc/1".to_owned()),
        ..Default::default()
    };
    alone.validate().unwrap();
    refused(&ListTasksRequest { desired_status: Some(DesiredStatus::Stopped), ..alone }, "startedBy");
    refused(&ListTasksRequest { max_results: Some(101), ..Default::default() }, "maxResults");
}

#[test]
fn a_deployment_that_could_never_move_is_refused() {
    let with = |least, most| UpdateServiceRequest {
        service: "web".to_owned(),
        deployment_configuration: Some(DeploymentConfiguration {
            minimum_healthy_percent: Some(least),
            maximum_percent: Some(most),
            ..Default::default()
        }),
        ..Default::default()
    };
    with(100, 200).validate().unwrap();
    with(0, 100).validate().unwrap();
    refused(&with(100, 100), "maximumPercent");
    refused(&with(101, 200), "minimumHealthyPercent");
}

#[test]
fn a_service_has_a_name_a_count_and_a_short_token() {
    let service =
        CreateServiceRequest { service_name: "web".to_owned(), desired_count: Some(0), ..Default::default() };
    service.validate().unwrap();
    refused(&CreateServiceRequest { desired_count: None, ..service.clone() }, "desiredCount");
    refused(&CreateServiceRequest { service_name: "web 1".to_owned(), ..service.clone() }, "serviceName");
    refused(&CreateServiceRequest { client_token: Some("t".repeat(37)), ..service }, "1 to 36 characters");
}

#[test]
fn a_service_deployment_is_stopped_by_rollback_only() {
    let stop = |stop_type| StopServiceDeploymentRequest {
        service_deployment_arn: "arn:aws:ecs:eu-west-1:1:service-deployment/prod/web/x".to_owned(),
        stop_type,
    };
    stop(None).validate().unwrap();
    stop(Some(StopServiceDeploymentStopType::Rollback)).validate().unwrap();
    refused(&stop(Some(StopServiceDeploymentStopType::Abort)), "ROLLBACK");
}

#[test]
fn hosts_are_drained_or_made_active_and_nothing_else() {
    let request = UpdateContainerInstancesStateRequest {
        container_instances: words(1),
        status: ContainerInstanceStatus::Deregistering,
        ..Default::default()
    };
    refused(&request, "status");
}

#[test]
fn protection_lasts_a_minute_to_two_days() {
    let with = |minutes| UpdateTaskProtectionRequest {
        cluster: "prod".to_owned(),
        tasks: words(1),
        protection_enabled: true,
        expires_in_minutes: Some(minutes),
    };
    with(2880).validate().unwrap();
    refused(&with(0), "expiresInMinutes");
    refused(&with(2881), "expiresInMinutes");
}

#[test]
fn tags_have_keys_of_their_own_that_are_not_those_of_aws() {
    let with = |keys: &[&str]| TagResourceRequest {
        resource_arn: "arn".to_owned(),
        tags: keys
            .iter()
            .map(|key| Tag { key: Some((*key).to_owned()), value: Some(String::new()) })
            .collect(),
    };
    with(&["team", "cost"]).validate().unwrap();
    refused(&with(&["team", "team"]), "team");
    refused(&with(&["aws:x"]), "aws:");
    refused(&with(&[""]), "key");
}

#[test]
fn a_task_definition_has_named_containers_with_images() {
    let container = |name: &str, image: &str| ContainerDefinition {
        name: Some(name.to_owned()),
        image: Some(image.to_owned()),
        ..Default::default()
    };
    let with = |containers: Vec<ContainerDefinition>| RegisterTaskDefinitionRequest {
        family: "web".to_owned(),
        container_definitions: containers,
        ..Default::default()
    };
    with(vec![container("app", "web:1"), container("log", "log:1")]).validate().unwrap();
    refused(&with(Vec::new()), "containerDefinitions");
    refused(&with(vec![container("app", "")]), "image");
    refused(&with(vec![container("app", "a"), container("app", "b")]), "app");
}

#[test]
fn what_the_model_does_not_honour_is_refused_and_not_ignored() {
    let hooked = |configuration| UpdateServiceRequest {
        service: "web".to_owned(),
        deployment_configuration: Some(configuration),
        ..Default::default()
    };
    for honoured in [DeploymentStrategy::Rolling, DeploymentStrategy::BlueGreen] {
        let configuration = DeploymentConfiguration { strategy: Some(honoured), ..Default::default() };
        hooked(configuration).validate().unwrap();
    }
    let canary = DeploymentConfiguration { strategy: Some(DeploymentStrategy::Canary), ..Default::default() };
    refused(&hooked(canary), "strategy");
    let hook = vec![DeploymentLifecycleHook::default()];
    refused(
        &hooked(DeploymentConfiguration { lifecycle_hooks: hook, ..Default::default() }),
        "lifecycleHooks",
    );
    let daemon = CreateServiceRequest {
        service_name: "log".to_owned(),
        scheduling_strategy: Some(SchedulingStrategy::Daemon),
        ..Default::default()
    };
    refused(&daemon, "schedulingStrategy");
    refused(&RunTaskRequest { launch_type: Some(LaunchType::External), ..run() }, "launchType");
    refused(&RunTaskRequest { platform_version: Some("1.3.0".to_owned()), ..run() }, "platformVersion");
    let spread = vec![PlacementStrategy::default()];
    refused(&RunTaskRequest { placement_strategy: spread, ..run() }, "placementStrategy");
}
