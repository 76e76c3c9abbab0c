//! What is played: scenes of the sample events, moved to the present.

use std::io;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::play::samples::{Sample, embedded};

/// What is done to Steward while a scene is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trial {
    /// Nothing.
    None,
    /// Remediation is killed between its write and its answer.
    Kill,
    /// Slack answers the first message with 429 and this many seconds of `Retry-After`.
    RateLimit(u32),
    /// The scene's event comes this many times.
    Copies(usize),
}

/// Events that come together. The next scene begins when people know all of this one.
pub(super) struct Scene {
    pub(super) title: &'static str,
    /// Files below `events/`, in the order in which they are sent.
    files: &'static [&'static str],
    pub(super) trial: Trial,
    /// What a trial is about, as alerts call it.
    pub(super) target: &'static str,
}

/// The rules of the template let all of these pass.
pub(super) const SCENES: [Scene; 7] = [
    Scene {
        title: "A deployment of checkout names an image that was never pushed",
        files: &[
            "deployment-state-change/checkout-1-in-progress.json",
            "task-state-change/image_not_found-checkout-1.json",
            "task-state-change/image_not_found-checkout-2.json",
        ],
        trial: Trial::None,
        target: "",
    },
    Scene {
        title: "ECS rolls it back; its last two steps arrive in the wrong order",
        files: &[
            "deployment-state-change/checkout-2-failed.json",
            "deployment-state-change/checkout-4-rollback-completed.json",
            "deployment-state-change/checkout-3-rollback-in-progress.json",
            "service-action/steady-state-checkout.json",
        ],
        trial: Trial::None,
        target: "",
    },
    Scene {
        title: "api fails its health checks, which ECS says twice, and runs out of memory",
        files: &[
            "task-state-change/elb_health_check_failed-api-3-stopped.json",
            "task-state-change/elb_health_check_failed-api-4-duplicate.json",
            "task-state-change/out_of_memory-api-1.json",
            "task-state-change/out_of_memory-api-2.json",
        ],
        trial: Trial::None,
        target: "",
    },
    Scene {
        title: "Much goes wrong once; two of these are nothing to worry about",
        files: &[
            "task-state-change/spot_interrupted-recommendations-2-stopped.json",
            "task-state-change/scaled_in-search-1.json",
            "task-state-change/segfault-image-resizer-1.json",
            "task-state-change/stopped_by_user-nightly-report-1.json",
            "service-action/task-configuration-failure-mail-worker.json",
            "service-action/task-placement-failure-transcoder.json",
            "container-instance-health-change/impaired-h2.json",
        ],
        trial: Trial::None,
        target: "",
    },
    Scene {
        title: "remediation is killed after its write, before it can answer",
        files: &["task-state-change/secret_access_denied-payments-1.json"],
        trial: Trial::Kill,
        target: "service payments in shop",
    },
    Scene {
        title: "Slack wants a pause of five seconds",
        files: &["task-state-change/container_health_check_failed-catalog-1.json"],
        trial: Trial::RateLimit(5),
        target: "service catalog in shop",
    },
    Scene {
        title: "The queue delivers one event five times",
        files: &["task-state-change/app_error-frontend-1.json"],
        trial: Trial::Copies(5),
        target: "service frontend in shop",
    },
];

/// An event as it is sent.
pub(super) struct Sent {
    pub(super) file: &'static str,
    pub(super) event: String,
}

impl Scene {
    /// How many events it sends.
    pub(super) fn events(&self) -> usize {
        match self.trial {
            Trial::Copies(copies) => self.files.len() * copies,
            Trial::None | Trial::Kill | Trial::RateLimit(_) => self.files.len(),
        }
    }
}

