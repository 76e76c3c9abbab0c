//! What stands around the local stack: CloudFormation, EventBridge, Lambda and STS, as far as they are asked of one stack that is
//! deployed. Everything else goes on to the gateway.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use serde_json::{Value, json};

/// The stack.
pub(crate) struct Stack {
    pub(crate) name: &'static str,
    pub(crate) parameters: Vec<(&'static str, String)>,
    /// Resources by their names in the template: kind, and physical id.
    pub(crate) resources: BTreeMap<String, (&'static str, String)>,
    /// What each function has in its environment.
    pub(crate) variables: Value,
    /// `host:port` of the gateway.
    pub(crate) gateway: String,
}

impl Stack {
    /// Starts it, and says where.
    pub(crate) fn start(self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let stack = Arc::new(self);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let stack = Arc::clone(&stack);
                std::thread::spawn(move || stack.serve(stream.unwrap()));
            }
        });
        url
    }

    fn serve(&self, mut stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let (mut head, mut target, mut length) = (Vec::new(), String::new(), 0);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap() == 0 {
                return;
            }
            let line = line.trim_end().to_owned();
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(": ").unwrap_or((&line, ""));
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().unwrap(),
                "x-amz-target" => value.clone_into(&mut target),
                "connection" => continue,
                _ => {}
            }
            head.push(line);
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let path = head[0].split(' ').nth(1).unwrap().to_owned();
        let Some(answer) = self.answer(&path, &target, &String::from_utf8_lossy(&body)) else {
            let mut gateway = TcpStream::connect(&self.gateway).unwrap();
            write!(gateway, "{}\r\nconnection: close\r\n\r\n", head.join("\r\n")).unwrap();
            gateway.write_all(&body).unwrap();
            std::io::copy(&mut gateway, &mut stream).unwrap();
            return;
        };
        let date = jiff::fmt::rfc2822::to_string(&jiff::Zoned::now().with_time_zone(jiff::tz::TimeZone::UTC));
        write!(
            stream,
            "HTTP/1.1 200 OK\r\ndate: {}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{answer}",
            date.unwrap().replace("+0000", "GMT"),
            answer.len()
        )
        .unwrap();
    }

    fn answer(&self, path: &str, target: &str, body: &str) -> Option<String> {
        let input: Value = serde_json::from_str(body).unwrap_or_default();
        let is_action = |action: &str| body.contains(&format!("Action={action}&"));
        let json = match target {
            "AWSEvents.DescribeRule" => json!({"State": "ENABLED"}),
            "AWSEvents.ListTargetsByRule" => {
                let to = match input["Rule"].as_str().unwrap() {
                    "JobTaskRule" => &self.resources["JobsQueue"].1,
                    sweep if sweep.ends_with("Sweep") => {
                        &self.resources[sweep.strip_suffix("Sweep").unwrap()].1
                    }
                    _ => &self.resources["EventsQueue"].1,
                };
                json!({"Targets": [{"Id": "it", "Arn": format!("arn:aws:x:us-east-1:123456789012:{}", last(to))}]})
            }
            _ if path.starts_with("/2015-03-31/functions/") => json!({
                "State": "Active", "LastUpdateStatus": "Successful", "Architectures": ["arm64"],
                "Environment": {"Variables": self.variables},
            }),
            _ if path.starts_with("/2015-03-31/event-source-mappings/") => json!({"State": "Enabled"}),
            _ if path.starts_with("/schedules/") => {
                let function = path.strip_prefix("/schedules/").unwrap().strip_suffix("Sweep").unwrap();
                json!({"State": "ENABLED", "Target": {"Arn": format!("arn:aws:lambda:us-east-1:123456789012:function:{function}")}})
            }
            _ if is_action("DescribeStacks") => return Some(self.described()),
            _ if is_action("ListStackResources") => return Some(self.listed()),
            _ if is_action("GetCallerIdentity") => {
                return Some("<R><Arn>arn:aws:iam::123456789012:user/ana</Arn></R>".to_owned());
            }
            _ => return None,
        };
        Some(json.to_string())
    }

    fn described(&self) -> String {
        let mut parameters = String::new();
        for (name, value) in &self.parameters {
            let member =
                format!("<ParameterKey>{name}</ParameterKey><ParameterValue>{value}</ParameterValue>");
            write!(parameters, "<member>{member}</member>").unwrap();
        }
        format!(
            "<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>{}</StackName>\
             <CreationTime>2026-11-28T00:00:00Z</CreationTime><StackStatus>CREATE_COMPLETE</StackStatus>\
             <Parameters>{parameters}</Parameters></member></Stacks></DescribeStacksResult></DescribeStacksResponse>",
            self.name
        )
    }

    fn listed(&self) -> String {
        let mut members = String::new();
        for (logical, (kind, physical)) in &self.resources {
            write!(
                members,
                "<member><LogicalResourceId>{logical}</LogicalResourceId><PhysicalResourceId>{physical}</PhysicalResourceId>\
                 <ResourceType>{kind}</ResourceType><LastUpdatedTimestamp>2026-11-28T00:00:00Z</LastUpdatedTimestamp>\
                 <ResourceStatus>CREATE_COMPLETE</ResourceStatus></member>"
            )
            .unwrap();
        }
        format!(
            "<ListStackResourcesResponse><ListStackResourcesResult><StackResourceSummaries>{members}</StackResourceSummaries>\
             </ListStackResourcesResult></ListStackResourcesResponse>"
        )
    }
}

fn last(text: &str) -> &str {
    text.rsplit(['/', ':']).next().unwrap()
}
