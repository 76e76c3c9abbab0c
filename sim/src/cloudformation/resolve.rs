//! What CloudFormation's functions stand for.

use serde_json::{Map, Value};

use super::{Stack, TemplateError};

/// Resolves values of a template for a stack. Nothing is what `AWS::NoValue` leaves.
pub(super) struct Resolver<'of> {
    pub(super) document: &'of Value,
    pub(super) stack: &'of Stack,
}

fn unknown(what: &impl ToString) -> TemplateError {
    TemplateError::Unknown(what.to_string())
}

fn no_such(what: &'static str, name: &str) -> TemplateError {
    TemplateError::NoSuch { what, name: name.to_owned() }
}

impl Resolver<'_> {
    pub(super) fn condition(&self, name: &str) -> Result<bool, TemplateError> {
        let found = self.document.get("Conditions").and_then(|all| all.get(name));
        self.holds(found.ok_or_else(|| no_such("condition", name))?)
    }

    fn holds(&self, condition: &Value) -> Result<bool, TemplateError> {
        let (name, argument) = single(condition).ok_or_else(|| unknown(condition))?;
        match (name, argument) {
            ("Condition", Value::String(name)) => self.condition(name),
            ("Fn::Not", Value::Array(one)) => match one.as_slice() {
                [one] => Ok(!self.holds(one)?),
                _ => Err(unknown(condition)),
            },
            ("Fn::And", Value::Array(all)) => {
                all.iter().try_fold(true, |held, one| Ok(self.holds(one)? && held))
            }
            ("Fn::Or", Value::Array(all)) => {
                all.iter().try_fold(false, |held, one| Ok(self.holds(one)? || held))
            }
            ("Fn::Equals", Value::Array(two)) => match two.as_slice() {
                [one, other] => Ok(self.value(one)? == self.value(other)?),
                _ => Err(unknown(condition)),
            },
            _ => Err(unknown(condition)),
        }
    }

    pub(super) fn value(&self, value: &Value) -> Result<Option<Value>, TemplateError> {
        match value {
            Value::Array(items) => {
                let items = items.iter().filter_map(|item| self.value(item).transpose());
                Ok(Some(items.collect::<Result<Vec<_>, _>>()?.into()))
            }
            Value::Object(members) => match single(value) {
                Some((name, argument)) if name == "Ref" || name.starts_with("Fn::") => {
                    self.function(name, argument)
                }
                _ => self.members(members).map(Some),
            },
            other => Ok(Some(other.clone())),
        }
    }

    fn members(&self, members: &Map<String, Value>) -> Result<Value, TemplateError> {
        let mut resolved = Map::new();
        for (name, member) in members {
            if let Some(member) = self.value(member)? {
                resolved.insert(name.clone(), member);
            }
        }
        Ok(Value::Object(resolved))
    }

    fn function(&self, name: &str, argument: &Value) -> Result<Option<Value>, TemplateError> {
        let refused = || unknown(&format!("{name} {argument}"));
        let arguments = argument.as_array().map(Vec::as_slice);
        match (name, argument, arguments) {
            ("Ref", Value::String(name), _) => self.reference(name),
            ("Fn::If", _, Some([Value::String(condition), then, otherwise])) => {
                self.value(if self.condition(condition)? { then } else { otherwise })
            }
            ("Fn::GetAtt", _, Some([Value::String(resource), Value::String(attribute)])) => {
                self.attribute(resource, attribute).map(|text| Some(text.into()))
            }
            ("Fn::Sub", Value::String(text), _) => self.substituted(text, &Map::new()).map(Some),
            ("Fn::Sub", _, Some([Value::String(text), Value::Object(names)])) => {
                let Value::Object(names) = self.members(names)? else { return Err(refused()) };
                self.substituted(text, &names).map(Some)
            }
            ("Fn::Join", _, Some([Value::String(between), texts])) => {
                let texts = self.texts(texts)?.ok_or_else(refused)?;
                Ok(Some(texts.join(between).into()))
            }
            ("Fn::Split", _, Some([Value::String(between), text])) => {
                let text = self.value(text)?;
                let text = text.as_ref().and_then(Value::as_str).ok_or_else(refused)?;
                Ok(Some(text.split(between.as_str()).map(Value::from).collect()))
            }
            _ => Err(refused()),
        }
    }

    fn texts(&self, list: &Value) -> Result<Option<Vec<String>>, TemplateError> {
        let Some(Value::Array(items)) = self.value(list)? else { return Ok(None) };
        Ok(items.iter().map(|item| item.as_str().map(str::to_owned)).collect())
    }

    fn reference(&self, name: &str) -> Result<Option<Value>, TemplateError> {
        let pseudo = match name {
            "AWS::NoValue" => return Ok(None),
            "AWS::Partition" => &self.stack.partition,
            "AWS::Region" => &self.stack.region,
            "AWS::AccountId" => &self.stack.account,
            "AWS::StackName" => &self.stack.name,
            "AWS::URLSuffix" if self.stack.partition == "aws-cn" => "amazonaws.com.cn",
            "AWS::URLSuffix" => "amazonaws.com",
            _ => return self.parameter_or_resource(name).map(Some),
        };
        Ok(Some(pseudo.into()))
    }

    fn parameter_or_resource(&self, name: &str) -> Result<Value, TemplateError> {
        let Some(parameter) = self.document.get("Parameters").and_then(|all| all.get(name)) else {
            return self.identity(name).map(Value::from);
        };
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let given = self.stack.parameters.get(name).cloned();
        let value = given
            .or_else(|| parameter.get("Default").map(text))
            .ok_or_else(|| no_such("default of parameter", name))?;
        let is_list = parameter.get("Type").is_some_and(|kind| kind == "CommaDelimitedList");
        Ok(if is_list { value.split(',').map(Value::from).collect() } else { value.into() })
    }

    /// `${Name}`, `${Name.Attribute}`; `${!Name}` stands for `${Name}`.
    fn substituted(&self, text: &str, names: &Map<String, Value>) -> Result<Value, TemplateError> {
        let mut made = String::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once("${") {
            let (name, after) = behind.split_once('}').ok_or_else(|| unknown(&text))?;
            made.push_str(before);
            rest = after;
            if let Some(literal) = name.strip_prefix('!') {
                made.extend(["${", literal, "}"]);
                continue;
            }
            let value = match (names.get(name), name.split_once('.')) {
                (Some(value), _) => Some(value.clone()),
                (None, Some((resource, attribute))) => Some(self.attribute(resource, attribute)?.into()),
                (None, None) => self.reference(name)?,
            };
            made.push_str(value.as_ref().and_then(Value::as_str).ok_or_else(|| unknown(&text))?);
        }
        made.push_str(rest);
        Ok(made.into())
    }

    fn kind(&self, resource: &str) -> Result<&str, TemplateError> {
        let found = self.document.get("Resources").and_then(|all| all.get(resource)?.get("Type")?.as_str());
        found.ok_or_else(|| no_such("resource or parameter", resource))
    }

    fn name(&self, resource: &str) -> String {
        let given = self.stack.resources.get(resource).cloned();
        given.unwrap_or_else(|| format!("{}-{resource}", self.stack.name))
    }

    /// What `Ref` answers for a resource.
    fn identity(&self, resource: &str) -> Result<String, TemplateError> {
        let (kind, name) = (self.kind(resource)?, self.name(resource));
        Ok(match kind {
            "AWS::SNS::Topic" => self.arn("sns", &name),
            "AWS::SQS::Queue" => {
                let Stack { region, account, .. } = self.stack;
                format!("https://sqs.{region}.amazonaws.com/{account}/{name}")
            }
            _ => name,
        })
    }

    fn attribute(&self, resource: &str, attribute: &str) -> Result<String, TemplateError> {
        let (kind, name) = (self.kind(resource)?, self.name(resource));
        Ok(match (kind, attribute) {
            ("AWS::DynamoDB::Table", "Arn") => self.arn("dynamodb", &format!("table/{name}")),
            ("AWS::SQS::Queue", "Arn") => self.arn("sqs", &name),
            ("AWS::SQS::Queue", "QueueName") => name,
            ("AWS::Logs::LogGroup", "Arn") => self.arn("logs", &format!("log-group:{name}:*")),
            ("AWS::Lambda::Function", "Arn") => self.arn("lambda", &format!("function:{name}")),
            ("AWS::Events::Rule", "Arn") => self.arn("events", &format!("rule/{name}")),
            _ => return Err(unknown(&format!("{resource}.{attribute} of {kind}"))),
        })
    }

    fn arn(&self, service: &str, rest: &str) -> String {
        let Stack { partition, region, account, .. } = self.stack;
        format!("arn:{partition}:{service}:{region}:{account}:{rest}")
    }
}

/// The one member of an object that has one.
fn single(value: &Value) -> Option<(&str, &Value)> {
    let mut members = value.as_object()?.iter();
    let (name, member) = members.next()?;
    members.next().is_none().then_some((name.as_str(), member))
}
