//! What people set up: the configuration, the ways to them, and their own machine.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use steward::audit::Ruling;
use steward::observed::Observed;

use super::stack::is_refused;
use super::{Notes, count};
use crate::doctor::readings::{Readings, Secret};

/// AWS refuses what was signed more than five minutes off. From a minute on it is worth a word.
const SKEW: SignedDuration = SignedDuration::from_mins(1);
/// What commands call, and what people do with it.
const COMMANDS: [(&str, &str); 3] = [
    ("dynamodb:GetItem", "read the ledger"),
    ("dynamodb:PutItem", "approve, settle, pause and silence"),
    ("ssm:PutParameter", "apply a configuration"),
];

pub(super) fn configuration(readings: &Readings, notes: &mut Notes) {
    let path = format!("/steward/{}/configuration", readings.name);
    match &readings.configuration {
        Observed::Known(known) => {
            notes.well(format!("version {} is in force, its hashes are right", known.version));
        }
        Observed::Absent => notes.well("none was ever applied: the defaults hold, so Steward observes"),
        Observed::Unknown(why) if why.contains("AccessDenied") || why.starts_with("GetParameters") => {
            notes.unseen(&path, why);
        }
        Observed::Unknown(why) => notes.problem(
            format!("{path}: {why}. Functions keep the last good one, and a new one acts on nothing"),
            format!(
                "steward versions --stack {0}, then steward rollback --stack {0}, or apply it again",
                readings.name
            ),
        ),
    }
    match &readings.differs {
        Some(Observed::Known(true)) => notes.problem(
            "the file says something else than what is in force",
            format!("steward diff FILE --stack {}, then apply it", readings.name),
        ),
        Some(Observed::Unknown(why)) => notes.unseen("the file", why),
        _ => {}
    }
}

pub(super) fn channels(readings: &Readings, notes: &mut Notes) {
    let allowed: BTreeSet<&str> =
        readings.listed("SlackSecretParameters").chain(readings.parameter("SlackWebhookParameter")).collect();
    for (name, secret) in &readings.secrets {
        let put = format!(
            "read -rs SECRET && aws ssm put-parameter --overwrite --type SecureString --name {name} --value \"$SECRET\""
        );
        match secret {
            Secret::Taken | Secret::Webhook => {}
            Secret::Wrong(why) => notes.problem(format!("{name}: {why}"), put),
            Secret::Missing => {
                notes.problem(format!("there is no parameter {name}: nobody is told that way"), put);
            }
            Secret::Unread(why) => notes.unseen(name, why),
        }
        if readings.stack.known().is_some() && !allowed.contains(name.as_str()) {
            notes.problem(
                format!("the configuration names {name}, which the notifications function may not read"),
                "name it in the stack's parameter SlackSecretParameters: sam deploy --guided",
            );
        }
    }
    let told = notes.known("subscriptions", &readings.subscriptions, None);
    for pending in told.into_iter().flatten().filter(|one| !one.is_confirmed) {
        notes.problem(
            format!("{} ({}) has not been confirmed, and gets nothing", pending.endpoint, pending.protocol),
            "open the mail of AWS Notifications, and confirm; or subscribe again",
        );
    }
    let confirmed = told.map_or(0, |all| all.iter().filter(|one| one.is_confirmed).count());
    let own = readings.configuration.known().is_some_and(|known| known.has_channels);
    if told.is_some() && confirmed == 0 && readings.secrets.is_empty() && !own {
        notes.problem(
            "nobody is told: there is no Slack, and no subscription",
            "set AlertEmail or SlackWebhookParameter (sam deploy --guided), or name channels in steward.yaml",
        );
    }
    let untried = readings.secrets.values().filter(|secret| **secret == Secret::Webhook).count();
    let mut ways = vec![count(confirmed, "subscription")];
    let taken = readings.secrets.values().filter(|secret| **secret == Secret::Taken).count();
    ways.extend((taken > 0).then(|| format!("{} that Slack takes", count(taken, "token"))));
    ways.extend(
        (untried > 0).then(|| format!("{}, which only a message could try", count(untried, "webhook"))),
    );
    notes.well(ways.join("; "));
}

pub(super) fn clock(readings: &Readings, notes: &mut Notes) {
    let Some(ahead) = notes.known("this machine's clock", &readings.ahead, None) else { return };
    let seconds = ahead.as_secs();
    if ahead.abs() >= SKEW {
        let way = if seconds > 0 { "ahead of" } else { "behind" };
        notes.problem(
            format!(
                "this machine's clock is {} s {way} AWS's: from 300 on AWS refuses every call",
                seconds.abs()
            ),
            "let it follow a time server: timedatectl set-ntp true",
        );
    }
    notes.well("this machine's is within a minute of AWS's");
}

/// Who asks, and what they may do: no problem of the installation's, whatever it is.
pub(super) fn you(readings: &Readings, notes: &mut Notes) {
    let Some(caller) = notes.known("who you are", &readings.caller, None) else { return };
    let Some(rulings) = notes.known("what you may do", &caller.rulings, None) else { return };
    let deeds = |is_it: &dyn Fn(&Ruling) -> bool| {
        let of = |(action, deed): &(&str, &'static str)| {
            rulings.iter().any(|ruled| ruled.action == *action && is_it(&ruled.ruling)).then_some(*deed)
        };
        COMMANDS.iter().filter_map(of).collect::<Vec<_>>().join("; ")
    };
    let (allowed, denied) = (deeds(&|ruling| *ruling == Ruling::Allowed), deeds(&is_refused));
    let mut says = caller.arn.clone();
    if !allowed.is_empty() {
        says = format!("{says} may {allowed}");
    }
    if !denied.is_empty() {
        says = format!("{says}. May not {denied}");
    }
    notes.well(says);
}
