//! Takes names out of a text before it is matched.
//!
//! Services, images, secrets, roles and commands are called by words that stand for causes: `splunk`, `throttler`,
//! `not-found`, `ulimit`. What is plainly a name says nothing about what happened.

/// What stands where a name stood.
const BLANK: char = '§';

/// Words with a slash that are no path.
const SLASHED: &[&str] = &["i/o", "net/http", "archive/tar", "fork/exec", "input/output", "and/or"];
/// Words with a colon inside that are no image and no address: IAM actions, and what ECS writes itself.
const COLONED: &[&str] = &[
    "resource:",
    "ecr:",
    "secretsmanager:",
    "ssm:",
    "kms:",
    "logs:",
    "s3:",
    "sts:",
    "elasticfilesystem:",
    "iam:",
    "ecs:",
];
/// Kinds of things that the service scheduler names in parentheses: `(service api)`.
const KINDS: &[&str] = &[
    "(service",
    "(task",
    "(taskset",
    "(deployment",
    "(cluster",
    "(instance",
    "(container-instance",
    "(target-group",
    "(elb",
    "(port",
    "taskset",
];

/// A text in lower case with its names blanked, word by word.
pub(super) fn without_names(clean: &str) -> String {
    let clean = without_commands(clean);
    let mut bare = String::with_capacity(clean.len());
    let mut before = "";
    for (place, word) in clean.split(' ').enumerate() {
        if place > 0 {
            bare.push(' ');
        }
        // `service X …` at the beginning is the subject of a service message.
        let is_named = KINDS.contains(&before) || (place == 1 && before == "service");
        if is_named {
            push_blank(&mut bare, word);
        } else {
            push_word(&mut bare, word);
        }
        before = word;
    }
    bare
}

/// `exec: "ulimit -n 65536 && node app.js"`: the command is anybody's text.
fn without_commands(clean: &str) -> String {
    const START: &str = "exec: ";
    let mut bare = String::with_capacity(clean.len());
    let mut rest = clean;
    while let Some(at) = rest.find(START) {
        let (before, command) = rest.split_at(at + START.len());
        bare.push_str(before);
        let quotes = command.len() - command.trim_start_matches(['\\', '"']).len();
        let (opening, inside) = command.split_at(quotes);
        bare.push_str(opening);
        rest = if opening.is_empty() {
            inside
        } else {
            bare.push(BLANK);
            inside.find(['"', '\\']).and_then(|end| inside.get(end..)).unwrap_or_default()
        };
    }
    bare.push_str(rest);
    bare
}

fn push_blank(bare: &mut String, word: &str) {
    bare.push(BLANK);
    let name = word.trim_end_matches([')', ',', ':', '.']);
    bare.push_str(word.get(name.len()..).unwrap_or_default());
}

fn push_word(bare: &mut String, word: &str) {
    let core = word.trim_matches(|c: char| !(c.is_alphanumeric() || matches!(c, '/' | '@')));
    if core.contains("://") {
        push_url(bare, word);
    } else if is_name(core) {
        let (before, behind) = word.split_once(core).unwrap_or_default();
        bare.push_str(before);
        bare.push(BLANK);
        bare.push_str(behind);
    } else {
        bare.push_str(word);
    }
}

/// The host says which service was called; the path is full of names.
fn push_url(bare: &mut String, word: &str) {
    let Some((scheme, rest)) = word.split_once("://") else { return };
    let host = rest.split('/').next().unwrap_or_default();
    bare.push_str(scheme);
    bare.push_str("://");
    bare.push_str(host);
    if rest.len() > host.len() {
        bare.push('/');
        bare.push(BLANK);
        let path = rest.trim_end_matches(['"', ':', ',']);
        bare.push_str(rest.get(path.len()..).unwrap_or_default());
    }
}

/// An ARN, a path, an image reference, an address with a port.
fn is_name(core: &str) -> bool {
    if core.starts_with("arn:") || core.contains('@') {
        return true;
    }
    if core.contains('/') {
        return !SLASHED.iter().any(|known| core == *known || core.strip_suffix(':') == Some(known));
    }
    let inside = core.trim_end_matches(':').find(':').is_some_and(|at| at > 0);
    inside && !core.contains("::") && !COLONED.iter().any(|known| core.starts_with(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_and_words_stay() {
        for (text, bare) in [
            ("(service splunk) was unable to place a task", "(service §) was unable to place a task"),
            ("service oom was unable", "service § was unable"),
            ("service call has been retried", "service § has been retried"),
            ("unable to retrieve: service call", "unable to retrieve: service call"),
            ("ref acme/throttler:1: i/o timeout", "ref §: i/o timeout"),
            ("image zstd:1.5 not found", "image § not found"),
            ("secret arn:aws:secretsmanager:eu:1:secret:kms/x from", "secret § from"),
            (
                "exec: \"ulimit -n 1 && x\": executable file not found",
                "exec: \"§\": executable file not found",
            ),
            ("caused \"exec: \\\"ulimit\\\": executable", "caused \"exec: \\\"§\\\": executable"),
            (
                "post \"https://api.ecr.eu.amazonaws.com/v2/denied\": dial",
                "post \"https://api.ecr.eu.amazonaws.com/§\": dial",
            ),
            ("resource:memory", "resource:memory"),
            (
                "to perform: ecr:batchgetimage on resource: arn:x",
                "to perform: ecr:batchgetimage on resource: §",
            ),
            ("net/http: request canceled", "net/http: request canceled"),
        ] {
            assert_eq!(without_names(text), bare);
        }
    }
}
