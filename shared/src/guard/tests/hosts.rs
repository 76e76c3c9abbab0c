//! Guards of container instances: what they refuse, and what a warning of Spot passes.

use super::*;

fn refusals(worlds: impl IntoIterator<Item = (&'static str, fn(&mut World))>) -> Vec<(&'static str, String)> {
    worlds
        .into_iter()
        .map(|(name, change)| (name, World::with(change).refusal(Stage::Gate).to_owned()))
        .collect()
}

/// A name, what is done to the world, and what the guards say then.
type Row = (&'static str, fn(&mut World), &'static str);

fn expect(worlds: &[Row]) {
    let came = refusals(worlds.iter().map(|(name, change, _)| (*name, *change)));
    let wanted: Vec<(&str, String)> =
        worlds.iter().map(|(name, _, word)| (*name, (*word).to_owned())).collect();
    assert_eq!(came, wanted);
}

#[test]
fn a_host_is_drained_only_while_it_fails_and_nothing_else_drains() {
    expect(&[
        ("as it is", |world| world.drain(), "none"),
        (
            "its agent is back",
            |world| {
                world.drain();
                world.host().agent_connected = Some(true);
            },
            "precondition_gone",
        ),
        (
            "nobody says how its agent is",
            |world| {
                world.drain();
                world.host().agent_connected = None;
            },
            "precondition_gone",
        ),
        (
            "it drains already",
            |world| {
                world.drain();
                world.host().status = ContainerInstanceStatus::Draining;
            },
            "precondition_gone",
        ),
        (
            "EC2 calls it well",
            |world| {
                world.drain();
                world.ec2_says(false);
            },
            "precondition_gone",
        ),
        (
            "EC2 says nothing",
            |world| {
                world.drain();
                world.facts.status_checks.clear();
            },
            "precondition_gone",
        ),
        (
            "it is gone",
            |world| {
                world.drain();
                world.facts.host = Some(Observed::Absent);
            },
            "precondition_gone",
        ),
        (
            "it cannot be read",
            |world| {
                world.drain();
                world.facts.host = Some(Observed::Unknown("throttled".to_owned()));
            },
            "unobserved",
        ),
        (
            "who else drains cannot be read",
            |world| {
                world.drain();
                world.facts.draining = Some(Observed::Unknown("throttled".to_owned()));
            },
            "unobserved",
        ),
        (
            "who was drained last cannot be read",
            |world| {
                world.drain();
                world.facts.drain_slot = Some(Observed::Unknown("throttled".to_owned()));
            },
            "unobserved",
        ),
        (
            "it drains itself, as ECS says",
            |world| {
                world.drain();
                world.facts.draining = Some(Observed::Known(vec![host_arn("a")]));
            },
            "none",
        ),
    ]);
}

#[test]
fn another_host_that_was_just_drained_counts_until_ecs_must_show_it() {
    let slot = |instance: &str, until: i64| {
        World::with(|world| {
            world.drain();
            let (cluster, instance, by) = (cluster(), host_arn(instance), world.plan.id.clone());
            let slot = DrainSlot { cluster, instance, by, until: at(until) };
            world.facts.drain_slot = Some(Observed::Known(slot));
        })
    };
    assert_eq!(slot("b", 601).refusal(Stage::Claim), "another_host_drains");
    assert_eq!(slot("b", 600).refusal(Stage::Claim), "none", "from then on what ECS shows counts");
    assert_eq!(slot("a", 601).refusal(Stage::Claim), "none", "its own claim is taken up again");
}

#[test]
fn an_agent_that_has_just_gone_may_be_a_flap_however_old_the_incident_is() {
    let away = |second: i64| {
        World::with(|world| {
            world.drain();
            world.record.agent = Some(Agent { version: 5, away_since: Some(at(second)), gone: false });
        })
    };
    assert_eq!(away(600 - 119).refusal(Stage::Claim), "not_stable");
    assert_eq!(away(600 - 120).refusal(Stage::Claim), "none");
    let back = World::with(|world| {
        world.drain();
        world.record.agent = Some(Agent { version: 5, away_since: None, gone: false });
    });
    assert_eq!(back.refusal(Stage::Claim), "not_stable");
}

#[test]
fn a_host_takes_tasks_again_only_when_it_has_been_well_for_long_enough() {
    expect(&[
        ("as it is", |world| world.activate(), "none"),
        (
            "its agent has just come back",
            |world| {
                world.activate();
                world.record.care.back_since = Some(at(481));
            },
            "not_stable",
        ),
        (
            "its agent is away",
            |world| {
                world.activate();
                world.record.care.back_since = None;
            },
            "not_stable",
        ),
        (
            "as ECS says",
            |world| {
                world.activate();
                world.host().agent_connected = Some(false);
            },
            "precondition_gone",
        ),
        (
            "EC2 calls it impaired",
            |world| {
                world.activate();
                world.ec2_says(true);
            },
            "precondition_gone",
        ),
        (
            "EC2 says nothing",
            |world| {
                world.activate();
                world.facts.status_checks.clear();
            },
            "precondition_gone",
        ),
        (
            "it has no EC2 instance",
            |world| {
                world.activate();
                world.host().ec2_instance_id = None;
            },
            "none",
        ),
        (
            "somebody let it already",
            |world| {
                world.activate();
                world.host().status = ContainerInstanceStatus::Active;
            },
            "precondition_gone",
        ),
        (
            "another drains",
            |world| {
                world.activate();
                world.facts.draining = Some(Observed::Known(vec![host_arn("b")]));
            },
            "none",
        ),
    ]);
}

#[test]
fn a_warning_of_spot_passes_what_waits_and_nothing_that_people_decided_about_hosts() {
    expect(&[
        ("as it is", |world| world.spot(), "none"),
        (
            "it is new",
            |world| {
                world.spot();
                world.rules().stability = SignedDuration::from_hours(1);
            },
            "none",
        ),
        (
            "another drains",
            |world| {
                world.spot();
                world.facts.draining = Some(Observed::Known(vec![host_arn("b")]));
            },
            "none",
        ),
        (
            "a freeze",
            |world| {
                world.spot();
                let when = When::Once { from: at(0), to: at(3_600) };
                world.policy.guards.freeze.push(Window { when, why: None });
            },
            "none",
        ),
        (
            "a wave",
            |world| {
                world.spot();
                let opening = |name: &str| Opening {
                    at: at(30),
                    target: target(name),
                    cause: Cause::ImageNotFound,
                    zone: None,
                };
                let openings = ["a", "b", "c", "d", "e"].map(opening).to_vec();
                world.facts.openings = Some(Observed::Known(Openings { cluster: cluster(), openings }));
            },
            "none",
        ),
        (
            "paused",
            |world| {
                world.spot();
                let paused = Some(Ruling { by: "ana".to_owned(), at: at(590), why: None });
                let switch = Switch { scope: Scope::Global, paused, resumed: None };
                world.facts.switches = Some(Observed::Known(vec![switch]));
            },
            "paused",
        ),
        (
            "to be watched",
            |world| {
                world.spot();
                world.rules().mode = Mode::Observe;
            },
            "mode_observes",
        ),
        (
            "off",
            |world| {
                world.spot();
                world.rules().remedies.remove(&Remedy::DrainInstance);
            },
            "remedy_off",
        ),
        (
            "nobody enrolled it",
            |world| {
                world.spot();
                world.policy.services[0].selector.service = Some(Glob::new("*"));
            },
            "not_enrolled",
        ),
        (
            "it drains itself",
            |world| {
                world.spot();
                world.host().status = ContainerInstanceStatus::Draining;
            },
            "precondition_gone",
        ),
    ]);
    let spent = World::with(|world| {
        world.spot();
        let budget = Budget { scope: Scope::Cluster(cluster()), times: (0..10).map(at).collect() };
        let budgets = BTreeMap::from([(budget.scope.clone(), budget)]);
        world.facts.budgets = Some(Observed::Known(budgets));
    });
    assert_eq!(spent.refusal(Stage::Claim), "budget_spent");
}
