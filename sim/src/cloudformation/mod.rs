//! The stack's template as CloudFormation takes it: translated by AWS's own translator of serverless resources, and resolved for parameters.
//!
//! Of CloudFormation's functions those are known that the template uses; any other, and whatever is named and not there, is an error.

mod resolve;

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::python::{Environment, PythonError};
use resolve::Resolver;

/// Pins of what comes from `PyPI`, for these checks and for those of `cargo verify template`.
const PINS: &str = include_str!("../../../xtask/python-tools.txt");
const TRANSLATOR: &str = "aws-sam-translator";
/// It reads YAML by this, and does not ask for it.
const YAML: &str = "PyYAML==6.0.4";
const TRANSLATE: &str = include_str!("translate.py");

/// Why there is no template, or no value.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The translator is not there, or refuses the template.
    #[error("translating the template: {0}")]
    Translator(#[from] PythonError),
    /// No pin of the translator.
    #[error("xtask/python-tools.txt does not pin {TRANSLATOR}")]
    NoPin,
    /// The translation is no JSON.
    #[error("the translated template is no JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A function that is not known here, or not in this form.
    #[error("not known here: {0}")]
    Unknown(String),
    /// A name that the template does not have.
    #[error("the template has no {what} {name}")]
    NoSuch {
        /// `condition`, `parameter`, `resource`.
        what: &'static str,
        /// Its name.
        name: String,
    },
}

/// A translated template.
#[derive(Debug, Clone)]
pub struct Template {
    document: Value,
}

/// A stack: who has it, and what its parameters are.
#[derive(Debug, Clone, Default)]
pub struct Stack {
    /// Its name.
    pub name: String,
    /// `aws`, `aws-cn`, `aws-us-gov`.
    pub partition: String,
    /// Its region.
    pub region: String,
    /// Its account.
    pub account: String,
    /// Parameters that are not as the template has them by default.
    pub parameters: BTreeMap<String, String>,
    /// Names of resources by their logical ids, where they are not `STACK-ID`.
    pub resources: BTreeMap<String, String>,
}

/// Translates a SAM template; the translator is installed first where it is not there.
pub fn translate(template: &Path) -> Result<Template, TemplateError> {
    let pin = PINS.lines().find(|line| line.starts_with(TRANSLATOR)).ok_or(TemplateError::NoPin)?;
    let environment = Environment::ready(&pin.replace("==", "-"), &[pin, YAML])?;
    let translated = environment.run(&["-c", TRANSLATE, &template.display().to_string()])?;
    Ok(Template { document: serde_json::from_slice(&translated)? })
}

/// The project's own template, translated.
pub fn translated() -> Result<Template, TemplateError> {
    translate(&crate::binaries::workspace().join("template.yaml"))
}

impl Template {
    /// A template that needs no translation.
    pub fn new(document: Value) -> Self {
        Self { document }
    }

    /// Names of the resources of a type, `AWS::Events::Rule`.
    pub fn of_type(&self, kind: &str) -> Vec<&str> {
        let resources = self.document.get("Resources").and_then(Value::as_object).into_iter().flatten();
        resources
            .filter(|(_, resource)| resource.get("Type").is_some_and(|is| is == kind))
            .map(|(name, _)| name.as_str())
            .collect()
    }

    /// The properties of a resource, as a stack has them; nothing where its condition leaves it out.
    pub fn properties(&self, resource: &str, stack: &Stack) -> Result<Option<Value>, TemplateError> {
        let no_such = || TemplateError::NoSuch { what: "resource", name: resource.to_owned() };
        let found = self.document.pointer(&format!("/Resources/{resource}")).ok_or_else(no_such)?;
        let resolver = Resolver { document: &self.document, stack };
        if let Some(condition) = found.get("Condition").and_then(Value::as_str)
            && !resolver.condition(condition)?
        {
            return Ok(None);
        }
        resolver.value(found.get("Properties").unwrap_or(&Value::Null))
    }
}

#[cfg(test)]
mod tests;
