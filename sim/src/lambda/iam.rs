//! AWS IAM as far as `SimulatePrincipalPolicy` of roles goes, over its wire protocol (Query: a form, answered in XML), which moto
//! does not have.
//!
//! Roles have policies of their own; boundaries, policies of organizations and conditions are not imitated, and any other
//! operation is refused by name.
//!
//! | what | source |
//! |---|---|
//! | a denial outweighs what is allowed; what nobody speaks of is denied | IAM User Guide, policy evaluation logic |
//! | one result an action; its decision is the strictest of all resources, and `ResourceSpecificResults` has each | IAM API Reference, `EvaluationResult` |
//! | without `ResourceArns`, or with `*` alone, no results by resource | the same |
//! | pages of `MaxItems` (100) results, `Marker`, `IsTruncated` | the same, `SimulatePrincipalPolicy` |
//! | a role that is not there is `NoSuchEntity`, a 404 | the same |

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex};

use serde_json::json;

use crate::iam::{Decision, Policy, Request};
use crate::sync::lock;

/// What a service in signatures is called.
pub const SIGNED_FOR: &str = "iam";
/// What answers are.
pub const CONTENT_TYPE: &str = "text/xml";
const NAMESPACE: &str = "https://iam.amazonaws.com/doc/2010-05-08/";
/// Results of a page where the caller does not say.
const PAGE: usize = 100;

/// The service. Clones share their roles.
#[derive(Clone, Debug, Default)]
pub struct Iam {
    roles: Arc<Mutex<BTreeMap<String, Policy>>>,
}

/// An answer, ready for HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Status of the response.
    pub status: u16,
    /// An XML document.
    pub body: String,
}

/// A form, as the Query protocol sends it.
struct Form(Vec<(String, String)>);

impl Form {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// `NAME.member.1`, `NAME.member.2`, …
    fn list(&self, name: &str) -> Vec<&str> {
        (1..).map_while(|number| self.get(&format!("{name}.member.{number}"))).collect()
    }
}

fn said(decision: Decision) -> &'static str {
    match decision {
        Decision::Allowed => "allowed",
        Decision::ImplicitDeny => "implicitDeny",
        Decision::ExplicitDeny => "explicitDeny",
    }
}

impl Iam {
    /// Makes a role, or lets one do more: actions and resources are patterns, as in a policy.
    ///
    /// # Panics
    /// Where IAM would refuse the patterns.
    pub fn allow(&self, role: &str, actions: &[&str], resources: &[&str]) {
        self.state(role, "Allow", actions, resources);
    }

    /// Denies, whatever is allowed besides.
    ///
    /// # Panics
    /// Where IAM would refuse the patterns.
    pub fn deny(&self, role: &str, actions: &[&str], resources: &[&str]) {
        self.state(role, "Deny", actions, resources);
    }

    #[allow(clippy::panic, reason = "whoever sets a test up wrongly must see it")]
    fn state(&self, role: &str, effect: &str, actions: &[&str], resources: &[&str]) {
        let statement = json!({ "Effect": effect, "Action": actions, "Resource": resources });
        let policy = Policy::read(&json!({ "Version": "2012-10-17", "Statement": statement }));
        let policy = policy.unwrap_or_else(|error| panic!("{error}"));
        let mut roles = lock(&self.roles);
        let so_far = roles.remove(role).unwrap_or_default();
        roles.insert(role.to_owned(), so_far.and(policy));
    }

    /// Answers one call of the wire protocol.
    pub fn answer(&self, body: &[u8]) -> Answer {
        let form = Form(form_urlencoded::parse(body).into_owned().collect());
        match form.get("Action") {
            Some("SimulatePrincipalPolicy") => self.simulate(&form),
            other => {
                let message = format!("this stand-in for IAM has no operation {}", other.unwrap_or_default());
                error(400, "InvalidAction", &message)
            }
        }
    }

    fn simulate(&self, form: &Form) -> Answer {
        let role = form.get("PolicySourceArn").unwrap_or_default();
        let roles = lock(&self.roles);
        let Some(policy) = roles.get(role) else {
            return error(404, "NoSuchEntity", &format!("The role {role} cannot be found."));
        };
        let actions = form.list("ActionNames");
        let resources = form.list("ResourceArns");
        let number = |name| form.get(name).and_then(|text: &str| text.parse::<usize>().ok());
        let (from, size) = (number("Marker").unwrap_or(0), number("MaxItems").unwrap_or(PAGE));
        let mut results = String::new();
        for action in actions.iter().skip(from).take(size) {
            result(&mut results, policy, action, &resources);
        }
        let next = from.saturating_add(size);
        let more = if next < actions.len() {
            format!("<IsTruncated>true</IsTruncated><Marker>{next}</Marker>")
        } else {
            "<IsTruncated>false</IsTruncated>".to_owned()
        };
        let body = format!(
            "<SimulatePrincipalPolicyResponse xmlns=\"{NAMESPACE}\"><SimulatePrincipalPolicyResult>{more}\
             <EvaluationResults>{results}</EvaluationResults></SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>"
        );
        Answer { status: 200, body }
    }
}

