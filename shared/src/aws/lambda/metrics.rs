//! Metrics in CloudWatch's embedded metric format: a log line that CloudWatch turns into metrics, without a call.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::log;

/// Where CloudWatch shows them.
const NAMESPACE: &str = "EcsSteward";

/// The metrics of one invocation, each under its stack and its function (`service`); those of a job under its name, too, and
/// those of a service of ECS under its names alone. Without a stack, as on a developer's machine, the function's name is all.
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

    /// A number of things, where there are any: a metric is paid by the hours in which it is written.
    #[must_use]
    pub fn some(self, name: &'static str, count: usize) -> Self {
        if count == 0 { self } else { self.count(name, count) }
    }

    /// Writes the line.
    pub fn write(self, now: Timestamp) {
        let mut known = Map::new();
        log::identify(&mut known);
        let mut line = self.line(known.contains_key("stack"), now);
        line.extend(known);
        log::write_line(line);
    }

    fn line(&self, of_stack: bool, now: Timestamp) -> Map<String, Value> {
        let counts = self.counts.iter().map(|(name, _)| json!({"Name": name, "Unit": "Count"}));
        let seconds = self.seconds.iter().map(|(name, _)| json!({"Name": name, "Unit": "Seconds"}));
        let numbers = self.numbers.iter().map(|(name, _)| json!({"Name": name, "Unit": "Count"}));
        let described: Vec<Value> = counts.chain(numbers).chain(seconds).collect();
        let dimensions = match (&self.of, of_stack) {
            (Of::Function, true) => json!([["stack", "service"]]),
            (Of::Function, false) => json!([["service"]]),
            (Of::Job(_), true) => json!([["stack", "service"], ["stack", "service", "job"]]),
            (Of::Job(_), false) => json!([["service"], ["service", "job"]]),
            (Of::Service(..), _) => json!([["ClusterName", "ServiceName"]]),
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
        let line = Metrics::new().count("EventsHandled", 3).line(false, Timestamp::UNIX_EPOCH);
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
        let line = Value::Object(metrics.seconds("RunLateness", None).line(false, Timestamp::UNIX_EPOCH));
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(directive["Dimensions"], json!([["service"], ["service", "job"]]));
        assert_eq!(directive["Metrics"][1], json!({"Name": "RunDuration", "Unit": "Seconds"}));
        assert_eq!(
            (&line["job"], &line["RunDuration"], line.get("RunLateness")),
            (&json!("nightly"), &json!(90), None)
        );
    }

    #[test]
    fn two_stacks_in_one_region_have_metrics_of_their_own() {
        for (metrics, dimensions) in [
            (Metrics::new(), json!([["stack", "service"]])),
            (Metrics::of_job("nightly"), json!([["stack", "service"], ["stack", "service", "job"]])),
            // A service is of one stack at the most.
            (Metrics::of_service("shop", "worker"), json!([["ClusterName", "ServiceName"]])),
        ] {
            let line = Value::Object(metrics.count("Sweeps", 1).line(true, Timestamp::UNIX_EPOCH));
            assert_eq!(line["_aws"]["CloudWatchMetrics"][0]["Dimensions"], dimensions);
        }
    }

    #[test]
    fn what_did_not_happen_is_no_metric_where_that_is_asked_for() {
        let line = Value::Object(
            Metrics::new()
                .some("ActionsUnknown", 0)
                .some("ActionsFailed", 2)
                .line(true, Timestamp::UNIX_EPOCH),
        );
        let described = &line["_aws"]["CloudWatchMetrics"][0]["Metrics"];
        assert_eq!(described, &json!([{"Name": "ActionsFailed", "Unit": "Count"}]));
        assert_eq!((line.get("ActionsUnknown"), &line["ActionsFailed"]), (None, &json!(2)));
    }

    #[test]
    fn metrics_of_a_service_are_known_by_its_cluster_and_its_name_alone() {
        let metrics = Metrics::of_service("shop", "worker").number("BacklogPerTask", 2.5);
        let line = Value::Object(metrics.count("DesiredTasks", 3).line(false, Timestamp::UNIX_EPOCH));
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(directive["Dimensions"], json!([["ClusterName", "ServiceName"]]));
        assert_eq!(directive["Metrics"][1], json!({"Name": "BacklogPerTask", "Unit": "Count"}));
        assert_eq!(
            (&line["ClusterName"], &line["ServiceName"], &line["BacklogPerTask"], &line["DesiredTasks"]),
            (&json!("shop"), &json!("worker"), &json!(2.5), &json!(3))
        );
    }
}
