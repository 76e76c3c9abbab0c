//! Where to look in the AWS console, in the partition that an ARN names.

use crate::arn::{Arn, ClusterArn, TaskArn};
use crate::incident::Target;
use crate::redact::redact;
use crate::scaling::QueueName;

/// Names of clusters, services and task definitions have up to 255 characters (their `Create` and `Register` calls).
const MAX_NAME: usize = 255;

/// A place to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What is there.
    pub what: Place,
    /// Its address.
    pub url: String,
}

/// What a link leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The service, the family's tasks, or the container instance.
    Target,
    /// The tasks of a cluster.
    Tasks,
    /// A task.
    Task,
    /// What a container logged.
    Logs,
    /// The service's deployments.
    Deployments,
    /// A queue.
    Queue,
}

/// Where the console of a partition lives; `None` for partitions that this version does not know.
fn console(partition: &str, region: &str) -> Option<String> {
    let domain = match partition {
        "aws" => "console.aws.amazon.com",
        "aws-cn" => "console.amazonaws.cn",
        "aws-us-gov" => "console.amazonaws-us-gov.com",
        _ => return None,
    };
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (!region.is_empty() && region.chars().all(is_plain)).then(|| format!("https://{region}.{domain}"))
}

/// The target's own page.
pub(super) fn target(target: &Target) -> Option<Link> {
    let cluster = cluster_page(target.cluster())?;
    let (console, region) = home(target.cluster())?;
    let url = match target {
        Target::Service { name, .. } => {
            format!("{cluster}/services/{}/health?region={region}", escaped(name.as_str())?)
        }
        Target::Family { family, .. } => {
            format!("{console}/ecs/v2/task-definitions/{}?region={region}", escaped(family.as_str())?)
        }
        Target::ContainerInstance { arn, .. } => {
            format!("{cluster}/infrastructure/container-instances/{}?region={region}", escaped(arn.id())?)
        }
    };
    Some(Link { what: Place::Target, url })
}

/// The tasks of a cluster.
pub(super) fn tasks(cluster: &ClusterArn) -> Option<Link> {
    let (page, (_, region)) = (cluster_page(cluster)?, home(cluster)?);
    Some(Link { what: Place::Tasks, url: format!("{page}/tasks?region={region}") })
}

/// The page of one task.
pub(super) fn task(cluster: &ClusterArn, task: &TaskArn) -> Option<Link> {
    let (cluster, (_, region)) = (cluster_page(cluster)?, home(cluster)?);
    let url = format!("{cluster}/tasks/{}/configuration?region={region}", escaped(task.id())?);
    Some(Link { what: Place::Task, url })
}

/// The logs of one task.
pub(super) fn logs(cluster: &ClusterArn, task: &TaskArn) -> Option<Link> {
    let (cluster, (_, region)) = (cluster_page(cluster)?, home(cluster)?);
    let url = format!("{cluster}/tasks/{}/logs?region={region}", escaped(task.id())?);
    Some(Link { what: Place::Logs, url })
}

/// The deployments of a service.
pub(super) fn deployments(target: &Target) -> Option<Link> {
    let Target::Service { name, .. } = target else { return None };
    let cluster = target.cluster();
    let (cluster, (_, region)) = (cluster_page(cluster)?, home(cluster)?);
    let url = format!("{cluster}/services/{}/deployments?region={region}", escaped(name.as_str())?);
    Some(Link { what: Place::Deployments, url })
}

/// The page of a queue of the cluster's account and region. The console names a queue by its URL.
pub(super) fn queue(cluster: &ClusterArn, queue: &QueueName) -> Option<Link> {
    let (console, region) = home(cluster)?;
    let arn = Arn::parse(cluster.as_str())?;
    let domain = if arn.partition == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" };
    let is_account = arn.account.len() == 12 && arn.account.chars().all(|c| c.is_ascii_digit());
    let name = escaped(&queue.0).filter(|_| is_account)?;
    let url = escaped(&format!("https://sqs.{region}.{domain}/{}/", arn.account))?;
    let url = format!("{console}/sqs/v3/home?region={region}#/queues/{url}{name}");
    Some(Link { what: Place::Queue, url })
}

