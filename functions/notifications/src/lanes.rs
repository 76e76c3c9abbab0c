//! Carries a decision out: every channel at its own pace, each message noted before the next.
//!
//! A slow channel holds up no other, and a crash repeats at most the one message of each channel that was under way; where a
//! channel can be asked, not even that.

use std::collections::{BTreeSet, VecDeque};

use futures_util::stream::{FuturesUnordered, StreamExt};
use jiff::{SignedDuration, Timestamp};
use steward::incident::Failure;
use steward::ledger::{Expect, Kept, LedgerError, Root, Thread, Told, Transaction, Why, Withheld};
use steward::notification::{Course, Do, LogLine, Message, Send, Step, Style, Subject, Weight};
use steward::ports::{
    Channel, Clock, Evidence, Form, How, Ledger, Letter, LogSource, Postpone, SendError, Tell, Trouble,
};
use steward::redact::redact;
use steward::words::Language;

use crate::Handler;
use crate::gather::{About, Gathered};
use crate::record::Item;
use crate::tell::LONGEST_PAUSE;

/// A post of which nobody knows whether it arrived is looked for from so long before on: clocks differ.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_mins(1);

/// So much of a log line is shown, in characters.
const MAX_LINE: usize = 300;

/// The telling of one subject in one invocation.
pub(crate) struct Telling<'h, 'p, L, H, T, C, V> {
    handler: &'h Handler<'p, L, H, T, C, V>,
    pub(crate) gathered: Gathered,
    pub(crate) thread: Thread,
    version: u64,
    seq: u64,
    again: Option<usize>,
    /// Channels that refuse everything, as was found just now.
    pub(crate) refusing: BTreeSet<String>,
    failed: Vec<SendError>,
    /// Channels that got a message.
    told: BTreeSet<String>,
    /// Whether the last note is not written yet.
    is_behind: bool,
}

/// What is still to be sent to one channel.
struct Lane<'p, H> {
    channel: &'p H,
    language: Language,
    sends: VecDeque<Send>,
    root: Option<Root>,
    form: Form,
    /// One of the posts may have arrived before, not earlier than this. Which one it was, a story that went on does not tell.
    doubt: Option<Timestamp>,
    /// The channel's record, as far as it is known.
    record: Item,
}

/// What came of one message.
enum Posted {
    Sent(Option<Root>),
    /// It had arrived before, as it was then.
    Found(Root),
    /// The budget has no place for it before that time.
    NoRoom(Timestamp),
    Failed(SendError),
    Ledger(LedgerError),
}

