//! ECS as far as jobs go: it starts what it is asked for, and tasks end when a measurement says so.

use serde_json::{Value, json};
use steward::arn::{ClusterArn, TaskArn, TaskDefinitionArn};
use steward::event::{Detail, TaskStateChange, decode};
use steward::ports::{ContainerDefinition, Definition, EcsError, Find, Page, RunTasks, Started, TaskRequest};
use steward::quota::DESCRIBE_TASKS;

use super::Outside;
use crate::events::of_detail;

impl Outside {
    /// Every task that runs ends with 0. Answers the events.
    pub fn tasks_end(&self) -> Vec<Value> {
        let mut tasks = self.tasks.borrow_mut();
        let running = tasks.values_mut().filter(|task| task["lastStatus"] != "STOPPED");
        let end = |detail: &mut Value| {
            detail["lastStatus"] = json!("STOPPED");
            detail["desiredStatus"] = json!("STOPPED");
            detail["version"] = json!(7);
            detail["stopCode"] = json!("EssentialContainerExited");
            detail["stoppedReason"] = json!("Essential container in task exited");
            detail["containers"][0]["exitCode"] = json!(0);
            of_detail("ECS Task State Change", detail)
        };
        running.map(end).collect()
    }

    fn make(&self, request: &TaskRequest) -> TaskArn {
        let mut tasks = self.tasks.borrow_mut();
        let arn = format!("arn:aws:ecs:eu-central-1:123456789012:task/shop/{:032x}", tasks.len() + 1);
        let detail = json!({
            "clusterArn": request.cluster.as_str(),
            "taskArn": arn,
            "taskDefinitionArn": request.task_definition.as_str(),
            "group": "family:work",
            "startedBy": request.started_by,
            "lastStatus": "RUNNING",
            "desiredStatus": "RUNNING",
            "version": 4,
            "overrides": {},
            "containers": [{"name": "work", "lastStatus": "RUNNING"}],
        });
        tasks.insert(arn.clone(), detail);
        TaskArn::new(arn)
    }

    fn shown(&self, fits: impl Fn(&str, &Value) -> bool) -> Vec<TaskStateChange> {
        let tasks = self.tasks.borrow();
        tasks.iter().filter(|(arn, task)| fits(arn, task)).map(|(_, task)| change(task)).collect()
    }
}

fn change(detail: &Value) -> TaskStateChange {
    let event = of_detail("ECS Task State Change", detail);
    let record = decode::records(event).expect("one event").remove(0);
    match record.event.expect("a task's event").detail {
        Detail::TaskStateChange(task) => *task,
        other => panic!("{other:?}"),
    }
}

impl RunTasks for Outside {
    async fn run(&self, request: &TaskRequest) -> Result<Started, EcsError> {
        self.call("ecs:RunTask");
        let tasks = (0..request.count).map(|_| self.make(request)).collect();
        Ok(Started { tasks, failures: Vec::new() })
    }

    async fn stop(&self, _: &ClusterArn, _: &TaskArn, _: &str) -> Result<(), EcsError> {
        self.call("ecs:StopTask");
        Ok(())
    }

    async fn tasks(&self, _: &ClusterArn, arns: &[TaskArn]) -> Result<Vec<TaskStateChange>, EcsError> {
        self.count("ecs:DescribeTasks", arns.len().div_ceil(DESCRIBE_TASKS));
        Ok(self.shown(|arn, _| arns.iter().any(|asked| asked.as_str() == arn)))
    }

    async fn find(
        &self,
        _: &ClusterArn,
        find: &Find,
        _: Option<&str>,
    ) -> Result<Page<TaskStateChange>, EcsError> {
        let items = self.shown(|_, task| {
            let is_stopped = task["lastStatus"] == "STOPPED";
            match find {
                Find::Running => !is_stopped,
                Find::StartedBy(by) => !is_stopped && task["startedBy"] == by.as_str(),
                Find::StoppedOfFamily { started_by, .. } => {
                    is_stopped && task["startedBy"] == started_by.as_str()
                }
            }
        });
        self.call("ecs:ListTasks");
        self.count("ecs:DescribeTasks", items.len().div_ceil(DESCRIBE_TASKS));
        Ok(Page { items, next: None })
    }

    async fn definition(&self, name: &str) -> Result<Option<Definition>, EcsError> {
        self.call("ecs:DescribeTaskDefinition");
        let container = ContainerDefinition { name: "work".to_owned(), is_essential: true, memory: None };
        Ok(Some(Definition {
            arn: TaskDefinitionArn::new(format!(
                "arn:aws:ecs:eu-central-1:123456789012:task-definition/{name}:3"
            )),
            is_active: true,
            cpu: Some(256),
            memory: Some(512),
            containers: vec![container],
        }))
    }
}
