//! Tells one subject.
//!
//! Read the news and then the subject, decide for every channel, take the lease on its thread, and carry the decision out, with
//! a note after each message. When every channel was told or has its reason on record, the news is due no longer, on
//! condition that it is still the news that was told.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use steward::ledger::{
    Expect, Key, Lease, LedgerError, News, Record, Stored, Thread, Told as ToldOf, Transaction, Write,
};
use steward::notification::{Course, Facts, Subject, Way, decide, look_at};
use steward::ports::{Channel, Clock, Evidence, Ledger, Postpone, SendError, Tell, Trouble};

use crate::gather::Gathered;
use crate::lanes::Telling;
use crate::{Handler, KEEP, LONGEST_INVOCATION, MAX_TRIES, ON_ITS_WAY, TellError, Told};

/// A lease outlives its invocation by so much: what was sent in its last moment has arrived by then.
const LEASE_MARGIN: SignedDuration = SignedDuration::from_secs(2);
/// What a channel that fails is left alone for, doubled each time.
pub(crate) const FIRST_PAUSE: SignedDuration = SignedDuration::from_mins(1);
/// The longest pause; also the first for a channel that says that trying again is no use. Nothing is given up: a
/// webhook that is repaired gets what it missed.
pub(crate) const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(30);
/// Channels that refuse, and then their fallbacks, and that is all.
const MAX_ROUNDS: usize = 2;

/// A subject's news and thread as they were read.
struct Read {
    news: News,
    news_item: Option<Stored>,
    thread: Thread,
    thread_item: Option<Stored>,
}

/// What deciding needs beside what was gathered.
struct Known {
    in_outage: bool,
    flapping: Option<(usize, BTreeMap<String, steward::ledger::Root>)>,
}

impl<'p, L: Ledger, H: Channel, T: Tell + Postpone, C: Clock, V: Evidence> Handler<'p, L, H, T, C, V> {
    /// Tells a subject as it stands now, to every channel that was not told its latest news.
    ///
    /// # Errors
    ///
    /// Where the ledger fails, a channel does not take the message, or somebody else is at it: call again later.
    pub async fn tell(&self, subject: &Subject) -> Result<Told, TellError> {
        if self.is_out_of_time() {
            return Err(TellError::OutOfTime);
        }
        let Some(read) = self.read(subject).await? else { return Ok(Told::Nothing) };
        let now = self.ports.clock.now();
        if is_held_by_another(&read.thread, &self.invocation.holder, now) {
            return Err(TellError::Elsewhere { subject: subject.clone() });
        }
        if let Subject::Digest { channel } = subject {
            return self.tell_digest(channel, &read.news, read.news_item).await;
        }
        let Some(mut gathered) = self.gather_or_postpone(&read).await? else {
            self.settle(&read.news, read.news_item, None).await?;
            return Ok(Told::Nothing);
        };
        gathered.tags = self.tags(&gathered).await;
        let joined = self.join(&mut gathered).await?;
        let known = Known { in_outage: joined.is_some(), flapping: self.flapping(subject, &gathered).await? };
        if let Some(joined) = joined.filter(|joined| joined.is_pressing) {
            // A lost nudge delays the message: its news is due.
            let _lost =
                self.ports.queue.nudge(&joined.subject, self.configuration.notifications.grouping).await;
        }
        let courses = self.decide(&gathered, &known, &read.thread, read.news.seq, &BTreeSet::new());
        if courses.is_empty() {
            let next = self.next(&gathered, &read.thread);
            self.settle(&read.news, read.news_item, next).await?;
            return Ok(Told::Nothing);
        }
        self.tell_courses(read, gathered, &known, courses).await
    }

    /// `None`: the subject is gone. What this version cannot read is left alone for a while.
    async fn gather_or_postpone(&self, read: &Read) -> Result<Option<Gathered>, LedgerError> {
        match self.gather(&read.news.subject).await {
            Err(error) if !error.is_retryable() => {
                // Only an upgrade or a repair helps: sweeps need not bring it up each time.
                let due = self.ports.clock.now() + LONGEST_PAUSE + ON_ITS_WAY;
                let _newer = self.write_news(&read.news, read.news_item.as_ref(), Some(due)).await?;
                Err(error)
            }
            found => found,
        }
    }

