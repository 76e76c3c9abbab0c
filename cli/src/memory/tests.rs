use steward::arn::TaskDefinitionArn;
use steward::ecs::{ContainerSize, Sizes};
use steward::remediation::memory::Ladder;

use super::{Change, Format, text};

fn change() -> Change {
    let container =
        |name: &str, limit, reservation| ContainerSize { name: name.to_owned(), limit, reservation };
    let sizes = Sizes {
        is_fargate: true,
        is_windows: false,
        cpu: Some(256),
        memory: Some(1_024),
        containers: vec![container("log", None, Some(384)), container("app", Some(512), None)],
    };
    let ladder = Ladder { percent: 150, max: 8_192, raise_cpu: false };
    let raise = ladder.next(&sizes, "app").unwrap();
    let revision = TaskDefinitionArn::new("arn:aws:ecs:eu-central-1:123456789012:task-definition/checkout:4");
    Change {
        service: "checkout".to_owned(),
        cluster: "shop".to_owned(),
        revision,
        sizes,
        raise,
        count: Some(5),
    }
}

fn written(format: Format) -> String {
    let mut out = Vec::new();
    text::write(&mut out, &change(), format).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn people_read_what_changes_from_what_to_what_and_where_the_fragments_are() {
    let text = written(Format::Text);
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn each_form_says_only_what_changes() {
    insta::assert_snapshot!(written(Format::JsonPatch));
    insta::assert_snapshot!(written(Format::Cloudformation));
    insta::assert_snapshot!(written(Format::Terraform));
}
