use super::text;
use crate::jobs::sample::written;
use crate::open::sample::{
    at, failing, family, given_up, held, helped, incident, is_documented, noted, over, proposed, service,
    unknown,
};
use crate::terminal::WIDTH;

#[test]
fn incidents_stand_in_eighty_columns_with_what_is_done_about_each() {
    let (api, web) = (service("a-service-with-quite-a-long-name"), service("web"));
    let opened = at("21:00:04");
    let all = [
        noted(incident(&api, 12, at("21:00:00")), &proposed(&api, opened)),
        noted(incident(&web, 3, at("21:00:00")), &unknown(&web, opened)),
        held(noted(incident(&web, 3, at("21:00:00")), &given_up(&web, opened))),
        held(incident(&family("report"), 1, at("21:00:00"))),
        over(noted(incident(&web, 3, at("21:00:00")), &helped(&web, opened)), "21:20:00"),
        failing(&service("new"), 1, at("21:59:00")).incident.unwrap(),
    ];
    let text = written(|out| text::write(out, &all, true, at("22:00:00")));
    for line in text.lines() {
        assert!(textwrap::core::display_width(line) <= WIDTH, "{line}");
    }
    insta::assert_snapshot!(text);
}

#[test]
fn where_there_is_none_that_is_said_and_how_to_look_further() {
    let text = |is_all| written(|out| text::write(out, &[], is_all, at("22:00:00")));
    assert_eq!(text(false), "no such incident goes on; --all shows those that are over, too\n");
    assert_eq!(text(true), "no such incident is kept\n");
}

#[test]
fn the_documentation_shows_some() {
    let opened = at("21:00:04");
    let (api, checkout) = (service("api"), service("checkout"));
    let all = [
        noted(incident(&checkout, 12, at("21:00:00")), &proposed(&checkout, opened)),
        held(incident(&family("report"), 1, at("20:40:00"))),
        over(noted(incident(&api, 3, at("20:30:00")), &helped(&api, opened)), "21:20:00"),
    ];
    is_documented("incidents --all", &written(|out| text::write(out, &all, true, at("22:00:00"))));
}
