use jiff::SignedDuration;

use super::*;
use crate::action::Ruling;
use crate::arn::{ClusterArn, ServiceName};
use crate::config::{Allowance, Channel, Glob, Match, Place, Route};
use crate::incident::{Severity, Target};
use crate::ledger::Silence;
use crate::notification::What;

fn now() -> Timestamp {
    "2026-11-20T21:30:00Z".parse().unwrap()
}

fn target() -> Target {
    Target::Service {
        cluster: ClusterArn::new("arn:aws:ecs:eu-central-1:123456789012:cluster/shop"),
        name: ServiceName::new("api"),
    }
}

fn subject() -> Subject {
    Subject::Incident { target: target(), opened_at: now() }
}

fn step(key: &str, weight: Weight, what: What) -> Step {
    Step { key: key.into(), at: Some(now()), weight, what }
}

fn opened() -> Step {
    step("opened", Weight::Matters, What::Opened)
}

fn story(steps: Vec<Step>) -> Story {
    let is_open = !steps.iter().any(|step| step.what == What::Resolved);
    Story {
        steps,
        severity: if is_open { Severity::Warning } else { Severity::Info },
        is_open,
        causes: BTreeSet::new(),
        target: Some(target()),
        cluster: Some(target().cluster().clone()),
    }
}

/// What everything else is decided in.
struct World {
    story: Story,
    settings: Notifications,
    silences: Silences,
    thread: Thread,
    in_outage: bool,
    roots: Option<BTreeMap<String, Root>>,
    refuses: Option<&'static str>,
    tags: Option<BTreeMap<String, String>>,
}

impl World {
    fn of(steps: Vec<Step>) -> Self {
        Self {
            story: story(steps),
            settings: Notifications::default(),
            silences: Silences::default(),
            thread: Thread::untold(subject()),
            in_outage: false,
            roots: None,
            refuses: None,
            tags: None,
        }
    }

    /// Both channels were told these steps, five minutes ago.
    fn told(mut self, steps: &[&str]) -> Self {
        for name in ["bot", "mail"] {
            let root = (name == "bot").then(|| Root { channel: "C1".into(), id: "1".into() });
            let told = Told {
                seq: 1,
                root,
                at: Some(now() - SignedDuration::from_mins(5)),
                steps: steps.iter().map(|key| (*key).to_owned()).collect(),
                ..Told::default()
            };
            self.thread.told.insert(name.into(), told);
        }
        self
    }

    fn decide(&self) -> BTreeMap<String, Course> {
        let way = |name, edits| Way { name, edits, refuses: self.refuses == Some(name) };
        let facts = Facts {
            story: &self.story,
            tags: self.tags.as_ref(),
            channels: vec![way("bot", true), way("mail", false)],
            silences: &self.silences,
            in_outage: self.in_outage,
            flapping: self.roots.as_ref().map(|roots| (3, roots)),
        };
        let courses = decide(&facts, &self.settings, &self.thread, 2, now());
        courses.into_iter().map(|course| (course.channel.clone(), course)).collect()
    }

    /// In words: what the bot does, and what the mail does.
    fn words(&self) -> [String; 2] {
        let courses = self.decide();
        ["bot", "mail"].map(|name| courses.get(name).map_or("none".into(), |course| words(&course.what)))
    }
}

#[test]
fn what_is_only_counted_brings_the_message_up_to_date_and_is_no_line_and_no_message() {
    let counted = step("run:2", Weight::Counted, What::Still);
    let world = World::of(vec![opened(), counted.clone()]).told(&["opened"]);
    assert_eq!(world.words(), ["edit", "nothing"]);
    assert_eq!(World::of(vec![counted]).words(), ["open", "nothing"]);
}

fn words(what: &Do) -> String {
    let send = |send: &Send| match send {
        Send::Open { step: None } => "open".to_owned(),
        Send::Open { step: Some(step) } => format!("message {}", step.key),
        Send::Edit => "edit".to_owned(),
        Send::Reply(step) => format!("reply {}", step.key),
    };
    let sends = |sends: &[Send]| sends.iter().map(send).collect::<Vec<_>>().join(", ");
    match what {
        Do::Nothing => "nothing".into(),
        Do::Tell(what) => sends(what),
        Do::Adopt(_, what) => format!("adopt, {}", sends(what)),
        Do::Keep(kept) => format!("keep: {}", kept.why),
    }
}

fn silence(about: Match) -> Silences {
    let asked = Ruling { by: "ann".into(), at: now(), why: Some("known".into()) };
    Silences { silences: vec![Silence::new(about, now() + SignedDuration::from_hours(1), asked)] }
}

#[test]
fn what_nobody_knows_is_opened_everywhere() {
    assert_eq!(World::of(vec![opened()]).words(), ["open", "open"]);
}

