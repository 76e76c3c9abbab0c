"""template.yaml as the tests read it. They run by `cargo verify template`."""

from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]


class Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms as the long ones."""


def intrinsic(loader, name, node):
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if name == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {name if name in ("Ref", "Condition") else f"Fn::{name}": value}


Loader.add_multi_constructor("!", intrinsic)
TEMPLATE = yaml.load((ROOT / "template.yaml").read_text(encoding="utf-8"), Loader)
RESOURCES = TEMPLATE["Resources"]
NO_VALUE = {"Ref": "AWS::NoValue"}


def of_type(kind):
    return {name: found["Properties"] for name, found in RESOURCES.items() if found["Type"] == kind}


def arn_of(name):
    return {"Fn::GetAtt": [name, "Arn"]}


def chosen(value, conditions):
    """The value with each Fn::If decided: by `conditions`, a dictionary of truths."""
    if isinstance(value, list):
        items = (chosen(item, conditions) for item in value)
        return [item for item in items if item != NO_VALUE]
    if isinstance(value, dict):
        if "Fn::If" in value:
            name, then, otherwise = value["Fn::If"]
            return chosen(then if conditions[name] else otherwise, conditions)
        items = ((key, chosen(item, conditions)) for key, item in value.items())
        return {key: item for key, item in items if item != NO_VALUE}
    return value


def listed(value):
    return value if isinstance(value, list) else [value]


def statements(role, **conditions):
    decided = {name: True for name in TEMPLATE["Conditions"]} | conditions
    (policy,) = RESOURCES[role]["Properties"]["Policies"]
    return chosen(policy["PolicyDocument"]["Statement"], decided)
