//! Reads an installation: as much as whoever asks may, and the rest is unknown, with the reason.

use std::collections::BTreeMap;

use futures_util::StreamExt;
use futures_util::stream;
use jiff::{SignedDuration, Timestamp};
use steward::arn::Arn;
use steward::config::file::File;
use steward::config::{Configuration, Place, Way, store};
use steward::observed::Observed;
use steward::ports::{
    EcsError, Figure, Installation, ParameterStore, Ruled, SimulateRoles, StackResource, Trigger,
};

use super::readings::{
    Caller, FUNCTIONS, Figures, InForce, Kind, QUEUES, Readings, Secret, TABLE, TOPIC, last,
};

/// Calls under way at a time.
const AT_ONCE: usize = 8;
/// What is counted of late, and within a while.
const OF_LATE: SignedDuration = SignedDuration::from_mins(15);
const WHILE: SignedDuration = SignedDuration::from_hours(1);
/// CloudWatch takes no more alarms at once.
const MAX_ALARMS: usize = 100;
const NOT_KNOWN: &str = "The stack's resources are not known";
/// Where bots' tokens and webhooks are told apart.
const WEBHOOK: &str = "https://hooks.slack";
const TOKEN: &str = "xoxb-";

/// Asks Slack whether it takes a bot's token.
pub(super) trait TryToken {
    /// The token is the one that a parameter holds.
    async fn try_token(&self, parameter: &str) -> Result<(), String>;
}

/// Where from.
pub(super) struct Source<'s, I, R, P, S> {
    pub(super) installation: &'s I,
    pub(super) iam: &'s R,
    pub(super) parameters: &'s P,
    pub(super) slack: &'s S,
    pub(super) progress: &'s dyn Fn(&str),
}

type Resources = BTreeMap<String, StackResource>;

/// Reads the installation of a stack; `file` is compared with what is in force.
pub(super) async fn read<I: Installation, R: SimulateRoles, P: ParameterStore, S: TryToken>(
    source: &Source<'_, I, R, P, S>,
    name: &str,
    file: Option<File>,
    now: Timestamp,
) -> Readings {
    let installation = source.installation;
    (source.progress)("stack");
    let stack = Observed::of(installation.stack(name).await);
    let resources = match &stack {
        Observed::Absent => Observed::Absent,
        _ => Observed::of(installation.resources(name).await.map(|all| Some(by_name(all)))),
    };
    let known = resources.known().cloned().unwrap_or_default();
    (source.progress)("rules, functions and queues");
    let triggers =
        each(&known, &["AWS::Events::Rule", "AWS::Scheduler::Schedule"], async |found: &StackResource| {
            trigger(installation, found).await
        })
        .await;
    let functions = each(&known, &["AWS::Lambda::Function"], async |found: &StackResource| {
        installation.function(own(found)).await
    })
    .await;
    let feeds = each(&known, &["AWS::Lambda::EventSourceMapping"], async |found: &StackResource| {
        installation.mapping(own(found)).await
    })
    .await;
    let queues = each(&known, &["AWS::SQS::Queue"], async |found: &StackResource| {
        installation.queue(own(found)).await
    })
    .await;
    (source.progress)("figures");
    let figures = match &resources {
        Observed::Absent => Observed::Absent,
        _ => Observed::of(figures(installation, name, &known, now).await.map(Some)),
    };
    let errors = errors(installation, &known, &figures, now).await;
    let table = match known.get(TABLE).and_then(|found| found.physical.as_deref()) {
        Some(table) => Observed::of(installation.table(table).await),
        None => not_known(&resources),
    };
    let subscriptions = match known.get(TOPIC).and_then(|found| found.physical.as_deref()) {
        Some(topic) => Observed::of(installation.subscriptions(topic).await.map(Some)),
        None => not_known(&resources),
    };
    (source.progress)("alarms and configuration");
    let alarms = alarms(installation, &resources).await;
    let path = format!("/steward/{name}/configuration");
    let (configuration, differs) = configuration(source.parameters, &path, file).await;
    (source.progress)("permissions");
    let rulings = rulings(source.iam, &known).await;
    let caller = caller(source, &known, &path).await;
    let mut readings = Readings {
        name: name.to_owned(),
        stack,
        resources,
        triggers,
        functions,
        errors,
        feeds,
        queues,
        figures,
        table,
        subscriptions,
        alarms,
        configuration,
        differs,
        secrets: BTreeMap::new(),
        ahead: match installation.ahead() {
            Some(ahead) => Observed::Known(ahead),
            None => Observed::Unknown("No answer of AWS told the time".to_owned()),
        },
        rulings,
        caller,
    };
    (source.progress)("Slack");
    readings.secrets = secrets(source, &readings).await;
    readings
}

