//! Any bytes are read as a payload and as a document, explained and turned into observations, without a panic.
#![no_main]

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use steward::event::document::{self, Item};
use steward::event::{Event, decode};
use steward::incident::Story;
use steward::remediation::About;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(records) = decode::payload(bytes) {
        for record in records {
            if let Ok(event) = record.event {
                read(&event);
            }
        }
    }
    for item in document::read(bytes).into_iter().flatten() {
        match item {
            Item::Event(event) => read(&event),
            Item::Task(task) => drop(steward::diagnosis::of_task(&task)),
            Item::Failure(failure) => drop(steward::diagnosis::of_failure(&failure)),
            Item::Missing { .. } => {}
        }
    }
});

/// A story that takes an event in twice is the story that took it in once.
fn read(event: &Event) {
    let now = Timestamp::UNIX_EPOCH;
    let reading = steward::remediation::read(event, now);
    for About { target, observations } in reading.about {
        let mut story = Story::new(target);
        for observation in &observations {
            story.apply(observation.clone(), now);
        }
        let once = story.clone();
        for observation in observations {
            story.apply(observation, now);
        }
        assert_eq!(story, once);
        story.tick(&steward::config::Policy::default(), now);
    }
}
