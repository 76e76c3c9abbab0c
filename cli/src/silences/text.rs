//! Silences in words, in 80 columns.

use std::io::{self, Write};

use jiff::{SignedDuration, Timestamp};
use steward::action::Ruling;
use steward::apply::people::Taken;
use steward::config::{Duration, Match};
use steward::ledger::Silence;
use steward::notification::moment;

use crate::terminal::{BOLD, DIM, wrapped};

/// What is silenced, in words: `service api-*, in cluster shop, cause out_of_memory`.
fn named(about: &Match) -> String {
    let glob = |what: &str, glob: &Option<steward::config::Glob>| {
        glob.as_ref().map(|glob| format!("{what} {}", glob.as_str()))
    };
    let causes: Vec<&str> = about.causes.iter().map(|cause| cause.as_str()).collect();
    let causes = (!causes.is_empty()).then(|| format!("cause {}", causes.join(" or ")));
    let severity = about.severity.map(|least| format!("severity {} and above", least.as_str()));
    let tags = about.tags.iter().map(|(key, glob)| format!("tag {key}={}", glob.as_str()));
    let parts = glob("service", &about.service).into_iter().chain(glob("cluster", &about.cluster));
    parts.chain(tags).chain(causes).chain(severity).collect::<Vec<_>>().join(", ")
}

fn ruled(ruling: &Ruling) -> String {
    let why = ruling.why.as_ref().map_or_else(String::new, |why| format!(": {why}"));
    format!("{}, {}{why}", ruling.by, moment(ruling.at))
}

/// A silence that was begun.
pub(crate) fn write_silenced(out: &mut impl Write, silence: &Silence) -> io::Result<()> {
    let lasts = Duration::new(silence.until.duration_since(silence.asked.at));
    wrapped(out, "", &format!("silenced: {}", named(&silence.about)))?;
    writeln!(out, "until {}, for {lasts}; what still goes on then is told then", moment(silence.until))?;
    writeln!(out, "an action whose outcome nobody knows is told all the same")?;
    writeln!(out, "`steward unsilence {}` ends it, `steward suppressed` shows what it hid", silence.id)
}

/// A silence that was ended, or was over already.
pub(crate) fn write_ended(out: &mut impl Write, taken: &Taken<Silence>) -> io::Result<()> {
    match taken {
        Taken::Now(silence) => {
            wrapped(out, "", &format!("told again: {}", named(&silence.about)))?;
            wrapped(out, "", &format!("it was silenced by {}", ruled(&silence.asked)))?;
            wrapped(out, "", "what it hid and still goes on is told within fifteen minutes")
        }
        Taken::Already(silence, ruling) => {
            wrapped(out, "", &format!("ended already: {}, by {}", named(&silence.about), ruled(ruling)))
        }
    }
}

/// All silences: those that hold, and how many are over.
pub(crate) fn write_listed(out: &mut impl Write, silences: &[Silence], now: Timestamp) -> io::Result<()> {
    let (holding, over): (Vec<&Silence>, Vec<&Silence>) =
        silences.iter().partition(|silence| silence.holds(now));
    if holding.is_empty() {
        writeln!(out, "nothing is silenced")?;
    }
    for silence in holding {
        write_one(out, silence, now)?;
    }
    match over.last() {
        Some(last) => {
            let how = match &last.ended {
                Some(ruling) => format!("ended by {}", ruled(ruling)),
                None => format!("over since {}", moment(last.until)),
            };
            write!(out, "{DIM}")?;
            wrapped(out, "", &format!("over: {}; the last of {}, {how}", over.len(), named(&last.about)))?;
            write!(out, "{DIM:#}")
        }
        None => Ok(()),
    }
}

/// One that holds.
pub(crate) fn write_one(out: &mut impl Write, silence: &Silence, now: Timestamp) -> io::Result<()> {
    let left = Duration::new(silence.until.duration_since(now).max(SignedDuration::ZERO));
    writeln!(out, "{BOLD}{}{BOLD:#}  until {}, {left} from now", silence.id, moment(silence.until))?;
    let indent = " ".repeat(silence.id.len() + 2);
    wrapped(out, &indent, &named(&silence.about))?;
    wrapped(out, &indent, &format!("by {}", ruled(&silence.asked)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::silences::{about, condition};

    fn at(time: &str) -> Timestamp {
        format!("2026-11-20T{time}Z").parse().unwrap()
    }

    fn silence(conditions: &[&str]) -> Silence {
        let conditions: Vec<_> = conditions.iter().map(|text| condition(text).unwrap()).collect();
        let why = Some("the migration of the shop's database".to_owned());
        let asked = Ruling { by: "ana@laptop".to_owned(), at: at("21:00:00"), why };
        Silence {
            id: "1a2b3c4d".to_owned(),
            ..Silence::new(about(&conditions).unwrap(), at("23:00:00"), asked)
        }
    }

    fn written(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        write(&mut out).unwrap();
        let text = String::from_utf8(anstream::adapter::strip_bytes(&out).into_vec()).unwrap();
        for line in text.lines() {
            assert!(textwrap::core::display_width(line) <= crate::terminal::WIDTH, "{line}");
        }
        text
    }

    #[test]
    fn whoever_silences_is_told_what_until_when_what_not_and_how_to_end_it() {
        let silence = silence(&["service=api-*", "cluster=shop", "tag:team=web", "cause=out_of_memory"]);
        assert_eq!(
            written(|out| write_silenced(out, &silence)),
            "silenced: service api-*, cluster shop, tag team=web, cause out_of_memory\n\
             until 20 Nov 23:00 UTC, for 2h; what still goes on then is told then\n\
             an action whose outcome nobody knows is told all the same\n\
             `steward unsilence 1a2b3c4d` ends it, `steward suppressed` shows what it hid\n"
        );
    }

    #[test]
    fn the_list_has_what_holds_in_full_and_counts_what_is_over() {
        let holds = silence(&["severity=warning", "cluster=shop"]);
        let over = Silence { until: at("21:30:00"), ..silence(&["service=api"]) };
        assert_eq!(
            written(|out| write_listed(out, &[holds, over], at("22:00:00"))),
            "1a2b3c4d  until 20 Nov 23:00 UTC, 1h from now\n          cluster shop, severity warning and above\n          \
             by ana@laptop, 20 Nov 21:00 UTC: the migration of the shop's database\n\
             over: 1; the last of service api, over since 20 Nov 21:30 UTC\n"
        );
        assert_eq!(written(|out| write_listed(out, &[], at("22:00:00"))), "nothing is silenced\n");
    }

    #[test]
    fn who_ends_a_silence_is_told_who_began_it_or_who_was_first() {
        let silence = silence(&["service=api"]);
        let now = written(|out| write_ended(out, &Taken::Now(silence.clone())));
        assert!(
            now.starts_with("told again: service api\nit was silenced by ana@laptop, 20 Nov 21:00 UTC"),
            "{now}"
        );
        let ruling = Ruling { by: "ben@desk".to_owned(), at: at("21:10:00"), why: None };
        let before = written(|out| write_ended(out, &Taken::Already(silence, ruling)));
        assert_eq!(before, "ended already: service api, by ben@desk, 20 Nov 21:10 UTC\n");
    }
}