impl<'h, 'p, L: Ledger, H: Channel, T: Tell + Postpone, C: Clock, V: Evidence>
    Telling<'h, 'p, L, H, T, C, V>
{
    pub(crate) fn new(
        handler: &'h Handler<'p, L, H, T, C, V>,
        gathered: Gathered,
        thread: Thread,
        version: u64,
        seq: u64,
    ) -> Self {
        Self {
            handler,
            gathered,
            thread,
            version,
            seq,
            again: None,
            refusing: BTreeSet::new(),
            failed: Vec::new(),
            told: BTreeSet::new(),
            is_behind: false,
        }
    }

    /// The target fails for so many times of late.
    pub(crate) fn again(self, again: Option<usize>) -> Self {
        Self { again, ..self }
    }

    /// Carries out what was decided for each channel.
    pub(crate) async fn carry_out(&mut self, courses: Vec<Course>) -> Result<(), LedgerError> {
        let mut lanes = Vec::new();
        for Course { channel: name, language, what } in courses {
            let Some(channel) = self.handler.ports.channels.iter().find(|channel| channel.name() == name)
            else {
                continue;
            };
            match what {
                Do::Nothing => self.is_told(&name),
                Do::Keep(kept) => self.keep(&name, kept, language).await?,
                Do::Tell(sends) => lanes.push(self.lane(channel, language, sends)),
                Do::Adopt(root, sends) => {
                    let told = self.thread.told.entry(name.clone()).or_default();
                    (told.root, told.adopted) = (Some(root), true);
                    lanes.push(self.lane(channel, language, sends));
                }
            }
        }
        self.run(lanes).await
    }

    fn lane(&mut self, channel: &'p H, language: Language, sends: Vec<Send>) -> Lane<'p, H> {
        let told = self.thread.told.entry(channel.name().to_owned()).or_default();
        let (root, doubt) = (told.root.clone(), told.doubt.filter(|_| channel.edits()));
        let record = self.gathered.record_items.remove(channel.name());
        let record = record.map_or(Item::Unread, |item| Item::Read(Box::new(item)));
        Lane { channel, language, sends: sends.into(), root, form: Form::Rich, doubt, record }
    }

    /// Sends to all channels at once, each message noted as it is taken.
    async fn run(&mut self, lanes: Vec<Lane<'p, H>>) -> Result<(), LedgerError> {
        let (handler, subject) = (self.handler, self.thread.subject.clone());
        let (subject, about) = (&subject, self.gathered.about.clone());
        let (about, logs) = (&about, self.thread.logs.clone().unwrap_or_default());
        let style = Style {
            language: Language::En,
            evidence: handler.configuration.notifications.evidence,
            logs: &logs,
            again: self.again,
        };
        let post = |mut lane: Lane<'p, H>| async move {
            let send = lane.sends.pop_front();
            let posted = match &send {
                None => Posted::Sent(None),
                Some(send) => handler.post(subject, about, style, &mut lane, send).await,
            };
            (lane, send, posted)
        };
        let mut posts: FuturesUnordered<_> = lanes.into_iter().map(post).collect();
        while let Some((mut lane, send, posted)) = posts.next().await {
            let Some(send) = send else {
                self.is_told(lane.channel.name());
                continue;
            };
            if !self.took(&mut lane, send, posted).await? || lane.sends.is_empty() {
                continue;
            }
            if handler.is_out_of_time() {
                self.failed.push(out_of_time(lane.channel.name()));
            } else {
                posts.push(post(lane));
            }
        }
        self.catch_up().await
    }

    /// Takes in what came of a message. False: the channel gets no more for now.
    async fn took(
        &mut self,
        lane: &mut Lane<'p, H>,
        send: Send,
        posted: Posted,
    ) -> Result<bool, LedgerError> {
        let name = lane.channel.name().to_owned();
        match posted {
            Posted::Found(root) => {
                // What happened since is not in it.
                lane.sends.push_front(Send::Edit);
                Box::pin(self.took(lane, send, Posted::Sent(Some(root)))).await
            }
            Posted::Sent(root) => {
                lane.form = Form::Rich;
                lane.root = root.clone().or(lane.root.take());
                self.note(&name, lane.language, &send, root);
                if lane.sends.is_empty() {
                    self.is_told(&name);
                }
                if self.gathered.records.get(&name).is_some_and(|record| record.trouble.is_some()) {
                    let recovered = self.handler.takes(&name).await?;
                    self.gathered.records.entry(name).and_modify(|record| record.trouble = None);
                    self.announce(recovered).await;
                }
                // An edit is no news: what it replaced is not worth a write.
                if !matches!(send, Send::Edit) || lane.sends.is_empty() {
                    self.write().await;
                }
                Ok(true)
            }
            Posted::NoRoom(free_at) => {
                if let Send::Reply(step) = send {
                    // It stands in the thread, if not aloud.
                    let step = Step { weight: Weight::Detail, ..step };
                    lane.sends.push_front(Send::Reply(step));
                    return Ok(true);
                }
                let kept = Kept { seq: self.seq, why: Why::Budget, until: Some(free_at) };
                self.keep(&name, kept, lane.language).await?;
                Ok(false)
            }
            Posted::Failed(error) => self.failed(lane, send, error).await,
            Posted::Ledger(error) => Err(error),
        }
    }

    async fn failed(
        &mut self,
        lane: &mut Lane<'p, H>,
        send: Send,
        error: SendError,
    ) -> Result<bool, LedgerError> {
        let name = lane.channel.name().to_owned();
        let is_retried_plain = error.trouble == Trouble::Form && lane.form == Form::Rich;
        if is_loud(&send) && error.trouble != Trouble::Unknown && !is_retried_plain {
            self.handler.give_back(&name).await?;
        }
        match error.trouble {
            Trouble::Form if lane.form == Form::Rich => {
                lane.form = Form::Plain;
                lane.sends.push_front(send);
                Ok(true)
            }
            Trouble::Gone if lane.root.is_some() => {
                // By a new message all steps so far are told.
                lane.root = None;
                lane.sends = [Send::Open { step: None }].into();
                if let Some(told) = self.thread.told.get_mut(&name) {
                    (told.root, told.adopted) = (None, false);
                }
                Ok(true)
            }
            Trouble::Later | Trouble::Unknown => {
                if error.trouble == Trouble::Unknown && lane.channel.edits() {
                    let since = self.now() - CLOCKS_DIFFER;
                    let told = self.thread.told.entry(name).or_default();
                    told.doubt = told.doubt.or(Some(since));
                    self.is_behind = true;
                }
                self.failed.push(error);
                Ok(false)
            }
            Trouble::Refused | Trouble::Form | Trouble::Gone => self.refused(&name, lane, error).await,
        }
    }

    /// A channel that refuses for good is an alert of its own, and others are told in its place.
    async fn refused(
        &mut self,
        name: &str,
        lane: &Lane<'p, H>,
        error: SendError,
    ) -> Result<bool, LedgerError> {
        let trouble = self.handler.refuses(name, &error.problem).await?;
        self.announce(trouble).await;
        let is_alone = self.handler.ports.channels.len() < 2;
        self.refusing.insert(name.to_owned());
        if is_alone {
            self.failed.push(error);
        } else {
            let kept = Kept { seq: self.seq, why: Why::Refused, until: Some(self.now() + LONGEST_PAUSE) };
            self.keep(name, kept, lane.language).await?;
        }
        Ok(false)
    }

    /// A lost nudge delays the message: its news is due.
    async fn announce(&self, subject: Option<Subject>) {
        if let Some(subject) = subject {
            let _lost = self.handler.ports.queue.nudge(&subject, SignedDuration::ZERO).await;
        }
    }

    /// Notes why a channel is not told.
    async fn keep(&mut self, name: &str, kept: Kept, language: Language) -> Result<(), LedgerError> {
        let is_known = |told: &Told| told.kept.as_ref().is_some_and(|known| known.why == kept.why);
        let is_new = !self.thread.told.get(name).is_some_and(is_known);
        // An outage's message says what is told with it.
        if is_new && kept.why != Why::Outage {
            let title = self.gathered.about.message(&Style::of(language)).title;
            let (subject, why, at) = (self.thread.subject.clone(), kept.why.clone(), self.now());
            self.handler.withhold(name, Withheld { subject, title, why, at }).await?;
        }
        self.thread.told.entry(name.to_owned()).or_default().kept = Some(kept);
        self.is_behind = true;
        Ok(())
    }

    fn note(&mut self, name: &str, language: Language, send: &Send, root: Option<Root>) {
        let now = self.now();
        let keys = self.gathered.story.keys();
        let told = self.thread.told.entry(name.to_owned()).or_default();
        match send {
            Send::Edit => return,
            Send::Open { step } => {
                told.root = root;
                told.at = Some(now);
                told.language = Some(language);
                told.steps.extend(keys);
                told.steps.extend(step.iter().map(|step| step.key.clone()));
            }
            Send::Reply(step) => {
                told.steps.insert(step.key.clone());
                if step.is_aloud() || told.at.is_none() {
                    told.at = Some(now);
                }
                told.language = Some(language);
            }
        }
        self.told.insert(name.to_owned());
        self.is_behind = true;
    }

    /// The channel knows all that matters to it.
    fn is_told(&mut self, name: &str) {
        let keys = self.gathered.story.keys();
        let told = self.thread.told.entry(name.to_owned()).or_default();
        told.seq = self.seq;
        // A doubt stays: the post that may have arrived can be one of a step that is gone, and comes back.
        told.kept = None;
        if told.at.is_some() {
            told.steps.extend(keys);
        }
        self.is_behind = true;
    }

    /// Looks for the failed container's last log lines, once a subject and after the first message, and shows them where
    /// messages can be edited.
    pub(crate) async fn show_logs(&mut self) -> Result<(), LedgerError> {
        let most = self.handler.configuration.notifications.log_lines;
        let Some(source) = log_source(&self.gathered.about).filter(|_| most > 0) else { return Ok(()) };
        if self.thread.logs.is_some() || self.told.is_empty() || self.handler.is_out_of_time() {
            return Ok(());
        }
        // What cannot be read now may be with the next news.
        let Ok(read) = self.handler.ports.evidence.last_lines(&source, most).await else { return Ok(()) };
        let is_empty = read.is_empty();
        self.thread.logs = Some(read.iter().map(shown).collect());
        self.is_behind = true;
        if is_empty {
            return Ok(());
        }
        let step = Step::logs(self.now());
        let mut lanes = Vec::new();
        for channel in self.handler.ports.channels {
            if channel.edits() && self.told.contains(channel.name()) {
                let told = self.thread.told.get(channel.name());
                let language = told.and_then(|told| told.language).unwrap_or_default();
                let sends = vec![Send::Edit, Send::Reply(step.clone())];
                lanes.push(self.lane(channel, language, sends));
            }
        }
        self.run(lanes).await
    }

    /// Gives the lease back. Answers the subject, its thread, who failed, and how many channels got a message.
    pub(crate) async fn finish(mut self) -> Result<(Gathered, Thread, Vec<SendError>, usize), LedgerError> {
        self.thread.lease = None;
        self.thread.failures = if self.failed.is_empty() { 0 } else { self.thread.failures + 1 };
        self.is_behind = true;
        self.catch_up().await?;
        Ok((self.gathered, self.thread, self.failed, self.told.len()))
    }

    /// Writes the thread. A note that fails cuts off no channel: the next has what it had.
    async fn write(&mut self) {
        let write = self.handler.thread_write(&self.thread, Expect::Version(self.version));
        let written = self.handler.ports.ledger.commit(Transaction { writes: vec![write] }).await;
        self.is_behind = written.is_err();
        self.version += u64::from(written.is_ok());
    }

    /// Writes what is not written yet: of two tries that fail the second is an error.
    async fn catch_up(&mut self) -> Result<(), LedgerError> {
        if !self.is_behind {
            return Ok(());
        }
        self.write().await;
        if !self.is_behind {
            return Ok(());
        }
        let write = self.handler.thread_write(&self.thread, Expect::Version(self.version));
        self.handler.ports.ledger.commit(Transaction { writes: vec![write] }).await?;
        self.version += 1;
        self.is_behind = false;
        Ok(())
    }

    fn now(&self) -> Timestamp {
        self.handler.ports.clock.now()
    }
}