#[test]
fn where_messages_are_edited_each_step_is_a_reply_and_elsewhere_only_what_matters_is_sent() {
    let steps = || {
        vec![
            opened(),
            step("count:10", Weight::Detail, What::Grew(10)),
            step("critical", Weight::Matters, What::Critical),
        ]
    };
    let world = World::of(steps()).told(&["opened"]);
    assert_eq!(world.words(), ["edit, reply count:10, reply critical", "message critical"]);
    let world = World::of(steps()).told(&["opened", "critical"]);
    assert_eq!(world.words(), ["edit, reply count:10", "nothing"]);
}

#[test]
fn of_several_steps_a_message_tells_the_one_that_asks_and_else_the_latest() {
    let ask = step("a:proposed", Weight::Asks, What::Held);
    let resolved = step("resolved:0", Weight::Matters, What::Resolved);
    let critical = step("critical", Weight::Matters, What::Critical);
    let world = World::of(vec![opened(), ask, critical.clone()]).told(&["opened"]);
    assert_eq!(world.words()[1], "message a:proposed");
    let world = World::of(vec![opened(), critical, resolved]).told(&["opened"]);
    assert_eq!(world.words()[1], "message resolved:0");
}

#[test]
fn what_was_told_or_has_its_reason_on_record_is_not_decided_again() {
    let mut world = World::of(vec![opened()]).told(&["opened"]);
    for told in world.thread.told.values_mut() {
        told.seq = 2;
    }
    assert_eq!(world.words(), ["none", "none"]);
    let kept = Kept { seq: 2, why: Why::NoRoute, until: None };
    let told = Told { kept: Some(kept), ..Told::default() };
    world.thread.told.insert("mail".into(), told);
    assert_eq!(world.words(), ["none", "none"]);
}

#[test]
fn what_goes_on_is_told_again_after_a_while_and_what_is_over_is_not() {
    let mut world = World::of(vec![opened()]).told(&["opened"]);
    for told in world.thread.told.values_mut() {
        told.seq = 2;
        told.at = Some(now() - SignedDuration::from_hours(4));
    }
    let [bot, mail] = world.words();
    assert!(bot.starts_with("edit, reply still:") && mail.starts_with("message still:"), "{bot} {mail}");
    world.settings.repeat = None;
    assert_eq!(world.words(), ["none", "none"]);
    world.settings.repeat = Some(SignedDuration::from_hours(4));
    world.story.is_open = false;
    assert_eq!(world.words(), ["none", "none"]);
}

#[test]
fn a_repeat_that_is_kept_back_waits_for_its_own_time() {
    let mut world = World::of(vec![opened()]).told(&["opened"]);
    let later = now() + SignedDuration::from_mins(10);
    for told in world.thread.told.values_mut() {
        (told.seq, told.at) = (2, Some(now() - SignedDuration::from_hours(5)));
        told.kept = Some(Kept { seq: 2, why: Why::Budget, until: Some(later) });
    }
    assert_eq!(world.words(), ["none", "none"]);
    assert_eq!(look_at(&world.story, &world.settings, &world.thread.told["mail"]), Some(later));
}

#[test]
fn a_silence_keeps_back_everything_but_an_outcome_that_nobody_knows() {
    let mut world = World::of(vec![opened()]);
    world.silences = silence(Match { service: Some(Glob::new("a*")), ..Match::default() });
    assert_eq!(world.words(), ["keep: silenced", "keep: silenced"]);
    let courses = world.decide();
    let Do::Keep(kept) = &courses["bot"].what else { panic!() };
    assert_eq!(kept.until, Some(now() + SignedDuration::from_mins(15)), "somebody may have ended it by then");
    world.silences.silences[0].until = now() + SignedDuration::from_mins(5);
    let Do::Keep(kept) = &world.decide()["bot"].what else { panic!() };
    assert_eq!(kept.until, Some(now() + SignedDuration::from_mins(5)), "then it is told, if it goes on");
    world.silences = silence(Match { service: Some(Glob::new("web")), ..Match::default() });
    assert_eq!(world.words(), ["open", "open"]);
    world.silences = silence(Match { tags: [("team".into(), Glob::new("web"))].into(), ..Match::default() });
    assert_eq!(world.words(), ["open", "open"], "its tags are not known");
}

#[test]
fn a_silence_keeps_a_jobs_trouble_back_but_no_run_of_which_nobody_knows_the_end() {
    let ended = |end: crate::batch::RunEnd| {
        let run = crate::batch::BadRun {
            slot: crate::batch::Slot::at(now()),
            scheduled: now(),
            end,
            tally: crate::batch::Tally::default(),
            tasks: 1,
            causes: BTreeMap::new(),
            sample: None,
        };
        step("run:x", Weight::Matters, What::Happened(Box::new(crate::batch::Happened::Ended(Box::new(run)))))
    };
    let mut world = World::of(vec![ended(crate::batch::RunEnd::Failed)]);
    world.silences = silence(Match { cluster: Some(Glob::new("shop")), ..Match::default() });
    assert_eq!(world.words(), ["keep: silenced", "keep: silenced"]);
    world.story.steps.push(ended(crate::batch::RunEnd::Unknown));
    assert_eq!(world.words(), ["open", "open"]);
}

