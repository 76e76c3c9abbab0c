//! Reads the denied IAM action out of an error text.

use serde::{Deserialize, Serialize};

use crate::redact::{Redacted, redact};

/// Fargate used to cut reasons at 255 characters, and cuts them at 1,024 now.
const CUT_LENGTHS: [usize; 2] = [255, 1_024];
const PHRASE: &str = "not authorized to perform";

/// An action that IAM refused, as the text names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeniedAction {
    /// `service:Action`.
    pub action: String,
    /// The ARN, or `*`; absent where the text names none or was cut in it.
    pub resource: Option<Redacted>,
}

/// The first denied action that stands whole in the text; one that was cut is none.
pub fn denied_action(text: &str) -> Option<DeniedAction> {
    let text = text.trim_end();
    let may_be_cut = CUT_LENGTHS.contains(&text.chars().count());
    let lower = text.to_ascii_lowercase();
    let mut from = 0;
    while let Some(at) = lower.get(from..)?.find(PHRASE) {
        from += at + PHRASE.len();
        if let Some(denied) = text.get(from..).and_then(|rest| action_in(rest, may_be_cut)) {
            return Some(denied);
        }
    }
    None
}

fn action_in(rest: &str, may_be_cut: bool) -> Option<DeniedAction> {
    let rest = rest.trim_start_matches([':', ' ', '\n', '\t']);
    let end =
        rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | ':'))).unwrap_or(rest.len());
    let (action, behind) = rest.split_at_checked(end)?;
    let action = action.trim_end_matches(':');
    let (service, operation) = action.split_once(':')?;
    let is_action = !service.is_empty()
        && service.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && operation.len() > 1
        && operation.bytes().all(|byte| byte.is_ascii_alphabetic());
    if !is_action || is_cut(behind, may_be_cut) {
        return None;
    }
    Some(DeniedAction { action: action.to_owned(), resource: resource_in(behind, may_be_cut) })
}

/// Whether the text stops where the word stops, because it was cut there.
fn is_cut(behind: &str, may_be_cut: bool) -> bool {
    behind.starts_with("...") || behind.starts_with('…') || (behind.is_empty() && may_be_cut)
}

fn resource_in(behind: &str, may_be_cut: bool) -> Option<Redacted> {
    let rest = behind.trim_start().strip_prefix("on resource")?.trim_start_matches([':', ' ']);
    let end = rest.find(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '"')).unwrap_or(rest.len());
    let (resource, behind) = rest.split_at_checked(end)?;
    let whole = !resource.ends_with("...") && !resource.ends_with('…') && !is_cut(behind, may_be_cut);
    let resource = resource.trim_end_matches(['.', ')']);
    (whole && !resource.is_empty()).then(|| redact(resource))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, action: Option<&str>, resource: Option<&str>) {
        let denied = denied_action(text);
        assert_eq!(denied.as_ref().map(|denied| denied.action.as_str()), action, "{text}");
        assert_eq!(denied.and_then(|d| d.resource).as_ref().map(Redacted::as_str), resource, "{text}");
    }

    #[test]
    fn a_whole_action_and_its_resource_are_read() {
        check(
            "User: x is not authorized to perform: ecr:BatchGetImage on resource: arn:aws:ecr:r:1:repository/a because",
            Some("ecr:BatchGetImage"),
            Some("arn:aws:ecr:r:1:repository/a"),
        );
        check(
            "is not authorized to perform: ecr:GetAuthorizationToken on resource: *",
            Some("ecr:GetAuthorizationToken"),
            Some("*"),
        );
        check("is Not Authorized To Perform ssm:GetParameters", Some("ssm:GetParameters"), None);
    }

    #[test]
    fn of_several_the_first_whole_one_is_reported() {
        check(
            "not authorized to perform: kms:Decrypt on resource: k. not authorized to perform: ssm:GetParameters",
            Some("kms:Decrypt"),
            Some("k"),
        );
    }

    #[test]
    fn an_action_cut_by_truncation_is_none() {
        check("is not authorized to perform: secretsmanager:GetSecretVal...", None, None);
        let start = "AccessDenied: User is not authorized to perform: ";
        let action = "secretsmanager:GetSecretValue";
        let cut = format!("{}{start}{action}", "x".repeat(255 - start.len() - action.len()));
        check(&cut, None, None);
        check(&format!("{cut} on"), Some(action), None);
    }

    #[test]
    fn a_resource_cut_by_truncation_is_none_but_its_action_stays() {
        check(
            "is not authorized to perform: s3:GetObject on resource: arn:aws:s3:::buck...",
            Some("s3:GetObject"),
            None,
        );
    }

    #[test]
    fn what_is_no_action_is_none() {
        for text in [
            "not authorized to perform: <action>",
            "not authorized to perform:",
            "not authorized to perform: a:",
            "",
        ] {
            check(text, None, None);
        }
    }
}
