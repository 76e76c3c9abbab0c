//! Metrics in CloudWatch's embedded metric format: a log line that CloudWatch turns into metrics, without a call.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::log;

/// Where CloudWatch shows them.
const NAMESPACE: &str = "EcsSteward";

/// The metrics of one invocation, each under its function (`service`); those of a job under its name, too, and those of a
/// service of ECS under its names alone.
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    counts: Vec<(&'static str, usize)>,
    numbers: Vec<(&'static str, f64)>,
    seconds: Vec<(&'static str, i64)>,
    of: Of,
}

/// What metrics are about.
#[derive(Debug, Clone, Default)]
enum Of {
    #[default]
    Function,
    Job(String),
    /// As ECS's own metrics name one: by cluster and service.
    Service(String, String),
}

impl Metrics {
    /// No metric yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// No metric yet, of one job.
    pub fn of_job(name: &str) -> Self {
        Self { of: Of::Job(name.to_owned()), ..Self::default() }
    }

    /// No metric yet, of one service of ECS.
    pub fn of_service(cluster: &str, service: &str) -> Self {
        Self { of: Of::Service(cluster.to_owned(), service.to_owned()), ..Self::default() }
    }

    /// A number of things that need not be whole.
    #[must_use]
    pub fn number(mut self, name: &'static str, number: f64) -> Self {
        self.numbers.push((name, number));
        self
    }

    /// How long something took.
    #[must_use]
    pub fn seconds(mut self, name: &'static str, seconds: Option<i64>) -> Self {
        self.seconds.extend(seconds.map(|seconds| (name, seconds)));
        self
    }

    /// A number of things.
    #[must_use]
    pub fn count(mut self, name: &'static str, count: usize) -> Self {
        self.counts.push((name, count));
        self
    }

    /// Writes the line.
    pub fn write(self, now: Timestamp) {
        let mut line = self.line(now);
        log::identify(&mut line);
        log::write_line(line);
    }

    fn line(&self, now: Timestamp) -> Map<String, Value> {
        let counts = self.counts.iter().map(|(name, _)| json!({"Name": name, "Unit": "Count"}));
        let seconds = self.seconds.iter().map(|(name, _)| json!({"Name": name, "Unit": "Seconds"}));
        let numbers = self.numbers.iter().map(|(name, _)| json!({"Name": name, "Unit": "Count"}));
        let described: Vec<Value> = counts.chain(numbers).chain(seconds).collect();
        let dimensions = match self.of {
            Of::Function => json!([["service"]]),
            Of::Job(_) => json!([["service"], ["service", "job"]]),
            Of::Service(..) => json!([["ClusterName", "ServiceName"]]),
        };
        let directive = json!({
            "Timestamp": now.as_millisecond(),
            "CloudWatchMetrics": [{"Namespace": NAMESPACE, "Dimensions": dimensions, "Metrics": described}],
        });
        let mut line = Map::new();
        line.insert("_aws".to_owned(), directive);
        for (name, count) in &self.counts {
            line.insert((*name).to_owned(), json!(count));
        }
        line.extend(self.seconds.iter().map(|(name, seconds)| ((*name).to_owned(), json!(seconds))));
        line.extend(self.numbers.iter().map(|(name, number)| ((*name).to_owned(), json!(number))));
        match &self.of {
            Of::Function => {}
            Of::Job(job) => line.extend([("job".to_owned(), json!(job))]),
            Of::Service(cluster, service) => line.extend([
                ("ClusterName".to_owned(), json!(cluster)),
                ("ServiceName".to_owned(), json!(service)),
            ]),
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_every_metric_that_it_has() {
        let line = Metrics::new().count("EventsHandled", 3).line(Timestamp::UNIX_EPOCH);
        let line = Value::Object(line);
        assert_eq!(line["EventsHandled"], 3);
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(directive["Metrics"], json!([{"Name": "EventsHandled", "Unit": "Count"}]));
        assert_eq!(
            (&directive["Dimensions"], &line["_aws"]["Timestamp"]),
            (&json!([["service"]]), &json!(0))
        );
    }

    #[test]
    fn metrics_of_a_job_are_those_of_the_function_too() {
        let metrics = Metrics::of_job("nightly").count("RunsFailed", 1).seconds("RunDuration", Some(90));
        let line = Value::Object(metrics.seconds("RunLateness", None).line(Timestamp::UNIX_EPOCH));
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(directive["Dimensions"], json!([["service"], ["service", "job"]]));
        assert_eq!(directive["Metrics"][1], json!({"Name": "RunDuration", "Unit": "Seconds"}));
        assert_eq!(
            (&line["job"], &line["RunDuration"], line.get("RunLateness")),
            (&json!("nightly"), &json!(90), None)
        );
    }

    #[test]
    fn metrics_of_a_service_are_known_by_its_cluster_and_its_name_alone() {
        let metrics = Metrics::of_service("shop", "worker").number("BacklogPerTask", 2.5);
        let line = Value::Object(metrics.count("DesiredTasks", 3).line(Timestamp::UNIX_EPOCH));
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(directive["Dimensions"], json!([["ClusterName", "ServiceName"]]));
        assert_eq!(directive["Metrics"][1], json!({"Name": "BacklogPerTask", "Unit": "Count"}));
        assert_eq!(
            (&line["ClusterName"], &line["ServiceName"], &line["BacklogPerTask"], &line["DesiredTasks"]),
            (&json!("shop"), &json!("worker"), &json!(2.5), &json!(3))
        );
    }
}
