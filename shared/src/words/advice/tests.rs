//! Every advice in every language.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::diagnosis::advice::tests::every;

fn usual() -> BTreeSet<Advice> {
    every(&str::to_owned)
}

fn is_japanese(character: char) -> bool {
    matches!(character, '\u{3041}'..='\u{30FF}' | '\u{4E00}'..='\u{9FFF}')
}

fn quoted(text: &Redacted) -> Vec<&str> {
    text.as_str().split('`').skip(1).step_by(2).collect()
}

#[test]
fn every_advice_is_said_in_every_language() {
    let pair = |advice: &Advice| format!("{}\n{}", advice.text(Language::En), advice.text(Language::Ja));
    let all: Vec<String> = usual().iter().map(pair).collect();
    insta::assert_snapshot!(all.join("\n\n"));
}

#[test]
fn japanese_is_japanese_and_quotes_what_english_quotes() {
    for advice in usual() {
        let (en, ja) = (advice.text(Language::En), advice.text(Language::Ja));
        assert!(en.as_str().is_ascii() && en.as_str().ends_with('.'), "{en}");
        assert!(ja.as_str().chars().any(is_japanese) && ja.as_str().ends_with('。'), "{ja}");
        assert_eq!(ja.as_str().matches('`').count() % 2, 0, "{ja}");
        for name in quoted(&en) {
            assert!(quoted(&ja).contains(&name), "{name} of {en}\n{ja}");
        }
    }
}

/// Latin words stand apart from Japanese by one blank, and Japanese from nothing.
#[test]
fn japanese_is_spaced_as_aws_spaces_it() {
    for advice in usual() {
        let ja = advice.text(Language::Ja);
        let characters: Vec<char> = ja.as_str().chars().collect();
        for pair in characters.windows(2) {
            let (before, after) = (pair[0], pair[1]);
            let touch = (is_japanese(before) && after.is_ascii_alphanumeric())
                || (before.is_ascii_alphanumeric() && is_japanese(after));
            assert!(!touch || before.is_ascii_digit() || after.is_ascii_digit(), "{before}{after}: {ja}");
            let is_blank_astray = pair == [' ', ' '] || (matches!(before, '、' | '。') && after == ' ');
            assert!(!is_blank_astray, "{before}{after}: {ja}");
        }
    }
}

#[test]
fn an_advice_is_stored_without_its_sentence_and_comes_back() {
    for advice in usual() {
        let stored = serde_json::to_string(&advice).unwrap();
        assert!(!stored.contains(' '), "{stored}");
        assert_eq!(serde_json::from_str::<Advice>(&stored).unwrap(), advice);
    }
}

#[test]
fn english_is_what_is_displayed() {
    for advice in usual() {
        assert_eq!(advice.to_string(), advice.text(Language::En).as_str());
    }
}

#[test]
fn names_that_only_sound_like_secrets_are_shown() {
    for name in ["token-service:42", "password-service:1.2", "credential-api:7", "secret"] {
        for advice in every(&|usual| format!("{usual}{name}")) {
            for language in Language::ALL {
                let text = advice.text(language);
                assert!(!text.as_str().contains("[redacted]"), "{text}");
            }
        }
    }
}

#[test]
fn hostile_names_leak_nothing_in_any_language() {
    for (name, leak) in [
        ("\u{1b}[31m\0red\n\u{202e}", "\u{1b}"),
        ("\u{202e}\u{200b}x", "\u{202e}"),
        (" password=hunter2hunter2", "hunter2"),
        ("` password=hunter2hunter2", "hunter2"),
        (" AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"),
        ("postgres://app:s3cret@db:5432/x", "s3cret"),
        (" Authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
    ] {
        for advice in every(&|usual| format!("{usual}{name}")) {
            let stored = serde_json::to_string(&advice).unwrap();
            assert!(!stored.contains(leak), "{stored}");
            for language in Language::ALL {
                let text = advice.text(language);
                let leaks = text.as_str().contains(leak) || text.as_str().chars().any(char::is_control);
                assert!(!leaks, "{name:?}: {text}");
            }
        }
    }
}

/// What is not quoted, a number and a resource, is the words of ECS. Slack's renderer takes the meaning from the rest.
#[test]
fn a_mention_in_a_name_stays_in_its_quotes() {
    let called = |usual: &str| match usual {
        "512" => usual.to_owned(),
        resource if resource.starts_with("RESOURCE:") => resource.to_owned(),
        name => format!("{name}<!channel>"),
    };
    for advice in every(&called) {
        for language in Language::ALL {
            let text = advice.text(language);
            let mut outside = text.as_str().split('`').step_by(2);
            assert!(!outside.any(|part| part.contains("<!channel>")), "{text}");
        }
    }
}

#[test]
fn an_advice_of_endless_names_is_bounded() {
    for advice in every(&|usual| format!("{usual}{}", "x".repeat(4_200))) {
        for language in Language::ALL {
            assert!(advice.text(language).as_str().chars().count() <= 4_096);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn a_secret_in_any_name_is_shown_in_no_language(before in "\\PC{0,30}", value in "[a-zA-Z0-9]{24}") {
        for advice in every(&|usual| format!("{usual}{before} password={value}")) {
            for language in Language::ALL {
                let text = advice.text(language);
                prop_assert!(!text.as_str().contains(&value), "{}", text);
            }
        }
    }
}