#[test]
fn a_part_of_an_outage_is_told_there_unless_it_was_told_by_itself() {
    let mut world = World::of(vec![opened()]);
    world.in_outage = true;
    assert_eq!(world.words(), ["keep: outage", "keep: outage"]);
    let mut world =
        World::of(vec![opened(), step("resolved:0", Weight::Matters, What::Resolved)]).told(&["opened"]);
    world.in_outage = true;
    assert_eq!(world.words(), ["edit, reply resolved:0", "message resolved:0"]);
}

#[test]
fn what_flaps_goes_on_in_its_last_thread_and_is_kept_back_where_there_is_none() {
    let mut world = World::of(vec![opened()]);
    world.roots = Some([("bot".to_owned(), Root { channel: "C1".into(), id: "7".into() })].into());
    assert_eq!(world.words(), ["adopt, edit, reply opened", "keep: flapping"]);
    world.story.steps.push(step("a:proposed", Weight::Asks, What::Held));
    assert_eq!(world.words()[1], "open", "a person is waited for");
}

#[test]
fn what_was_kept_back_and_is_over_is_not_told_any_more() {
    let mut world = World::of(vec![opened(), step("resolved:0", Weight::Matters, What::Resolved)]);
    let kept = Kept { seq: 1, why: Why::Budget, until: Some(now()) };
    for name in ["bot", "mail"] {
        world.thread.told.insert(name.into(), Told { kept: Some(kept.clone()), ..Told::default() });
    }
    assert_eq!(world.words(), ["keep: over", "keep: over"]);
}

#[test]
fn the_first_route_that_matches_holds_and_its_language() {
    let mut world = World::of(vec![opened()]);
    let to = |name: &str, matches| Route { matches, to: vec![name.to_owned()], language: Some(Language::Ja) };
    let severe = Match { severity: Some(Severity::Critical), ..Match::default() };
    world.settings.routes = vec![to("bot", severe), to("mail", Match::default())];
    assert_eq!(world.words(), ["nothing", "open"]);
    assert_eq!(world.decide()["mail"].language, Language::Ja);
    world.story.severity = Severity::Critical;
    assert_eq!(world.words(), ["open", "nothing"]);
    world.settings.routes.remove(0);
    world.settings.routes[0].to.clear();
    assert_eq!(world.words(), ["keep: no_route", "keep: no_route"]);
}

#[test]
fn where_tags_decide_and_are_not_known_both_ways_are_told() {
    let mut world = World::of(vec![opened()]);
    let tags = [("team".to_owned(), Glob::new("web"))].into();
    let route = |name: &str, matches| Route { matches, to: vec![name.to_owned()], language: None };
    world.settings.routes =
        vec![route("bot", Match { tags, ..Match::default() }), route("mail", Match::default())];
    assert_eq!(world.words(), ["open", "open"]);
    world.tags = Some([("team".to_owned(), "web".to_owned())].into());
    assert_eq!(world.words(), ["open", "nothing"]);
    world.tags = Some(BTreeMap::new());
    assert_eq!(world.words(), ["nothing", "open"]);
}

#[test]
fn the_fallback_of_a_channel_that_refuses_is_told_in_its_place() {
    let mut world = World::of(vec![opened()]);
    world.settings.routes = vec![Route { matches: Match::default(), to: vec!["bot".into()], language: None }];
    assert_eq!(world.words(), ["open", "nothing"]);
    world.refuses = Some("bot");
    assert_eq!(world.words(), ["open", "open"], "without a fallback of its own everybody is told");
    let place = Place::SlackBot { token: "/t".into(), channel: "C1".into() };
    let channel = |fallback| Channel { place: place.clone(), language: None, budget: None, fallback };
    world.settings.channels.insert("bot".into(), channel(Some("other".into())));
    assert_eq!(world.words(), ["open", "nothing"]);
    world.settings.channels.insert("bot".into(), channel(Some("mail".into())));
    assert_eq!(world.words(), ["open", "open"]);
}

#[test]
fn that_a_channel_refuses_is_told_to_its_fallback_and_never_to_itself() {
    let mut world = World::of(vec![step("refuses", Weight::Asks, What::Refuses)]);
    world.thread = Thread::untold(Subject::Channel { channel: "bot".into(), since: now() });
    assert_eq!(world.words(), ["nothing", "open"]);
}

#[test]
fn who_flaps_is_told_by_how_often_and_within_what() {
    let allowance = Allowance { count: 3, within: SignedDuration::from_hours(1) };
    let at = |minute: i64| now() + SignedDuration::from_mins(minute);
    let mut recent = crate::ledger::Recent::none(target());
    for minute in [0, 10] {
        recent = recent.with(at(minute));
    }
    assert_eq!(recent.with(at(20)).flapping(at(20), allowance), Some((3, at(10))));
    assert_eq!(recent.with(at(20)).flapping(at(10), allowance), None);
    assert_eq!(recent.with(at(61)).flapping(at(61), allowance), None);
}