/// What cannot be asked for: of a stack that is not there nothing is.
fn not_known<T>(resources: &Observed<Resources>) -> Observed<T> {
    match resources {
        Observed::Absent => Observed::Absent,
        Observed::Known(_) | Observed::Unknown(_) => Observed::Unknown(NOT_KNOWN.to_owned()),
    }
}

fn by_name(all: Vec<StackResource>) -> Resources {
    all.into_iter().map(|one| (one.logical.clone(), one)).collect()
}

fn own(resource: &StackResource) -> &str {
    resource.physical.as_deref().unwrap_or_default()
}

/// Asks for each resource of some kinds that was made.
async fn each<T>(
    resources: &Resources,
    kinds: &[&str],
    ask: impl AsyncFn(&StackResource) -> Result<Option<T>, EcsError>,
) -> BTreeMap<String, Observed<T>> {
    let wanted =
        resources.values().filter(|one| one.physical.is_some() && kinds.contains(&one.kind.as_str()));
    let one = async |found: &StackResource| (found.logical.clone(), Observed::of(ask(found).await));
    stream::iter(wanted.map(one)).buffer_unordered(AT_ONCE).collect().await
}

async fn trigger<I: Installation>(
    installation: &I,
    found: &StackResource,
) -> Result<Option<Trigger>, EcsError> {
    if found.kind == "AWS::Events::Rule" {
        installation.rule(own(found)).await
    } else {
        installation.schedule(own(found)).await
    }
}

async fn figures<I: Installation>(
    installation: &I,
    stack: &str,
    resources: &Resources,
    now: Timestamp,
) -> Result<Figures, EcsError> {
    let figure = |namespace, name, dimensions: Vec<(&'static str, String)>, is_greatest| Figure {
        namespace,
        name,
        dimensions,
        is_greatest,
    };
    let physical = |logical: &str| Some(resources.get(logical)?.physical.as_deref()?.to_owned());
    let (mut late, mut names) = (Vec::new(), Vec::new());
    for (function, _) in FUNCTIONS {
        names.push(function.to_owned());
        late.push(figure(
            "EcsSteward",
            "Sweeps",
            vec![("stack", stack.to_owned()), ("service", function.to_owned())],
            false,
        ));
    }
    for (queue, _) in QUEUES {
        let Some(url) = physical(queue) else { continue };
        names.push(queue.to_owned());
        let of = vec![("QueueName", last(&url).to_owned())];
        late.push(figure("AWS/SQS", "ApproximateAgeOfOldestMessage", of, true));
    }
    let answered = installation.figures(&late, now - OF_LATE, now).await?;
    let is_function = |name: &str| FUNCTIONS.iter().any(|(function, _)| *function == name);
    let (sweeps, ages) = names.into_iter().zip(answered).partition(|(name, _)| is_function(name));
    let (mut hour, mut of) = (Vec::new(), Vec::new());
    for resource in resources.values().filter(|one| one.physical.is_some()) {
        let dimension = |name: &'static str| vec![(name, own(resource).to_owned())];
        match resource.kind.as_str() {
            "AWS::Lambda::Function" => {
                hour.push(figure("AWS/Lambda", "Invocations", dimension("FunctionName"), false));
                hour.push(figure("AWS/Lambda", "Errors", dimension("FunctionName"), false));
                of.extend([(0, resource.logical.clone()), (1, resource.logical.clone())]);
            }
            "AWS::Events::Rule" => {
                hour.push(figure("AWS/Events", "FailedInvocations", dimension("RuleName"), false));
                of.push((2, resource.logical.clone()));
            }
            _ => {}
        }
    }
    let mut figures = Figures { sweeps, ages, ..Figures::default() };
    if hour.is_empty() {
        return Ok(figures);
    }
    let answered = installation.figures(&hour, now - WHILE, now).await?;
    for ((which, logical), value) in of.into_iter().zip(answered) {
        let map = match which {
            0 => &mut figures.invocations,
            1 => &mut figures.failed,
            _ => &mut figures.undelivered,
        };
        map.insert(logical, value);
    }
    Ok(figures)
}

