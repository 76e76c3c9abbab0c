//! The form of a scenario's file: what people write.
//!
//! Types that serde fills and nothing else; [`super::Scenario`] is what stands in them once the names fit together.

use std::collections::BTreeMap;

use serde::Deserialize;
use steward::config::{Duration, Mode};

use crate::ecs::api::{DeploymentLifecycleHookAction, DeploymentLifecycleHookStage, DeploymentStrategy};

/// A scenario as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    /// What happens, in one line.
    pub(super) title: String,
    /// What it shows.
    pub(super) why: String,
    /// Whether the demo shows it in its overview.
    #[serde(default)]
    pub(super) in_demo: bool,
    /// When the story begins. By default a Friday at ten in the morning, UTC.
    #[serde(default = "begins")]
    pub(super) begins: jiff::Timestamp,
    /// The cluster's name.
    #[serde(default = "cluster")]
    pub(super) cluster: String,
    /// EC2 instances in the cluster, by id, each in its availability zone.
    #[serde(default)]
    pub(super) hosts: BTreeMap<String, String>,
    /// Task definitions by family: what the tasks of each revision do, from revision 1 on.
    pub(super) task_definitions: BTreeMap<String, Vec<Behaviour>>,
    /// Services by name. They are steady when the story begins.
    #[serde(default)]
    pub(super) services: BTreeMap<String, Service>,
    /// Whether a trail of CloudTrail records who calls.
    #[serde(default)]
    pub(super) trail: bool,
    /// Standalone tasks by family. They run when the story begins.
    #[serde(default)]
    pub(super) tasks: BTreeMap<String, Tasks>,
    /// `steward.yaml` but for the mode, which is the run's where the file names none.
    #[serde(default)]
    pub(super) policy: serde_json::Map<String, serde_json::Value>,
    /// For so long everything was well before the story begins.
    #[serde(default = "well_for")]
    pub(super) well_for: Duration,
    /// What happens, in order.
    pub(super) happenings: Vec<Happening>,
    /// The story ends so long after its beginning.
    pub(super) watch: Duration,
    /// What must come of it, in each mode that is named.
    pub(super) expect: BTreeMap<Mode, Expected>,
}

fn begins() -> jiff::Timestamp {
    let at = jiff::civil::date(2026, 11, 20).at(10, 0, 0, 0);
    jiff::tz::Offset::UTC.to_timestamp(at).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
}

fn cluster() -> String {
    "shop".to_owned()
}

fn well_for() -> Duration {
    Duration::new(jiff::SignedDuration::from_mins(40))
}

/// What tasks do.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Behaviour {
    /// Serve for ever.
    Serves,
    /// Serve, but pass their health checks so much later.
    StartsSlowly(Duration),
    /// Their image cannot be pulled.
    CannotPull(Pull),
    /// A secret cannot be read.
    CannotReadSecret(Secret),
    /// Cannot start: the text as ECS or its agent writes it.
    CannotStart(String),
    /// Exit before they run, with this code.
    CrashesAtBoot(i64),
    /// Exit a while after they run.
    Exits(Exit),
    /// Are killed for memory so long after they run.
    OutOfMemory(Duration),
    /// Are killed for memory, unless they have enough: then they serve.
    NeedMemory(Needed),
    /// Their container's health check fails so long after they run; `0s`: it never passes.
    FailsContainerHealth(Duration),
    /// The load balancer's check fails so long after they run; `0s`: it never passes.
    FailsElbHealth(Duration),
    /// Hang so long after they run: unhealthy, and ECS leaves them.
    Hangs(Duration),
}

/// Why an image cannot be pulled.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Pull {
    NotFound,
    Denied,
    RateLimited,
    TimedOut,
}

/// Why a secret cannot be read.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Secret {
    NotFound,
    Denied,
    Unreachable,
}

/// How much memory a task needs.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Needed {
    /// So many MiB.
    pub(super) mib: u32,
    /// Killed so long after it runs.
    pub(super) after: Duration,
}

/// How a task exits.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Exit {
    pub(super) after: Duration,
    pub(super) code: i64,
}

