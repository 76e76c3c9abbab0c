use std::cell::RefCell;

use super::*;
use crate::apply::tests::{Raced, at, person, ready};
use crate::config::Glob;
use crate::ledger::MemoryLedger;

const HOUR: SignedDuration = SignedDuration::from_hours(1);

fn of(service: &str) -> Match {
    Match { service: Some(Glob::new(service)), ..Match::default() }
}

fn kept(ledger: &MemoryLedger) -> Vec<Silence> {
    ready(silences(ledger)).unwrap().silences
}

#[test]
fn a_silence_holds_until_its_time_or_until_somebody_ends_it() {
    let ledger = MemoryLedger::new();
    let api = ready(silence(&ledger, of("api"), HOUR, &person("21:00:00"))).unwrap();
    let web = ready(silence(&ledger, of("web"), HOUR, &person("21:00:00"))).unwrap();
    assert!(api.id != web.id && api.until == at("22:00:00"), "{api:?}");
    assert_eq!(kept(&ledger), [api.clone(), web.clone()]);

    let Ok(Taken::Now(ended)) = ready(unsilence(&ledger, &api.id, &person("21:10:00"))) else { panic!() };
    assert!(!ended.holds(at("21:10:00")) && web.holds(at("21:10:00")));
    let again = ready(unsilence(&ledger, &api.id, &person("21:20:00")));
    assert!(matches!(again, Ok(Taken::Already(_, ruling)) if ruling.at == at("21:10:00")), "who came first");
    let over = ready(unsilence(&ledger, &web.id, &person("22:00:00"))).unwrap_err();
    assert_eq!(over.to_string(), format!("silence {} was over by itself 20 Nov 22:00 UTC", web.id));
    let unknown = ready(unsilence(&ledger, "0badc0de", &person("21:10:00"))).unwrap_err();
    assert!(unknown.to_string().contains("no silence has the id 0badc0de"), "{unknown}");
}

#[test]
fn what_silences_everything_or_forever_is_refused_and_nothing_written() {
    let ledger = MemoryLedger::new();
    let says = |about, lasts, text: &str| {
        let error = ready(silence(&ledger, about, lasts, &person("21:00:00"))).unwrap_err().to_string();
        assert!(error.contains(text), "{error}");
    };
    says(Match::default(), HOUR, "a silence of everything");
    says(of("api"), SignedDuration::from_secs(59), "59s is no time to be silent for: from 1m to 30d");
    says(of("api"), LONGEST_SILENCE + SignedDuration::from_secs(1), "30d1s is no time");
    assert!(ledger.records().unwrap().is_empty());
}

#[test]
fn what_is_over_makes_room_and_what_holds_does_not() {
    let ledger = MemoryLedger::new();
    for number in 0..MAX_SILENCES {
        let lasts = if number == 7 { SHORTEST_SILENCE } else { HOUR };
        ready(silence(&ledger, of(&format!("api-{number}")), lasts, &person("21:00:00"))).unwrap();
    }
    let full = ready(silence(&ledger, of("web"), HOUR, &person("21:00:30"))).unwrap_err();
    assert_eq!(full, NotSilenced::Full);
    let made = ready(silence(&ledger, of("web"), HOUR, &person("21:01:00"))).unwrap();
    let kept = kept(&ledger);
    assert!(kept.len() == MAX_SILENCES && kept.contains(&made));
    assert!(!kept.iter().any(|silence| silence.about == of("api-7")), "the one that was over is gone");
}

#[test]
fn of_two_who_ask_at_once_both_are_heard() {
    let memory = MemoryLedger::new();
    let rival = |memory: &MemoryLedger| {
        ready(silence(memory, of("api"), HOUR, &person("21:00:00"))).map(drop).unwrap();
    };
    let raced = Raced { ledger: &memory, rival: RefCell::new(Some(rival)) };
    ready(silence(&raced, of("web"), HOUR, &person("21:00:00"))).unwrap();
    assert_eq!(
        kept(&memory).iter().map(|silence| silence.about.clone()).collect::<Vec<_>>(),
        [of("api"), of("web")]
    );
}

#[test]
fn a_reason_is_kept_without_its_secret() {
    let ledger = MemoryLedger::new();
    let person = Person { why: Some("AKIAIOSFODNN7EXAMPLE leaks".to_owned()), ..person("21:00:00") };
    let silence = ready(silence(&ledger, of("api"), HOUR, &person)).unwrap();
    let why = silence.asked.why.unwrap();
    assert!(why.contains("[redacted]") && !why.contains("AKIA"), "{why}");
}
