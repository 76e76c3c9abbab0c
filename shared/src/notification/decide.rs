//! Who is told what of a subject, and who is not, and why.
//!
//! Pure and total: what was told is in the [`Thread`], what there is to tell in the [`Story`]. Deciding again on one's own
//! outcome yields nothing. Budgets are not decided here: whoever sends takes a place in one, or keeps the message back.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::Subject;
use super::story::{Step, Story, Weight};
use crate::config::{Matched, Matches, Notifications};
use crate::ledger::{Kept, Root, Silences, Thread, Told, Why};
use crate::words::Language;

/// A silence may be ended before its time: what it keeps back is decided again so often.
const SILENCE_LOOKED_AT: SignedDuration = SignedDuration::from_mins(15);

/// What a decision goes by, besides what was told.
#[derive(Debug, Clone)]
pub struct Facts<'f> {
    /// What there is to tell.
    pub story: &'f Story,
    /// The target's tags; absent where they could not be read, or no route and no silence asks for them.
    pub tags: Option<&'f BTreeMap<String, String>>,
    /// The channels that there are.
    pub channels: Vec<Way<'f>>,
    /// What people do not want to be told.
    pub silences: &'f Silences,
    /// Whether an outage's message tells of it.
    pub in_outage: bool,
    /// Where the target flaps: how often, and the messages of its incident before, by channel.
    pub flapping: Option<(usize, &'f BTreeMap<String, Root>)>,
}

/// A channel, as far as deciding needs it.
#[derive(Debug, Clone, Copy)]
pub struct Way<'f> {
    /// Its name.
    pub name: &'f str,
    /// Whether messages can be edited, and have threads.
    pub edits: bool,
    /// Whether it refuses everything, as far as is known.
    pub refuses: bool,
}

/// What becomes of a subject in one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Course {
    /// The channel.
    pub channel: String,
    /// In which language it is told.
    pub language: Language,
    /// What is to be done.
    pub what: Do,
}

/// What is to be done in one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Do {
    /// Nothing that matters to it is new. It counts as told.
    Nothing,
    /// It is told, in this order.
    Tell(Vec<Send>),
    /// It goes on in the thread of the incident before, and then it is told so.
    Adopt(Root, Vec<Send>),
    /// It is not told, and that is noted.
    Keep(Kept),
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Send {
    /// A new message that shows how the subject stands; by it all steps so far are told.
    Open {
        /// The step that is told by it, if it is one of its own.
        step: Option<Step>,
    },
    /// The message that shows how the subject stands is brought up to date.
    Edit,
    /// A step in the thread.
    Reply(Step),
}

/// Decides for every channel. `seq` is the latest news of the subject.
pub fn decide(
    facts: &Facts<'_>,
    settings: &Notifications,
    thread: &Thread,
    seq: u64,
    now: Timestamp,
) -> Vec<Course> {
    let routed = routed(facts, settings, &thread.subject);
    let is_open = |way: &&Way<'_>| {
        thread.told.get(way.name).is_none_or(|told| {
            told.settled_seq() < seq || look_at(facts.story, settings, told).is_some_and(|at| at <= now)
        })
    };
    let ways = facts.channels.iter().filter(is_open);
    ways.map(|way| course(facts, settings, thread, &routed, *way, seq, now)).collect()
}

/// When a channel is to be looked at again though nothing new is heard: what was kept back may be told, or it is told again
/// that the subject goes on.
pub fn look_at(story: &Story, settings: &Notifications, told: &Told) -> Option<Timestamp> {
    match &told.kept {
        // Also a repeat that was kept back: it is due at its own time, and not at each sweep until then.
        Some(kept) => kept.until,
        None => repeat_at(story, settings, told),
    }
}

fn course(
    facts: &Facts<'_>,
    settings: &Notifications,
    thread: &Thread,
    routed: &Routed,
    way: Way<'_>,
    seq: u64,
    now: Timestamp,
) -> Course {
    let untold = Told::default();
    let told = thread.told.get(way.name).unwrap_or(&untold);
    let language = told.language.or(routed.language).unwrap_or_else(|| settings.language_of(way.name));
    let keep = |why, until| Do::Keep(Kept { seq, why, until });
    let is_new_here = told.at.is_none();
    let asks = facts.story.untold(&told.steps).any(|step| step.weight == Weight::Asks);
    let what = if is_new_here && !routed.to.contains(way.name) {
        // Other channels are told: this one is none of them.
        if routed.to.is_empty() { keep(Why::NoRoute, None) } else { Do::Nothing }
    } else if let Some((by, until)) = silenced(facts, now).filter(|_| !waits_for_a_person(facts.story)) {
        // Whoever ends a silence early waits for no longer.
        let again = now.saturating_add(SILENCE_LOOKED_AT).unwrap_or(until);
        keep(Why::Silenced { by }, Some(until.min(again)))
    } else if facts.in_outage && is_new_here {
        keep(Why::Outage, None)
    } else if is_new_here && told.kept.is_some() && facts.story.is_over() && !asks {
        keep(Why::Over, None)
    } else {
        tell(facts, told, way, settings, (seq, asks), now)
    };
    Course { channel: way.name.to_owned(), language, what }
}

