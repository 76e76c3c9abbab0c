//! The ways to people: as the stack was deployed, unless the configuration says otherwise.

use std::cell::RefCell;
use std::rc::Rc;

use steward::aws::{Environment, Sdk, Slack, Ssm, Topic};
use steward::config;
use steward::notification::{Message, Subject};
use steward::ports::{Channel, SendError};

/// One way.
pub(crate) enum Way {
    Slack(Slack<Ssm>),
    Topic(Topic),
}

impl Channel for Way {
    fn name(&self) -> &str {
        match self {
            Self::Slack(slack) => slack.name(),
            Self::Topic(topic) => topic.name(),
        }
    }

    async fn send(&self, subject: &Subject, message: &Message) -> Result<(), SendError> {
        match self {
            Self::Slack(slack) => slack.send(subject, message).await,
            Self::Topic(topic) => topic.send(subject, message).await,
        }
    }
}

/// Makes the ways, and keeps them while the configuration names the same: Slack's webhook is then read once.
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
        let mut ways = Vec::new();
        if let Some(parameter) = settings.slack.or(self.slack.as_deref()) {
            let parameters = Ssm::new(&self.sdk);
            let slack = Slack::new(&self.sdk, parameters, parameter.to_owned(), self.slack_origin.clone());
            ways.push(Way::Slack(slack));
        }
        if let Some(arn) = settings.topic.or(self.topic.as_deref()) {
            ways.push(Way::Topic(Topic::new(&self.sdk, arn.to_owned())));
        }
        let ways = Rc::new(ways);
        *self.made.borrow_mut() = Some((settings.clone(), Rc::clone(&ways)));
        ways
    }
}
