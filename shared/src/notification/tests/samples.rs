//! One of everything that people are told about, made of given texts: friendly ones for golden tests, hostile ones else.

use super::*;
use crate::action::{
    Action, ActionId, Because, Call, Doubt, Epoch, How, Plan, Precondition, Remedy, Ruling, State, Verdict,
    Withdrawal,
};
use crate::arn::{ServiceName, TaskArn, TaskDefinitionArn};
use crate::config::Allowance;
use crate::diagnosis::{Diagnosis, diagnose};
use crate::guard::Refusal;
use crate::incident::{
    Deployment, Ending, Failure, Failures, Fingerprint, Held, Incident, Note, Starter, Status,
};
use crate::ledger::{ChannelRecord, HeldBack, Outage, Trouble, Why, Withheld};
use crate::redact::{quoted, redact};
use crate::remediation::{Escalation, Home};

/// Every text that comes from outside.
#[derive(Debug, Clone)]
pub(super) struct Texts {
    pub(super) reason: String,
    pub(super) container: String,
    pub(super) image: String,
    pub(super) service: String,
    pub(super) cluster: String,
    pub(super) zone: String,
    pub(super) deployment: String,
    pub(super) person: String,
    pub(super) words: String,
    pub(super) problem: String,
    pub(super) log: String,
    pub(super) channel: String,
}

impl Texts {
    pub(super) fn usual() -> Self {
        let [
            reason,
            container,
            image,
            service,
            cluster,
            zone,
            deployment,
            person,
            words,
            problem,
            log,
            channel,
        ] = [
            NOT_FOUND,
            "checkout",
            "123456789012.dkr.ecr.eu-central-1.amazonaws.com/checkout:rel-43",
            "checkout",
            "shop",
            "eu-central-1a",
            "ECS deployment circuit breaker: tasks failed to start.",
            "ana@laptop",
            "it is urgent",
            "ClientException: checkout:42 is INACTIVE",
            "panic: cannot connect to db:5432",
            "ops",
        ]
        .map(str::to_owned);
        Self {
            reason,
            container,
            image,
            service,
            cluster,
            zone,
            deployment,
            person,
            words,
            problem,
            log,
            channel,
        }
    }

    /// The same text everywhere; an ARN's parts end at colons and slashes.
    pub(super) fn all(text: &str) -> Self {
        let of = || text.to_owned();
        let named = || text.split([':', '/']).next().unwrap_or_default().to_owned();
        Self {
            reason: format!("CannotPullContainerError: {text}"),
            container: of(),
            image: of(),
            service: of(),
            cluster: named(),
            zone: of(),
            deployment: of(),
            person: of(),
            words: of(),
            problem: of(),
            log: of(),
            channel: of(),
        }
    }

    pub(super) fn target(&self) -> Target {
        Target::Service { cluster: self.cluster(), name: ServiceName::new(self.service.clone()) }
    }

    pub(super) fn cluster(&self) -> ClusterArn {
        ClusterArn::new(format!("arn:aws:ecs:eu-central-1:123456789012:cluster/{}", self.cluster))
    }

    fn ruling(&self) -> Ruling {
        Ruling { by: self.person.clone(), at: at("21:20:00"), why: Some(self.words.clone()) }
    }
}

/// What is told, in one language: as a subject of its own, and as a line of its thread.
#[derive(Debug)]
pub(super) struct Sample {
    pub(super) name: String,
    pub(super) subject: Subject,
    pub(super) root: Message,
    pub(super) reply: Option<Message>,
}

/// An event of a stopped task, as the texts have it.
pub(super) fn stopped(texts: &Texts, changes: &Value) -> Value {
    let mut event = stop("0123456789abcdef", 4, &texts.reason);
    event["detail"]["containers"] = json!([{"name": texts.container, "image": texts.image}]);
    event["detail"]["availabilityZone"] = json!(texts.zone);
    for (name, value) in changes.as_object().unwrap() {
        event["detail"][name] = value.clone();
    }
    event
}

pub(super) fn diagnosis(event: &Value) -> Diagnosis {
    diagnose(&Event::from_object(event.as_object().unwrap().clone()).unwrap()).unwrap()
}

