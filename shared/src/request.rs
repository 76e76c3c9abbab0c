//! What Steward's functions are asked by Steward itself: by a tick, by a queue, or by a person's test button.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::notification::Subject;

/// A request, told from events by its field `steward`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "steward", rename_all = "snake_case")]
pub enum Request {
    /// Look at what is due.
    Sweep,
    /// Begin a run of a job.
    #[serde(rename = "run-job", alias = "run_job")]
    RunJob {
        /// Which job.
        job: String,
        /// What tells the run from the job's others: the same is begun once. Absent: the time of the request.
        #[serde(default)]
        slot: Option<String>,
        /// Values for the job's parameters.
        #[serde(default)]
        set: BTreeMap<String, String>,
    },
    /// Tell a subject.
    Tell {
        /// Which.
        subject: Subject,
    },
}

/// Why a request cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a request: {problem}; one is {{\"steward\":\"sweep\"}}, {{\"steward\":\"run-job\",\"job\":\"…\"}} or \
     {{\"steward\":\"tell\",\"subject\":{{…}}}}"
)]
pub struct RequestError {
    /// What is wrong.
    pub problem: String,
}

/// Whether a payload has the field by which a request is told.
#[derive(Deserialize)]
struct Mark {
    steward: Option<serde::de::IgnoredAny>,
}

impl Request {
    /// Reads a payload. `None`: it is no request, but an event perhaps.
    pub fn read(payload: &[u8]) -> Option<Result<Self, RequestError>> {
        if !is_object(payload) {
            return None;
        }
        let Ok(Mark { steward: Some(_) }) = serde_json::from_slice(payload) else { return None };
        Some(Self::parse(payload))
    }

    /// Reads what can only be a request.
    ///
    /// # Errors
    ///
    /// Where it is none.
    pub fn parse(text: &[u8]) -> Result<Self, RequestError> {
        if !is_object(text) {
            return Err(RequestError { problem: "this is no JSON object".to_owned() });
        }
        serde_json::from_slice(text).map_err(|error| RequestError { problem: error.to_string() })
    }

    /// The request as a message.
    pub fn to_text(&self) -> String {
        // The derived form of a closed set of plain values cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// serde takes a list of a struct's fields for the struct; nobody sends a request so.
fn is_object(text: &[u8]) -> bool {
    text.trim_ascii_start().starts_with(b"{")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arn::{ClusterArn, ServiceName};
    use crate::incident::Target;

    #[test]
    fn a_subject_comes_back_from_its_message() {
        let target = Target::Service {
            cluster: ClusterArn::new("arn:aws:ecs:eu-central-1:123456789012:cluster/shop"),
            name: ServiceName::new("api"),
        };
        let subject = Subject::Incident { target, opened_at: jiff::Timestamp::UNIX_EPOCH };
        let request = Request::Tell { subject };
        assert_eq!(Request::read(request.to_text().as_bytes()), Some(Ok(request)));
    }

    #[test]
    fn an_event_is_no_request_and_a_wrong_request_is_no_event() {
        assert_eq!(Request::read(br#"{"detail-type":"ECS Task State Change","detail":{}}"#), None);
        for list in [&b"[1]"[..], b"[[1]]", br#"["sweep"]"#] {
            assert_eq!(Request::read(list), None);
            assert!(Request::parse(list).unwrap_err().to_string().contains("this is no JSON object"));
        }
        assert_eq!(Request::read(br#"{"steward":"sweep"}"#), Some(Ok(Request::Sweep)));
        let error = Request::read(br#"{"steward":"swep"}"#).unwrap().unwrap_err();
        assert!(error.to_string().contains("unknown variant `swep`"), "{error}");
    }
}