    fn decide(
        &self,
        gathered: &Gathered,
        known: &Known,
        thread: &Thread,
        seq: u64,
        refusing: &BTreeSet<String>,
    ) -> Vec<Course> {
        let way = |channel: &'p H| Way {
            name: channel.name(),
            edits: channel.edits(),
            refuses: refusing.contains(channel.name())
                || gathered.records.get(channel.name()).is_some_and(|record| record.trouble.is_some()),
        };
        let facts = Facts {
            story: &gathered.story,
            tags: gathered.tags.as_ref(),
            channels: self.ports.channels.iter().map(way).collect(),
            silences: &gathered.silences,
            in_outage: known.in_outage,
            flapping: known.flapping.as_ref().map(|(count, roots)| (*count, roots)),
        };
        decide(&facts, &self.configuration.notifications, thread, seq, self.ports.clock.now())
    }

    async fn tell_courses(
        &self,
        read: Read,
        gathered: Gathered,
        known: &Known,
        mut courses: Vec<Course>,
    ) -> Result<Told, TellError> {
        let Read { news, news_item, thread, thread_item } = read;
        let subject = news.subject.clone();
        let leased = Thread { lease: Some(self.lease()), ..self.doubted(thread) };
        let version = self.take_lease(&subject, &leased, thread_item.as_ref(), &gathered).await?;
        // What is sent in the last moment is not noted any more.
        if self.is_out_of_time() {
            return Err(TellError::OutOfTime);
        }
        let again = known.flapping.as_ref().map(|(count, _)| *count);
        let mut telling = Telling::new(self, gathered, leased, version, news.seq).again(again);
        for _ in 0..MAX_ROUNDS {
            telling.carry_out(std::mem::take(&mut courses)).await?;
            if telling.refusing.is_empty() {
                break;
            }
            courses = self.decide(&telling.gathered, known, &telling.thread, news.seq, &telling.refusing);
        }
        telling.show_logs().await?;
        let (gathered, thread, failed, told) = telling.finish().await?;
        let next = self.next(&gathered, &thread);
        if failed.is_empty() {
            self.settle(&news, news_item, next).await?;
            return Ok(if told == 0 { Told::Nothing } else { Told::Yes { channels: told } });
        }
        let pause = pause(&failed, thread.failures);
        // The message comes again after the pause; a sweep only if it got lost.
        let due = self.ports.clock.now() + pause + ON_ITS_WAY;
        // News that came meanwhile stays due as it is.
        let _newer = self.write_news(&news, news_item.as_ref(), Some(due)).await?;
        let is_untold =
            |error: &SendError| thread.told.get(&error.channel).is_none_or(|told| told.seq < news.seq);
        let late = failed.iter().any(is_untold).then(|| age(&news, self.ports.clock.now()));
        Err(TellError::Channels { failed, pause, late })
    }

    /// What the holder of a lease that was not given back was about to send may have arrived in any channel. Whoever takes over
    /// may post nothing, or die too: the doubt is written with its own lease.
    fn doubted(&self, mut thread: Thread) -> Thread {
        let Some(lease) = &thread.lease else { return thread };
        let since = lease.until - LONGEST_INVOCATION;
        for channel in self.ports.channels.iter().filter(|channel| channel.edits()) {
            thread.told.entry(channel.name().to_owned()).or_default().doubt.get_or_insert(since);
        }
        thread
    }

    fn lease(&self) -> Lease {
        let until = self.invocation.deadline.ends().saturating_add(LEASE_MARGIN).unwrap_or(Timestamp::MAX);
        Lease { holder: self.invocation.holder.clone(), until }
    }

    /// Takes the lease, and remembers when the target's incident was opened. Answers the thread's version.
    async fn take_lease(
        &self,
        subject: &Subject,
        leased: &Thread,
        stored: Option<&Stored>,
        gathered: &Gathered,
    ) -> Result<u64, TellError> {
        let mut writes = vec![self.thread_write(leased, Expect::unchanged(stored))];
        if let (Subject::Incident { target, opened_at }, Some(recent)) = (subject, &gathered.recent) {
            let next = recent.with(*opened_at);
            if next != *recent {
                let write =
                    Write::new(Key::recent(target), gathered.recent_item.as_ref(), Record::Recent(next));
                writes.push(Write { expires: Some(self.ports.clock.now() + KEEP), ..write });
            }
        }
        match self.ports.ledger.commit(Transaction { writes }).await {
            Err(LedgerError::Conflict { .. }) => Err(TellError::Elsewhere { subject: subject.clone() }),
            result => {
                result?;
                Ok(stored.map_or(1, |stored| stored.version + 1))
            }
        }
    }

    /// When the subject is to be looked at again though nothing new is heard.
    fn next(&self, gathered: &Gathered, thread: &Thread) -> Option<Timestamp> {
        let settings = &self.configuration.notifications;
        let names = self.ports.channels.iter().filter_map(|channel| thread.told.get(channel.name()));
        names.filter_map(|told: &ToldOf| look_at(&gathered.story, settings, told)).min()
    }

    /// `None`: there is no news of the subject.
    ///
    /// The subject is read after its news. Read together, it could be the older of the two, and what the news is about would
    /// count as told.
    async fn read(&self, subject: &Subject) -> Result<Option<Read>, LedgerError> {
        let mut found =
            self.ports.ledger.read(&[Key::news(subject), Key::thread(subject)]).await?.into_iter();
        let (news_item, thread_item) = (found.next().flatten(), found.next().flatten());
        let Some(Stored { record: Record::News(news), .. }) = &news_item else { return Ok(None) };
        let thread = match &thread_item {
            Some(Stored { record: Record::Thread(thread), .. }) => thread.clone(),
            _ => Thread::untold(subject.clone()),
        };
        Ok(Some(Read { news: news.clone(), news_item, thread, thread_item }))
    }

    /// What was told is due no longer, or only when it is to be looked at again, unless newer news came meanwhile. A sweep that
    /// only moved its time is no news.
    pub(crate) async fn settle(
        &self,
        told: &News,
        mut stored: Option<Stored>,
        next: Option<Timestamp>,
    ) -> Result<(), LedgerError> {
        for _ in 0..MAX_TRIES {
            if self.write_news(told, stored.as_ref(), next).await? {
                return Ok(());
            }
            stored = self.ports.ledger.read(&[Key::news(&told.subject)]).await?.into_iter().flatten().next();
            match &stored {
                Some(Stored { record: Record::News(news), .. }) if news.seq == told.seq => {}
                _ => return Ok(()),
            }
        }
        Ok(())
    }

    pub(crate) fn thread_write(&self, thread: &Thread, expect: Expect) -> Write {
        let key = Key::thread(&thread.subject);
        let expires = Some(self.ports.clock.now() + KEEP);
        Write { key, expect, record: Record::Thread(thread.clone()), due: None, expires }
    }
}