/// An open incident of so many failures with a diagnosis.
pub(super) fn incident_of(texts: &Texts, diagnosis: &Diagnosis, count: u32) -> Incident {
    let mut incident = story(&[stop("aa", 4, NOT_FOUND)]).incident.unwrap();
    let mut failures = Failures::default();
    for number in 0..count {
        failures.add(Failure {
            fingerprint: Fingerprint::of(&[&number.to_string()]),
            version: 3,
            at: at("21:04:00") + SignedDuration::from_mins(i64::from(number) * 2),
            diagnosis: diagnosis.clone(),
            task: Some(TaskArn::new(
                "arn:aws:ecs:eu-central-1:123456789012:task/shop/0123456789abcdef0123456789abcdef",
            )),
            task_definition: Some(revision(43)),
            deployment: None,
            availability_zone: Some(texts.zone.clone()),
        });
    }
    (incident.target, incident.failures) = (texts.target(), failures);
    incident
}

fn revision(number: u32) -> TaskDefinitionArn {
    TaskDefinitionArn::new(format!("arn:aws:ecs:eu-central-1:123456789012:task-definition/checkout:{number}"))
}

fn open(texts: &Texts) -> Incident {
    incident_of(texts, &diagnosis(&stopped(texts, &json!({}))), 3)
}

fn over(mut incident: Incident) -> Incident {
    incident.status = Status::Resolved { at: at("21:31:00"), by: Ending::Steady };
    incident
}

fn plan(texts: &Texts) -> Plan {
    let home = Home { account: "123456789012".to_owned(), region: "eu-central-1".to_owned() };
    let target = texts.target();
    Plan {
        id: ActionId::of(&home, &Texts::usual().target(), Remedy::RollBack, "ecs-svc/7300021873450019283"),
        remedy: Remedy::RollBack,
        incident: at("21:04:00"),
        revision: Some(revision(43)),
        call: Call::UpdateService {
            cluster: target.cluster().clone(),
            service: ServiceName::new(texts.service.clone()),
            task_definition: Some(revision(42)),
            force_new_deployment: false,
            desired_count: None,
            capacity_providers: None,
        },
        target,
        precondition: Precondition::default(),
        because: Because::RevisionFails {
            revision: revision(43),
            count: 3,
            cause: Cause::ImageNotFound,
            good: revision(42),
        },
    }
}

fn in_state(texts: &Texts, state: State) -> Action {
    let claimed = Action::claimed(plan(texts), None, Epoch(1), at("21:10:00"), at("21:10:30")).unwrap();
    claimed.into_state(state)
}

fn confirmed(texts: &Texts, verdict: Option<Verdict>) -> Action {
    let state = State::Confirmed { at: at("21:10:02"), how: How::Answered, made: None };
    Action { verdict, ..in_state(texts, state) }
}

fn with(mut incident: Incident, action: &Action) -> Incident {
    incident.remedies.note(Note::of(action));
    incident
}

fn held(texts: &Texts, refusal: Refusal) -> Incident {
    let mut incident = open(texts);
    incident.remedies.held = Some(Held::refused(&plan(texts), refusal));
    incident
}

