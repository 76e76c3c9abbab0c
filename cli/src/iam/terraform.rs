//! Policies as data sources `aws_iam_policy_document`.

use std::fmt::Write;

use steward::permissions::{Function, Statement};

const LOCAL: &str = "${local.steward_";

const HEAD: &str = r#"data "aws_caller_identity" "steward" {}
data "aws_partition" "steward" {}
data "aws_region" "steward" {}

locals {
  steward_account    = data.aws_caller_identity.steward.account_id
  steward_partition  = data.aws_partition.steward.partition
  steward_dns_suffix = data.aws_partition.steward.dns_suffix
  steward_region     = data.aws_region.steward.name
}
"#;

/// What Terraform itself knows, by the name of the local value.
pub(super) fn local(name: &str) -> String {
    format!("{LOCAL}{name}}}")
}

/// A text of HCL. Only what [`local`] made is a template.
fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace("%{", "%%{").replace("${", "$${");
    format!("\"{}\"", escaped.replace(&format!("${LOCAL}"), LOCAL))
}

fn list(texts: &[String]) -> String {
    texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", ")
}

/// One data source a function.
pub(super) fn printed(policies: &[(Function, Vec<Statement>)]) -> String {
    let mut out = HEAD.to_owned();
    for (function, statements) in policies {
        // Writing into a String never fails.
        let _ = writeln!(out, "\ndata \"aws_iam_policy_document\" \"steward_{}\" {{", function.as_str());
        for (index, statement) in statements.iter().enumerate() {
            if index > 0 {
                out.push('\n');
            }
            write_statement(&mut out, statement);
        }
        out.push_str("}\n");
    }
    out.trim_end().to_owned()
}

fn write_statement(out: &mut String, statement: &Statement) {
    let _ = writeln!(out, "  statement {{");
    let _ = writeln!(out, "    actions   = [{}]", list(&statement.actions));
    let _ = writeln!(out, "    resources = [{}]", list(&statement.resources));
    for condition in &statement.conditions {
        let _ = writeln!(out, "    condition {{");
        let _ = writeln!(out, "      test     = {}", quoted(condition.operator));
        let _ = writeln!(out, "      variable = {}", quoted(condition.key));
        let _ = writeln!(out, "      values   = [{}]", list(&condition.values));
        let _ = writeln!(out, "    }}");
    }
    let _ = writeln!(out, "  }}");
}