impl<L: Ledger, H: Channel, T: Tell + Postpone, C: Clock, V: Evidence> Handler<'_, L, H, T, C, V> {
    /// Sends one message, after a place in the budget was taken, unless it has arrived before.
    async fn post(
        &self,
        subject: &Subject,
        about: &About,
        style: Style<'_>,
        lane: &mut Lane<'_, H>,
        send: &Send,
    ) -> Posted {
        let style = Style { language: lane.language, ..style };
        let (message, key) = rendered(about, &style, send);
        let how = match (send, &lane.root) {
            (Send::Open { .. }, _) | (_, None) => How::New,
            (Send::Edit, Some(root)) => How::Edit(root),
            (Send::Reply(step), Some(root)) => How::Reply { root, aloud: step.is_aloud() },
        };
        let letter = Letter { subject, message: &message, key: &key, how, form: lane.form };
        if let (Some(since), false) = (lane.doubt, matches!(how, How::Edit(_))) {
            match lane.channel.find(&letter, since).await {
                Ok(Some(root)) if matches!(how, How::New) => return Posted::Found(root),
                Ok(Some(_)) => return Posted::Sent(None),
                Ok(None) => {}
                Err(error) => return Posted::Failed(error),
            }
        }
        if is_loud(send) && lane.form == Form::Rich {
            let asks = matches!(send, Send::Open { step: Some(step) } | Send::Reply(step) if step.weight == Weight::Asks)
                || about.story().steps.iter().any(|step| step.weight == Weight::Asks);
            match self.spend(lane.channel.name(), std::mem::take(&mut lane.record), asks).await {
                Ok(None) => {}
                Ok(Some(free_at)) => return Posted::NoRoom(free_at),
                Err(error) => return Posted::Ledger(error),
            }
        }
        match lane.channel.send(&letter).await {
            Ok(root) => Posted::Sent(root.filter(|_| matches!(how, How::New))),
            Err(error) => Posted::Failed(error),
        }
    }
}