/// Incidents by how far they got, with the key of the step that a thread is told.
fn incidents(texts: &Texts) -> Vec<(&'static str, Incident, &'static str)> {
    let (moment, problem) = (at("21:10:02"), redact(&texts.problem));
    let proposed = Action::proposed(plan(texts), at("21:10:00"), at("23:10:00"));
    let approved = Action { approved: Some(texts.ruling()), ..proposed.clone() };
    let mut hangs = proposed.clone();
    hangs.plan.because = Because::TaskHangs { how: texts.problem.clone(), since: at("21:00:00") };
    let helped = confirmed(texts, Some(Verdict::Helped { at: at("21:31:00") }));
    let in_vain = confirmed(texts, Some(Verdict::DidNotHelp { at: at("21:40:00") }));
    let failed = in_state(texts, State::Failed { at: moment, problem: problem.clone() });
    let unknown = in_state(texts, State::Unknown { at: at("21:13:00"), why: Doubt::Unread(problem.clone()) });
    let withdrawn = Withdrawal::Refused(Refusal::DeployedMeanwhile);
    let withdrawn = in_state(texts, State::Withdrawn { at: moment, why: withdrawn });
    let settled = State::Confirmed { at: at("21:20:00"), how: How::Settled, made: None };
    let settled = Action { settled: Some(texts.ruling()), ..in_state(texts, settled) };
    let grown = incident_of(texts, &open(texts).failures.samples()[0].diagnosis, 12);
    let paused = Refusal::Paused {
        scope: crate::ledger::Scope::Global,
        by: quoted(&texts.person),
        why: Some(quoted(&texts.words)),
    };
    let mut escalated = open(texts);
    escalated.remedies.held = Some(Held::escalated(Escalation::unobserved(&texts.problem)));
    vec![
        ("opened", open(texts), "opened"),
        ("grown", grown.clone(), "count:10"),
        ("critical", grown, "critical"),
        ("proposed", with(open(texts), &proposed), "proposed"),
        ("proposed for a task that hangs", with(open(texts), &hangs), "proposed"),
        ("approved", with(open(texts), &approved), "approved"),
        ("confirmed and watched", with(open(texts), &confirmed(texts, None)), "confirmed"),
        ("helped", with(over(open(texts)), &helped), "helped"),
        ("helped and resolved", with(over(open(texts)), &helped), "resolved"),
        ("did not help", with(open(texts), &in_vain), "did_not_help"),
        ("failed", with(open(texts), &failed), "failed"),
        ("unknown", with(open(texts), &unknown), "unknown"),
        ("settled by a person", with(open(texts), &settled), "confirmed"),
        ("withdrawn", with(open(texts), &withdrawn), "withdrawn"),
        ("held by a guard", held(texts, Refusal::CorrelatedOutage { services: 4 }), "held"),
        ("held by a pause", held(texts, paused), "held"),
        ("no remedy", escalated, "held"),
        ("relapsed", Incident { relapses: 1, ..open(texts) }, "relapsed"),
        ("still going on", open(texts), "still"),
        ("log lines", open(texts), "logs"),
    ]
}

fn of_incident(texts: &Texts, language: Language) -> Vec<Sample> {
    let logs = ["starting", &texts.log].map(|text| LogLine { at: Some(at("21:04:00")), text: redact(text) });
    let sample = |(name, incident, key): (&str, Incident, &str)| {
        let step = match key {
            "still" => Step::still(1, at("22:04:00")),
            "logs" => Step::logs(at("21:05:00")),
            key => {
                let steps = Story::of_incident(&incident).steps;
                steps.into_iter().find(|step| step.key.contains(key)).unwrap_or_else(|| panic!("no {key}"))
            }
        };
        let again = (name == "opened").then_some(3);
        let style = Style { again, logs: if key == "logs" { &logs[..] } else { &[] }, ..Style::of(language) };
        Sample {
            name: name.to_owned(),
            subject: incident.subject(),
            root: style.incident(&incident),
            reply: Some(style.incident_step(&incident, &step)),
        }
    };
    incidents(texts).into_iter().map(sample).collect()
}

/// Deployments by how far they got. The bad one comes first, and ECS goes back to the good one.
fn deployments(texts: &Texts) -> Vec<(&'static str, Deployment, &'static str)> {
    let (bad, good) = ("ecs-svc/7300021873450019283", "ecs-svc/5100000000000000042");
    let back = format!("ECS deployment circuit breaker: rolling back to deploymentId {good}.");
    let events = [
        deployment_event(bad, "SERVICE_DEPLOYMENT_IN_PROGRESS", 1, "ECS deployment in progress."),
        stop("aa", 4, NOT_FOUND),
        deployment_event(bad, "SERVICE_DEPLOYMENT_FAILED", 12, "ECS deployment circuit breaker: x."),
        deployment_event(good, "SERVICE_DEPLOYMENT_IN_PROGRESS", 12, &back),
        deployment_event(good, "SERVICE_DEPLOYMENT_COMPLETED", 15, "ECS deployment completed."),
    ];
    let done = deployment_event(good, "SERVICE_DEPLOYMENT_COMPLETED", 15, "ECS deployment completed.");
    let of = |events: &[Value], id: &str| {
        let deployments = story(events).deployments;
        let mut deployment =
            deployments.into_values().find(|deployment| deployment.id.as_str() == id).unwrap();
        deployment.service = texts.target();
        deployment.started_by = Some(Starter::Person { who: redact(&texts.person) });
        if let Some(step) = &mut deployment.step {
            step.reason = Some(redact(&texts.deployment));
        }
        if deployment.failures.count() > 0 {
            deployment.failures = open(texts).failures;
        }
        deployment
    };
    vec![
        ("deployment started", of(&events[..1], bad), "started"),
        ("deployment completed", of(&[done], good), "completed"),
        ("deployment failed", of(&events[..3], bad), "failed"),
        ("deployment failed, and ECS rolls back", of(&events, bad), "failed"),
        ("deployment rolling back", of(&events[..4], good), "back:"),
        ("deployment rolled back", of(&events, good), "rolled_back:"),
    ]
}

