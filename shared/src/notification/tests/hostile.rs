//! What an image, a caller or a person writes rings nobody, leads nowhere and tells no secret, wherever it is shown.

use proptest::prelude::*;

use super::rules::Forms;
use super::samples::{Texts, samples};
use super::*;

/// Texts with what must not be seen of them.
const SECRETS: [(&str, &str); 8] = [
    ("AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"),
    ("wJalrXUtnFEMI7K7MDENGbbPxRfiCYEXAMPLEKEY", "K7MDENG"),
    (concat!("xox", "b-123456789012-abcdefABCDEF"), "abcdefABCDEF"),
    (concat!("gh", "p_0123456789abcdefghijABCDEFGHIJ012345"), "0123456789abcdefghij"),
    ("password=hunter2hunter2", "hunter2"),
    ("Authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
    (concat!("https://hooks.sl", "ack.com/services/T0/B0/xyzzyxyzzy"), "xyzzyxyzzy"),
    ("postgres://app:s3cretw0rd@db:5432/x", "s3cretw0rd"),
];

const HOSTILE: [&str; 24] = [
    "<!channel>",
    "<!here>",
    "<@U123>",
    "<#C123>",
    "<https://evil.example|x>",
    "@here",
    "@channel @everyone",
    "&lt;!channel&gt;",
    "&amp;lt;",
    "```",
    "``",
    "`",
    "`<!here>`",
    "[click](https://evil.example)",
    "[click]\u{200B}(https://evil.example)",
    "\u{202E}evil",
    "\u{2066}evil\u{2069}",
    "a\u{200B}\u{200D}\u{FEFF}b",
    "\0\u{1}\u{1b}[31m\u{7f}\u{85}",
    "\r\n\t> quoted",
    "\"\\\"}],",
    "*bold* _it_ ~gone~",
    "🔥é漢字",
    "",
];

fn piece() -> impl Strategy<Value = String> {
    let long = prop::sample::select(vec!["x", "<", "&", "\"", "`", "漢", "<!here> ", "\n", "a "]);
    prop_oneof![
        6 => prop::sample::select(HOSTILE.to_vec()).prop_map(str::to_owned),
        2 => prop::sample::select(SECRETS.to_vec()).prop_map(|(text, _)| format!(" {text} ")),
        1 => long.prop_map(|unit| unit.repeat(10_000 / unit.len())),
        1 => "\\PC{0,40}",
        1 => any::<String>(),
    ]
}

fn check_everything(text: &str) {
    let texts = Texts::all(text);
    for language in Language::ALL {
        for sample in samples(&texts, language) {
            for message in [&sample.root].into_iter().chain(&sample.reply) {
                let forms = Forms::of(&sample.subject, message, &sample.name);
                forms.check(&sample.subject);
                forms.check_harmless();
                for shown in forms.texts() {
                    for (_, secret) in SECRETS {
                        assert!(!shown.contains(secret), "{}: {shown}", sample.name);
                    }
                }
            }
        }
    }
}

#[test]
fn each_hostile_text_by_itself_does_no_harm_anywhere() {
    HOSTILE.iter().chain(SECRETS.iter().map(|(text, _)| text)).for_each(|text| check_everything(text));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, max_shrink_iters: 100, ..ProptestConfig::default() })]

    #[test]
    fn hostile_texts_do_no_harm_together(pieces in prop::collection::vec(piece(), 1..6)) {
        check_everything(&pieces.concat());
    }
}
