//! How targets are looked after: the keys that `defaults` and the entries of `services` share.
//!
//! They are written once, as a macro: serde's `flatten` would do the same, but then neither unknown keys nor the places of
//! values are known any more.

use serde::{Deserialize, Serialize};

use super::capacity::{Capacity, StartFailures};
use super::fault::{Check, DAY, HOUR, MINUTE};
use super::form::{OnOff, number, section, word};
use super::jobs::Percent;
use crate::action::Remedy;
use crate::config::{Duration, Mode, OnStuck, Rules};

/// Defines a section that has these keys after its own.
macro_rules! with_rules {
    (
        $(#[$of_section:meta])*
        pub struct $section:ident { $($(#[$of_own:meta])* pub $own:ident: $type:ty,)* }
    ) => {
        with_rules! { @whole
            { $(#[$of_section])* }
            $section
            { $($(#[$of_own])* $own: $type,)* }
            {
                /// How far Steward may go. Default `observe`.
                #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "word")]
                mode: Option<Mode>,
                /// Which remedies may be used at all. By default all that do not say otherwise.
                #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "section")]
                remedies: Option<Remedies>,
                /// A revision on which the service was steady for so long may be gone back to. Default `10m`, from `1m`
                /// to `7d`.
                #[serde(default, skip_serializing_if = "Option::is_none")]
                bake: Option<Duration>,
                /// So many failures of one revision, at the least, are no accident. Default 3, from 2 to 200.
                #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "number")]
                #[cfg_attr(feature = "schema", schemars(range(min = 2, max = 200)))]
                failures: Option<u64>,
                /// Nothing is changed before an incident is so old. Default `2m`, from `1m` to `1h`.
                #[serde(default, skip_serializing_if = "Option::is_none")]
                stability: Option<Duration>,
                /// After an action the target is left alone for so long. Default `30m`, from `5m` to `7d`.
                #[serde(default, skip_serializing_if = "Option::is_none")]
                cooldown: Option<Duration>,
                /// So many actions of one kind in one incident, at the most. Default 2, from 1 to 10.
                #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "number")]
                #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 10)))]
                attempts: Option<u64>,
                /// An action has so long to help before it has not. Default `30m`, from `5m` to `6h`.
                #[serde(default, skip_serializing_if = "Option::is_none")]
                verify: Option<Duration>,
                /// A deployment that is in progress for so long is stuck. Default `45m`, from `10m` to `7d`.
                #[serde(default, skip_serializing_if = "Option::is_none")]
                stuck: Option<Duration>,
                /// What is done about a deployment that is stuck. Default `escalate`.
                #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "word")]
                on_stuck: Option<OnStuck>,
                /// Fewer tasks than desired for so long, and no word of why, is an incident. Default `15m`, from `5m` to
                /// `1d`.
                #[serde(default, skip_serializing_if = "Option::is_none")]
                silent: Option<Duration>,
                /// A task that is unhealthy or disconnected for so long hangs. Default `10m`, from `2m` to `1d`.
                #[serde(default, skip_serializing_if = "Option::is_none")]
                hung: Option<Duration>,
                /// So long a proposal may be approved. Default `4h`, from `10m` to `3d`.
                #[serde(default, skip_serializing_if = "Option::is_none")]
                proposal: Option<Duration>,
                /// How much more memory a container gets that runs out of it.
                #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "section")]
                memory: Option<Memory>,
                /// Spare capacity that has no room.
                #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "section")]
                capacity: Option<Capacity>,
                /// Tasks that do not start for hours.
                #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "section")]
                start_failures: Option<StartFailures>,
            }
        }
    };
    (@whole
        { $(#[$of_section:meta])* }
        $section:ident
        { $($(#[$of_own:meta])* $own:ident: $own_type:ty,)* }
        { $($(#[$of_shared:meta])* $shared:ident: $type:ty,)* }
    ) => {
        #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        $(#[$of_section])*
        pub struct $section {
            $($(#[$of_own])* pub $own: $own_type,)*
            $($(#[$of_shared])* pub $shared: $type,)*
        }

        impl SharesRules for $section {
            fn shared(&self) -> Defaults {
                Defaults { $($shared: self.$shared,)* }
            }

            fn set_shared(&mut self, shared: &Defaults) {
                $(self.$shared = shared.$shared;)*
            }
        }
    };
}
pub(super) use with_rules;

/// What has the shared keys.
pub(super) trait SharesRules {
    /// What they say.
    fn shared(&self) -> Defaults;

    /// Lets them say this.
    fn set_shared(&mut self, shared: &Defaults);
}

with_rules! {
    /// What holds for every target that is enrolled, unless an entry of `services` says otherwise.
    pub struct Defaults {}
}

/// Which remedies may be used. What is left out is as in `defaults`, and there it is on unless it says otherwise here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Remedies {
    /// Go back to the last revision that was good.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "word")]
    pub roll_back: Option<OnOff>,
    /// Replace all tasks by new ones of the same revision.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "word")]
    pub force_new_deployment: Option<OnOff>,
    /// Stop a task that hangs; its service replaces it.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "word")]
    pub stop_task: Option<OnOff>,
    /// Run a lost standalone task again, where an entry declares by `rerun` that it may be.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "word")]
    pub run_task: Option<OnOff>,
    /// Run on on-demand capacity what finds no spare capacity. By default `off`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "word")]
    pub fall_back_to_on_demand: Option<OnOff>,
    /// Run on spare capacity again what fell back. By default `off`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "word")]
    pub return_to_spot: Option<OnOff>,
    /// Want fewer tasks of a service whose tasks have not started for hours. By default `off`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "word")]
    pub limit_desired_count: Option<OnOff>,
    /// Give a container that runs out of memory again and again more of it. Off by default.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "word")]
    pub raise_memory: Option<OnOff>,
    /// Drain a container instance that fails, or that Spot takes back. Off unless it is switched on.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "word")]
    pub drain_instance: Option<OnOff>,
    /// Let a container instance take tasks again that Steward drained. Off unless it is switched on.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "word")]
    pub activate_instance: Option<OnOff>,
    /// Answer the hook at which a deployment waits, as a person says. Off by default.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "word")]
    pub answer_hook: Option<OnOff>,
}

/// How memory is raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Memory {
    /// Neither a container nor its task gets more, in MiB. Default 8192, from 512 to 249856.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "number")]
    #[cfg_attr(feature = "schema", schemars(range(min = 512, max = 249_856)))]
    pub max: Option<u64>,
    /// It gets so much of what it had, rounded up to the next size that there is. Default `150%`, from `110%` to `400%`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor: Option<Percent>,
    /// It has helped where no task has run out of memory for so long. Default `3d`, from `1h` to `30d`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify: Option<Duration>,
    /// Whether a task gets more CPU, too, where Fargate has no more memory for the CPU that it has. Default `off`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "word")]
    pub raise_cpu: Option<OnOff>,
}

impl Memory {
    fn of(rules: &Rules) -> Self {
        let crate::config::Memory { ladder, verify } = rules.memory;
        Self {
            max: Some(ladder.max.into()),
            factor: Some(Percent(ladder.percent)),
            verify: Some(Duration::new(verify)),
            raise_cpu: Some(OnOff::of(ladder.raise_cpu)),
        }
    }

    fn check(self, rules: &mut Rules, check: &mut Check<'_>) {
        let memory = &mut rules.memory;
        check.number(
            "max",
            self.max,
            512..=249_856,
            "Fargate has no smaller task, and none larger",
            &mut memory.ladder.max,
        );
        check.duration(
            "verify",
            self.verify,
            HOUR..=30 * DAY,
            "what runs out of memory does so in its own time, and a month without it is long enough",
            &mut memory.verify,
        );
        let (least, most) = (110, 400);
        match self.factor {
            Some(Percent(percent)) if (least..=most).contains(&percent) => memory.ladder.percent = percent,
            Some(given) => check.out_of_bounds(
                "factor",
                &given,
                &Percent(least),
                &Percent(most),
                "less is no step, and more is better decided by a person",
            ),
            None => {}
        }
        memory.ladder.raise_cpu = self.raise_cpu.map_or(memory.ladder.raise_cpu, OnOff::is_on);
    }
}

impl Remedies {
    fn of(rules: &Rules) -> Self {
        let is = |remedy| Some(OnOff::of(rules.remedies.contains(&remedy)));
        Self {
            roll_back: is(Remedy::RollBack),
            force_new_deployment: is(Remedy::ForceNewDeployment),
            stop_task: is(Remedy::StopTask),
            run_task: is(Remedy::RunTask),
            raise_memory: is(Remedy::RaiseMemory),
            drain_instance: is(Remedy::DrainInstance),
            activate_instance: is(Remedy::ActivateInstance),
            answer_hook: is(Remedy::AnswerHook),
            fall_back_to_on_demand: is(Remedy::FallBackToOnDemand),
            return_to_spot: is(Remedy::ReturnToSpot),
            limit_desired_count: is(Remedy::LimitDesiredCount),
        }
    }

    fn said(self, remedy: Remedy) -> Option<OnOff> {
        match remedy {
            Remedy::RollBack => self.roll_back,
            Remedy::ForceNewDeployment => self.force_new_deployment,
            Remedy::StopTask => self.stop_task,
            Remedy::RunTask => self.run_task,
            Remedy::RaiseMemory => self.raise_memory,
            Remedy::DrainInstance => self.drain_instance,
            Remedy::ActivateInstance => self.activate_instance,
            Remedy::AnswerHook => self.answer_hook,
            Remedy::FallBackToOnDemand => self.fall_back_to_on_demand,
            Remedy::ReturnToSpot => self.return_to_spot,
            Remedy::LimitDesiredCount => self.limit_desired_count,
        }
    }

    fn apply(self, rules: &mut Rules) {
        for remedy in Remedy::ALL {
            match self.said(remedy) {
                None => {}
                Some(OnOff::On) => drop(rules.remedies.insert(remedy)),
                Some(OnOff::Off) => drop(rules.remedies.remove(&remedy)),
            }
        }
    }
}

impl Defaults {
    /// All keys, as the rules are.
    pub(super) fn of(rules: &Rules) -> Self {
        let duration = |duration| Some(Duration::new(duration));
        Self {
            mode: Some(rules.mode),
            remedies: Some(Remedies::of(rules)),
            bake: duration(rules.bake),
            failures: Some(rules.failures.into()),
            stability: duration(rules.stability),
            cooldown: duration(rules.cooldown),
            attempts: Some(rules.attempts.into()),
            verify: duration(rules.verify),
            stuck: duration(rules.stuck),
            on_stuck: Some(rules.on_stuck),
            silent: duration(rules.silent),
            hung: duration(rules.hung),
            proposal: duration(rules.proposal),
            memory: Some(Memory::of(rules)),
            capacity: Some(Capacity::of(rules)),
            start_failures: Some(StartFailures::of(rules)),
        }
    }

    /// Puts what is said in the place of what the rules said before.
    pub(super) fn check(&self, rules: &mut Rules, check: &mut Check<'_>) {
        rules.mode = self.mode.unwrap_or(rules.mode);
        rules.on_stuck = self.on_stuck.unwrap_or(rules.on_stuck);
        if let Some(remedies) = self.remedies {
            remedies.apply(rules);
        }
        if let Some(memory) = self.memory {
            memory.check(rules, &mut check.below("memory"));
        }
        self.check_decisions(rules, check);
        self.check_outcomes(rules, check);
        self.check_watch(rules, check);
        if let Some(capacity) = self.capacity {
            capacity.check(rules, &mut check.below("capacity"));
        }
        if let Some(start_failures) = self.start_failures {
            start_failures.check(rules, &mut check.below("start_failures"));
        }
    }

    /// What must be so before anything is done.
    fn check_decisions(&self, rules: &mut Rules, check: &mut Check<'_>) {
        check.duration(
            "bake",
            self.bake,
            MINUTE..=7 * DAY,
            "what starts well may fail minutes later, and what held for a week is good",
            &mut rules.bake,
        );
        check.number(
            "failures",
            self.failures,
            2..=200,
            "one failure may be an accident, and ECS's own breaker waits for 200 at the most",
            &mut rules.failures,
        );
        check.duration(
            "stability",
            self.stability,
            MINUTE..=HOUR,
            "in less neither a flap nor an outage shows, and after more people are at work",
            &mut rules.stability,
        );
    }

    /// What follows an action.
    fn check_outcomes(&self, rules: &mut Rules, check: &mut Check<'_>) {
        check.duration(
            "cooldown",
            self.cooldown,
            5 * MINUTE..=7 * DAY,
            "tasks take minutes to start and become healthy, and after a week an action is long past",
            &mut rules.cooldown,
        );
        check.number(
            "attempts",
            self.attempts,
            1..=10,
            "`remedies` is where one is switched off, and what did not help ten times will not help",
            &mut rules.attempts,
        );
        check.duration(
            "verify",
            self.verify,
            5 * MINUTE..=6 * HOUR,
            "tasks take minutes to start, and ECS says within 6 hours when a service is steady",
            &mut rules.verify,
        );
        check.duration(
            "proposal",
            self.proposal,
            10 * MINUTE..=3 * DAY,
            "a person needs time to look, and what was right days ago may be wrong by now",
            &mut rules.proposal,
        );
    }

    /// What is found although no event tells of it.
    fn check_watch(&self, rules: &mut Rules, check: &mut Check<'_>) {
        check.duration(
            "stuck",
            self.stuck,
            10 * MINUTE..=7 * DAY,
            "a deployment starts, checks and drains tasks in turn, and its hooks may wait for a day",
            &mut rules.stuck,
        );
        check.duration(
            "silent",
            self.silent,
            5 * MINUTE..=DAY,
            "tasks take minutes to start, and who lacks tasks for a day has been missed",
            &mut rules.silent,
        );
        check.duration(
            "hung",
            self.hung,
            2 * MINUTE..=DAY,
            "Steward looks once a minute, and ECS itself replaces what it knows to be unhealthy",
            &mut rules.hung,
        );
    }
}
