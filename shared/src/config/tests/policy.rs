//! Which entry holds for a target, and how far its tags go.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::arn::{ClusterArn, Family, ServiceName};
use crate::incident::Target;

fn service(cluster: &str, name: &str) -> Target {
    let cluster = ClusterArn::new(format!("arn:aws:ecs:eu-central-1:123456789012:cluster/{cluster}"));
    Target::Service { cluster, name: ServiceName::new(name) }
}

fn tags(tags: &[(&str, &str)]) -> BTreeMap<String, String> {
    tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn entry(cluster: Option<&str>, service: Option<&str>, selected: &[(&str, &str)], mode: Mode) -> Entry {
    let selector =
        Selector { cluster: cluster.map(Glob::new), service: service.map(Glob::new), tags: tags(selected) };
    Entry { selector, rules: Rules { mode, ..Rules::default() } }
}

fn policy(services: Vec<Entry>) -> Policy {
    Policy { services, ..Policy::default() }
}

#[test]
fn who_is_not_enrolled_has_the_defaults_and_is_not_to_be_changed() {
    let mut policy = policy(vec![entry(Some("other"), None, &[], Mode::Act)]);
    policy.defaults.mode = Mode::Act;
    let enrolled = policy.for_target(&service("shop", "api"), &BTreeMap::new());
    let expected = Enrolled { is_enrolled: false, entry: None, mode: Mode::Act, rules: &policy.defaults };
    assert_eq!(enrolled, expected);
}

#[test]
fn a_name_is_narrower_than_a_glob_and_a_service_than_a_cluster() {
    let policy = policy(vec![
        entry(Some("shop"), None, &[], Mode::Observe),
        entry(None, Some("api-*"), &[], Mode::Observe),
        entry(None, Some("api-*"), &[("team", "web")], Mode::Observe),
        entry(Some("sh*"), Some("api-*"), &[], Mode::Observe),
        entry(None, Some("api-1"), &[], Mode::Observe),
        entry(None, Some("api-1?"), &[], Mode::Observe),
    ]);
    for (name, team, place) in [
        ("web", "web", 0),
        ("api-2", "web", 3),
        ("api-1", "web", 4),
        ("api-12", "web", 5),
        ("api-12", "ops", 5),
    ] {
        let tags = tags(&[("team", team)]);
        assert_eq!(policy.for_target(&service("shop", name), &tags).entry, Some(place), "{name}");
        let elsewhere = policy.for_target(&service("lab", name), &tags).entry;
        let expected = match name {
            "web" => None,
            "api-2" => Some(2),
            _ => Some(place),
        };
        assert_eq!(elsewhere, expected, "{name}");
    }
}

#[test]
fn standalone_tasks_are_matched_by_their_family() {
    let cluster = ClusterArn::new("arn:aws:ecs:eu-central-1:123456789012:cluster/batch");
    let target = Target::Family { cluster, family: Family::new("report") };
    let policy = policy(vec![entry(Some("batch"), Some("report"), &[], Mode::Act)]);
    assert_eq!(policy.for_target(&target, &BTreeMap::new()).entry, Some(0));
}

#[test]
fn a_tag_enrols_and_goes_as_far_as_the_guards_or_the_entry_let_it() {
    let entry_of = |mode| policy(vec![entry(None, Some("api"), &[], mode)]);
    let none = policy(vec![]);
    let mut bold = policy(vec![]);
    bold.defaults.mode = Mode::Act;
    for (policy, tag, is_enrolled, mode) in [
        (&none, "observe", true, Mode::Observe),
        (&none, "propose", true, Mode::Propose),
        (&none, "act", true, Mode::Propose),
        (&none, "Act", false, Mode::Observe),
        (&bold, "act", true, Mode::Propose),
        (&bold, "off", false, Mode::Observe),
        (&entry_of(Mode::Act), "act", true, Mode::Act),
        (&entry_of(Mode::Act), "propose", true, Mode::Propose),
        (&entry_of(Mode::Act), "observe", true, Mode::Observe),
        (&entry_of(Mode::Act), "off", true, Mode::Observe),
        (&entry_of(Mode::Observe), "act", true, Mode::Propose),
    ] {
        let enrolled = policy.for_target(&service("shop", "api"), &tags(&[(MODE_TAG, tag)]));
        assert_eq!((enrolled.is_enrolled, enrolled.mode), (is_enrolled, mode), "{tag}");
    }
}

/// What globs mean, as directly as it can be said.
fn fits(glob: &[char], text: &[char]) -> bool {
    match (glob.split_first(), text.split_first()) {
        (None, None) => true,
        (Some(('*', rest)), None) => fits(rest, text),
        (Some(('*', rest)), Some((_, behind))) => fits(rest, text) || fits(glob, behind),
        (Some(('?', rest)), Some((_, behind))) => fits(rest, behind),
        (Some((wanted, rest)), Some((found, behind))) => wanted == found && fits(rest, behind),
        _ => false,
    }
}

fn any_mode() -> impl Strategy<Value = Mode> {
    prop::sample::select(vec![Mode::Observe, Mode::Propose, Mode::Act])
}

fn any_tags() -> impl Strategy<Value = BTreeMap<String, String>> {
    prop::collection::btree_map("[xy]", "[01]", 0..3)
}

fn any_entry() -> impl Strategy<Value = Entry> {
    let glob = || prop::option::of("[ab*?]{0,3}");
    (glob(), glob(), any_tags(), any_mode()).prop_map(|(cluster, service, tags, mode)| Entry {
        selector: Selector { cluster: cluster.map(Glob::new), service: service.map(Glob::new), tags },
        rules: Rules { mode, ..Rules::default() },
    })
}

proptest! {
    #[test]
    fn a_glob_fits_what_it_means(glob in "[ab*?]{0,8}", text in "[ab]{0,10}") {
        let (chars, of_text): (Vec<char>, Vec<char>) = (glob.chars().collect(), text.chars().collect());
        prop_assert_eq!(Glob::new(glob).matches(&text), fits(&chars, &of_text));
    }

    #[test]
    fn the_narrowest_entry_that_selects_a_target_holds_whatever_the_order(
        entries in prop::collection::vec(any_entry(), 0..6).prop_shuffle(),
        cluster in "[ab]{1,3}", name in "[ab]{1,3}", tags in any_tags(), turn in 0_usize..6,
    ) {
        let target = service(&cluster, &name);
        let policy = policy(entries.clone());
        let found = policy.for_target(&target, &tags).entry.map(|place| &entries[place].selector);
        let selecting = entries.iter().map(|entry| &entry.selector).filter(|other| other.selects(&target, &tags));
        let narrowest = selecting.map(Selector::specificity).max();
        prop_assert_eq!(found.map(Selector::specificity), narrowest);
        let mut turned = Policy { services: entries.clone(), ..Policy::default() };
        turned.services.rotate_left(turn.min(entries.len()));
        let again = turned.for_target(&target, &tags).entry.map(|place| turned.services[place].selector.specificity());
        prop_assert_eq!(again, narrowest);
    }

    #[test]
    fn an_empty_selector_selects_nothing(cluster in "[ab]{0,3}", name in "[ab]{0,3}", tags in any_tags()) {
        prop_assert!(!Selector::default().selects(&service(&cluster, &name), &tags));
    }

    #[test]
    fn a_tag_goes_no_further_than_the_guards_or_the_entry(
        entries in prop::collection::vec(any_entry(), 0..4), defaults in any_mode(), most in any_mode(),
        cluster in "[ab]{1,2}", name in "[ab]{1,2}", tag in "observe|propose|act|[a-z]{0,4}", mut tags in any_tags(),
    ) {
        let mut policy = policy(entries);
        (policy.defaults.mode, policy.guards.tags_most) = (defaults, most);
        tags.insert(MODE_TAG.to_owned(), tag.clone());
        let enrolled = policy.for_target(&service(&cluster, &name), &tags);
        let by_entry = enrolled.entry.map(|place| policy.services[place].rules.mode);
        prop_assert!(enrolled.mode <= by_entry.map_or(most, |mode| mode.max(most)));
        let said = Mode::from_word(&tag);
        prop_assert!(enrolled.mode <= said.unwrap_or_default(), "never further than the tag itself says");
        prop_assert_eq!(enrolled.is_enrolled, by_entry.is_some() || said.is_some());
    }
}
