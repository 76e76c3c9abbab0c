//! The trouble of a job: one thread of messages, from the first run that did not succeed to the next that does.

use steward::arn::ClusterArn;
use steward::batch::{self, BadRun, Happened, JobName, Recovered, RunEnd, Skip, Slot, Tally};
use steward::config::{Glob, Match, Route};

use super::*;

fn trouble() -> batch::Trouble {
    let cluster = ClusterArn::new("arn:aws:ecs:eu-central-1:123456789012:cluster/batch");
    batch::Trouble::new(JobName::parse("nightly-etl").unwrap(), Some(cluster), start())
}

fn ended(at: Timestamp, end: RunEnd) -> Happened {
    let tally = Tally { succeeded: 37, failed: 3, ..Tally::default() };
    let causes = [("out_of_memory".to_owned(), 3)].into();
    let slot = Slot::at(at);
    Happened::Ended(Box::new(BadRun { slot, scheduled: at, end, tally, tasks: 40, causes, sample: None }))
}

/// Writes it as batch does: with its news.
fn put_trouble(world: &World, trouble: &batch::Trouble, seq: u64) -> Subject {
    let subject = trouble.subject();
    put(&world.ledger, Key::subject(&subject), Record::Trouble(Box::new(trouble.clone())), None);
    let news = News { subject: subject.clone(), seq };
    put(&world.ledger, Key::news(&subject), Record::News(news), Some(world.clock.now()));
    subject
}

#[test]
fn a_trouble_is_told_when_it_opens_with_each_failed_run_and_when_it_is_over() {
    let world = World::new();
    let mut trouble = trouble();
    for (seq, hours) in (1..).zip([0, 24]) {
        world.clock.0.set(start() + SignedDuration::from_hours(hours));
        trouble.note(ended(world.clock.now(), RunEnd::Failed), world.clock.now());
        let subject = put_trouble(&world, &trouble, seq);
        assert_eq!(world.tell(&subject, "a"), Ok(Told::Yes { channels: 2 }));
        assert_eq!(world.tell(&subject, "b"), Ok(Told::Nothing));
    }
    trouble.recovered = Some(Recovered { by: Slot::at(world.clock.now()), at: world.clock.now() });
    let subject = put_trouble(&world, &trouble, 3);
    assert_eq!(world.tell(&subject, "a"), Ok(Told::Yes { channels: 2 }));
    let failed =
        "job nightly-etl in batch failed: 3 of 40 tasks, killed for using too much memory (out_of_memory)";
    let seen = world.channels[0].seen.borrow();
    assert_eq!(*seen, [failed, failed, "job nightly-etl in batch succeeds again"]);
    assert_eq!(world.due(), 0);
}

#[test]
fn hundreds_of_runs_that_are_skipped_for_an_earlier_one_are_no_message_where_nothing_can_be_edited() {
    let world = World::new();
    let mut trouble = trouble();
    for minute in 0..500_i32 {
        world.clock.0.set(start() + SignedDuration::from_mins(1) * minute);
        let run = Slot::at(start());
        trouble
            .note(ended(world.clock.now(), RunEnd::Skipped(Skip::StillRunning { run })), world.clock.now());
        let subject = put_trouble(&world, &trouble, u64::try_from(minute).unwrap() + 1);
        assert_eq!(world.tell(&subject, "a"), Ok(Told::Nothing));
    }
    assert_eq!((world.seen(), world.due()), ([0, 0], 0));
    trouble.note(ended(world.clock.now(), RunEnd::Failed), world.clock.now());
    let subject = put_trouble(&world, &trouble, 501);
    assert_eq!(world.tell(&subject, "a"), Ok(Told::Yes { channels: 2 }), "the first that matters is told");
}

#[test]
fn routes_lead_a_trouble_by_cluster_and_by_cause() {
    for (about, told) in [
        (Match { cluster: Some(Glob::new("batch")), ..Match::default() }, [1, 0]),
        (Match { causes: [steward::diagnosis::Cause::OutOfMemory].into(), ..Match::default() }, [1, 0]),
        (Match { cluster: Some(Glob::new("shop")), ..Match::default() }, [1, 1]),
    ] {
        let world = World::new();
        let mut trouble = trouble();
        trouble.note(ended(start(), RunEnd::Failed), start());
        let subject = put_trouble(&world, &trouble, 1);
        let mut configuration = Configuration::default();
        configuration.notifications.routes =
            vec![Route { matches: about, to: ["slack".to_owned()].into(), language: None }];
        let handler = world.handler("a").configured(configuration);
        run(handler.tell(&subject)).unwrap();
        assert_eq!(world.seen(), told);
    }
}
