use serde_json::{Value, json};

use super::*;

fn policy(statements: &Value) -> Policy {
    let document = json!({ "Version": "2012-10-17", "Statement": statements });
    Policy::read(&document).unwrap_or_else(|error| panic!("{error}"))
}

/// A policy that allows one action on everything under a condition.
fn under(condition: &Value) -> Policy {
    policy(&json!({ "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": condition }))
}

fn request() -> Request {
    Request::new("s3:GetObject", "arn:aws:s3:::shop/a")
}

#[test]
fn a_denial_outweighs_what_is_allowed_and_what_nobody_speaks_of_is_denied() {
    let policy = policy(&json!([
        { "Effect": "Allow", "Action": "s3:*", "Resource": "*" },
        { "Effect": "Deny", "Action": "s3:DeleteObject", "Resource": "arn:aws:s3:::shop/*" },
    ]));
    for (action, resource, decision) in [
        ("s3:GetObject", "arn:aws:s3:::shop/a", Decision::Allowed),
        ("s3:DeleteObject", "arn:aws:s3:::shop/a", Decision::ExplicitDeny),
        ("s3:DeleteObject", "arn:aws:s3:::other/a", Decision::Allowed),
        ("sqs:SendMessage", "arn:aws:sqs:eu:1:q", Decision::ImplicitDeny),
    ] {
        assert_eq!(policy.decide(&Request::new(action, resource)), decision, "{action} {resource}");
    }
    assert_eq!(Policy::default().decide(&request()), Decision::ImplicitDeny);
}

#[test]
fn actions_have_no_case_and_wildcards_within_their_names() {
    for (pattern, action, speaks) in [
        ("s3:GetObject", "S3:getobject", true),
        ("S3:GETOBJECT", "s3:GetObject", true),
        ("s3:Get*", "s3:GetObject", true),
        ("s3:*Object", "s3:GetObject", true),
        ("s3:?etObject", "s3:GetObject", true),
        ("s3:?GetObject", "s3:GetObject", false),
        ("*", "s3:GetObject", true),
        ("s3:Get", "s3:GetObject", false),
        ("s3:GetObject", "s3:GetObjectAcl", false),
    ] {
        let policy = policy(&json!({ "Effect": "Allow", "Action": [pattern], "Resource": "*" }));
        assert_eq!(policy.allows(&Request::new(action, "x")), speaks, "{pattern} and {action}");
    }
}

#[test]
fn a_star_at_the_end_of_a_resources_segment_reaches_beyond_its_colon() {
    for (pattern, resource, speaks) in [
        ("arn:aws:ecs:eu:1:service/shop/*", "arn:aws:ecs:eu:1:service/shop/web", true),
        ("arn:aws:ecs:eu:1:service/shop/*", "arn:aws:ecs:eu:1:service/shopping/web", false),
        ("arn:aws:ecs:eu:1:service/*", "arn:aws:ecs:eu:1:service/shop/web", true),
        ("arn:aws:ecs:eu:1:task-definition/*", "arn:aws:ecs:eu:1:task-definition/web:3", true),
        ("arn:aws:ecs:*:task-definition/w*", "arn:aws:ecs:eu:1:task-definition/web", true),
        ("arn:aws:ecs:eu:1:task-definition/w*b:3", "arn:aws:ecs:eu:1:task-definition/web:3", true),
        ("arn:aws:ecs:eu:1:task-definition/w*3", "arn:aws:ecs:eu:1:task-definition/web:3", false),
        ("arn:aws:ecs:eu-?:1:service/a", "arn:aws:ecs:eu-9:1:service/a", true),
        ("arn:aws:ecs:eu-?:1:service/a", "arn:aws:ecs:eu-99:1:service/a", false),
        ("arn:aws:ecs:eu:1:service/A", "arn:aws:ecs:eu:1:service/a", false),
        ("*", "arn:aws:ecs:eu:1:service/a", true),
        ("*", "*", true),
        ("arn:aws:ecs:eu:1:service/a", "*", false),
    ] {
        let policy = policy(&json!({ "Effect": "Allow", "Action": "ecs:X", "Resource": [pattern] }));
        assert_eq!(policy.allows(&Request::new("ecs:X", resource)), speaks, "{pattern} and {resource}");
    }
}

