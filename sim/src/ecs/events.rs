//! Events as EventBridge delivers them: the envelope and each detail, field by field as captured (FACTS §2–§4).

use jiff::Timestamp;
use jiff::fmt::strtime;
use serde_json::{Map, Value, json};

use super::capacity::NoPlace;
use super::instance::Instance;
use super::service::Hook;
use super::state::{ServiceId, TaskId};
use super::task::{Container, Elb, ElbState, Interface, Status, Task};
use super::world::Ecs;

/// RFC 3339 with up to three digits, trailing zeros trimmed (FACTS §3.5).
pub(super) fn time(at: Timestamp) -> String {
    let at = Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at);
    at.to_string()
}

/// As AWS Health writes times: `Tue, 2 Jul 2024 03:00:00 GMT`.
pub(super) fn http_time(at: Timestamp) -> String {
    strtime::format("%a, %-d %b %Y %H:%M:%S GMT", &at.to_zoned(jiff::tz::TimeZone::UTC)).unwrap_or_default()
}

impl Ecs {
    /// Wraps a detail and sends it.
    pub(super) fn send(&mut self, source: &str, detail_type: &str, resources: &[String], detail: &Value) {
        let id = self.random.uuid();
        let seconds = Timestamp::from_second(self.now.as_second()).unwrap_or(self.now);
        let event = json!({
            "version": "0",
            "id": id,
            "detail-type": detail_type,
            "source": source,
            "account": self.names.account(),
            "time": seconds.to_string(),
            "region": self.names.region(),
            "resources": resources,
            "detail": detail,
        });
        self.emit(event);
    }

    pub(super) fn emit_task(&mut self, id: TaskId) {
        let Some(task) = self.state.task(id) else { return };
        let arn = task.arn.clone();
        let detail = self.task_detail(task);
        self.send("aws.ecs", "ECS Task State Change", &[arn], &detail);
    }

    fn task_detail(&self, task: &Task) -> Value {
        let mut detail = Map::new();
        let mut put = |name: &str, value: Value| {
            if !value.is_null() {
                detail.insert(name.to_owned(), value);
            }
        };
        let optional = |at: Option<Timestamp>| at.map_or(Value::Null, |at| time(at).into());
        put("attachments", attachments(task));
        put("attributes", json!([{ "name": "ecs.cpu-architecture", "value": "x86_64" }]));
        put("availabilityZone", json!(task.zone));
        put("capacityProviderName", json!(task.provider));
        put("clusterArn", json!(self.names.cluster(&task.cluster)));
        if task.times.connectivity.is_some() {
            put("connectivity", json!(if task.connected { "CONNECTED" } else { "DISCONNECTED" }));
        }
        put("connectivityAt", optional(task.times.connectivity));
        put(
            "containerInstanceArn",
            json!(task.instance().map(|id| self.names.container_instance(&task.cluster, id))),
        );
        put("containers", task.containers.iter().map(|container| self.container(task, container)).collect());
        put("cpu", json!(task.definition.cpu().to_string()));
        put("createdAt", json!(time(task.created)));
        put("desiredStatus", json!(if task.desired_stopped { "STOPPED" } else { "RUNNING" }));
        put("enableExecuteCommand", json!(task.execute_command));
        if task.is_fargate() {
            put("ephemeralStorage", json!({ "sizeInGiB": 20 }));
            put("platformVersion", json!("1.4.0"));
        }
        put("executionStoppedAt", optional(task.times.execution_stopped));
        put("group", json!(task.group));
        put("lastStatus", json!(task.last.text()));
        put("launchType", json!(if task.is_fargate() { "FARGATE" } else { "EC2" }));
        put("memory", json!(task.definition.memory().to_string()));
        put("overrides", overrides(task));
        put("pullStartedAt", optional(task.times.pull_started));
        put("pullStoppedAt", optional(task.times.pull_stopped));
        put("startedAt", optional(task.times.started));
        put("startedBy", json!(task.started_by));
        put("stopCode", json!(task.stop.as_ref().map(|stop| stop.code.as_str())));
        put("stoppedAt", optional(task.times.stopped));
        put("stoppedReason", json!(task.stop.as_ref().map(|stop| stop.reason.as_str())));
        put("stoppingAt", optional(task.times.stopping));
        put("taskArn", json!(task.arn));
        put("taskDefinitionArn", json!(task.definition.arn));
        put("updatedAt", json!(time(task.updated)));
        put("version", json!(task.version));
        Value::Object(detail)
    }