fn of_deployment(texts: &Texts, language: Language) -> Vec<Sample> {
    let style = Style::of(language);
    let sample = |(name, deployment, key): (&str, Deployment, &str)| {
        let steps = Story::of_deployment(&deployment).steps;
        let step = steps.iter().find(|step| step.key.contains(key)).unwrap_or_else(|| panic!("no {key}"));
        Sample {
            name: name.to_owned(),
            subject: Subject::Deployment { service: deployment.service.clone(), id: deployment.id.clone() },
            root: style.deployment(&deployment),
            reply: Some(style.deployment_step(&deployment, step)),
        }
    };
    deployments(texts).into_iter().map(sample).collect()
}

fn of_outage(texts: &Texts, language: Language) -> Vec<Sample> {
    let mut outage = Outage::new(texts.cluster(), at("21:06:00"));
    outage.causes.insert(Cause::ImageRegistryUnreachable);
    outage.zones.insert(texts.zone.clone());
    let members: Vec<Incident> = (1..=4)
        .map(|number| {
            let name = ServiceName::new(format!("{}-{number}", texts.service));
            Incident { target: Target::Service { cluster: texts.cluster(), name }, ..open(texts) }
        })
        .collect();
    for member in &members {
        outage.take(member, at("21:06:00"));
    }
    outage.take(&over(members[0].clone()), at("21:20:00"));
    let going_on = outage.clone();
    for member in members {
        outage.take(&over(member), at("21:31:00"));
    }
    let sample = |name: &str, outage: &Outage, key: &str| {
        let style = Style::of(language);
        let steps = Story::of_outage(outage).steps;
        let step = steps.iter().find(|step| step.key.contains(key)).unwrap();
        Sample {
            name: name.to_owned(),
            subject: outage.subject(),
            root: style.outage(outage),
            reply: Some(style.outage_step(outage, step)),
        }
    };
    vec![sample("outage open", &going_on, "opened"), sample("outage resolved", &outage, "resolved")]
}

fn of_channel(texts: &Texts, language: Language) -> Vec<Sample> {
    let (style, since) = (Style::of(language), at("21:06:00"));
    let takes =
        ChannelRecord { recovered_at: Some(at("21:31:00")), ..ChannelRecord::new(texts.channel.clone()) };
    let trouble = Some(Trouble { since, problem: redact(&texts.problem) });
    let refuses = ChannelRecord { trouble, ..ChannelRecord::new(texts.channel.clone()) };
    let silenced = Why::Silenced { by: texts.person.clone() };
    let withheld = |why| {
        let subject = Subject::Incident { target: texts.target(), opened_at: since };
        Withheld { subject, title: redact(&texts.reason), why, at: since }
    };
    let reasons = [silenced, Why::NoRoute, Why::Outage, Why::Flapping, Why::Budget, Why::Refused, Why::Over];
    let waits = HeldBack { waiting: reasons.map(withheld).to_vec(), more: 8, ..HeldBack::none("ops") };
    let sample = |name: &str, channel: &ChannelRecord, key: &str| {
        let steps = Story::of_trouble(channel, since).steps;
        let step = steps.iter().find(|step| step.key == key).unwrap();
        Sample {
            name: name.to_owned(),
            subject: Subject::Channel { channel: channel.channel.clone(), since },
            root: style.trouble(channel, since),
            reply: Some(style.trouble_step(channel, since, step)),
        }
    };
    let budget = Allowance { count: 20, within: SignedDuration::from_hours(1) };
    let digest = Sample {
        name: "digest".to_owned(),
        subject: Subject::Digest { channel: "ops".to_owned() },
        root: style.digest(&waits, budget),
        reply: None,
    };
    vec![
        sample("channel refuses", &refuses, "refuses"),
        sample("channel takes again", &takes, "takes"),
        digest,
    ]
}

/// One of everything.
pub(super) fn samples(texts: &Texts, language: Language) -> Vec<Sample> {
    let all =
        [of_incident, of_deployment, of_outage, of_channel, super::jobs::of_job, super::scalers::of_scaler];
    all.into_iter().flat_map(|of| of(texts, language)).collect()
}
