//! What an action rests on that no event says.

use std::fmt;

use steward::action::Remedy;
use steward::incident::Target;

use super::Recalled;

/// Something that is taken to be so though no event says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::replay) enum Assumption {
    /// ECS rolls out its deployments, not CodeDeploy or somebody with task sets.
    RollsOut,
    /// No circuit breaker and no alarm watches its deployments.
    NotWatched,
    /// The revision to go back to can still be deployed.
    StillActive,
    /// No CloudFormation stack is at work on it.
    NoStack,
    /// It has no tags of its own that say otherwise.
    NoTags,
    /// Every task runs that is wanted.
    Steady,
    /// Nothing stands in for the lost task.
    NoStandIn,
    /// The lost task had the network and overrides that ECS will say.
    AsLaunched,
    /// No capacity provider of Managed Instances looks after the host.
    NotManaged,
    /// An earlier action on the same target had no effect on what came after it.
    AsRecorded,
}

impl Assumption {
    /// In one stable word.
    pub(in crate::replay) fn as_str(self) -> &'static str {
        match self {
            Self::RollsOut => "rolls_out",
            Self::NotWatched => "not_watched",
            Self::StillActive => "still_active",
            Self::NoStack => "no_stack",
            Self::NoTags => "no_tags",
            Self::Steady => "steady",
            Self::NoStandIn => "no_stand_in",
            Self::AsLaunched => "as_launched",
            Self::NotManaged => "not_managed",
            Self::AsRecorded => "as_recorded",
        }
    }
}

impl fmt::Display for Assumption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RollsOut => "ECS itself rolls out its deployments (no CodeDeploy, no task sets)",
            Self::NotWatched => "no circuit breaker and no alarm watches its deployments",
            Self::StillActive => "the revision to go back to can still be deployed",
            Self::NoStack => "no CloudFormation stack is at work on it",
            Self::NoTags => "it has no tags of its own that say otherwise",
            Self::Steady => "every task runs that is wanted",
            Self::NoStandIn => "nothing stands in for the lost task yet",
            Self::AsLaunched => "the lost task is run again with what ECS says of it",
            Self::NotManaged => "no capacity provider of Managed Instances looks after it",
            Self::AsRecorded => "an earlier action on it changed nothing: the recording was made without it",
        })
    }
}

impl Recalled<'_> {
    /// What a remedy of a target rests on that the events so far, or the recording as a whole, do not say.
    pub(in crate::replay) fn rests_on(&self, target: &Target, remedy: Remedy) -> Vec<Assumption> {
        let heard = self.heard.borrow();
        let mut assumed = Vec::new();
        match target {
            Target::Service { .. } => {
                let setup = self.traits.of(target);
                let known = heard.services.get(target);
                let is_deployment = remedy != Remedy::StopTask && remedy != Remedy::AnswerHook;
                assumed.extend((!setup.rolls && is_deployment).then_some(Assumption::RollsOut));
                assumed.extend((!setup.is_watched && is_deployment).then_some(Assumption::NotWatched));
                assumed.extend((remedy == Remedy::RollBack).then_some(Assumption::StillActive));
                assumed.extend((remedy != Remedy::AnswerHook).then_some(Assumption::NoStack));
                assumed.push(Assumption::NoTags);
                let was_well = known.is_some_and(|known| known.well_at.is_some());
                let wants_steady = remedy == Remedy::ForceNewDeployment;
                assumed.extend((wants_steady && !was_well).then_some(Assumption::Steady));
                let is_changed = known.is_some_and(|known| known.is_changed);
                assumed.extend(is_changed.then_some(Assumption::AsRecorded));
            }
            Target::Family { .. } => assumed.extend([Assumption::NoStandIn, Assumption::AsLaunched]),
            Target::ContainerInstance { .. } => assumed.push(Assumption::NotManaged),
        }
        assumed
    }

    /// Notes that an action would have been carried out.
    pub(in crate::replay) fn is_changed(&self, target: &Target) {
        if let Some(known) = self.heard.borrow_mut().services.get_mut(target) {
            known.is_changed = true;
        }
    }
}