fn tell(
    facts: &Facts<'_>,
    told: &Told,
    way: Way<'_>,
    settings: &Notifications,
    (seq, asks): (u64, bool),
    now: Timestamp,
) -> Do {
    let mut steps: Vec<Step> = facts.story.untold(&told.steps).cloned().collect();
    if let Some(at) = told.at.filter(|_| is_repeated(facts, settings, told, now)) {
        steps.push(Step::still(u64::try_from(at.as_second()).unwrap_or_default(), now));
    }
    let is_new_here = told.at.is_none();
    match (&told.root, way.edits) {
        (Some(_), true) => replies(steps),
        // Whoever was told and has no message that could be edited is told anew.
        (None, true) if is_new_here => match adopted(facts, way) {
            Some(root) => Do::Adopt(root, vec![Send::Edit, Send::Reply(opening(&steps))]),
            None => Do::Tell(vec![Send::Open { step: None }]),
        },
        (None, true) => Do::Tell(vec![Send::Open { step: None }]),
        (_, false) if is_new_here && facts.flapping.is_some() && !asks => {
            Do::Keep(Kept { seq, why: Why::Flapping, until: None })
        }
        (_, false) if is_new_here && steps.iter().any(|step| step.weight > Weight::Detail) => {
            Do::Tell(vec![Send::Open { step: None }])
        }
        // Without edits only what matters is sent: the latest of it, for the message shows the whole.
        (_, false) => match steps.into_iter().filter(|step| step.weight > Weight::Detail).max_by_key(rank) {
            Some(step) => Do::Tell(vec![Send::Open { step: Some(step) }]),
            None => Do::Nothing,
        },
    }
}

/// Of several steps the one that asks, and else the latest.
fn rank(step: &Step) -> Weight {
    step.weight
}

fn replies(steps: Vec<Step>) -> Do {
    let mut sends = vec![Send::Edit];
    sends.extend(steps.into_iter().filter(|step| step.weight > Weight::Counted).map(Send::Reply));
    Do::Tell(sends)
}

/// What the thread of the incident before is told: that it began again.
fn opening(steps: &[Step]) -> Step {
    let first = steps.first().cloned();
    first.unwrap_or_else(|| Step::still(0, Timestamp::UNIX_EPOCH))
}

fn adopted(facts: &Facts<'_>, way: Way<'_>) -> Option<Root> {
    facts.flapping.and_then(|(_, roots)| roots.get(way.name)).cloned()
}

fn is_repeated(facts: &Facts<'_>, settings: &Notifications, told: &Told, now: Timestamp) -> bool {
    repeat_at(facts.story, settings, told).is_some_and(|at| at <= now)
}

/// When a channel is told again that a subject goes on.
fn repeat_at(story: &Story, settings: &Notifications, told: &Told) -> Option<Timestamp> {
    let every =
        settings.repeat.filter(|_| story.is_open && story.severity > crate::incident::Severity::Info)?;
    told.at.map(|at| at.saturating_add(every).unwrap_or(Timestamp::MAX))
}

/// An outcome that nobody knows waits for a person, whatever else was asked for.
fn waits_for_a_person(story: &Story) -> bool {
    use super::story::What;
    use crate::action::State;
    use crate::batch::{Happened, RunEnd};
    story.steps.iter().any(|step| match &step.what {
        What::Action(note) => matches!(note.state, State::Unknown { .. }),
        What::Happened(what) => matches!(&**what, Happened::Ended(bad) if bad.end == RunEnd::Unknown),
        _ => false,
    })
}

fn silenced(facts: &Facts<'_>, now: Timestamp) -> Option<(String, Timestamp)> {
    let silence = facts.silences.of(&matched(facts), now)?;
    Some((silence.id.clone(), silence.until))
}

fn matched<'f>(facts: &'f Facts<'f>) -> Matched<'f> {
    Matched {
        target: facts.story.target.as_ref(),
        cluster: facts.story.cluster.as_ref().map_or("", |cluster| cluster.name()),
        tags: facts.tags,
        causes: &facts.story.causes,
        severity: facts.story.severity,
    }
}

/// Who is to be told.
struct Routed {
    to: BTreeSet<String>,
    language: Option<Language>,
}

/// The first route that matches holds. One that would depend on tags which could not be read is followed, and the next as
/// well: rather an alert too many. The fallback of a channel that refuses everything is told in its place.
fn routed(facts: &Facts<'_>, settings: &Notifications, subject: &Subject) -> Routed {
    let all = || facts.channels.iter().map(|way| way.name.to_owned());
    let mut routed = Routed { to: BTreeSet::new(), language: None };
    if let Subject::Channel { channel, .. } = subject {
        let fallback = settings.channels.get(channel).and_then(|known| known.fallback.clone());
        routed.to.extend(fallback.map_or_else(|| all().collect::<Vec<_>>(), |fallback| vec![fallback]));
        routed.to.remove(channel);
        return routed;
    }
    if let Subject::Digest { channel } = subject {
        routed.to.insert(channel.clone());
        return routed;
    }
    let asked = matched(facts);
    let mut is_found = false;
    for route in &settings.routes {
        let matches = route.matches.matches(&asked);
        if matches == Matches::No {
            continue;
        }
        routed.to.extend(route.to.iter().cloned());
        routed.language = routed.language.or(route.language);
        if matches == Matches::Yes {
            is_found = true;
            break;
        }
    }
    if !is_found {
        routed.to.extend(all());
    }
    let refusing: Vec<&str> = facts
        .channels
        .iter()
        .filter(|way| way.refuses && routed.to.contains(way.name))
        .map(|way| way.name)
        .collect();
    for name in refusing {
        match settings.channels.get(name).and_then(|channel| channel.fallback.clone()) {
            Some(fallback) => routed.to.extend([fallback]),
            None => routed.to.extend(all()),
        }
    }
    routed
}

#[cfg(test)]
mod tests;
