//! Metrics in CloudWatch's embedded metric format: a log line that CloudWatch turns into metrics, without a call.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::log;

/// Where CloudWatch shows them.
const NAMESPACE: &str = "EcsSteward";

/// The metrics of one invocation, each under its function (`service`).
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    counts: Vec<(&'static str, usize)>,
}

impl Metrics {
    /// No metric yet.
    pub fn new() -> Self {
        Self::default()
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
        let described: Vec<Value> =
            self.counts.iter().map(|(name, _)| json!({"Name": name, "Unit": "Count"})).collect();
        let directive = json!({
            "Timestamp": now.as_millisecond(),
            "CloudWatchMetrics": [{"Namespace": NAMESPACE, "Dimensions": [["service"]], "Metrics": described}],
        });
        let mut line = Map::new();
        line.insert("_aws".to_owned(), directive);
        for (name, count) in &self.counts {
            line.insert((*name).to_owned(), json!(count));
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
}
