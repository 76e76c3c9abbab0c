//! Takes names out of a text before it is matched.
//!
//! Services, images, secrets, roles and commands are called by words that stand for causes: `splunk`, `throttler`,
//! `not-found`, `ulimit`. What is plainly a name says nothing about what happened.

/// What stands where a name stood.
const BLANK: char = '§';

/// Words that are joined by a slash in prose; any other slash makes a path, an image or an id.
const JOINED: &[&str] = &[
    "and",
    "archive",
    "asm",
    "auth",
    "ecr",
    "exec",
    "fork",
    "http",
    "https",
    "i",
    "input",
    "ip",
    "net",
    "o",
    "or",
    "output",
    "parameter",
    "parameters",
    "read",
    "registry",
    "secret",
    "secrets",
    "secretsmanager",
    "ssm",
    "stopped",
    "tar",
    "tcp",
    "terminated",
    "udp",
    "write",
];
/// What ends in a number behind a colon and is no image: what ECS, registries and HTTP write.
const NUMBERED: &[&str] = &["resource:", "statuscode:", "status:", "code:", "s3:"];
/// Kinds of things that the service scheduler names in parentheses, by any name: `(service api)`.
const NAMED_KINDS: &[&str] =
    &["(service", "(taskset", "taskset", "(target-group", "(elb", "(cluster", "(deployment"];
/// Kinds that it names by an id: `(instance i-0a1b)`, but not `(instance terminated)`.
const NUMBERED_KINDS: &[&str] = &["(task", "(instance", "(container-instance", "(port"];
/// What follows the subject of a service message: `service api was unable …`.
const PREDICATES: &[&str] = &[
    "was",
    "has",
    "is",
    "failed",
    "could",
    "did",
    "operations",
    "deployment",
    "registered",
    "deregistered",
    "started",
    "stopped",
    "(instance",
    "(port",
    "(task",
    "(target-group",
    "(deployment",
];
/// Ends a word inside a word: of compact JSON, of a list, of a quotation.
const PUNCTUATION: &[char] = &['"', '\'', '{', '}', '[', ']', '(', ')', ',', ';', '=', '`'];

/// A text in lower case without the names of services and other subjects: what errors are called is looked for here.
pub(super) fn without_subjects(clean: &str) -> String {
    let mut bare = String::with_capacity(clean.len());
    let mut words = clean.split(' ').enumerate().peekable();
    let mut before = "";
    while let Some((place, word)) = words.next() {
        let follows = words.peek().map(|(_, word)| *word).unwrap_or_default();
        let begins = place == 1 && before == "service" && PREDICATES.contains(&follows);
        if begins || is_subject(before, word) {
            let name = word.trim_end_matches([')', ',', ':', '.']);
            bare.push(BLANK);
            bare.push_str(word.get(name.len()..).unwrap_or_default());
        } else {
            bare.push_str(word);
        }
        if words.peek().is_some() {
            bare.push(' ');
        }
        before = word;
    }
    bare
}

/// Whether a word is the name in parentheses that its kind stands before.
fn is_subject(kind: &str, word: &str) -> bool {
    let is_numbered = NUMBERED_KINDS.contains(&kind) && word.bytes().any(|byte| byte.is_ascii_digit());
    let closes = || word.trim_end_matches(['.', ':', ',']).ends_with(')') || word.ends_with(',');
    (is_numbered || NAMED_KINDS.contains(&kind)) && closes()
}

