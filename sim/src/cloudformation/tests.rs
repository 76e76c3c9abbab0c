use serde_json::json;

use super::*;

fn stack(parameters: &[(&str, &str)]) -> Stack {
    Stack {
        name: "prod".to_owned(),
        partition: "aws".to_owned(),
        region: "eu-central-1".to_owned(),
        account: "123456789012".to_owned(),
        parameters: parameters
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        resources: BTreeMap::from([("Topic".to_owned(), "alerts".to_owned())]),
    }
}

fn template(value: &Value) -> Template {
    Template::new(json!({
        "Parameters": {
            "Name": { "Type": "String", "Default": "" },
            "List": { "Type": "CommaDelimitedList", "Default": "" },
            "Needed": { "Type": "String" },
        },
        "Conditions": {
            "Named": { "Fn::Not": [{ "Fn::Equals": [{ "Ref": "Name" }, ""] }] },
            "Listed": { "Fn::Not": [{ "Fn::Equals": [{ "Fn::Join": ["", { "Ref": "List" }] }, ""] }] },
            "Both": { "Fn::And": [{ "Condition": "Named" }, { "Condition": "Listed" }] },
            "Either": { "Fn::Or": [{ "Condition": "Named" }, { "Condition": "Listed" }] },
        },
        "Resources": {
            "It": { "Type": "Own", "Properties": { "value": value } },
            "Left": { "Type": "Own", "Condition": "Named", "Properties": {} },
            "Queue": { "Type": "AWS::SQS::Queue" },
            "Topic": { "Type": "AWS::SNS::Topic" },
        },
    }))
}

fn resolved(value: &Value, parameters: &[(&str, &str)]) -> Result<Value, String> {
    let properties =
        template(value).properties("It", &stack(parameters)).map_err(|error| error.to_string())?;
    Ok(properties.unwrap().get("value").cloned().unwrap_or_default())
}

#[test]
fn functions_stand_for_what_cloudformation_makes_of_them() {
    let arns = json!({ "Fn::Split": [",", { "Fn::Sub": ["arn:${Names}", { "Names": { "Fn::Join": [",arn:", { "Ref": "List" }] } }] }] });
    for (value, expected) in [
        (json!("plain"), json!("plain")),
        (json!({ "Ref": "Name" }), json!("n")),
        (json!({ "Ref": "List" }), json!(["a", "b"])),
        (json!({ "Ref": "Topic" }), json!("arn:aws:sns:eu-central-1:123456789012:alerts")),
        (json!({ "Ref": "Queue" }), json!("https://sqs.eu-central-1.amazonaws.com/123456789012/prod-Queue")),
        (
            json!({ "Fn::GetAtt": ["Queue", "Arn"] }),
            json!("arn:aws:sqs:eu-central-1:123456789012:prod-Queue"),
        ),
        (
            json!({ "Fn::Sub": "${AWS::Partition}/${AWS::StackName}/${Name}/${Queue.QueueName}/${!Kept}" }),
            json!("aws/prod/n/prod-Queue/${Kept}"),
        ),
        (arns, json!(["arn:a", "arn:b"])),
        (json!([1, { "Ref": "AWS::NoValue" }, { "a": { "Ref": "AWS::NoValue" } }]), json!([1, {}])),
        (json!({ "Fn::If": ["Both", { "b": { "Ref": "Name" } }, 2] }), json!({ "b": "n" })),
    ] {
        assert_eq!(resolved(&value, &[("Name", "n"), ("List", "a,b")]).unwrap(), expected, "{value}");
    }
}

#[test]
fn conditions_go_by_parameters_and_their_defaults() {
    for (parameters, both, either, left) in [
        (&[][..], false, false, false),
        (&[("Name", "n")][..], false, true, true),
        (&[("List", "a")][..], false, true, false),
        (&[("Name", "n"), ("List", "a")][..], true, true, true),
    ] {
        let value = json!([{ "Fn::If": ["Both", true, false] }, { "Fn::If": ["Either", true, false] }]);
        assert_eq!(resolved(&value, parameters).unwrap(), json!([both, either]), "{parameters:?}");
        let is_left = template(&value).properties("Left", &stack(parameters)).unwrap().is_some();
        assert_eq!(is_left, left, "{parameters:?}");
    }
}

#[test]
fn what_is_not_known_or_not_there_is_an_error() {
    for (value, said) in [
        (json!({ "Fn::Select": [0, ["a"]] }), "not known here: Fn::Select"),
        (json!({ "Fn::Sub": ["x"] }), "not known here: Fn::Sub"),
        (json!({ "Fn::If": ["Gone", 1, 2] }), "the template has no condition Gone"),
        (json!({ "Ref": "Gone" }), "the template has no resource or parameter Gone"),
        (json!({ "Ref": "Needed" }), "the template has no default of parameter Needed"),
        (json!({ "Fn::Sub": "${Gone.Arn}" }), "the template has no resource or parameter Gone"),
        (json!({ "Fn::Sub": "${List}" }), "not known here: ${List}"),
        (json!({ "Fn::GetAtt": ["Queue", "Depth"] }), "not known here: Queue.Depth of AWS::SQS::Queue"),
    ] {
        let error = resolved(&value, &[]).unwrap_err();
        assert!(error.starts_with(said), "{value}: {error}");
    }
}

#[test]
fn the_stacks_own_template_is_translated_to_functions_of_lambda() {
    let template = translated().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(template.of_type("AWS::Serverless::Function"), Vec::<&str>::new());
    assert_eq!(template.of_type("AWS::Lambda::Function").len(), 4);
}
