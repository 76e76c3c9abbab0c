use std::collections::BTreeSet;

use super::*;

fn all(services: &[Facts], ignored: &[&str]) -> Report {
    report(&cluster(services.len()), services, &ignored.iter().copied().collect::<BTreeSet<_>>(), now())
}

#[test]
fn a_clean_cluster_has_no_finding_and_nothing_that_could_not_be_seen() {
    let report = all(&[clean("web"), clean("api")], &[]);
    assert_eq!((report.services, report.findings.len(), report.unseen.len()), (2, 0, 0), "{report:?}");
    assert_eq!(report.gravest(), None);
}

fn messy(name: &str) -> Facts {
    let mut facts = clean(name);
    facts.service.execute_command = true;
    facts.service.ecs.breaker = Watch::default();
    facts.definition = container("stopTimeout", Value::Null);
    facts
}

#[test]
fn findings_are_by_service_and_the_gravest_come_first() {
    let report = all(&[messy("web"), messy("api")], &[]);
    let told: Vec<(&str, &str)> = report
        .findings
        .iter()
        .map(|finding| (finding.service.as_ref().unwrap().name.as_str(), finding.check.id))
        .collect();
    let of = |name| [(name, "breaker_off"), (name, "execute_command_on"), (name, "stop_timeout_unset")];
    assert_eq!(told, [of("api"), of("web")].concat());
    assert_eq!(Severity::ALL.map(|severity| report.count(severity)), [2, 2, 2]);
    assert_eq!(report.gravest(), Some(Severity::Error));
}

#[test]
fn what_is_ignored_is_not_asked() {
    let report = all(&[messy("web")], &["breaker_off", "execute_command_on", "stop_timeout_unset"]);
    assert!(report.findings.is_empty(), "{report:?}");
}

#[test]
fn a_service_on_its_way_out_is_not_looked_at() {
    let mut facts = messy("web");
    facts.service.ecs.status = "DRAINING".to_owned();
    let report = all(&[facts], &[]);
    assert_eq!((report.services, report.findings.len()), (0, 0));
}

#[test]
fn what_could_not_be_seen_names_the_action_that_iam_refused() {
    let mut facts = clean("web");
    facts.definition = Observed::Unknown(DENIED.to_owned());
    let mut report = all(&[facts], &[]);
    assert!(report.findings.is_empty());
    let unseen: Vec<&str> = report.unseen.iter().filter_map(|unseen| Some(unseen.check?.id)).collect();
    assert!(unseen.contains(&"no_logs") && unseen.contains(&"execution_role_denied"), "{unseen:?}");
    assert!(report.unseen.iter().all(|one| one.denied.as_deref() == Some("ecs:DescribeTaskDefinition")));
    let gone = Named { name: "api".to_owned(), arn: "arn:…/api".to_owned() };
    report.unread(gone, "DescribeServices api: AccessDeniedException (400)");
    assert_eq!(report.unseen[0].service.as_ref().unwrap().name, "api");
    assert!(report.unseen[0].check.is_none());
}