    fn container(&self, task: &Task, container: &Container) -> Value {
        let interfaces: Value = task
            .interface
            .iter()
            .filter(|_| task.last > Status::Provisioning)
            .map(|interface| {
                json!({ "attachmentId": interface.attachment, "privateIpv4Address": interface.address })
            })
            .collect();
        let mut shown = json!({
            "containerArn": self.names.container(&task.cluster, &task.hex, &container.id),
            "taskArn": task.arn,
            "name": container.name,
            "image": container.image,
            "lastStatus": container_status(task),
            "networkInterfaces": interfaces,
            "cpu": "0",
        });
        if let Value::Object(shown) = &mut shown {
            if container.was_created {
                shown.insert("runtimeId".into(), json!(container.runtime_id));
            }
            if let Some(code) = container.exit_code {
                shown.insert("exitCode".into(), json!(code));
            }
            if let Some(reason) = &container.reason {
                shown.insert("reason".into(), json!(reason));
            }
            if task.execute_command {
                let agent = json!([{ "name": "ExecuteCommandAgent", "status": container_status(task) }]);
                shown.insert("managedAgents".into(), agent);
            }
        }
        shown
    }

    pub(super) fn emit_service_action(
        &mut self,
        id: ServiceId,
        event_type: &str,
        name: &str,
        more: Map<String, Value>,
    ) {
        let Some(service) = self.state.service(id) else { return };
        let arn = service.arn.clone();
        let mut detail = Map::new();
        detail.insert("eventType".into(), json!(event_type));
        detail.insert("eventName".into(), json!(name));
        detail.insert("clusterArn".into(), json!(self.names.cluster(&service.cluster)));
        detail.insert("createdAt".into(), json!(time(self.now)));
        detail.extend(more);
        self.send("aws.ecs", "ECS Service Action", &[arn], &Value::Object(detail));
    }

    pub(super) fn emit_placement_failure(&mut self, id: ServiceId, no_place: &NoPlace) {
        let mut more = Map::new();
        more.insert("reason".into(), json!(no_place.code));
        if let Some(provider) = &no_place.provider {
            more.insert("capacityProviderArns".into(), json!([self.names.capacity_provider(provider)]));
        }
        if !no_place.instances.is_empty() {
            more.insert("containerInstanceArns".into(), json!(no_place.instances));
        }
        let name = if no_place.is_configuration {
            "SERVICE_TASK_CONFIGURATION_FAILURE"
        } else {
            "SERVICE_TASK_PLACEMENT_FAILURE"
        };
        self.emit_service_action(id, "ERROR", name, more);
    }

    pub(super) fn emit_deployment(
        &mut self,
        id: ServiceId,
        event_type: &str,
        name: &str,
        deployment: &str,
        reason: &str,
    ) {
        let Some(service) = self.state.service(id) else { return };
        // These events are of rolling deployments (FACTS §1).
        if service.is_blue_green() {
            return;
        }
        let arn = service.arn.clone();
        let detail = json!({
            "eventType": event_type,
            "eventName": name,
            "deploymentId": deployment,
            "updatedAt": time(self.now),
            "reason": reason,
        });
        self.send("aws.ecs", "ECS Deployment State Change", &[arn], &detail);
    }

    /// Such an event says when ECS acts by itself (ECS developer guide, "Pause hooks").
    pub(super) fn emit_hook(&mut self, id: ServiceId, arn: &str, hook: &Hook) {
        let Some(service) = self.state.service(id) else { return };
        let service_arn = service.arn.clone();
        let detail = json!({
            "eventType": "INFO",
            "eventName": "HOOK_AWAITING_ACTION",
            "clusterArn": self.names.cluster(&service.cluster),
            "serviceArn": service_arn,
            "serviceDeploymentArn": arn,
            "hookId": hook.id,
            "lifecycleStage": hook.stage.as_str(),
            "targetType": "PAUSE",
            "expiresAt": time(hook.expires),
            "timeoutAction": hook.timeout_action.as_str(),
        });
        self.send("aws.ecs", "ECS Hook State Change", &[service_arn], &detail);
    }

