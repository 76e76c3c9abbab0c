//! Where a container's log is.

use std::collections::BTreeMap;

use crate::arn::TaskArn;

/// A log stream in CloudWatch Logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPlace {
    /// The region, where the options name one.
    pub region: Option<String>,
    /// The log group's name.
    pub group: String,
    /// The stream's name.
    pub stream: String,
}

/// The only log driver whose logs can be found: others name no stream.
const DRIVER: &str = "awslogs";

/// The stream that a container of a task writes to: `prefix/container/task-id`, where its log options have a prefix
/// (`LogConfiguration` in ECS's API reference). Without one, on EC2 alone, the stream is named after Docker's id of the
/// container, which no event tells.
pub fn log_place(
    driver: &str,
    options: &BTreeMap<String, String>,
    container: &str,
    task: &TaskArn,
) -> Option<LogPlace> {
    let option = |name| options.get(name).map(String::as_str).filter(|value: &&str| !value.is_empty());
    let (group, prefix) = (option("awslogs-group")?, option("awslogs-stream-prefix")?);
    (driver == DRIVER && !container.is_empty()).then(|| LogPlace {
        region: option("awslogs-region").map(str::to_owned),
        group: group.to_owned(),
        stream: format!("{prefix}/{container}/{}", task.id()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TASK: &str = "arn:aws:ecs:eu-central-1:123456789012:task/shop/0123456789abcdef0123456789abcdef";

    fn place(driver: &str, options: &[(&str, &str)]) -> Option<LogPlace> {
        let options = options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        log_place(driver, &options, "app", &TaskArn::new(TASK))
    }

    #[test]
    fn a_stream_is_named_after_prefix_container_and_task() {
        let options = [
            ("awslogs-group", "/ecs/api"),
            ("awslogs-region", "eu-west-1"),
            ("awslogs-stream-prefix", "ecs"),
            ("mode", "non-blocking"),
        ];
        let expected = LogPlace {
            region: Some("eu-west-1".to_owned()),
            group: "/ecs/api".to_owned(),
            stream: "ecs/app/0123456789abcdef0123456789abcdef".to_owned(),
        };
        assert_eq!(place("awslogs", &options), Some(expected));
    }

    #[test]
    fn a_log_without_a_region_is_in_the_tasks_own() {
        let options = [("awslogs-group", "/ecs/api"), ("awslogs-stream-prefix", "ecs")];
        assert_eq!(place("awslogs", &options).and_then(|place| place.region), None);
    }

    #[test]
    fn what_names_no_stream_has_no_place() {
        for (driver, options) in [
            ("awslogs", &[("awslogs-group", "/ecs/api"), ("awslogs-region", "eu-west-1")][..]),
            ("awslogs", &[("awslogs-group", "/ecs/api"), ("awslogs-stream-prefix", "")]),
            ("awslogs", &[("awslogs-stream-prefix", "ecs")]),
            ("awslogs", &[]),
            ("awsfirelens", &[("awslogs-group", "/ecs/api"), ("awslogs-stream-prefix", "ecs")]),
            ("json-file", &[]),
        ] {
            assert_eq!(place(driver, options), None, "{driver} {options:?}");
        }
    }
}
