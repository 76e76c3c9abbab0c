//! `guards.freeze`: which windows can be, and what becomes of them.

use jiff::Timestamp;
use jiff::civil::{Weekday, time};
use jiff::tz::Offset;

use super::*;

fn frozen(window: &Value) -> Result<Window, Vec<String>> {
    let file = file(json!({"version": 1, "guards": {"freeze": [window]}}));
    match file.check() {
        Ok(configuration) => Ok(configuration.policy.guards.freeze[0].clone()),
        Err(faults) => Err(faults
            .iter()
            .map(|fault| fault.to_string().strip_prefix("guards.freeze[0]").unwrap().to_owned())
            .collect()),
    }
}

fn moment(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn a_window_that_is_once_has_moments_with_an_offset() {
    let window = frozen(
        &json!({"from": "2026-12-24T00:00:00+09:00", "to": "2027-01-04T08:30:00Z", "why": "holidays"}),
    );
    let when = When::Once { from: moment("2026-12-23T15:00:00Z"), to: moment("2027-01-04T08:30:00Z") };
    assert_eq!(window, Ok(Window { when, why: Some("holidays".into()) }));
}

#[test]
fn a_weekly_window_has_times_by_one_clock() {
    let window =
        frozen(&json!({"days": ["sun", "fri"], "from": "22:00", "to": "06:30", "utc_offset": "+09:00"}));
    let when = When::Weekly {
        days: vec![Weekday::Friday, Weekday::Sunday],
        from: time(22, 0, 0, 0),
        to: time(6, 30, 0, 0),
        offset: Offset::constant(9),
    };
    assert_eq!(window, Ok(Window { when, why: None }));
    let utc = frozen(&json!({"days": ["mon"], "from": "00:00", "to": "00:00"})).unwrap();
    assert!(matches!(utc.when, When::Weekly { offset: Offset::UTC, .. }));
}

#[test]
fn a_window_that_cannot_be_is_refused_with_all_that_is_wrong() {
    let once = |from: &str, to: &str| json!({"from": from, "to": to});
    let weekly = |from: &str, to: &str, offset: &str| json!({"days": ["sat"], "from": from, "to": to, "utc_offset": offset});
    let all = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let day = "2026-12-24T00:00:00Z";
    for (window, problems) in [
        (once("soon", day), vec![".from: `soon` is no moment such as"]),
        (once("2026-12-23T00:00:00", day), vec![".from: `2026-12-23T00:00:00` is no moment such as"]),
        (once("22:00", "06:00"), vec!["a time of day needs `days` beside it"; 2]),
        (once(day, day), vec![".to: 2026-12-24T00:00:00Z is not after `from`: the window is never open"]),
        (once(day, "2027-12-26T00:00:00Z"), vec![".to: more than 366 days after `from`"]),
        (
            json!({"from": day, "to": "2026-12-25T00:00:00Z", "utc_offset": "+09:00"}),
            vec![".utc_offset: is for windows"],
        ),
        (
            weekly("24:00", "6:00", "+09:00"),
            vec![".from: `24:00` is no time of day", ".to: `6:00` is no time of day"],
        ),
        (
            weekly("22:60", day, "+09:00"),
            vec![".from: `22:60` is no time", ".to: `2026-12-24T00:00:00Z` is no time"],
        ),
        (weekly("22:00", "06:00", "Asia/Tokyo"), vec![".utc_offset: `Asia/Tokyo` is no offset"]),
        (weekly("22:00", "06:00", "+14:01"), vec![".utc_offset: `+14:01` is no offset"]),
        (weekly("22:00", "06:00", "-12:30"), vec![".utc_offset: `-12:30` is no offset"]),
        (weekly("22:00", "06:00", "+09:60"), vec![".utc_offset: `+09:60` is no offset"]),
        (weekly("22:00", "06:00", "09:00"), vec![".utc_offset: `09:00` is no offset"]),
        (
            json!({"days": [], "from": "22:00", "to": "06:00"}),
            vec![".days: no day: the window is never open"],
        ),
        (
            json!({"days": ["sat", "sat"], "from": "22:00", "to": "06:00"}),
            vec![".days[1]: stands here twice"],
        ),
        (json!({"days": all, "from": "08:00", "to": "08:00"}), vec![": is always open"]),
        (
            json!({"from": day, "to": "2026-12-25T00:00:00Z", "why": " "}),
            vec![".why: not one line of 1 to 200 characters"],
        ),
        (json!({"from": day, "to": "2026-12-25T00:00:00Z", "why": "a\nb"}), vec![".why: not one line"]),
        (
            json!({"from": day, "to": "2026-12-25T00:00:00Z", "why": "x".repeat(201)}),
            vec![".why: not one line"],
        ),
    ] {
        let told = frozen(&window).unwrap_err();
        assert_eq!(told.len(), problems.len(), "{window}: {told:?}");
        for (told, problem) in told.iter().zip(problems) {
            assert!(told.contains(problem), "{window}: {told}");
        }
    }
    assert!(
        frozen(&json!({"days": all, "from": "08:00", "to": "07:59"})).is_ok(),
        "one minute a day is open"
    );
    assert!(frozen(&once(day, "2027-12-25T00:00:00Z")).is_ok(), "366 days");
}