#[test]
fn what_is_not_named_is_all_the_rest() {
    let others =
        policy(&json!({ "Effect": "Allow", "NotAction": "iam:*", "NotResource": ["arn:aws:s3:::secret/*"] }));
    for (action, resource, allowed) in [
        ("s3:GetObject", "arn:aws:s3:::shop/a", true),
        ("iam:PassRole", "arn:aws:s3:::shop/a", false),
        ("s3:GetObject", "arn:aws:s3:::secret/a", false),
    ] {
        assert_eq!(others.allows(&Request::new(action, resource)), allowed, "{action} {resource}");
    }
}

#[test]
fn operators_compare_as_the_user_guide_says() {
    let arn = "arn:aws:ecs:eu:1:cluster/shop";
    for (operator, wanted, held, refused) in [
        ("StringEquals", json!("a"), vec!["a"], vec!["A", "aa", ""]),
        ("StringEquals", json!(["a", "b"]), vec!["a", "b"], vec!["c"]),
        ("StringEquals", json!("a*"), vec!["a*"], vec!["ab"]),
        ("StringNotEquals", json!("a"), vec!["A", "b"], vec!["a"]),
        ("StringNotEquals", json!(["a", "b"]), vec!["c"], vec!["a", "b"]),
        ("StringEqualsIgnoreCase", json!("aB"), vec!["Ab"], vec!["b"]),
        ("StringNotEqualsIgnoreCase", json!("aB"), vec!["b"], vec!["AB"]),
        ("StringLike", json!(["a*", "?z"]), vec!["a", "ab:c/d", "yz"], vec!["ba", "z", "A"]),
        ("StringNotLike", json!("a*"), vec!["b"], vec!["ab"]),
        ("StringLike", json!("${*}${?}${$}"), vec!["*?$"], vec!["abc"]),
        ("ArnEquals", json!(arn), vec![arn], vec!["arn:aws:ecs:eu:1:cluster/shops", "shop"]),
        ("ArnLike", json!("arn:aws:ecs:*:*:cluster/s*"), vec![arn], vec!["arn:aws:ecs:eu:cluster/shop"]),
        ("ArnEquals", json!("arn:aws:ecs:*:1:cluster/*"), vec![arn], vec!["arn:aws:ec2:eu:1:cluster/shop"]),
        ("ArnLike", json!("arn:*:cluster/shop"), vec![], vec![arn]),
        ("ArnNotEquals", json!(arn), vec!["arn:aws:ecs:eu:1:cluster/other"], vec![arn]),
        ("Bool", json!("true"), vec!["true", "True"], vec!["false"]),
    ] {
        // Of `arn:*:cluster/shop` there are fewer than six components: it is refused.
        let Ok(policy) = Policy::read(&json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": { operator: { "ecs:cluster": wanted } },
        }] })) else {
            assert_eq!((operator, &wanted), ("ArnLike", &json!("arn:*:cluster/shop")));
            continue;
        };
        for value in held {
            assert!(
                policy.allows(&request().with("ECS:Cluster", [value])),
                "{operator} {wanted} and {value}"
            );
        }
        for value in refused {
            assert!(
                !policy.allows(&request().with("ecs:cluster", [value])),
                "{operator} {wanted} and {value}"
            );
        }
    }
}

#[test]
fn a_key_that_is_absent_holds_only_for_operators_that_say_so() {
    for (condition, absent, present) in [
        (json!({ "StringEquals": { "k:k": "v" } }), false, true),
        (json!({ "StringEqualsIfExists": { "k:k": "v" } }), true, true),
        (json!({ "StringEqualsIfExists": { "k:k": "w" } }), true, false),
        (json!({ "StringNotEquals": { "k:k": "w" } }), true, true),
        (json!({ "StringNotLike": { "k:k": "w" } }), true, true),
        (json!({ "ArnNotEquals": { "k:k": "arn:a:b:c:d:e" } }), true, true),
        (json!({ "Bool": { "k:k": "true" } }), false, false),
        (json!({ "BoolIfExists": { "k:k": "true" } }), true, false),
        (json!({ "Null": { "k:k": "true" } }), true, false),
        (json!({ "Null": { "k:k": "false" } }), false, true),
        (json!({ "Null": { "k:k": ["true", "false"] } }), true, true),
        (json!({ "ForAllValues:StringEquals": { "k:k": "v" } }), true, true),
        (json!({ "ForAnyValue:StringEquals": { "k:k": "v" } }), false, true),
        (json!({ "ForAnyValue:StringEqualsIfExists": { "k:k": "v" } }), true, true),
    ] {
        let policy = under(&condition);
        assert_eq!(policy.allows(&request()), absent, "{condition}, absent");
        assert_eq!(policy.allows(&request().with("k:k", ["v"])), present, "{condition}, present");
        let none: [&str; 0] = [];
        assert_eq!(policy.allows(&request().with("k:k", none)), absent, "{condition}, empty");
    }
}

