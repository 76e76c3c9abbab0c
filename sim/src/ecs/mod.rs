//! ECS: a model of its control plane in virtual time, and its face in ECS's own wire protocol.
//!
//! [`Ecs`] is asked and told like ECS ([`Ecs::call`], or typed requests through [`operation::call`]); between calls its
//! time is moved ([`Ecs::advance`]), and what ECS would have sent to EventBridge is taken ([`Ecs::take_events`]). Faults and
//! people are a script ([`Ecs::schedule`]).
//!
//! # Invariants
//!
//! * No threads, no clock, no randomness but the seed: the same calls at the same times make the same world.
//! * Looking changes nothing. Time never goes back.
//! * Nothing happens but by the agenda or a call; a quiet world costs nothing.
//! * Every change of a task that ECS sends an event for raises its version, and is sent once, in order. Duplicates, losses and
//!   disorder are for whoever delivers.
//! * What the model does not have is refused by name.
//!
//! # Behaviour
//!
//! FACTS is the project's collection of facts about ECS; API is AWS's reference of version 2014-11-13; DG is the developer
//! guide. Tests are in `tests/`, by the file named.
//!
//! | what | source | tests |
//! |---|---|---|
//! | states of a task, their events and versions | FACTS §3.3, §3.4; DG, task lifecycle | `life` |
//! | stop codes and reasons, on Fargate in the task, on a host in its container | FACTS §5.1, §5.2 | `causes` |
//! | exit codes: 143 on SIGTERM, 137 after `stopTimeout`, none where nothing ran | FACTS §5.3, §8 | `life`, `hosts` |
//! | stopped tasks are shown for an hour | FACTS §8 | `life` |
//! | `healthStatus` only in `DescribeTasks` | FACTS §3 | `life` |
//! | minimum and maximum percent | API, `DeploymentConfiguration` | `deployments` |
//! | failed tasks are replaced by their own revision while a newer one is deployed | DG, rolling update | `deployments` |
//! | breaker: threshold, what counts as failed, reset by a healthy task | FACTS §8, §10; API, `failedTasks` | `deployments`, `breaker` |
//! | rollback to the last completed deployment, under its own id | FACTS §5.5; DG, circuit breaker | `deployments` |
//! | deployment alarms, with a bake time | FACTS §5.5; DG, alarms | `deployments` |
//! | service deployments, their status machine; no revision for a rollback | FACTS §4, §10 | `deployments` |
//! | restart back-off up to 15 minutes, `SERVICE_TASK_START_IMPAIRED` | FACTS §4, §8 | `deployments`, `scale` |
//! | steady state told, and repeated after 6 hours | FACTS §8 | `deployments` |
//! | grace period, container and load balancer checks | API, `healthCheckGracePeriodSeconds` | `causes` |
//! | refusals: INACTIVE revision, `CODE_DEPLOY`, `EXTERNAL`, inactive service | FACTS §10 | `refusals` |
//! | placement on hosts, `RESOURCE:*`, AGENT, empty clusters | FACTS §4, §5.4 | `hosts` |
//! | Fargate and Spot capacity, strategies with base and weight | FACTS §5.2; API, `CapacityProviderStrategyItem` | `hosts`, `causes` |
//! | agents that are not heard, draining, terminated hosts, Spot warnings | FACTS §1, §4, §5.1 | `hosts` |
//! | retirement notices, seven days ahead, and what comes of them | FACTS §1, §4 | `causes` |
//! | client tokens, conflicts, `failures`, ten tasks a call | FACTS §5.4, §8, §10 | `run_task` |
//! | some tasks of a call start, and each of the others is an entry of `failures` | FACTS §5.4; API, `RunTask` | `jobs` |
//! | Fargate Spot takes tasks back: its warning is the task's event, SIGTERM comes with it, SIGKILL after `stopTimeout` | AWS Knowledge Center, Fargate Spot termination notices | `jobs` |
//! | `RunTask` turned away where EC2 throttles ECS: only the text tells | issues `dagster-io/dagster#33439`, `dask/dask-cloudprovider#56` | `jobs` |
//! | no exit codes where the host of a task is lost | FACTS §3.1, §5.3 | `jobs` |
//! | task protection | FACTS §8 | `refusals` |
//! | pause hooks: their event, their answer, their time-out; blue/green runs both revisions until then | DG, pause hooks; API, `ContinueServiceDeployment` | `hooks` |
//! | a trail: who called, minutes late | CloudTrail user guide, record contents | `hooks` |
//! | reads that lag | API: eventual consistency | `standing` |
//!
//! # Assumptions
//!
//! Where no source says how ECS does it, the model does the simplest thing that fits all that is known:
//!
//! * a lost zone ends its Fargate tasks with `InfrastructureHealth`, a retirement with `ServiceSchedulerInitiated`;
//! * Fargate without room makes no task, and tells a placement failure; so does a host without room;
//! * of a strategy's providers each gets its share of a call's tasks, also where it has no room for them;
//! * where zones of subnets are known, a standalone task tries the zone of its first subnet and no other;
//! * a task whose host is lost may be shown without containers;
//! * `RunTask` may be throttled as `ClientException` and as `ServerException` too, of which no report was found;
//! * the back-off doubles from 15 seconds with each round of failed starts, a round being as many as are desired;
//! * a service deployment that a newer one replaces is STOPPED, and so is one that its breaker fails without rollback;
//! * a rollback by ECS itself takes a revision whose task definition is INACTIVE too: it restores a service revision;
//! * while a host's agent is not heard, ECS learns nothing of its tasks, and starts none there.

mod agenda;
pub mod api;
mod behaviour;
pub mod botocore;
mod breaker;
mod capacity;
mod definition;
pub mod error;
mod events;
mod fate;
mod happening;
mod hooks;
mod instance;
mod life;
mod names;
pub mod operation;
mod operations;
mod placement;
pub mod ports;
mod refusal;
mod rollout;
mod run_task;
mod scheduler;
pub mod server;
mod service;
mod settings;
mod setup;
mod state;
mod task;
#[cfg(test)]
mod tests;
pub mod throttle;
mod trail;
mod turn;
pub mod validation;
mod view;
mod workers;
mod world;

pub use behaviour::{Behaviour, Fate, PullFailure, SecretFailure};
pub use definition::Revision;
pub use happening::Happening;
pub use instance::{Host, HostNow};
pub use refusal::Refusal;
pub use settings::{Latencies, Latency, Settings};
pub use setup::fargate_service;
pub use world::{Ecs, Effect, Emitted};