/// What is sent, and under which key it is found again.
fn rendered(about: &About, style: &Style<'_>, send: &Send) -> (Message, String) {
    match send {
        Send::Open { step: None } => (about.message(style), "root".to_owned()),
        Send::Open { step: Some(step) } => (about.message(style), format!("open:{}", step.key)),
        Send::Edit => (about.message(style), "edit".to_owned()),
        Send::Reply(step) => (about.step(step, style), step.key.clone()),
    }
}

/// Whether people are rung by it, as far as their settings ring them at all.
fn is_loud(send: &Send) -> bool {
    match send {
        Send::Open { .. } => true,
        Send::Edit => false,
        Send::Reply(step) => step.is_aloud(),
    }
}

/// The rest comes with the next invocation.
fn out_of_time(channel: &str) -> SendError {
    SendError {
        channel: channel.to_owned(),
        problem: "no time is left in this invocation".to_owned(),
        retry_after: Some(SignedDuration::from_secs(5)),
        trouble: Trouble::Later,
    }
}

fn log_source(about: &About) -> Option<LogSource> {
    let About::Incident(incident) = about else { return None };
    let samples = incident.failures.samples().iter();
    let source = |sample: &Failure| {
        Some(LogSource {
            task: sample.task.clone()?,
            task_definition: sample.task_definition.clone()?,
            container: sample.diagnosis.container.as_ref()?.to_string(),
        })
    };
    samples.filter(|_| incident.is_open()).find_map(source)
}

/// A line may hold secrets, whoever read it.
fn shown(line: &LogLine) -> LogLine {
    LogLine { text: redact(&line.text.shortened(MAX_LINE)), at: line.at }
}