#[test]
fn set_operators_look_at_every_value_of_the_request() {
    let keys = "dynamodb:LeadingKeys";
    for (operator, values, held) in [
        ("ForAllValues:StringLike", vec!["r#1", "x#2"], true),
        ("ForAllValues:StringLike", vec!["r#1", "n#2"], false),
        ("ForAnyValue:StringLike", vec!["r#1", "n#2"], true),
        ("ForAnyValue:StringLike", vec!["b#1", "n#2"], false),
        ("ForAllValues:StringNotLike", vec!["b#1", "n#2"], true),
        ("ForAllValues:StringNotLike", vec!["b#1", "r#2"], false),
        // Without one, several values are compared by nobody's rule.
        ("StringLike", vec!["r#1", "x#2"], false),
        ("StringLike", vec!["r#1"], true),
    ] {
        let policy = under(&json!({ operator: { keys: ["r#*", "x#*"] } }));
        assert_eq!(policy.allows(&request().with(keys, values.clone())), held, "{operator} {values:?}");
    }
}

#[test]
fn all_operators_and_all_keys_must_hold() {
    let policy = under(&json!({
        "StringEquals": { "a:a": "1", "b:b": "2" }, "StringLike": { "a:a": "*" }, "Null": { "c:c": "true" },
    }));
    let all = request().with("a:a", ["1"]).with("b:b", ["2"]);
    assert!(policy.allows(&all));
    assert!(!policy.allows(&all.clone().with("b:b", ["1"])));
    assert!(!policy.allows(&all.with("c:c", ["1"])));
    assert!(!policy.allows(&request().with("a:a", ["1"])));
}

#[test]
fn policy_variables_are_the_requests_values_and_no_wildcards() {
    let own = policy(
        &json!({ "Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::home/${aws:username}/*" }),
    );
    let ask =
        |user: &str| Request::new("s3:GetObject", "arn:aws:s3:::home/ann/x").with("aws:username", [user]);
    assert!(own.allows(&ask("ann")));
    assert!(!own.allows(&ask("bob")));
    assert!(!own.allows(&ask("*")), "a value is no pattern");
    assert!(
        !own.allows(&Request::new("s3:GetObject", "arn:aws:s3:::home//x")),
        "without a value there is no match"
    );
    let default = under(&json!({ "StringLike": { "a:a": "${aws:PrincipalTag/team, 'none'}-*" } }));
    assert!(default.allows(&request().with("a:a", ["none-1"])));
    assert!(default.allows(&request().with("a:a", ["web-1"]).with("aws:principaltag/team", ["web"])));
    assert!(!default.allows(&request().with("a:a", ["none-1"]).with("aws:PrincipalTag/team", ["web"])));
}

#[test]
fn what_is_not_known_is_an_error_that_says_where() {
    let allow = |more: Value| {
        let mut statement =
            json!({ "Sid": "It", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*" });
        statement.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "Version": "2012-10-17", "Statement": [statement] })
    };
    let under = |condition: Value| allow(json!({ "Condition": condition }));
    for (document, said) in [
        (json!([]), "the policy: what is no object"),
        (json!({ "Version": "2012-10-17" }), "the policy: a policy without statements"),
        (json!({ "Statement": [] }), "the policy: a version that is not 2012-10-17"),
        (json!({ "Version": "2012-10-17", "Statement": [], "Extra": 1 }), "the policy: Extra"),
        (allow(json!({ "Principal": "*" })), "statement It: Principal"),
        (allow(json!({ "Effect": "allow" })), "statement It: an effect that is neither Allow nor Deny"),
        (allow(json!({ "Action": [] })), "statement It: Action in this form"),
        (allow(json!({ "NotAction": "x" })), "statement It: Action in this form"),
        (allow(json!({ "Resource": { "Ref": "Table" } })), "statement It: Resource in this form"),
        (allow(json!({ "Resource": "${aws:username" })), "statement It: Resource in this form"),
        (
            under(json!({ "IpAddress": { "aws:SourceIp": "10.0.0.0/8" } })),
            "statement It: IpAddress of aws:SourceIp",
        ),
        (under(json!({ "DateLessThan": { "aws:CurrentTime": "2026-01-01T00:00:00Z" } })), "DateLessThan of"),
        (under(json!({ "StringMatches": { "k:k": "v" } })), "StringMatches of k:k"),
        (under(json!({ "ForEachValue:StringLike": { "k:k": "v" } })), "ForEachValue:StringLike of k:k"),
        (under(json!({ "NullIfExists": { "k:k": "true" } })), "NullIfExists of k:k"),
        (under(json!({ "Null": { "k:k": "yes" } })), "Null of k:k"),
        (under(json!({ "Bool": { "k:k": "yes" } })), "Bool of k:k"),
        (under(json!({ "StringEquals": { "k:k": "${aws:username}" } })), "StringEquals of k:k"),
        (under(json!({ "StringEquals": { "k:k": [] } })), "StringEquals of k:k"),
        (under(json!({ "StringEquals": "v" })), "StringEquals in this form"),
    ] {
        let error = Policy::read(&document).unwrap_err().to_string();
        assert!(error.starts_with(said) || error.contains(said), "{document}: {error}");
    }
}