/// A service.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Service {
    /// `family:revision`.
    pub(super) runs: String,
    /// So many tasks.
    pub(super) desired: u32,
    /// The circuit breaker.
    #[serde(default)]
    pub(super) breaker: Breaker,
    /// Alarms that fail a deployment, and go back.
    #[serde(default)]
    pub(super) alarms: Vec<String>,
    /// Who deploys.
    #[serde(default)]
    pub(super) controller: Controller,
    /// What its tasks run on.
    #[serde(default)]
    pub(super) capacity: Capacity,
    /// Whether it stands behind a load balancer.
    #[serde(default)]
    pub(super) load_balanced: bool,
    /// `minimumHealthyPercent` and `maximumPercent`.
    #[serde(default)]
    pub(super) percents: Option<(u32, u32)>,
    /// A pause hook at which its deployments wait for a person.
    #[serde(default)]
    pub(super) pause: Option<PauseHook>,
    /// Whether Application Auto Scaling scales it.
    #[serde(default)]
    pub(super) auto_scaled: bool,
    /// Its tags.
    #[serde(default)]
    pub(super) tags: BTreeMap<String, String>,
    /// So many of them, named `<name>-001` and so on.
    #[serde(default)]
    pub(super) copies: Option<u32>,
}

/// A pause hook.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PauseHook {
    /// `deploymentConfiguration.strategy`: `ROLLING` or `BLUE_GREEN`.
    pub(super) strategy: DeploymentStrategy,
    /// Where it waits.
    pub(super) stage: DeploymentLifecycleHookStage,
    /// For so many minutes.
    pub(super) minutes: u32,
    /// What ECS does then.
    pub(super) then: DeploymentLifecycleHookAction,
}

/// The circuit breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Breaker {
    #[default]
    Off,
    /// Fails a deployment, and leaves it.
    Fails,
    /// Fails it and goes back.
    RollsBack,
}

/// Who deploys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Controller {
    #[default]
    Ecs,
    CodeDeploy,
    External,
}

/// What tasks run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Capacity {
    #[default]
    Fargate,
    FargateSpot,
    Ec2,
}

/// Standalone tasks of one family.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tasks {
    /// `family:revision`.
    pub(super) runs: String,
    /// So many.
    #[serde(default = "one")]
    pub(super) count: u32,
    /// What they run on.
    #[serde(default)]
    pub(super) capacity: Capacity,
}

fn one() -> u32 {
    1
}

/// Something that happens: when, and one thing.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Happening {
    /// So long after the beginning.
    pub(super) at: Option<Duration>,
    /// At a moment of Steward's own.
    pub(super) when: Option<Moment>,
    /// So long after that moment: for what waits until Steward has proposed.
    pub(super) after: Option<Duration>,
    /// Who does it, where it is a person.
    pub(super) by: Option<String>,
    pub(super) deploy: Option<Deploy>,
    pub(super) scale: Option<Scale>,
    pub(super) behave: Option<Behave>,
    /// New tasks of the revision, or family, find their secret deleted.
    pub(super) delete_secret: Option<String>,
    /// A revision is deregistered.
    pub(super) deregister: Option<String>,
    /// An availability zone goes.
    pub(super) lose_zone: Option<String>,
    /// It is back.
    pub(super) zone_back: Option<String>,
    /// So many of a thousand tasks on `FARGATE_SPOT` are taken back.
    pub(super) spot_wave: Option<u16>,
    /// `FARGATE_SPOT` takes back all its tasks, and has no room for so long.
    pub(super) spot_gone: Option<Duration>,
    /// Somebody gives a service another capacity provider strategy.
    pub(super) strategy: Option<Strategy>,
    /// AWS Health announces that Fargate will replace the tasks of these services in seven days.
    pub(super) retirement_notice: Option<Vec<String>>,
    /// The agent of an EC2 instance is not heard any more.
    pub(super) agent_lost: Option<String>,
    /// It is heard again.
    pub(super) agent_back: Option<String>,
    /// The status checks of an EC2 instance fail.
    pub(super) status_check_fails: Option<String>,
    /// They pass again.
    pub(super) status_check_passes: Option<String>,
    /// An EC2 instance loses its network: its agent is not heard, and the load balancer's checks of its tasks fail.
    pub(super) host_cut_off: Option<String>,
    /// EC2 warns that it takes an instance back, and does so two minutes later. Its agent does not drain it by itself.
    pub(super) spot_warning: Option<String>,
    /// An EC2 instance ends with all its tasks.
    pub(super) host_lost: Option<String>,
    /// An alarm rings.
    pub(super) alarm: Option<String>,
    /// A CloudFormation stack gets this status.
    pub(super) stack: Option<Stack>,
    /// Somebody pauses all changes: why.
    pub(super) pause: Option<String>,
    /// Somebody lets them go on: why.
    pub(super) resume: Option<String>,
    /// Somebody approves what is proposed: why.
    pub(super) approve: Option<String>,
    /// Somebody turns down what is proposed: why.
    pub(super) reject: Option<String>,
    /// Somebody answers the hook of a service in the console.
    pub(super) answer_hook: Option<AnswerHook>,
    /// Somebody stops the tasks of a service, each by itself.
    pub(super) stop_tasks: Option<String>,
}