/// The latest error of each function that failed.
async fn errors<I: Installation>(
    installation: &I,
    resources: &Resources,
    figures: &Observed<Figures>,
    now: Timestamp,
) -> BTreeMap<String, Observed<String>> {
    let mut errors = BTreeMap::new();
    let Some(figures) = figures.known() else { return errors };
    let failed = figures.failed.iter().filter(|(_, failed)| failed.is_some_and(|failed| failed > 0.0));
    for (logical, _) in failed {
        let group = resources.get(&logical.replace("Function", "LogGroup"));
        let Some(group) = group.and_then(|group| group.physical.as_deref()) else { continue };
        errors.insert(logical.clone(), Observed::of(installation.last_error(group, now - WHILE).await));
    }
    errors
}

async fn alarms<I: Installation>(
    installation: &I,
    resources: &Observed<Resources>,
) -> Observed<Vec<steward::ports::AlarmState>> {
    let Some(known) = resources.known() else { return not_known(resources) };
    let is_alarm = |one: &&StackResource| one.kind == "AWS::CloudWatch::Alarm";
    let names: Vec<String> = known.values().filter(is_alarm).filter_map(|one| one.physical.clone()).collect();
    let mut all = Vec::new();
    for some in names.chunks(MAX_ALARMS) {
        match installation.alarms(some).await {
            Ok(alarms) => all.extend(alarms),
            Err(error) => return Observed::Unknown(error.to_string()),
        }
    }
    Observed::Known(all)
}

async fn configuration<P: ParameterStore>(
    parameters: &P,
    path: &str,
    file: Option<File>,
) -> (Observed<InForce>, Option<Observed<bool>>) {
    let in_force = match store::current(parameters, path).await {
        Ok(None) => Observed::Absent,
        Err(error) => Observed::Unknown(error.to_string()),
        Ok(Some(current)) => {
            match store::file(parameters, path, &current.manifest).await.map(|file| file.check()) {
                Ok(Ok(configuration)) => Observed::Known(told(current.manifest.version, &configuration)),
                Ok(Err(faults)) => Observed::Unknown(format!("it is not valid: {}", faults.len())),
                Err(error) => Observed::Unknown(error.to_string()),
            }
        }
    };
    let differs = match file {
        None => None,
        Some(file) => Some(match store::prepare(parameters, path, file).await {
            Ok(change) => Observed::Known(change.is_change),
            Err(error) => Observed::Unknown(error.to_string()),
        }),
    };
    (in_force, differs)
}

fn told(version: u64, configuration: &Configuration) -> InForce {
    let notifications = &configuration.notifications;
    let mut secrets = BTreeMap::new();
    if let Way::To(webhook) = &notifications.slack {
        secrets.insert(webhook.clone(), Kind::Webhook);
    }
    for channel in notifications.channels.values() {
        match &channel.place {
            Place::SlackBot { token, .. } => secrets.insert(token.clone(), Kind::BotToken),
            Place::SlackWebhook { webhook } => secrets.insert(webhook.clone(), Kind::Webhook),
            Place::Topic { .. } | Place::AmazonQ { .. } => None,
        };
    }
    InForce { version, has_channels: !notifications.channels.is_empty(), secrets }
}

/// What each function cannot do without, where no condition of a request decides: function, action, resource.
const NEEDED: [(&str, &str, &str); 7] = [
    ("Remediation", "sqs:ReceiveMessage", "EventsQueue"),
    ("Remediation", "sqs:SendMessage", "TellQueue"),
    ("Batch", "sqs:ReceiveMessage", "JobsQueue"),
    ("Batch", "sqs:SendMessage", "TellQueue"),
    ("Notifications", "sqs:ReceiveMessage", "TellQueue"),
    ("Notifications", "sns:Publish", "Topic"),
    ("Scaling", "sqs:SendMessage", "TellQueue"),
];

/// The topic's ARN says partition, Region and account.
fn home(resources: &Resources) -> Option<Arn<'_>> {
    Arn::parse(resources.get(TOPIC)?.physical.as_deref()?)
}

async fn rulings<R: SimulateRoles>(iam: &R, resources: &Resources) -> BTreeMap<String, Observed<Vec<Ruled>>> {
    let mut rulings: BTreeMap<String, Observed<Vec<Ruled>>> = BTreeMap::new();
    let Some(Arn { partition, region, account, .. }) = home(resources) else { return rulings };
    for (function, action, on) in NEEDED {
        let role = resources.get(&format!("{function}Role")).and_then(|role| role.physical.as_deref());
        let on = resources.get(on).and_then(|on| on.physical.as_deref());
        let (Some(role), Some(on)) = (role, on) else { continue };
        let role = format!("arn:{partition}:iam::{account}:role/{role}");
        let arn = if on.starts_with("arn:") {
            on.to_owned()
        } else {
            format!("arn:{partition}:sqs:{region}:{account}:{}", last(on))
        };
        let answer = iam.rulings(&role, &[action], &[arn], None).await;
        let known =
            rulings.entry(format!("{function}Function")).or_insert_with(|| Observed::Known(Vec::new()));
        match (known, answer) {
            (Observed::Known(all), Ok(page)) => all.extend(page.items),
            (known, Err(error)) => *known = Observed::Unknown(error.to_string()),
            (_, Ok(_)) => {}
        }
    }
    rulings
}

