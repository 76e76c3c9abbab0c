//! The ways to people: as the stack was deployed, unless the configuration says otherwise, and those that it names.

use std::cell::RefCell;
use std::rc::Rc;

use jiff::Timestamp;
use steward::aws::{AmazonQ, Environment, Sdk, SlackBot, SlackWebhook, Ssm, Topic};
use steward::config::{self, DEPLOYED_SLACK, DEPLOYED_TOPIC, Place};
use steward::ledger::Root;
use steward::ports::{Channel, Letter, SendError};

/// One way.
pub(crate) enum Way {
    SlackBot(SlackBot<Ssm>),
    SlackWebhook(SlackWebhook<Ssm>),
    Topic(Topic),
    AmazonQ(AmazonQ),
}

impl Channel for Way {
    fn name(&self) -> &str {
        match self {
            Self::SlackBot(way) => way.name(),
            Self::SlackWebhook(way) => way.name(),
            Self::Topic(way) => way.name(),
            Self::AmazonQ(way) => way.name(),
        }
    }

    fn edits(&self) -> bool {
        match self {
            Self::SlackBot(way) => way.edits(),
            Self::SlackWebhook(way) => way.edits(),
            Self::Topic(way) => way.edits(),
            Self::AmazonQ(way) => way.edits(),
        }
    }

    async fn send(&self, letter: &Letter<'_>) -> Result<Option<Root>, SendError> {
        match self {
            Self::SlackBot(way) => way.send(letter).await,
            Self::SlackWebhook(way) => way.send(letter).await,
            Self::Topic(way) => way.send(letter).await,
            Self::AmazonQ(way) => way.send(letter).await,
        }
    }

    async fn find(&self, letter: &Letter<'_>, since: Timestamp) -> Result<Option<Root>, SendError> {
        match self {
            Self::SlackBot(way) => way.find(letter, since).await,
            Self::SlackWebhook(way) => way.find(letter, since).await,
            Self::Topic(way) => way.find(letter, since).await,
            Self::AmazonQ(way) => way.find(letter, since).await,
        }
    }
}

/// Makes the ways, and keeps them while the configuration names the same: a secret of Slack's is then read once.
pub(crate) struct Channels {
    sdk: Sdk,
    slack: Option<String>,
    topic: Option<String>,
    slack_origin: Option<String>,
    made: RefCell<Option<(config::Notifications, Rc<Vec<Way>>)>>,
}

impl Channels {
    pub(crate) fn new(sdk: Sdk, environment: &Environment) -> Self {
        Self {
            sdk,
            slack: environment.optional("STEWARD_SLACK_WEBHOOK"),
            topic: environment.optional("STEWARD_TOPIC_ARN"),
            slack_origin: environment.optional("STEWARD_TEST_SLACK_ORIGIN"),
            made: RefCell::default(),
        }
    }

    pub(crate) fn of(&self, settings: &config::Notifications) -> Rc<Vec<Way>> {
        if let Some((known, ways)) = self.made.borrow().as_ref()
            && known == settings
        {
            return Rc::clone(ways);
        }
        let slack = settings.slack.or(self.slack.as_deref());
        let slack = slack.map(|webhook| Place::SlackWebhook { webhook: webhook.to_owned() });
        let topic = settings.topic.or(self.topic.as_deref()).map(|arn| Place::Topic { arn: arn.to_owned() });
        let deployed = [(DEPLOYED_SLACK, slack), (DEPLOYED_TOPIC, topic)];
        let deployed = deployed.iter().filter_map(|(name, place)| Some((*name, place.as_ref()?)));
        let named = settings.channels.iter().map(|(name, channel)| (name.as_str(), &channel.place));
        let ways: Rc<Vec<Way>> =
            Rc::new(deployed.chain(named).map(|(name, place)| self.way(name, place)).collect());
        *self.made.borrow_mut() = Some((settings.clone(), Rc::clone(&ways)));
        ways
    }

    fn way(&self, name: &str, place: &Place) -> Way {
        let (sdk, name, origin) = (&self.sdk, name.to_owned(), self.slack_origin.clone());
        match place.clone() {
            Place::SlackBot { token, channel } => {
                Way::SlackBot(SlackBot::new(sdk, name, Ssm::new(sdk), token, channel, origin))
            }
            Place::SlackWebhook { webhook } => {
                Way::SlackWebhook(SlackWebhook::new(sdk, name, Ssm::new(sdk), webhook, origin))
            }
            Place::Topic { arn } => Way::Topic(Topic::new(sdk, name, arn)),
            Place::AmazonQ { arn } => Way::AmazonQ(AmazonQ::new(sdk, name, arn)),
        }
    }
}