fn home(cluster: &ClusterArn) -> Option<(String, &str)> {
    let arn = Arn::parse(cluster.as_str())?;
    Some((console(arn.partition, arn.region)?, arn.region))
}

fn cluster_page(cluster: &ClusterArn) -> Option<String> {
    let (console, _) = home(cluster)?;
    Some(format!("{console}/ecs/v2/clusters/{}", escaped(cluster.name())?))
}

/// As a part of a path: whatever is no unreserved character (RFC 3986) is escaped, so no name leads elsewhere. `None` for
/// what is longer than any name in ECS, and for what may not be shown.
fn escaped(text: &str) -> Option<String> {
    if text.len() > MAX_NAME || redact(text).as_str() != text {
        return None;
    }
    let mut path = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                path.push(char::from(byte));
            }
            _ => {
                let digits = [byte >> 4, byte & 15].map(|digit| char::from_digit(u32::from(digit), 16));
                path.push('%');
                path.extend(digits.into_iter().flatten().map(|digit| digit.to_ascii_uppercase()));
            }
        }
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arn::ServiceName;

    fn service(partition: &str, region: &str, name: &str) -> Target {
        let cluster = ClusterArn::new(format!("arn:{partition}:ecs:{region}:123456789012:cluster/shop"));
        Target::Service { cluster, name: ServiceName::new(name) }
    }

    #[test]
    fn links_lead_to_the_console_of_the_partition() {
        let url = |partition, region| target(&service(partition, region, "api")).map(|link| link.url);
        let at = |host: &str, region: &str| {
            Some(format!("https://{region}.{host}/ecs/v2/clusters/shop/services/api/health?region={region}"))
        };
        assert_eq!(url("aws", "eu-central-1"), at("console.aws.amazon.com", "eu-central-1"));
        assert_eq!(url("aws-cn", "cn-north-1"), at("console.amazonaws.cn", "cn-north-1"));
        assert_eq!(url("aws-us-gov", "us-gov-west-1"), at("console.amazonaws-us-gov.com", "us-gov-west-1"));
        assert_eq!(url("aws-iso", "us-iso-east-1"), None);
        assert_eq!(url("aws", "evil.example/"), None);
    }

    #[test]
    fn what_can_be_no_name_or_may_not_be_shown_leads_nowhere() {
        for name in ["x".repeat(256), "AKIAIOSFODNN7EXAMPLE".to_owned(), "a\u{202E}b".to_owned()] {
            assert_eq!(target(&service("aws", "eu-central-1", &name)), None, "{name}");
        }
    }

    #[test]
    fn a_queue_is_named_by_its_url() {
        let url = |partition, region, name: &str| {
            let target = service(partition, region, "api");
            queue(target.cluster(), &QueueName(name.to_owned())).map(|link| link.url)
        };
        let expected = "https://eu-central-1.console.aws.amazon.com/sqs/v3/home?region=eu-central-1#/queues/\
                        https%3A%2F%2Fsqs.eu-central-1.amazonaws.com%2F123456789012%2Forders.fifo";
        assert_eq!(url("aws", "eu-central-1", "orders.fifo").unwrap(), expected);
        assert!(
            url("aws-cn", "cn-north-1", "orders").unwrap().contains("sqs.cn-north-1.amazonaws.com.cn%2F")
        );
        assert!(url("aws", "eu-central-1", "../x|>").unwrap().ends_with("%2F..%2Fx%7C%3E"));
    }

    #[test]
    fn no_name_leads_elsewhere() {
        let link = target(&service("aws", "eu-central-1", "../../x|y>#")).unwrap();
        assert!(link.url.contains("/services/..%2F..%2Fx%7Cy%3E%23/health"), "{}", link.url);
    }
}
