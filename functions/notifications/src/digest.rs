//! Tells a channel what it was not told.

use steward::ledger::{Key, News, Stored};
use steward::notification::{Style, Subject};
use steward::ports::{Channel, Clock, Evidence, Form, How, Ledger, Letter, Postpone, Tell};

use crate::record::held_back_of;
use crate::tell::pause;
use crate::{Handler, ON_ITS_WAY, TellError, Told};

impl<L: Ledger, H: Channel, T: Tell + Postpone, C: Clock, V: Evidence> Handler<'_, L, H, T, C, V> {
    /// Sends the digest that is due. It has no thread and no lease: of two at once the second finds nothing, but for a moment in
    /// which the same may be told twice.
    pub(crate) async fn tell_digest(
        &self,
        name: &str,
        news: &News,
        news_item: Option<Stored>,
    ) -> Result<Told, TellError> {
        let stored = self.ports.ledger.read(&[Key::held_back(name)]).await?.pop().flatten();
        let record = held_back_of(name, stored.as_ref());
        let now = self.ports.clock.now();
        let channel = self.ports.channels.iter().find(|channel| channel.name() == name);
        let due = record.digest_due();
        let (Some(channel), Some(due)) = (channel, due) else {
            self.settle(news, news_item, None).await?;
            return Ok(Told::Nothing);
        };
        if due > now {
            self.settle(news, news_item, Some(due)).await?;
            return Ok(Told::Nothing);
        }
        let notifications = &self.configuration.notifications;
        let style = Style::of(notifications.language_of(name));
        let message = style.digest(&record, notifications.budget_of(name));
        let subject = Subject::Digest { channel: name.to_owned() };
        let key = format!("digest:{}", due.as_second());
        let letter =
            Letter { subject: &subject, message: &message, key: &key, how: How::New, form: Form::Rich };
        if let Err(error) = channel.send(&letter).await {
            let failed = vec![error];
            let pause = pause(&failed, 1);
            let next = now + pause + ON_ITS_WAY;
            let _newer = self.write_news(news, news_item.as_ref(), Some(next)).await?;
            return Err(TellError::Channels { failed, pause, late: Some(now.duration_since(due)) });
        }
        self.settle(news, news_item, None).await?;
        // What was withheld meanwhile has news of its own by then.
        self.digested(name, &record).await?;
        Ok(Told::Yes { channels: 1 })
    }
}
