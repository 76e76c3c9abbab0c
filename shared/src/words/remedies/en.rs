//! Remedies in English.

use std::borrow::Cow;

use jiff::Timestamp;

use super::{Sentence, en_capacity};
use crate::action::{Because, Doubt, HostSign, Remedy, Withdrawal};
use crate::guard::{Gone, Needed, Refusal};
use crate::ledger::Scope;
use crate::redact::Redacted;
use crate::remediation::Escalation;
use crate::remediation::memory::NoRoom;
use crate::words::{Language, hooks, moment};

fn at(at: &Timestamp) -> String {
    moment(*at, Language::En)
}

fn hour(at: &Timestamp) -> String {
    at.strftime("%H:%M UTC").to_string()
}

fn behind(why: Option<&Redacted>) -> String {
    why.map_or_else(String::new, |why| format!(": {why}"))
}

pub(super) fn remedy(remedy: Remedy) -> &'static str {
    match remedy {
        Remedy::RollBack => "roll back",
        Remedy::ForceNewDeployment => "force a new deployment",
        Remedy::StopTask => "stop the task",
        Remedy::RunTask => "run the task again",
        Remedy::RaiseMemory => "raise its memory",
        Remedy::DrainInstance => "drain the instance",
        Remedy::ActivateInstance => "let the instance take tasks again",
        Remedy::AnswerHook => "answer the deployment's hook",
        Remedy::FallBackToOnDemand => "fall back to on-demand capacity",
        Remedy::ReturnToSpot => "return to spare capacity",
        Remedy::LimitDesiredCount => "limit the desired count",
    }
}

fn past(remedy: Remedy) -> &'static str {
    match remedy {
        Remedy::RollBack => "rolled back",
        Remedy::ForceNewDeployment => "forced a new deployment",
        Remedy::StopTask => "stopped the task",
        Remedy::RunTask => "ran the task again",
        Remedy::RaiseMemory => "raised its memory",
        Remedy::DrainInstance => "drained the instance",
        Remedy::ActivateInstance => "let the instance take tasks again",
        Remedy::AnswerHook => "answered the deployment's hook",
        Remedy::FallBackToOnDemand => "fell back to on-demand capacity",
        Remedy::ReturnToSpot => "returned to spare capacity",
        Remedy::LimitDesiredCount => "limited the desired count",
    }
}

pub(super) fn refusal(refusal: &Refusal) -> String {
    let said = match refusal {
        Refusal::NotEnrolled => "nobody enrolled it: no entry of `services` selects it",
        Refusal::FromElsewhere => "it is of another account or region",
        Refusal::ModeObserves => "the mode is observe",
        Refusal::EcsRollsBack => "ECS's own circuit breaker or alarms look after this deployment",
        Refusal::NotRolling => "a deployment strategy that does not roll controls its deployments, not ECS",
        Refusal::DeployedMeanwhile => "somebody has deployed meanwhile",
        Refusal::DoneBefore => "this was done already, or may have been",
        Refusal::FailedBefore => "this remedy did not help this revision before",
        Refusal::RemedyOff(remedy) => return format!("the policy does not allow {}", remedy.as_str()),
        Refusal::Paused { scope, by, why } => {
            return format!("{} paused by {by}{}", paused(scope), behind(why.as_ref()));
        }
        Refusal::Unobserved { what, why } => {
            let why = why.as_ref().map_or("it was not asked for", Redacted::as_str);
            return format!("{} could not be read: {why}", needed(*what));
        }
        Refusal::Frozen { until, why } => {
            return format!("changes are frozen until {}{}", at(until), behind(why.as_ref()));
        }
        Refusal::ForeignController(who) => return format!("{who} controls its deployments, not ECS"),
        Refusal::StackInProgress { stack, status } => {
            return format!("CloudFormation is at work: {stack} is {status}");
        }
        Refusal::NotStable { until } => {
            return format!("this may be over by itself; nothing is done before {}", at(until));
        }
        Refusal::CoolingDown { until } => {
            return format!("the last action has until {} to help", at(until));
        }
        Refusal::AttemptsUsedUp { attempts } => {
            return format!("{attempts} attempts were made, and no more may be");
        }
        Refusal::DoesNotLast { times } => {
            return format!(
                "this was done {times} times in a row for this revision, and never helped for a day: another is needed"
            );
        }
        Refusal::Rejected { by, why } => return format!("{by} has rejected it{}", behind(why.as_ref())),
        Refusal::Locked { by } => return format!("action {by} is not over"),
        Refusal::BudgetSpent { scope, until } => {
            return format!("{} budget of actions is spent{}", whose(scope), until_when(until));
        }
        Refusal::CorrelatedOutage { services } => {
            return format!(
                "{services} services of the cluster began to fail together: this is an outage, not a bad revision"
            );
        }
        Refusal::MemoryOutOfBounds { max } => {
            return format!("memory only goes up, and to {max} MiB at the most (`memory.max` in the policy)");
        }
        Refusal::ScaledByOther { own: true } => "Steward's own `scaling` sets its desired count",
        Refusal::ScaledByOther { own: false } => "Application Auto Scaling sets its desired count",
        Refusal::PreconditionGone(what) => {
            return format!("it is not as it was when this was decided: {}", gone(*what));
        }
        Refusal::AnotherHostDrains { instance } => {
            return format!("container instance {instance} drains: one at a time in a cluster");
        }
    };
    said.to_owned()
}

