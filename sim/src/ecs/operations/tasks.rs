//! `DescribeTasks`, `ListTasks`, `RunTask`, `StopTask`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::api::{
    CapacityProviderStrategyItem, DescribeTasksRequest, DescribeTasksResponse, DesiredStatus, Failure,
    LaunchType, ListTasksRequest, ListTasksResponse, PropagateTags, RunTaskRequest, RunTaskResponse,
    StopTaskRequest, StopTaskResponse, TaskField, TaskStopCode,
};
use super::super::capacity::{self, FARGATE, FARGATE_SPOT, NoPlace, Place, Want};
use super::super::definition::Definition;
use super::super::error::ApiError;
use super::super::names::last_segment;
use super::super::operation::Operation;
use super::super::placement::{NewTask, subnets};
use super::super::state::TaskId;
use super::super::task::Task;
use super::super::throttle::Bucket;
use super::super::view::{View, missing, page};
use super::super::world::Ecs;
use super::Marks;
use super::services::active_definition;

impl Ecs {
    pub(super) fn answer_describe_tasks(
        &mut self,
        input: &DescribeTasksRequest,
    ) -> Result<DescribeTasksResponse, ApiError> {
        let view = self.view();
        let cluster = view.cluster(input.cluster.as_deref())?;
        let with_tags = input.include.contains(&TaskField::Tags);
        let mut answer = DescribeTasksResponse::default();
        for name in &input.tasks {
            match find(view, &cluster, name) {
                Some(task) => answer.tasks.push(view.task(task, with_tags)),
                None => answer.failures.push(missing(view.names.task(&cluster, last_segment(name)))),
            }
        }
        Ok(answer)
    }

    /// Without `desiredStatus` only tasks that are meant to run (API).
    pub(super) fn answer_list_tasks(
        &mut self,
        input: &ListTasksRequest,
    ) -> Result<ListTasksResponse, ApiError> {
        let view = self.view();
        let cluster = view.cluster(input.cluster.as_deref())?;
        let group = input.service_name.as_deref().map(|name| format!("service:{}", last_segment(name)));
        if let Some(name) = input.service_name.as_deref()
            && view.state.service_by_name(&cluster, last_segment(name)).is_none()
        {
            return Err(ApiError::service_not_found());
        }
        let instance = input.container_instance.as_deref().map(last_segment);
        let wants_stopped = input.desired_status == Some(DesiredStatus::Stopped);
        let fits = |task: &&Task| {
            task.desired_stopped == wants_stopped
                && input.family.as_ref().is_none_or(|family| task.definition.family == *family)
                && input.started_by.as_ref().is_none_or(|by| task.started_by.as_ref() == Some(by))
                && group.as_ref().is_none_or(|group| task.group == *group)
                && instance.is_none_or(|instance| task.instance() == Some(instance))
                && input.launch_type.is_none_or(|wanted| (wanted == LaunchType::Fargate) == task.is_fargate())
        };
        // A desired status of PENDING is never set, so nothing has it (API).
        let arns = if input.desired_status == Some(DesiredStatus::Pending) {
            Vec::new()
        } else {
            view.state.tasks_in(&cluster).filter(fits).map(|task| task.arn.clone()).collect()
        };
        let (task_arns, next_token) = page(arns, input.next_token.as_deref(), input.max_results);
        Ok(ListTasksResponse { task_arns, next_token })
    }

    pub(super) fn answer_run_task(&mut self, input: &RunTaskRequest) -> Result<RunTaskResponse, ApiError> {
        let cluster = self.view_now().cluster(input.cluster.as_deref())?;
        if let Some(original) = self.tokens.original(&self.state, self.now, &cluster, input)? {
            return Ok(original);
        }
        let definition = active_definition(self.view_now(), &input.task_definition)?;
        if let Some(why) = definition.behaviour.launch_failure() {
            return Err(ApiError::client(why));
        }
        self.refuse_run(input)?;
        self.take_launches(&cluster, input)?;
        let mut answer = RunTaskResponse::default();
        let mut started = Vec::new();
        let mut turned_away: BTreeMap<String, u64> = BTreeMap::new();
        for _ in 0..input.count.unwrap_or(1) {
            match self.place_task(&cluster, &definition, input, &turned_away) {
                Ok(place) => started.push(self.run(&cluster, &definition, input, place)),
                Err(no_place) => {
                    answer.failures.extend(self.run_failures(&cluster, &no_place));
                    if let Some(provider) = no_place.provider {
                        *turned_away.entry(provider).or_default() += 1;
                    }
                }
            }
        }
        let view = self.view_now();
        answer.tasks =
            started.iter().filter_map(|id| view.state.task(*id)).map(|task| view.task(task, true)).collect();
        self.tokens.keep(self.now, &cluster, input, &answer, started);
        let marks = Marks { mark: input.client_token.clone(), started_by: input.started_by.clone() };
        self.note(Operation::RunTask, &definition.arn, marks, input);
        Ok(answer)
    }