#[test]
fn whatever_a_policy_allows_more_than_another_a_witness_shows() {
    let allow = |action: Value, resource: Value, condition: Value| json!({ "Effect": "Allow", "Action": action, "Resource": resource, "Condition": condition });
    let keys = |keys: Value| json!({ "ForAllValues:StringLike": { "dynamodb:LeadingKeys": keys }, "Null": { "dynamodb:LeadingKeys": "false" } });
    let table = "arn:aws:dynamodb:eu:1:table/t";
    let declared =
        allow(json!(["dynamodb:GetItem", "dynamodb:PutItem"]), json!(table), keys(json!(["r#*", "x#*"])));
    for (name, granted) in [
        (
            "an action",
            allow(
                json!(["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"]),
                json!(table),
                keys(json!(["r#*", "x#*"])),
            ),
        ),
        ("a wildcard", allow(json!("dynamodb:Get*"), json!(table), keys(json!(["r#*", "x#*"])))),
        (
            "a resource",
            allow(
                json!("dynamodb:GetItem"),
                json!([table, "arn:aws:dynamodb:eu:1:table/u"]),
                keys(json!(["r#*"])),
            ),
        ),
        ("everything", allow(json!("dynamodb:GetItem"), json!("*"), keys(json!(["r#*", "x#*"])))),
        ("its index", allow(json!("dynamodb:GetItem"), json!(format!("{table}*")), keys(json!(["r#*"])))),
        ("a key", allow(json!("dynamodb:GetItem"), json!(table), keys(json!(["r#*", "x#*", "n#*"])))),
        ("any key", allow(json!("dynamodb:GetItem"), json!(table), keys(json!(["*"])))),
        ("no condition", allow(json!("dynamodb:GetItem"), json!(table), json!({}))),
        (
            "no Null",
            allow(
                json!("dynamodb:GetItem"),
                json!(table),
                json!({ "ForAllValues:StringLike": { "dynamodb:LeadingKeys": ["r#*"] } }),
            ),
        ),
        (
            "any value",
            allow(
                json!("dynamodb:GetItem"),
                json!(table),
                json!({ "ForAnyValue:StringLike": { "dynamodb:LeadingKeys": ["r#*"] } }),
            ),
        ),
        ("all but", json!({ "Effect": "Allow", "NotAction": "dynamodb:Query", "Resource": table })),
    ] {
        let more = beyond(&policy(&granted), &policy(&declared));
        assert!(!more.is_empty(), "{name} is more than was declared");
    }
    // Said otherwise, it is the same.
    let split = json!([
        allow(json!("dynamodb:PutItem"), json!([table]), keys(json!(["x#*", "r#*"]))),
        allow(json!("DynamoDB:GetItem"), json!(table), keys(json!(["r#*", "x#*"]))),
        { "Effect": "Deny", "Action": "dynamodb:DeleteItem", "Resource": "*" },
    ]);
    assert_eq!(beyond(&policy(&split), &policy(&declared)), []);
    assert_eq!(beyond(&policy(&declared), &policy(&split)), []);
    assert_eq!(
        witnesses(&policy(&declared)).len(),
        2 * 5,
        "two actions; of two keys each with two fillings, and all"
    );
}