fn paused(scope: &Scope) -> Cow<'static, str> {
    match scope {
        Scope::Global => "all changes are".into(),
        Scope::Cluster(cluster) => format!("changes in {} are", cluster.name()).into(),
        Scope::Target(target) => format!("changes of {target} are").into(),
    }
}

fn whose(scope: &Scope) -> &'static str {
    match scope {
        Scope::Global => "the account's",
        Scope::Cluster(_) => "the cluster's",
        Scope::Target(_) => "its own",
    }
}

/// A budget that never has room again ends at no time that says anything.
fn until_when(until: &Timestamp) -> String {
    if *until < Timestamp::MAX { format!(" until {}", at(until)) } else { String::new() }
}

fn needed(what: Needed) -> &'static str {
    match what {
        Needed::Switch => "the switch",
        Needed::Service => "the service",
        Needed::Stack => "the status of its CloudFormation stack",
        Needed::Budget => "the budget",
        Needed::Openings => "what else began to fail",
        Needed::GoodRevision => "the revision to go back to",
        Needed::ServiceDeployment => "the service deployment",
        Needed::Task => "the task",
        Needed::LostTask => "the lost task",
        Needed::StandIns => "what stands in for the lost task",
        Needed::Sizes => "how much memory the revision has",
        Needed::Host => "the container instance",
        Needed::OtherHosts => "which other instances drain",
        Needed::Scalable => "whether Application Auto Scaling sets its desired count",
    }
}

fn gone(what: Gone) -> &'static str {
    match what {
        Gone::Service => "the service is gone",
        Gone::ActiveService => "the service is not active",
        Gone::Revision => "another revision is deployed",
        Gone::Trouble => "every task that is wanted runs, and none has failed of late",
        Gone::SteadyState => "not every task that is wanted runs",
        Gone::GoodRevision => "the revision to go back to cannot be deployed any more",
        Gone::Deployment => "the deployment is over",
        Gone::UnwellTask => "the task is well, or stops already",
        Gone::LostTask => "ECS does not know the lost task as stopped",
        Gone::Gap => "a task stands in for it already",
        Gone::Host => "the container instance has left its cluster",
        Gone::ActiveHost => "the container instance drains already, or leaves",
        Gone::AwayAgent => "its agent is connected, or the container instance drains already",
        Gone::FailingHost => "neither EC2 nor its tasks say that it fails",
        Gone::RecoveredHost => "it does not drain, its agent is away, or EC2 does not call it well",
        Gone::Hook => "the hook does not wait for an answer any more",
        Gone::Strategy => "the service has another capacity provider strategy",
        Gone::DesiredCount => "another number of tasks is wanted",
        Gone::Shortage => "every task that is wanted runs",
    }
}