    /// `status` is told apart: an instance that is gone has none that the API still lists.
    pub(super) fn emit_instance(&mut self, instance: &Instance, status: &str) {
        let (cpu, memory) = super::capacity::free(&self.state, instance);
        let resources = |cpu: u64, memory: u64| {
            json!([
                { "name": "CPU", "type": "INTEGER", "integerValue": cpu },
                { "name": "MEMORY", "type": "INTEGER", "integerValue": memory },
                { "name": "PORTS", "type": "STRINGSET", "stringSetValue": ["22", "2376", "2375", "51678", "51679"] },
                { "name": "PORTS_UDP", "type": "STRINGSET", "stringSetValue": [] },
            ])
        };
        let (running, pending) =
            self.state.tasks_on(&instance.id).fold((0, 0), |(running, pending), task| {
                (running + u32::from(!task.last.is_pending()), pending + u32::from(task.last.is_pending()))
            });
        let mut detail = json!({
            "agentConnected": instance.connected,
            "attachments": [],
            "attributes": [
                { "name": "ecs.availability-zone", "value": instance.zone },
                { "name": "ecs.cpu-architecture", "value": "x86_64" },
                { "name": "ecs.os-type", "value": "linux" },
            ],
            "clusterArn": self.names.cluster(&instance.cluster),
            "containerInstanceArn": instance.arn,
            "ec2InstanceId": instance.ec2,
            "pendingTasksCount": pending,
            "registeredAt": time(instance.registered),
            "registeredResources": resources(instance.cpu, instance.memory),
            "remainingResources": resources(cpu, memory),
            "runningTasksCount": running,
            "status": status,
            "version": instance.version,
            "versionInfo": { "agentVersion": "1.103.1", "dockerVersion": "DockerVersion: 25.0.14" },
            "updatedAt": time(instance.updated),
        });
        if let (Value::Object(detail), Some(provider)) = (&mut detail, &instance.provider) {
            detail.insert("capacityProviderName".into(), json!(provider));
        }
        let arn = instance.arn.clone();
        self.send("aws.ecs", "ECS Container Instance State Change", &[arn], &detail);
    }
}

/// Each container goes with its task.
pub(super) fn container_status(task: &Task) -> &'static str {
    let has_ended = task.times.execution_stopped.is_some() || task.last >= Status::Deprovisioning;
    match task.last {
        _ if has_ended => "STOPPED",
        Status::Provisioning | Status::Pending => "PENDING",
        Status::Activating => "ACTIVATING",
        Status::Deactivating => "DEACTIVATING",
        _ => "RUNNING",
    }
}

/// How an attachment stands: `(eni, elb)`.
pub(super) fn attachment_status(task: &Task) -> (&'static str, &'static str) {
    let eni = match task.last {
        Status::Provisioning => "PRECREATED",
        Status::Stopped => "DELETED",
        _ => "ATTACHED",
    };
    let elb = match task.last {
        _ if task.elb.as_ref().is_some_and(|elb| elb.state == ElbState::Deregistered) => "DELETED",
        Status::Provisioning | Status::Pending | Status::Activating => "PRECREATED",
        Status::Running => "ATTACHED",
        _ => "DETACHING",
    };
    (eni, elb)
}

/// Name and value of each detail of a network interface.
pub(super) fn interface_details(
    interface: &Interface,
    region: &str,
    is_there: bool,
) -> Vec<(&'static str, String)> {
    let mut details = vec![("subnetId", interface.subnet.clone())];
    if is_there {
        let host = interface.address.replace('.', "-");
        details.extend([
            ("networkInterfaceId", interface.id.clone()),
            ("macAddress", interface.mac.clone()),
            ("privateDnsName", format!("ip-{host}.{region}.compute.internal")),
            ("privateIPv4Address", interface.address.clone()),
        ]);
    }
    details
}

fn attachments(task: &Task) -> Value {
    let (eni, elb) = attachment_status(task);
    let region = task.zone.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let mut attachments = Vec::new();
    if let Some(Elb { attachment, .. }) = &task.elb {
        attachments.push(json!({ "id": attachment, "type": "elb", "status": elb, "details": [] }));
    }
    if let Some(interface) = &task.interface {
        let details: Vec<Value> = interface_details(interface, region, task.last > Status::Provisioning)
            .into_iter()
            .map(|(name, value)| json!({ "name": name, "value": value }))
            .collect();
        let id = &interface.attachment;
        attachments.push(json!({ "id": id, "type": "eni", "status": eni, "details": details }));
    }
    Value::Array(attachments)
}

fn overrides(task: &Task) -> Value {
    let given =
        serde_json::to_value(task.overrides.as_ref()).map(super::api::without_nulls).unwrap_or_default();
    let mut overrides = match given {
        Value::Object(overrides) => overrides,
        _ => Map::new(),
    };
    let has_own =
        overrides.get("containerOverrides").and_then(Value::as_array).is_some_and(|own| !own.is_empty());
    if !has_own {
        let names: Value =
            task.containers.iter().map(|container| json!({ "name": container.name })).collect();
        overrides.insert("containerOverrides".into(), names);
    }
    Value::Object(overrides)
}
