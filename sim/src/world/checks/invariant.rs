//! The invariants by name, and how a violation of one is said.

use std::fmt;

use jiff::Timestamp;

/// What must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// The calls of one action take effect once at the most.
    AtMostOnce,
    /// A call is made only while the ledger says `issued`, with exactly this call, and the target's lock is the action's.
    IssuedBeforeCall,
    /// An action goes on by legal steps, and none says what did not happen.
    LegalSteps,
    /// No call whose gate read came after a pause was readable.
    NoCallWhilePaused,
    /// No call in a freeze window.
    NoCallWhileFrozen,
    /// No call whose gate read came after an outage was readable.
    NoCallInAnOutage,
    /// No call for a target that nobody enrolled, in observe mode, or that nobody approved in propose mode.
    NoCallWithoutLeave,
    /// Budgets hold in every sliding window of claim times.
    BudgetsHold,
    /// Every issued action is resolved, or is unknown with an alert, after enough sweeps.
    EveryActionResolves,
    /// At quiescence every news was told to every channel.
    AllIsTold,
    /// Events that come again change no incident and cause no call.
    RepeatsChangeNothing,
    /// Duplicates and disorder end in the same incident content as the undisturbed run.
    DisorderChangesNothing,
    /// A remedy that never works is not tried for ever.
    NoLoop,
    /// Where runs of a job must not go beside each other, no task of one lives beside a task of another; and no index of a
    /// run has two live tasks.
    OneTaskAtATime,
    /// No index is started more often than its job's `max_attempts`.
    AttemptsHold,
    /// Every task that was started is known to its run in the end, and every run ends as its tasks did.
    RunsEndAsTheirTasksDid,
    /// Every slot of a timetable has one run, and every run ends once, in one way.
    EverySlotEndsOnce,
    /// A count is set within the bounds that hold at the time.
    WithinBounds,
    /// What services share is not given out beyond its ceiling.
    PoolsHold,
    /// A count is set only where it was read again after its order stood, and was as the order has it.
    CountAsRead,
    /// No task is taken away while a queue, the service or who protects itself is not known, or during a deployment.
    NoBlindScaleIn,
    /// No count is set below the tasks that are at work or protect themselves, as they were read.
    NothingAtWorkIsTaken,
    /// When nothing goes wrong any more, all that waits is done, and what idles comes down to its minimum.
    CountsFollowTheWork,
    /// An action registers one task definition at the most, and deploys no other.
    OneRevision,
    /// Whoever raises memory leaves no task with less than before.
    MemoryOnlyGrows,
    /// Steward drains one host of a cluster at a time, but for those that Spot takes back.
    OneHostDrains,
    /// Steward drains no host whose agent is connected, but for those that Spot takes back.
    NoConnectedHostDrained,
    /// A hook is answered only as a person said, and never by Steward itself.
    NoAnswerUnasked,
    /// A hook that waits to its end is told.
    EveryHookIsTold,
    /// A strategy that Steward set is restored as it was, or a person's stands.
    StrategiesStand,
    /// A remedy sets a desired count only below what it was, and to 0 only where people allowed it in so many words.
    CountsOnlyFall,
    /// No handler panics, stops for ever, or leaves messages in its queues.
    Progress,
}

impl Invariant {
    /// All of them.
    pub const ALL: [Self; 32] = [
        Self::AtMostOnce,
        Self::IssuedBeforeCall,
        Self::LegalSteps,
        Self::NoCallWhilePaused,
        Self::NoCallWhileFrozen,
        Self::NoCallInAnOutage,
        Self::NoCallWithoutLeave,
        Self::BudgetsHold,
        Self::EveryActionResolves,
        Self::AllIsTold,
        Self::RepeatsChangeNothing,
        Self::DisorderChangesNothing,
        Self::NoLoop,
        Self::OneTaskAtATime,
        Self::AttemptsHold,
        Self::RunsEndAsTheirTasksDid,
        Self::EverySlotEndsOnce,
        Self::WithinBounds,
        Self::PoolsHold,
        Self::CountAsRead,
        Self::NoBlindScaleIn,
        Self::NothingAtWorkIsTaken,
        Self::CountsFollowTheWork,
        Self::OneRevision,
        Self::MemoryOnlyGrows,
        Self::OneHostDrains,
        Self::NoConnectedHostDrained,
        Self::NoAnswerUnasked,
        Self::EveryHookIsTold,
        Self::StrategiesStand,
        Self::CountsOnlyFall,
        Self::Progress,
    ];

    /// The invariant in one stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AtMostOnce => "at_most_once",
            Self::IssuedBeforeCall => "issued_before_call",
            Self::LegalSteps => "legal_steps",
            Self::NoCallWhilePaused => "no_call_while_paused",
            Self::NoCallWhileFrozen => "no_call_while_frozen",
            Self::NoCallInAnOutage => "no_call_in_an_outage",
            Self::NoCallWithoutLeave => "no_call_without_leave",
            Self::BudgetsHold => "budgets_hold",
            Self::EveryActionResolves => "every_action_resolves",
            Self::AllIsTold => "all_is_told",
            Self::RepeatsChangeNothing => "repeats_change_nothing",
            Self::DisorderChangesNothing => "disorder_changes_nothing",
            Self::NoLoop => "no_loop",
            Self::OneTaskAtATime => "one_task_at_a_time",
            Self::AttemptsHold => "attempts_hold",
            Self::RunsEndAsTheirTasksDid => "runs_end_as_their_tasks_did",
            Self::EverySlotEndsOnce => "every_slot_ends_once",
            Self::WithinBounds => "within_bounds",
            Self::PoolsHold => "pools_hold",
            Self::CountAsRead => "count_as_read",
            Self::NoBlindScaleIn => "no_blind_scale_in",
            Self::NothingAtWorkIsTaken => "nothing_at_work_is_taken",
            Self::CountsFollowTheWork => "counts_follow_the_work",
            Self::OneRevision => "one_revision",
            Self::MemoryOnlyGrows => "memory_only_grows",
            Self::OneHostDrains => "one_host_drains",
            Self::NoConnectedHostDrained => "no_connected_host_drained",
            Self::NoAnswerUnasked => "no_answer_unasked",
            Self::EveryHookIsTold => "every_hook_is_told",
            Self::StrategiesStand => "strategies_stand",
            Self::CountsOnlyFall => "counts_only_fall",
            Self::Progress => "progress",
        }
    }
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Something that must hold and did not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// What.
    pub invariant: Invariant,
    /// When.
    pub at: Timestamp,
    /// How, for people.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}: {}", self.invariant, self.at, self.what)
    }
}
