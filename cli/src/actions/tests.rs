use super::text;
use crate::jobs::sample::written;
use crate::open::sample::{at, given_up, helped, is_documented, proposed, ruling, service, unknown};
use crate::terminal::WIDTH;

#[test]
fn actions_stand_with_their_ids_in_full_and_what_a_person_can_do() {
    let (api, web) = (service("api"), service("a-service-with-a-name-so-long-that-its-call-takes-two-lines"));
    let opened = at("21:00:04");
    let allowed = proposed(&api, opened);
    let allowed = steward::action::Action { approved: Some(ruling("ana", "urgent")), ..allowed };
    let all = [
        proposed(&web, opened),
        allowed,
        unknown(&api, opened),
        helped(&api, opened),
        given_up(&api, opened),
    ];
    let text = written(|out| text::write(out, &all, true, at("22:00:00")));
    for line in text.lines() {
        assert!(textwrap::core::display_width(line) <= WIDTH, "{line}");
    }
    for action in &all {
        assert!(text.lines().any(|line| line.trim() == action.plan.id.as_str()), "{text}");
    }
    insta::assert_snapshot!(text);
}

#[test]
fn only_what_can_be_decided_is_asked_for() {
    let done = [helped(&service("api"), at("21:00:04"))];
    let text = written(|out| text::write(out, &done, false, at("22:00:00")));
    assert!(!text.contains("approve") && !text.contains("settle"), "{text}");
    let none = written(|out| text::write(out, &[], false, at("22:00:00")));
    assert_eq!(none, "no such action is open; --all shows those that are over, too\n");
}

#[test]
fn the_documentation_shows_some() {
    let (api, checkout) = (service("api"), service("checkout"));
    let all = [proposed(&checkout, at("21:40:04")), unknown(&api, at("21:00:04"))];
    is_documented("actions", &written(|out| text::write(out, &all, false, at("22:00:00"))));
}