async fn caller<I: Installation, R: SimulateRoles, P, S>(
    source: &Source<'_, I, R, P, S>,
    resources: &Resources,
    path: &str,
) -> Observed<Caller> {
    let arn = match source.installation.caller().await {
        Ok(arn) => arn,
        Err(error) => return Observed::Unknown(error.to_string()),
    };
    let rulings = match (home(resources), resources.get(TABLE)) {
        (Some(Arn { partition, region, account, .. }), Some(table)) => {
            let principal = principal(&arn);
            let table = format!("arn:{partition}:dynamodb:{region}:{account}:table/{}", own(table));
            let pointer = format!("arn:{partition}:ssm:{region}:{account}:parameter{path}/current");
            let ledger = source
                .iam
                .rulings(&principal, &["dynamodb:GetItem", "dynamodb:PutItem"], &[table], None)
                .await;
            let applies = source.iam.rulings(&principal, &["ssm:PutParameter"], &[pointer], None).await;
            match (ledger, applies) {
                (Ok(mut ledger), Ok(applies)) => {
                    ledger.items.extend(applies.items);
                    Observed::Known(ledger.items)
                }
                (Err(error), _) | (_, Err(error)) => Observed::Unknown(error.to_string()),
            }
        }
        _ => Observed::Unknown(NOT_KNOWN.to_owned()),
    };
    Observed::Known(Caller { arn, rulings })
}

/// Whom IAM knows: the role of a session. Where the role has a path, STS does not tell it.
fn principal(arn: &str) -> String {
    let Some(parsed) = Arn::parse(arn) else { return arn.to_owned() };
    match parsed.resource.strip_prefix("assumed-role/").and_then(|role| role.split('/').next()) {
        Some(role) => format!("arn:{}:iam::{}:role/{role}", parsed.partition, parsed.account),
        None => arn.to_owned(),
    }
}

/// Tries the secrets that the stack and the configuration name.
async fn secrets<I, R, P: ParameterStore, S: TryToken>(
    source: &Source<'_, I, R, P, S>,
    readings: &Readings,
) -> BTreeMap<String, Secret> {
    let mut wanted: BTreeMap<String, Kind> = BTreeMap::new();
    wanted.extend(readings.parameter("SlackWebhookParameter").map(|name| (name.to_owned(), Kind::Webhook)));
    wanted.extend(readings.listed("SlackSecretParameters").map(|name| (name.to_owned(), Kind::Either)));
    wanted.extend(readings.configuration.known().into_iter().flat_map(|known| known.secrets.clone()));
    let mut secrets = BTreeMap::new();
    for (name, kind) in wanted {
        let found = source.parameters.get(std::slice::from_ref(&name)).await;
        let secret = match found.map(|found| found.into_iter().flatten().next()) {
            Err(error) => Secret::Unread(error.to_string()),
            Ok(None) => Secret::Missing,
            Ok(Some(value)) => tried(source.slack, &name, kind, value.trim()).await,
        };
        secrets.insert(name, secret);
    }
    secrets
}

async fn tried<S: TryToken>(slack: &S, name: &str, kind: Kind, value: &str) -> Secret {
    let (is_webhook, is_token) = (value.starts_with(WEBHOOK), value.starts_with(TOKEN));
    match kind {
        Kind::Webhook | Kind::Either if is_webhook => Secret::Webhook,
        Kind::BotToken | Kind::Either if is_token => match slack.try_token(name).await {
            Ok(()) => Secret::Taken,
            Err(why) if why.contains("no answer") || why.contains("no connection") => Secret::Unread(why),
            Err(why) => Secret::Wrong(why),
        },
        // What it holds instead is not shown: it may be a secret all the same.
        Kind::Webhook => Secret::Wrong("it holds no webhook of Slack's (https://hooks.slack…)".to_owned()),
        Kind::BotToken => Secret::Wrong("it holds no bot token (xoxb-…)".to_owned()),
        Kind::Either => Secret::Wrong("it holds neither a webhook nor a bot token of Slack's".to_owned()),
    }
}