pub(super) fn escalation(escalation: &Escalation) -> String {
    match escalation {
        Escalation::Unobserved { why } => format!("what is needed to decide could not be read: {why}"),
        Escalation::NotTheRevision(cause) => {
            format!("{cause} is not of the revision's making: another would fail as well")
        }
        Escalation::RanWellBefore(cause) => {
            format!("this revision ran well before: {cause} comes from something else that has changed")
        }
        Escalation::NoGoodRevision => "no earlier revision is known to have run well".to_owned(),
        Escalation::GoodRevisionGone { revision } => {
            format!("{} ran well, but cannot be deployed any more", revision.family_and_revision())
        }
        Escalation::GoodRevisionFails => "the earlier revision fails as well".to_owned(),
        Escalation::ForeignController(who) => {
            format!("{who} carries out its deployments, not ECS: whoever set that up goes back")
        }
        Escalation::Stuck { since } => format!("the deployment has made no end since {}", at(since)),
        Escalation::MostTasksUnwell { unwell, running } => {
            format!("{unwell} of {running} tasks are unwell: stopping them would leave nothing")
        }
        Escalation::NotDeclared => {
            "nobody declared that this task may be run twice (`rerun` in the policy)".to_owned()
        }
        Escalation::NoNetwork => {
            "the task needs a network interface, and the policy's `rerun` names no subnets".to_owned()
        }
        Escalation::NoMoreMemory { container, why, raised: 0 } => {
            format!("{container} runs out of memory, and gets no more: {}", no_room(*why))
        }
        Escalation::NoMoreMemory { container, why, raised } => format!(
            "{container} runs out of memory again, however much it gets ({raised} times more): a leak is likely. It gets no more: {}",
            no_room(*why)
        ),
        Escalation::TooLate => {
            "the task was lost more than an hour ago, and ECS may have forgotten it".to_owned()
        }
        Escalation::HostManaged { provider } => {
            format!("ECS itself replaces the hosts of capacity provider {provider} (Managed Instances)")
        }
        Escalation::HostMayServe { is_well: true } => {
            "its agent alone is away: EC2 calls it well, and most of its tasks run on".to_owned()
        }
        Escalation::HostMayServe { is_well: false } => {
            "its agent alone is away: most of its tasks run on, and EC2 says nothing of it".to_owned()
        }
        Escalation::NoRoom(room) => {
            format!("no container instance takes its tasks: {}", en_capacity::room(room))
        }
        Escalation::Limited { to, was, since, service, cluster } => {
            en_capacity::limited(*to, *was, since, service.as_str(), cluster.as_str())
        }
    }
}

fn no_room(why: NoRoom) -> String {
    match why {
        NoRoom::AtMax { max } => format!("the policy allows {max} MiB (`memory.max`)"),
        NoRoom::NeedsCpu { cpu } => {
            format!("Fargate has no more for {cpu} CPU units (`memory.raise_cpu` allows more of them)")
        }
        NoRoom::NoLimit => "neither it nor its task has a limit, and its host has no more".to_owned(),
        NoRoom::NotUnderstood => "its sizes are not understood".to_owned(),
    }
}

