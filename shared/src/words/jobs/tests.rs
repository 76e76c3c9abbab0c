use super::*;
use crate::redact::redact;

/// The longest names that there are.
fn run() -> RunId {
    RunId::parse(&format!("{}/{}-r99", "j".repeat(48), "s".repeat(36))).unwrap()
}

fn all(check: impl Fn(&ToDo<'_>)) {
    let (run, time) = (run(), Timestamp::UNIX_EPOCH);
    let job = &run.job;
    let whys = [LateFor::Paused, LateFor::Turn, LateFor::Unread(redact("x")), LateFor::Begun];
    let late = whys.iter().map(|why| ToDo::LetBegin { run: &run, why });
    let others = [
        ToDo::FindOut { run: &run, tasks: 1 },
        ToDo::FindOut { run: &run, tasks: 10_000 },
        ToDo::CloseBreaker { job, failures: 5, until: time },
        ToDo::LookForSuccess { job, since: time },
        ToDo::Retry { run: &run, in_part: true },
        ToDo::Retry { run: &run, in_part: false },
        ToDo::Catch { run: &run },
        ToDo::CatchSome { job, after: time, before: time },
        ToDo::GiveUp { run: &run },
        ToDo::EndEarlier { run: &run },
        ToDo::Look { job },
    ];
    late.chain(others).for_each(|what| check(&what));
}

/// The commands of a text.
fn commands(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).filter(|quoted| quoted.starts_with("steward ")).collect()
}

#[test]
fn what_to_do_is_said_in_each_language_with_the_same_commands_and_fits_a_next_step() {
    all(|what| {
        let (en, ja) = (to_do(what, En), to_do(what, Ja));
        assert!(en.is_ascii() && !ja.is_ascii(), "{en} {ja}");
        let sorted = |mut commands: Vec<String>| {
            commands.sort();
            commands
        };
        let of = |text: &str| sorted(commands(text).into_iter().map(str::to_owned).collect());
        assert_eq!(of(&en), of(&ja));
        for text in [&en, &ja] {
            assert!(text.chars().count() <= 350, "{} characters: {text}", text.chars().count());
            assert!(text.ends_with(['.', '。']), "{text}");
            assert_eq!(redact(text).as_str(), text, "nothing of ours looks like a secret");
        }
        for command in commands(&ja) {
            let is_open = |text: &str| {
                text.split(&format!("`{command}`")).skip(1).all(|behind| behind.starts_with([' ', '。']))
            };
            assert!(is_open(&ja), "{ja}");
        }
    });
}

#[test]
fn a_cause_of_a_newer_version_is_told_by_its_word() {
    let bad = BadRun {
        slot: run().slot,
        scheduled: Timestamp::UNIX_EPOCH,
        end: crate::batch::RunEnd::Failed,
        tally: Tally { failed: 1, ..Tally::default() },
        tasks: 1,
        causes: [("struck_by_lightning".to_owned(), 1)].into(),
        sample: None,
    };
    let title = happened("job x", &Happened::Ended(Box::new(bad)), En);
    assert_eq!(title, "job x failed: struck_by_lightning");
}
