//! A raise as people write it down: only what changes.

use std::fmt::Write;

use serde_json::{Value, json};

use super::{Raise, Step};
use crate::ecs::Sizes;

/// A JSON patch (RFC 6902) for `taskDefinition` as DescribeTaskDefinition answers it, and for what RegisterTaskDefinition takes:
/// both have the same members at the same places. It tests what it replaces, so that it fits no other revision.
pub fn json_patch(sizes: &Sizes, raise: &Raise) -> Value {
    let mut operations = Vec::new();
    let mut replace = |path: &str, from: Value, to: Value| {
        operations.push(json!({ "op": "test", "path": path, "value": from }));
        operations.push(json!({ "op": "replace", "path": path, "value": to }));
    };
    if let Some(Step { from, to }) = raise.task_cpu {
        replace("/cpu", from.to_string().into(), to.to_string().into());
    }
    if let Some(Step { from, to }) = raise.task_memory {
        replace("/memory", from.to_string().into(), to.to_string().into());
    }
    let place = sizes.containers.iter().position(|container| container.name == raise.container);
    if let Some((place, Step { from, to })) = place.zip(raise.limit) {
        let container = format!("/containerDefinitions/{place}");
        replace(&format!("{container}/memory"), from.into(), to.into());
        let name = json!({ "op": "test", "path": format!("{container}/name"), "value": raise.container });
        operations.insert(0, name);
    }
    Value::Array(operations)
}

/// A fragment of an `AWS::ECS::TaskDefinition`.
pub fn cloud_formation(raise: &Raise) -> String {
    let mut text =
        "Type: AWS::ECS::TaskDefinition\nProperties:\n  # Only what changes; the rest stays as it is.\n"
            .to_owned();
    for (name, step) in [("Cpu", raise.task_cpu), ("Memory", raise.task_memory)] {
        if let Some(Step { from, to }) = step {
            let _written = writeln!(text, "  {name}: \"{to}\" # was {from}");
        }
    }
    if let Some(Step { from, to }) = raise.limit {
        let _written = write!(
            text,
            "  ContainerDefinitions:\n    - Name: {}\n      Memory: {to} # was {from}\n",
            raise.container
        );
    }
    text
}

/// A fragment of an `aws_ecs_task_definition`.
pub fn terraform(family: &str, raise: &Raise) -> String {
    let label: String =
        family.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect();
    let mut text = format!(
        "resource \"aws_ecs_task_definition\" \"{label}\" {{\n  # Only what changes; the rest stays as it is.\n"
    );
    for (name, step) in [("cpu   ", raise.task_cpu), ("memory", raise.task_memory)] {
        if let Some(Step { from, to }) = step {
            let _written = writeln!(text, "  {name} = \"{to}\" # was {from}");
        }
    }
    if let Some(Step { from, to }) = raise.limit {
        let _written = write!(
            text,
            "  container_definitions = jsonencode([{{\n    name   = \"{}\"\n    memory = {to} # was {from}\n  }}])\n",
            raise.container
        );
    }
    text.push_str("}\n");
    text
}
