//! For people: silences, outages, and a block a channel, in 80 columns.

use std::io::{self, Write};

use jiff::Timestamp;
use steward::ledger::{HeldBack, Outage, Trouble};
use steward::notification::moment;
use steward::words::{Language, alerts};

use super::read::Suppressed;
use crate::silences::write_one;
use crate::terminal::{BOLD, RED, YELLOW, wrapped};

pub(super) fn write(out: &mut impl Write, suppressed: &Suppressed, now: Timestamp) -> io::Result<()> {
    if !suppressed.silences.is_empty() {
        writeln!(out, "{BOLD}Silences{BOLD:#}")?;
        for silence in &suppressed.silences {
            write_one(out, silence, now)?;
        }
        writeln!(out)?;
    }
    for outage in &suppressed.outages {
        write_outage(out, outage)?;
        writeln!(out)?;
    }
    let mut is_all_told = true;
    for (name, channel) in &suppressed.channels {
        let held_back = channel.held_back.clone().unwrap_or_else(|| HeldBack::none(name));
        let trouble = channel.record.as_ref().and_then(|record| record.trouble.as_ref());
        if held_back.listed.is_empty() && held_back.counts.is_empty() && trouble.is_none() {
            continue;
        }
        is_all_told = false;
        write_channel(out, &held_back, trouble)?;
        writeln!(out)?;
    }
    if is_all_told {
        writeln!(out, "every channel was told everything that there was to tell it")?;
    }
    Ok(())
}

fn write_outage(out: &mut impl Write, outage: &Outage) -> io::Result<()> {
    let causes: Vec<&str> = outage.causes.iter().map(|cause| cause.as_str()).collect();
    let common: Vec<&str> = causes.into_iter().chain(outage.zones.iter().map(String::as_str)).collect();
    let (failing, over) = (outage.failing.len(), outage.over.len());
    writeln!(out, "{RED}Outage of {}{RED:#} since {}", outage.cluster.name(), moment(outage.since))?;
    let common = if common.is_empty() { String::new() } else { format!(" ({})", common.join(", ")) };
    wrapped(out, "  ", &format!("{failing} fail, {over} are well again{common}; they are told together"))?;
    let names: Vec<String> =
        outage.names.iter().filter(|(_, fails)| **fails).map(|(name, _)| name.to_string()).collect();
    if names.is_empty() { Ok(()) } else { wrapped(out, "  ", &names.join(", ")) }
}