/// For how long news waits. Its number is the time of the change, in milliseconds, or a little more.
fn age(news: &News, now: Timestamp) -> SignedDuration {
    let made = i64::try_from(news.seq).ok().and_then(|seq| Timestamp::from_millisecond(seq).ok());
    made.map_or(SignedDuration::ZERO, |made| now.duration_since(made).max(SignedDuration::ZERO))
}

/// How long to leave channels alone that did not take a message: as long as they ask, or twice as long each time.
pub(crate) fn pause(failed: &[SendError], attempts: u32) -> SignedDuration {
    let asked = failed.iter().filter_map(|error| error.retry_after).max();
    let doubled = (1..attempts).fold(FIRST_PAUSE, |pause, _| (pause * 2).min(LONGEST_PAUSE));
    if failed.iter().all(|error| error.trouble == Trouble::Refused) {
        return LONGEST_PAUSE;
    }
    asked.map_or(doubled, |asked| asked.clamp(SHORTEST_PAUSE, LONGEST_PAUSE))
}

/// Whoever asks for no pause at all gets this one.
const SHORTEST_PAUSE: SignedDuration = SignedDuration::from_secs(1);

fn is_held_by_another(thread: &Thread, holder: &str, now: Timestamp) -> bool {
    thread.lease.as_ref().is_some_and(|lease| lease.holder != holder && lease.until > now)
}