/// All scenes with their events, moved in time so that the last event of all is `now`: what happened months ago is no
/// news, and what lies in the future is cut by the functions, which know the wall clock.
pub(super) fn scenes(now: Timestamp) -> io::Result<Vec<(&'static Scene, Vec<Sent>)>> {
    let samples = embedded();
    let mut scenes = Vec::new();
    for scene in &SCENES {
        let events: io::Result<Vec<_>> =
            scene.files.iter().map(|file| Ok((*file, read(&samples, file)?))).collect();
        scenes.push((scene, events?));
    }
    let times = scenes.iter().flat_map(|(_, events)| events).filter_map(|(_, event)| time(event));
    let by = times
        .max()
        .map_or(SignedDuration::ZERO, |last| SignedDuration::from_secs(now.duration_since(last).as_secs()));
    let sent = |(file, mut event): (&'static str, Value)| {
        shift(&mut event, by);
        Sent { file, event: event.to_string() }
    };
    Ok(scenes.into_iter().map(|(scene, events)| (scene, events.into_iter().map(sent).collect())).collect())
}

fn read(samples: &[Sample], file: &str) -> io::Result<Value> {
    let sample = samples.iter().find(|sample| sample.path == file);
    let sample = sample.ok_or_else(|| io::Error::other(format!("{file} is no sample event")))?;
    Ok(serde_json::from_slice(&sample.bytes)?)
}

fn time(event: &Value) -> Option<Timestamp> {
    event.get("time")?.as_str()?.parse().ok()
}

/// The fields in which ECS writes times are these, and all whose name ends in `At`.
const TIMES: [&str; 3] = ["time", "lastStatusChange", "lastUpdated"];

/// Moves all times of an event.
fn shift(value: &mut Value, by: SignedDuration) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let moved = (TIMES.contains(&name.as_str()) || name.ends_with("At"))
                    .then(|| value.as_str()?.parse::<Timestamp>().ok()?.checked_add(by).ok());
                match moved.flatten() {
                    Some(moved) => *value = moved.to_string().into(),
                    None => shift(value, by),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| shift(value, by)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_last_event_is_now_and_all_keep_their_distance() {
        let now = at("2031-03-01T12:00:00Z");
        let scenes = scenes(now).unwrap();
        let events: Vec<Value> = scenes
            .iter()
            .flat_map(|(_, sent)| sent)
            .map(|sent| serde_json::from_str(&sent.event).unwrap())
            .collect();
        assert_eq!(events.iter().filter_map(time).max(), Some(now));
        let found = |file: &str| {
            let sent = scenes.iter().flat_map(|(_, sent)| sent).find(|sent| sent.file == file).unwrap();
            serde_json::from_str::<Value>(&sent.event).unwrap()
        };
        let (first, second) = (
            found("deployment-state-change/checkout-1-in-progress.json"),
            found("deployment-state-change/checkout-2-failed.json"),
        );
        let samples = embedded();
        let before = |file| time(&read(&samples, file).unwrap()).unwrap();
        assert_eq!(
            time(&second).unwrap().duration_since(time(&first).unwrap()),
            before("deployment-state-change/checkout-2-failed.json")
                .duration_since(before("deployment-state-change/checkout-1-in-progress.json"))
        );
        for event in events {
            assert!(!event.to_string().contains("2026-11-20T2"), "a time was left behind: {event}");
        }
    }

    #[test]
    fn nothing_is_played_that_the_rules_of_the_template_would_keep_out() {
        for (_, sent) in scenes(at("2031-03-01T12:00:00Z")).unwrap() {
            for Sent { file, event } in sent {
                let event: Value = serde_json::from_str(&event).unwrap();
                assert_eq!(event["source"], "aws.ecs", "{file}");
                let detail = &event["detail"];
                match event["detail-type"].as_str().unwrap() {
                    "ECS Task State Change" => assert_eq!(detail["lastStatus"], "STOPPED", "{file}"),
                    "ECS Service Action" => {
                        let name = detail["eventName"].as_str().unwrap();
                        assert!(
                            name == "SERVICE_STEADY_STATE" || name.ends_with("_FAILURE"),
                            "{file}: {name}"
                        );
                    }
                    kind => assert!(
                        ["ECS Deployment State Change", "ECS Container Instance Health Change"]
                            .contains(&kind),
                        "{file}: {kind}"
                    ),
                }
            }
        }
    }
}