    /// Takes tokens for tasks on Fargate, before anything is started. A strategy that names both kinds takes them of both, as
    /// if all tasks went to either: which goes where is only known afterwards. A refusal leaves all tokens where they are.
    fn take_launches(&mut self, cluster: &str, input: &RunTaskRequest) -> Result<(), ApiError> {
        let on =
            |name: &str| self.strategy_of(cluster, input).iter().any(|item| item.capacity_provider == name);
        let on_demand = input.launch_type == Some(LaunchType::Fargate) || on(FARGATE);
        let buckets = [(on_demand, Bucket::FargateLaunches), (on(FARGATE_SPOT), Bucket::FargateSpotLaunches)];
        let mut throttle = self.throttle.clone();
        for (_, bucket) in buckets.into_iter().filter(|(is_used, _)| *is_used) {
            throttle.take(bucket, input.count.unwrap_or(1), self.now)?;
        }
        self.throttle = throttle;
        Ok(())
    }

    fn strategy_of<'a>(
        &'a self,
        cluster: &str,
        input: &'a RunTaskRequest,
    ) -> &'a [CapacityProviderStrategyItem] {
        let default = self.state.clusters.get(cluster).map(|cluster| cluster.default_strategy.as_slice());
        match (&input.capacity_provider_strategy, input.launch_type) {
            (Some(strategy), _) => strategy.as_slice(),
            (None, Some(_)) => &[],
            (None, None) => default.unwrap_or_default(),
        }
    }

    fn place_task(
        &self,
        cluster: &str,
        definition: &Definition,
        input: &RunTaskRequest,
        turned_away: &BTreeMap<String, u64>,
    ) -> Result<Place, NoPlace> {
        let first = self.first_zone(input);
        let strategy = self.strategy_of(cluster, input);
        let group = group_of(definition, input);
        capacity::place(
            &self.state,
            &Want {
                cluster,
                group: &group,
                service: None,
                definition,
                is_fargate: input.launch_type == Some(LaunchType::Fargate),
                strategy,
                zones: first.map_or(self.settings.zones.as_slice(), std::slice::from_ref),
                fargate_tasks: self.settings.fargate_tasks,
                turned_away: Some(turned_away),
            },
        )
    }

    /// The zone of the first subnet whose zone is known.
    fn first_zone(&self, input: &RunTaskRequest) -> Option<&String> {
        let network = input.network_configuration.as_ref()?;
        let subnets = &network.awsvpc_configuration.as_ref()?.subnets;
        subnets.iter().find_map(|subnet| self.settings.subnets.get(subnet))
    }

    fn run(
        &mut self,
        cluster: &str,
        definition: &Arc<Definition>,
        input: &RunTaskRequest,
        place: Place,
    ) -> TaskId {
        let mut tags: BTreeMap<String, String> = BTreeMap::new();
        if input.propagate_tags == Some(PropagateTags::TaskDefinition) {
            tags.extend(self.state.tags.get(&definition.arn).cloned().unwrap_or_default());
        }
        tags.extend(
            input
                .tags
                .iter()
                .filter_map(|tag| Some((tag.key.clone()?, tag.value.clone().unwrap_or_default()))),
        );
        self.create(NewTask {
            cluster: cluster.to_owned(),
            group: group_of(definition, input),
            definition: Arc::clone(definition),
            started_by: input.started_by.clone(),
            service: None,
            place,
            has_load_balancer: false,
            overrides: Arc::new(input.overrides.clone().unwrap_or_default()),
            tags,
            execute_command: input.enable_execute_command.unwrap_or(false),
            subnets: subnets(input.network_configuration.as_ref()),
        })
    }

    /// One failure an instance that would not do; one in all where there is none.
    fn run_failures(&self, cluster: &str, no_place: &NoPlace) -> Vec<Failure> {
        let reason = match no_place.code.as_str() {
            "RESOURCE:FARGATE" => no_place.sentence.clone(),
            code => code.to_owned(),
        };
        let failure = |arn: String| Failure { arn: Some(arn), reason: Some(reason.clone()), detail: None };
        if no_place.instances.is_empty() {
            vec![failure(self.names.cluster(cluster))]
        } else {
            no_place.instances.iter().cloned().map(failure).collect()
        }
    }

    /// `StopTask` deletes the task's tags (FACTS §10). Stopping again changes nothing.
    pub(super) fn answer_stop_task(&mut self, input: &StopTaskRequest) -> Result<StopTaskResponse, ApiError> {
        let cluster = self.view_now().cluster(input.cluster.as_deref())?;
        let task = find(self.view_now(), &cluster, &input.task)
            .ok_or_else(|| ApiError::invalid_parameter("The referenced task was not found."))?;
        let (id, arn) = (task.id, task.arn.clone());
        let reason = input.reason.clone().unwrap_or_else(|| "Task stopped by user".into());
        self.stop(id, TaskStopCode::UserInitiated, reason);
        if let Some(task) = self.state.task_mut(id) {
            task.tags.clear();
        }
        self.note(Operation::StopTask, &arn, Marks { mark: input.reason.clone(), started_by: None }, input);
        let view = self.view_now();
        Ok(StopTaskResponse { task: view.state.task(id).map(|task| view.task(task, false)) })
    }
}

fn group_of(definition: &Definition, input: &RunTaskRequest) -> String {
    input.group.clone().unwrap_or_else(|| format!("family:{}", definition.family))
}

/// A task of a cluster, by id or ARN.
pub(super) fn find<'a>(view: View<'a>, cluster: &str, name: &str) -> Option<&'a Task> {
    let id = view.state.task_ids.get(last_segment(name))?;
    view.state.task(*id).filter(|task| task.cluster == cluster)
}