pub(super) fn because(because: &Because) -> String {
    match because {
        Because::RevisionFails { revision, count, cause, good } => format!(
            "{count} tasks of {} failed ({cause}), and {} ran well before",
            revision.family_and_revision(),
            good.family_and_revision()
        ),
        Because::DeploymentStuck { revision, since, good } => format!(
            "the deployment of {} has made no end since {}, and {} ran well before",
            revision.family_and_revision(),
            hour(since),
            good.family_and_revision()
        ),
        Because::TaskHangs { how, since } => {
            format!("the task has been {how} since {}, and ECS leaves it", hour(since))
        }
        Because::TasksRetire { from } => {
            format!("AWS replaces its tasks from {} on: now it happens while nothing else does", at(from))
        }
        Because::TaskLost { task, cause } => {
            format!("task {} was lost ({cause}), and nothing replaces it", task.id())
        }
        Because::RunsOutOfMemory { revision, container, count } => format!(
            "{container} of {} ran out of memory in {count} tasks, and no other container did",
            revision.family_and_revision()
        ),
        Because::SpotUnavailable { .. } | Because::SpotAgain { .. } | Because::StartsFail { .. } => {
            en_capacity::because(because).unwrap_or_default()
        }
        Because::HostFails { since, sign, moves } => {
            let sign = host_sign(*sign);
            format!("its agent is away since {}, and {sign}. {}", hour(since), moving(*moves))
        }
        Because::SpotInterruption { at: when, moves } => {
            format!(
                "EC2 warned at {} that it takes the host back in two minutes. {}",
                hour(when),
                moving(*moves)
            )
        }
        Because::HostRecovered { since } => {
            format!("its agent is connected again since {}, and no status check fails", hour(since))
        }
        Because::HookWaits { stage, since, expires_at, timeout_action, evidence: seen } => {
            let waits = hooks::waits(stage.as_deref(), *since, Language::En);
            let ends = hooks::without_an_answer(*expires_at, *timeout_action, Language::En);
            format!("{}; {waits}; {ends}", hooks::evidence(seen, Language::En))
        }
    }
}

fn host_sign(sign: HostSign) -> String {
    match sign {
        HostSign::StatusCheck => "a status check of EC2 fails".to_owned(),
        HostSign::Tasks { unhealthy, stopped, of } => {
            format!("of {of} tasks {unhealthy} are unhealthy and {stopped} were stopped")
        }
    }
}

fn moving(moves: Option<usize>) -> String {
    match moves {
        None => "How many tasks move could not be read".to_owned(),
        Some(0) => "No task of a service moves".to_owned(),
        Some(1) => "1 task of a service moves".to_owned(),
        Some(moves) => format!("{moves} tasks of services move"),
    }
}

pub(super) fn withdrawal(withdrawal: &Withdrawal) -> String {
    match withdrawal {
        Withdrawal::Refused(why) => refusal(why),
        Withdrawal::Escalated(why) => escalation(why),
        Withdrawal::NotWanted => "it is not what is to be done any more".to_owned(),
        Withdrawal::IncidentOver => "the incident is over".to_owned(),
        Withdrawal::NotApproved => "nobody approved it in time".to_owned(),
        Withdrawal::Rejected { by, why } => format!("{by} rejected it{}", behind(why.as_ref())),
        Withdrawal::HookOver { how, by } => hooks::end(*how, by.as_ref(), Language::En),
    }
}

pub(super) fn doubt(doubt: &Doubt) -> String {
    let said = match doubt {
        Doubt::DeploymentStopped => "the deployment was stopped, and ECS does not say that it goes back",
        Doubt::DeploymentForgotten => "ECS does not know the service deployment any more",
        Doubt::ServiceGone => "the service is gone",
        Doubt::TaskForgotten => "ECS does not know the task any more",
        Doubt::DeployedMeanwhile => "somebody has deployed another revision meanwhile",
        Doubt::NoTaskFound => "no task of it is found, and its client token may have ended",
        Doubt::NoPrimary => "ECS names no PRIMARY deployment",
        Doubt::HostGone => "the container instance has left its cluster",
        Doubt::NotAsked => "it was not asked for",
        Doubt::StrategyChanged => "somebody has set another capacity provider strategy meanwhile",
        Doubt::CountChanged => "somebody has set another desired count meanwhile",
        Doubt::Unread(why) => why.as_str(),
    };
    said.to_owned()
}