fn write_channel(out: &mut impl Write, channel: &HeldBack, trouble: Option<&Trouble>) -> io::Result<()> {
    writeln!(out, "{BOLD}Channel {}{BOLD:#}", channel.channel)?;
    if let Some(trouble) = trouble {
        write!(out, "{RED}")?;
        wrapped(
            out,
            "  ",
            &format!("refuses everything since {}: {}", moment(trouble.since), trouble.problem),
        )?;
        write!(out, "{RED:#}")?;
    }
    for withheld in channel.listed.iter().rev() {
        let why = alerts::withheld(&withheld.why, Language::En);
        writeln!(out, "  {}  {YELLOW}{why}{YELLOW:#}", moment(withheld.at))?;
        wrapped(out, "      ", withheld.title.as_str())?;
    }
    let waiting = u64::try_from(channel.waiting.len()).unwrap_or(u64::MAX).saturating_add(channel.more);
    if let Some(due) = channel.digest_due().filter(|_| waiting > 0) {
        wrapped(out, "  ", &format!("{waiting} of them come in a digest {}", moment(due)))?;
    }
    let counts: Vec<String> = channel.counts.iter().map(|(why, count)| format!("{count} × {why}")).collect();
    if counts.is_empty() { Ok(()) } else { wrapped(out, "  ", &format!("in all: {}", counts.join(", "))) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use steward::action::Ruling;
    use steward::arn::{ClusterArn, ServiceName};
    use steward::config::{Channel, Configuration, Glob, Match, Place};
    use steward::incident::Target;
    use steward::ledger::{
        ChannelRecord, Key, MemoryLedger, Record, Silence, Silences, Transaction, Why, Withheld,
        Write as Change,
    };
    use steward::notification::Subject;
    use steward::ports::Ledger;
    use steward::redact::redact;

    use super::*;
    use crate::suppressed::read::{channels_of, read};

    fn at(time: &str) -> Timestamp {
        format!("2026-11-20T{time}Z").parse().unwrap()
    }

    fn cluster() -> ClusterArn {
        ClusterArn::new("arn:aws:ecs:eu-central-1:123456789012:cluster/shop")
    }

    fn withheld(service: &str, why: Why, time: &str) -> Withheld {
        let target = Target::Service { cluster: cluster(), name: ServiceName::new(service) };
        let title = format!("service {service} in shop: the application exited with an error (app_error)");
        Withheld {
            subject: Subject::Incident { target, opened_at: at(time) },
            title: redact(&title),
            why,
            at: at(time),
        }
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }

    fn keep(ledger: &MemoryLedger, key: Key, record: Record) {
        let writes = vec![Change::new(key, None, record)];
        block_on(ledger.commit(Transaction { writes })).unwrap();
    }

    fn written(ledger: &MemoryLedger, channels: &BTreeSet<String>) -> String {
        let found = block_on(read(ledger, channels, &[cluster()], at("22:00:00"))).unwrap();
        let mut out = Vec::new();
        write(&mut out, &found, at("22:00:00")).unwrap();
        String::from_utf8(anstream::adapter::strip_bytes(&out).into_vec()).unwrap()
    }

    fn configured() -> BTreeSet<String> {
        let place = Place::Topic { arn: "arn:aws:sns:eu-central-1:123456789012:ops".to_owned() };
        let channel = Channel { place, language: None, budget: None, fallback: None };
        let mut configuration = Configuration::default();
        configuration.notifications.channels.insert("ops".to_owned(), channel);
        channels_of(&configuration)
    }

    #[test]
    fn the_channels_are_those_of_the_stack_and_those_of_the_configuration() {
        assert_eq!(configured().into_iter().collect::<Vec<_>>(), ["ops", "slack", "sns"]);
    }

    #[test]
    fn what_was_not_told_stands_with_its_reason_in_eighty_columns() {
        let ledger = MemoryLedger::new();
        let asked = Ruling { by: "ana@laptop".to_owned(), at: at("21:00:00"), why: Some("move".to_owned()) };
        let about = Match { service: Some(Glob::new("api-*")), ..Match::default() };
        let silence = Silence { id: "1a2b3c4d".to_owned(), ..Silence::new(about, at("23:00:00"), asked) };
        let over = Silence { until: at("21:30:00"), ..silence.clone() };
        keep(&ledger, Key::silences(), Record::Silences(Silences { silences: vec![over, silence] }));
        let mut outage = Outage::new(cluster(), at("21:10:00"));
        outage.names.insert(redact("web"), true);
        outage.zones.insert("eu-central-1a".to_owned());
        keep(&ledger, Key::outage(&cluster()), Record::Outage(Box::new(outage)));
        let mut ops = ChannelRecord::new("ops");
        let mut held = HeldBack::none("ops");
        held.take(withheld("api-1", Why::Silenced { by: "1a2b3c4d".to_owned() }, "21:05:00"));
        held.take(withheld("a-service-with-a-very-long-name", Why::Budget, "21:06:00"));
        keep(&ledger, Key::held_back("ops"), Record::HeldBack(Box::new(held)));
        let since = at("21:50:00");
        ops.trouble = Some(Trouble { since, problem: redact("SNS answers NotFound: the topic is gone") });
        keep(&ledger, Key::channel("ops"), Record::Channel(Box::new(ops)));
        keep(&ledger, Key::channel("sns"), Record::Channel(Box::new(ChannelRecord::new("sns"))));
        let text = written(&ledger, &configured());
        assert_eq!(
            text,
            "Silences\n\
             1a2b3c4d  until 20 Nov 23:00 UTC, 1h from now\n          service api-*\n          \
             by ana@laptop, 20 Nov 21:00 UTC: move\n\n\
             Outage of shop since 20 Nov 21:10 UTC\n  \
             0 fail, 0 are well again (eu-central-1a); they are told together\n  web\n\n\
             Channel ops\n  refuses everything since 20 Nov 21:50 UTC: SNS answers NotFound: the topic is\n  gone\n  \
             20 Nov 21:06 UTC  the channel's budget is spent\n      \
             service a-service-with-a-very-long-name in shop: the application exited\n      with an error (app_error)\n  \
             20 Nov 21:05 UTC  silenced (1a2b3c4d)\n      \
             service api-1 in shop: the application exited with an error (app_error)\n  \
             1 of them come in a digest 20 Nov 21:11 UTC\n  in all: 1 × budget, 1 × silenced\n\n"
        );
        for line in text.lines() {
            assert!(textwrap::core::display_width(line) <= crate::terminal::WIDTH, "{line}");
        }
    }

    #[test]
    fn where_nothing_was_kept_back_that_is_said() {
        let told = "every channel was told everything that there was to tell it\n";
        assert_eq!(written(&MemoryLedger::new(), &configured()), told);
    }
}