/// A text without any name: what happened is looked for here.
pub(super) fn without_names(without_subjects: &str) -> String {
    let clean = without_commands(without_subjects);
    let mut bare = String::with_capacity(clean.len());
    let mut before = "";
    for (place, word) in clean.split(' ').enumerate() {
        if place > 0 {
            bare.push(' ');
        }
        // What may not be performed is an action, whatever its service.
        if matches!(before, "perform" | "perform:") {
            bare.push_str(word);
        } else if word.contains("://") {
            push_url(&mut bare, word);
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
        rest = command;
        let Some(quote) = ["\\\"", "\"", "'"].into_iter().find(|quote| command.starts_with(quote)) else {
            continue;
        };
        bare.push_str(quote);
        bare.push(BLANK);
        let inside = command.get(quote.len()..).unwrap_or_default();
        rest = inside.find(quote).and_then(|end| inside.get(end..)).unwrap_or_default();
    }
    bare.push_str(rest);
    bare
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

fn push_word(bare: &mut String, word: &str) {
    for part in word.split_inclusive(PUNCTUATION) {
        let core = part.trim_end_matches(PUNCTUATION);
        push_core(bare, core);
        bare.push_str(part.get(core.len()..).unwrap_or_default());
    }
}

/// An ARN, an image with its tag, a path, an address: blank; `error:text` without a blank between: both stay.
fn push_core(bare: &mut String, word: &str) {
    let core = word.trim_end_matches(':');
    let colons = word.get(core.len()..).unwrap_or_default();
    if core.starts_with("arn:") || core.contains('@') {
        bare.push(BLANK);
    } else if NUMBERED.iter().any(|known| core.starts_with(known)) {
        bare.push_str(core);
    } else if let Some((before, number)) =
        core.rsplit_once(':').filter(|(_, number)| number.bytes().any(|b| b.is_ascii_digit()))
    {
        let is_address =
            before.contains('.') && !before.contains('/') && number.bytes().all(|b| b.is_ascii_digit());
        if is_address {
            bare.push_str(before);
            bare.push(':');
        }
        bare.push(BLANK);
    } else {
        for (place, part) in core.split(':').enumerate() {
            if place > 0 {
                bare.push(':');
            }
            if is_path(part) {
                bare.push(BLANK);
            } else {
                bare.push_str(part);
            }
        }
    }
    bare.push_str(colons);
}

fn is_path(part: &str) -> bool {
    part.contains('/') && !part.split('/').all(|word| JOINED.contains(&word.trim_end_matches('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_and_words_stay() {
        for (text, bare) in [
            ("(service splunk) was unable to place a task", "(service §) was unable to place a task"),
            ("service oom was unable", "service § was unable"),
            ("service quota exceeded for tasks", "service quota exceeded for tasks"),
            ("(instance i-0abc) stopped (instance terminated)", "(instance §) stopped (instance terminated)"),
            ("(task stopped by user)", "(task stopped by user)"),
            ("ref acme/throttler:1: i/o timeout", "ref §: i/o timeout"),
            ("image zstd:1.5 not found", "image § not found"),
            ("outofmemoryerror:container killed", "outofmemoryerror:container killed"),
            ("write /x:no space left on device", "write §:no space left on device"),
            ("statuscode:403, body:forbidden", "statuscode:403, body:forbidden"),
            ("{\"code\":\"name_unknown\",\"message\":\"the", "{\"code\":\"name_unknown\",\"message\":\"the"),
            ("reason=\"resource:fargate\"", "reason=\"resource:fargate\""),
            ("secret arn:aws:secretsmanager:eu:1:secret:kms/x from", "secret § from"),
            (
                "exec: \"ulimit -n 1 && x\": executable file not found",
                "exec: \"§\": executable file not found",
            ),
            ("caused \"exec: \\\"ulimit\\\": executable", "caused \"exec: \\\"§\\\": executable"),
            ("exec: 'ulimit': not found", "exec: '§': not found"),
            (
                "post \"https://api.ecr.eu.amazonaws.com/v2/denied\": dial",
                "post \"https://api.ecr.eu.amazonaws.com/§\": dial",
            ),
            ("dial tcp api.ecr.eu.amazonaws.com:443: i/o", "dial tcp api.ecr.eu.amazonaws.com:§: i/o"),
            ("retrieve ecr/registry auth", "retrieve ecr/registry auth"),
            (
                "to perform: ec2:createnetworkinterface on resource: arn:x",
                "to perform: ec2:createnetworkinterface on resource: §",
            ),
            ("net/http: request canceled", "net/http: request canceled"),
        ] {
            assert_eq!(without_names(&without_subjects(text)), bare);
        }
    }
}