/// An answer to a hook, past Steward.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AnswerHook {
    pub(super) service: String,
    /// `CONTINUE` or `ROLLBACK`.
    pub(super) with: DeploymentLifecycleHookAction,
}

/// A moment that depends on what Steward does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Moment {
    /// The first time that Steward has decided on an action and not yet asked again whether it may.
    BetweenDecisionAndGate,
    /// The first time that Steward asks a person.
    Proposed,
}

/// A deployment.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Deploy {
    pub(super) service: String,
    pub(super) revision: String,
}

/// A change of the desired count.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scale {
    pub(super) service: String,
    pub(super) desired: u32,
}

/// A capacity provider strategy.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Strategy {
    pub(super) service: String,
    /// The weight of each provider.
    pub(super) providers: BTreeMap<String, u32>,
}

/// A change of what tasks do.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Behave {
    /// `family:revision`, or a family for all its revisions.
    pub(super) revision: String,
    /// What they do from now on.
    #[serde(rename = "does")]
    pub(super) behaviour: Behaviour,
    /// Whether those that run already do so, too.
    #[serde(default)]
    pub(super) running_ones: bool,
}

/// A CloudFormation stack.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stack {
    pub(super) name: String,
    pub(super) status: String,
}

/// What must come of a run. What is left out is not looked at.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// Every call that Steward makes, in order; an empty list for none.
    pub(super) remedies: Option<Vec<ExpectedRemedy>>,
    /// Every reason for which a remedy is refused or people are asked instead, in one word each, in order of first use.
    pub(super) held: Option<Vec<String>>,
    /// What each service's deployment runs at the end.
    #[serde(default)]
    pub(super) runs: BTreeMap<String, String>,
    /// What the last incident tells of deployments that wait, and of who did what: each matches something, with `*` for any
    /// characters.
    #[serde(default)]
    pub(super) tells: Vec<String>,
    /// So many tasks each service wants at the end.
    #[serde(default)]
    pub(super) wants: BTreeMap<String, u32>,
    /// On which capacity each service's tasks run at the end, such as `FARGATE_SPOT 1`.
    #[serde(default)]
    pub(super) on: BTreeMap<String, String>,
    /// What an alert says, word for word.
    #[serde(default)]
    pub(super) says: Vec<String>,
    /// At most so many alerts are sent.
    pub(super) alerts_at_most: Option<usize>,
    /// So many incidents are opened.
    pub(super) incidents: Option<usize>,
    /// So many incidents go on at the end.
    pub(super) open_at_the_end: Option<usize>,
    /// Recovered so soon after the first failure, at the latest.
    pub(super) recovered_within: Option<Duration>,
    /// Whether it recovers at all.
    pub(super) recovers: Option<bool>,
}

/// A call that must be made.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpectedRemedy {
    /// As alerts name it, such as `UpdateService api to api:1`; `*` stands for any characters.
    pub(super) call: String,
    /// So soon after the first failure, at the latest.
    pub(super) within: Option<Duration>,
    /// And no sooner.
    pub(super) not_before: Option<Duration>,
    /// What became of it.
    pub(super) verdict: Option<Verdict>,
}

impl ExpectedRemedy {
    /// Whether it makes a revision that the file does not have.
    pub(super) fn registers(&self) -> bool {
        self.call.starts_with("RegisterTaskDefinition ")
    }
}

/// What became of a remedy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    Helped,
    DidNotHelp,
    None,
}