fn result(out: &mut String, policy: &Policy, action: &str, resources: &[&str]) {
    let of_all = resources.is_empty() || resources == ["*"];
    let asked: &[&str] = if of_all { &["*"] } else { resources };
    let decisions: Vec<(&str, Decision)> =
        asked.iter().map(|resource| (*resource, policy.decide(&Request::new(action, *resource)))).collect();
    let strictest = decisions.iter().map(|(_, decision)| *decision).max().unwrap_or(Decision::ImplicitDeny);
    let mut each = String::new();
    for (resource, decision) in decisions.iter().filter(|_| !of_all) {
        // Writing into a String never fails.
        let _ = write!(
            each,
            "<member><EvalResourceName>{}</EvalResourceName><EvalResourceDecision>{}</EvalResourceDecision>\
             <MissingContextValues/><MatchedStatements/></member>",
            escaped(resource),
            said(*decision)
        );
    }
    let _ = write!(
        out,
        "<member><EvalActionName>{}</EvalActionName><EvalResourceName>{}</EvalResourceName><EvalDecision>{}</EvalDecision>\
         <MissingContextValues/><MatchedStatements/><ResourceSpecificResults>{each}</ResourceSpecificResults></member>",
        escaped(action),
        escaped(asked.first().unwrap_or(&"*")),
        said(strictest)
    );
}

/// An error, as Query services say it.
pub fn error(status: u16, code: &str, message: &str) -> Answer {
    let body = format!(
        "<ErrorResponse xmlns=\"{NAMESPACE}\"><Error><Type>Sender</Type><Code>{code}</Code><Message>{}</Message></Error>\
         <RequestId>00000000-0000-4000-a000-000000000000</RequestId></ErrorResponse>",
        escaped(message)
    );
    Answer { status, body }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLE: &str = "arn:aws:iam::123456789012:role/execution";

    fn ask(iam: &Iam, pairs: &[(&str, &str)]) -> Answer {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("Action", "SimulatePrincipalPolicy").append_pair("PolicySourceArn", ROLE);
        for (name, value) in pairs {
            form.append_pair(name, value);
        }
        iam.answer(form.finish().as_bytes())
    }

    fn iam() -> Iam {
        let iam = Iam::default();
        iam.allow(ROLE, &["ecr:*"], &["*"]);
        iam.deny(ROLE, &["ecr:BatchGetImage"], &["arn:aws:ecr:*:repository/secret"]);
        iam
    }

    #[test]
    fn each_resource_has_its_decision_and_the_action_has_the_strictest() {
        let answer = ask(
            &iam(),
            &[
                ("ActionNames.member.1", "ecr:BatchGetImage"),
                ("ResourceArns.member.1", "arn:aws:ecr:eu:1:repository/web"),
                ("ResourceArns.member.2", "arn:aws:ecr:eu:1:repository/secret"),
            ],
        );
        assert_eq!(answer.status, 200);
        for part in [
            "<EvalDecision>explicitDeny</EvalDecision>",
            "repository/web</EvalResourceName><EvalResourceDecision>allowed<",
            "repository/secret</EvalResourceName><EvalResourceDecision>explicitDeny<",
        ] {
            assert!(answer.body.contains(part), "{part}: {}", answer.body);
        }
    }

    #[test]
    fn what_nobody_speaks_of_is_denied_and_pages_go_on() {
        let pairs =
            [("ActionNames.member.1", "ecr:X"), ("ActionNames.member.2", "s3:GetObject"), ("MaxItems", "1")];
        let first = ask(&iam(), &pairs).body;
        assert!(first.contains("<EvalDecision>allowed<") && first.contains("<Marker>1</Marker>"), "{first}");
        let second = ask(&iam(), &[&pairs[..], &[("Marker", "1")]].concat()).body;
        assert!(second.contains("<EvalDecision>implicitDeny<") && !second.contains("Marker"), "{second}");
        assert!(!second.contains("EvalResourceDecision"), "no resource was named: {second}");
    }

    #[test]
    fn a_role_or_an_operation_that_is_not_there_is_an_error() {
        let gone = ask(&Iam::default(), &[]);
        assert!(gone.status == 404 && gone.body.contains("<Code>NoSuchEntity</Code>"), "{}", gone.body);
        assert!(iam().answer(b"Action=CreateRole").body.contains("InvalidAction"));
    }
}