pub(super) fn sentence(sentence: &Sentence<'_>) -> String {
    match sentence {
        Sentence::Settle { call, id, at: when, why } => format!(
            "Nobody knows whether {call} took effect. Look, then say so: `steward settle {id} --as done --why \"…\"`, or \
             `--as not-done`. Until then Steward does nothing more here. What is known ({}): {why}",
            at(when)
        ),
        Sentence::Approve { remedy: Remedy::AnswerHook, id, until, why, .. } => format!(
            "The deployment waits for your answer, until {}. To let it go on: `steward approve {id}`; to let it go back: \
             `steward reject {id} --why \"…\"`. {why}",
            at(until)
        ),
        Sentence::Approve { remedy: what, call, id, until, why } => format!(
            "Steward proposes to {}: {call}. To allow it until {}: `steward approve {id}`. Why: {why}",
            remedy(*what),
            at(until)
        ),
        Sentence::NothingChanged => "Nothing was changed.".to_owned(),
        Sentence::Approved { by, remedy: Remedy::AnswerHook, call } => {
            format!("{by} answered: {call}. Steward passes it on within a minute, unless a guard refuses.")
        }
        Sentence::Approved { by, remedy: what, call } => format!(
            "{by} allowed Steward to {}: {call}. It begins within a minute, unless a guard refuses.",
            remedy(*what)
        ),
        Sentence::Planned { remedy: what, call } => {
            format!("Steward is about to {}: {call}.", remedy(*what))
        }
        Sentence::Issued { call, at: when } => {
            format!("Steward called {call} ({}); what came of it is being found out.", at(when))
        }
        Sentence::Confirmed { remedy, call, at: when, why } => {
            format!("Steward {}: {call} ({}). Why: {why}", past(*remedy), at(when))
        }
        Sentence::Settled { call, took_effect, by, at: when, why } => {
            let effect = if *took_effect { "took effect" } else { "took no effect" };
            let why = why.map_or_else(|| ".".to_owned(), |why| format!(": {why}"));
            format!("{call} {effect}, as {by} says ({}){why}", at(when))
        }
        Sentence::Helped { remedy: Remedy::RunTask, at: when } => {
            format!("It helped: the task runs since {}.", at(when))
        }
        Sentence::Helped { remedy: Remedy::RaiseMemory, at: when } => {
            format!("It helped: no task ran out of memory until {}.", at(when))
        }
        Sentence::Helped { remedy: Remedy::DrainInstance, at: when } => {
            format!("It helped: no service has a task left on it since {}.", at(when))
        }
        Sentence::Helped { remedy: Remedy::ActivateInstance, at: when } => {
            format!("It helped: it takes tasks since {}.", at(when))
        }
        Sentence::Helped { remedy: Remedy::AnswerHook, at: when } => {
            format!("ECS has heard it, as is known since {}.", at(when))
        }
        Sentence::Helped { remedy: Remedy::LimitDesiredCount, at: when } => {
            format!("The limit holds since {}: that is no recovery.", at(when))
        }
        Sentence::Helped { at: when, .. } => format!("It helped: steady since {}.", at(when)),
        Sentence::DidNotHelp { at: when } => {
            format!("It had not helped by {}: this needs a person.", at(when))
        }
        Sentence::Watched => "Whether it helps is being watched.".to_owned(),
        Sentence::Failed { remedy: what, call, at: when, problem } => {
            let what = remedy(*what);
            format!("Steward could not {what}: ECS refused {call} ({}). {problem}", at(when))
        }
        Sentence::Withdrawn { remedy: what, at: when, why } => {
            let what = remedy(*what);
            format!("Steward meant to {what} and left it before any call ({}): {why}", at(when))
        }
        Sentence::StillNamed { is_certain, was } => {
            let condition = if *is_certain { "Your" } else { "If it took effect, your" };
            let was = was.unwrap_or("what was there before");
            format!(
                "{condition} infrastructure-as-code still names {was}: change it there, too, or the next deployment from there brings it back."
            )
        }
        Sentence::Held { remedy: what, call, why } => {
            let call = call.map_or_else(String::new, |call| format!(" ({call})"));
            format!("Steward would {}{call}, but does not: {why}", remedy(*what))
        }
        Sentence::Fragments { service, cluster } => {
            format!("The change for your own code: `steward memory {service} --cluster {cluster}`.")
        }
        Sentence::NoRemedy { why } => format!("Steward has no remedy for this: {why}"),
        Sentence::Costs { moved } => en_capacity::costs(moved),
        Sentence::ReturnFailed { at: when } => {
            format!("The return had not come to rest by {}: what runs on demand stays.", at(when))
        }
        Sentence::StaysLimited { why } => format!("The service is {why}"),
    }
}
