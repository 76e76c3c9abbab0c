use askama::Template;
use jiff::tz::TimeZone;
use steward::batch::{Outcome, PlaceState, Run, RunEnd, Unit};

use super::page::Page;
use super::{Chart, pick};
use crate::jobs::sample::{OUT_OF_MEMORY, at, attempt, claimed, ended, hostile, of_four, over, place, unit};

fn page(run: &Run, units: &[Unit]) -> String {
    Page::of(run, units, &TimeZone::UTC, at("01:10:05")).render().unwrap()
}

/// A page's text: what stands between its tags, behind its style.
fn text(html: &str) -> String {
    let (_, body) = html.split_once("</style>").unwrap();
    let mut lines = Vec::new();
    for part in body.split('<').filter_map(|part| part.split_once('>')) {
        lines.extend(part.1.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned));
    }
    lines.join("\n")
}

/// Where each bar is: `index 1: waiting 0.00% + 0.83%`.
fn bars(chart: &Chart) -> String {
    let mut lines = Vec::new();
    for line in &chart.rows {
        for bar in &line.bars {
            let (name, part, tone) = (&line.row.name, bar.part.as_str(), bar.tone);
            lines.push(format!("{name}: {part} {tone} {} + {}", bar.left, bar.width));
        }
    }
    lines.join("\n")
}

#[test]
fn a_run_is_a_page_that_says_in_words_what_it_draws() {
    let (run, units) = of_four();
    insta::assert_snapshot!(text(&page(&run, &units)));
}

#[test]
fn a_task_has_a_bar_for_each_thing_that_its_time_went_into() {
    let (run, units) = of_four();
    insta::assert_snapshot!(bars(&Chart::of(&run, &units, at("01:10:05"))));
}

#[test]
fn nothing_that_others_said_is_markup_on_the_page() {
    let run = claimed("nightly", 5);
    let set = [("day".to_owned(), "\"><script>x</script>".to_owned())].into();
    let html = page(&Run { set, ..run.clone() }, &[hostile(&run)]);
    for raw in ["<script", "<img", "alert('1')"] {
        assert!(!html.contains(raw), "{raw}");
    }
    assert!(html.contains("&#60;script&#62;alert(&#39;1&#39;)"), "it is there all the same");
}

#[test]
fn a_page_loads_nothing_and_fits_both_colour_schemes() {
    let (run, units) = of_four();
    let html = page(&run, &units);
    for other in ["http", "src=", "url(", "@import", "<link"] {
        assert!(!html.contains(other), "{other}");
    }
    assert!(html.contains("prefers-color-scheme: dark") && html.contains("width=device-width"));
}

#[test]
fn bars_stay_within_the_drawing_and_do_not_overlap() {
    let (run, units) = of_four();
    let run = ended(run, RunEnd::Failed, "01:09:02");
    for line in Chart::of(&run, &units, at("01:10:05")).rows {
        let share =
            |share: super::chart::Share| share.to_string().trim_end_matches('%').parse::<f64>().unwrap();
        let mut edge = 0.0;
        for bar in &line.bars {
            assert!(share(bar.left) + 0.011 >= edge, "{}: {}", line.row.name, bar.text);
            edge = share(bar.left) + share(bar.width);
        }
        assert!(edge <= 100.0, "{}", line.row.name);
    }
}

#[test]
fn of_many_tasks_those_that_failed_or_were_tried_again_come_first_and_the_rest_is_counted() {
    let run = claimed("nightly", 300);
    let units: Vec<Unit> = (0..250)
        .map(|index| {
            let first = attempt(index, ["01:00:10", "01:00:50", "01:06:00"], Some(OUT_OF_MEMORY));
            let second = attempt(index, ["01:06:10", "01:06:50", "01:08:00"], None);
            let (past, outcome) = match index {
                240 => (vec![first], Outcome::Failed),
                230 => (vec![first, second], Outcome::Succeeded),
                _ => (vec![second], Outcome::Succeeded),
            };
            unit(&run, index, place(&run, past, over(outcome, "01:08:00")))
        })
        .collect();
    let chart = Chart::of(&run, &units, at("01:10:05"));
    let names: Vec<&str> = chart.rows.iter().map(|line| line.row.name.as_str()).collect();
    assert_eq!((names.len(), &names[..3]), (200, &["index 240", "index 230", "index 0"][..]));
    assert_eq!(chart.left_out.as_deref(), Some("50 tasks that neither failed nor were tried again"));
    assert_eq!(chart.not_begun, 50);
    let html = page(&run, &units);
    assert!(html.contains("Not shown: 50 tasks that neither") && html.contains("Not begun: 50 tasks."));
    assert_eq!(pick(&units[..200]).left_out, None);
}

#[test]
fn a_task_that_is_still_wanted_has_a_bar_that_grows() {
    let run = claimed("nightly", 1);
    let waiting = |not_before: &str| PlaceState::Waiting {
        since: at("01:02:00"),
        not_before: at(not_before),
        why: Some(steward::redact::redact("RESOURCE:MEMORY")),
    };
    let drawn = |state: PlaceState, now: &str| {
        bars(&Chart::of(&run, &[unit(&run, 0, place(&run, Vec::new(), state))], at(now)))
    };
    assert_eq!(
        drawn(waiting("01:06:00"), "01:05:05"),
        "index 0: waiting none 0.00% + 38.33%\nindex 0: provisioning none 38.33% + 61.67%"
    );
    assert_eq!(drawn(waiting("01:02:00"), "01:01:05"), "index 0: waiting none 0.00% + 100.00%");
}

#[test]
fn a_run_without_tasks_says_so() {
    let run = ended(claimed("nightly", 4), RunEnd::Cancelled, "01:09:02");
    assert!(text(&page(&run, &[])).contains("No task of this run was begun."));
}

#[test]
fn marks_are_few_and_at_round_times() {
    let run = claimed("nightly", 1);
    for (now, labels) in [
        ("01:00:06", "0 1s"),
        ("01:10:05", "0 2m 4m 6m 8m 10m"),
        ("01:24:00", "0 5m 10m 15m 20m"),
        ("07:00:00", "0 1h 2h 3h 4h 5h"),
    ] {
        let chart = Chart::of(&run, &[], at(now));
        assert!(chart.marks.is_sorted_by_key(|mark| mark.left));
        let found: Vec<&str> = chart.marks.iter().map(|mark| mark.label.as_str()).collect();
        assert_eq!(found.join(" "), labels, "{now}");
    }
    let weeks = Chart::of(&run, &[], "2026-12-20T01:00:05Z".parse().unwrap());
    let found: Vec<&str> = weeks.marks.iter().map(|mark| mark.label.as_str()).collect();
    assert_eq!(found, ["0", "4d", "8d", "12d", "16d", "20d"]);
}
