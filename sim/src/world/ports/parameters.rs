//! Parameter Store, where the configuration lies.

use std::rc::Rc;

use steward::config::MemoryParameters;
use steward::ports::{ParameterError, Parameters};

use super::at_once;
use crate::world::actor::{Actor, Broken, Call};

/// Parameter Store as one invocation sees it.
pub(in crate::world) struct ParametersPort(pub(in crate::world) Rc<Actor>);

impl Parameters for ParametersPort {
    async fn get(&self, names: &[String]) -> Result<Vec<Option<String>>, ParameterError> {
        let call = Call { port: "parameters", method: "get", on: "", changes: false, about: names.join(" ") };
        let failed = |problem: String| ParameterError::Failed {
            operation: "GetParameters",
            name: names.first().cloned().unwrap_or_default(),
            problem,
            retryable: true,
        };
        let answer = |parameters: &MemoryParameters| {
            at_once(parameters.get(names), || failed("it did not answer at once".to_owned()))
        };
        self.0
            .call(call, |stage| answer(&stage.parameters), |broken: Broken| failed(broken.to_string()))
            .await
    }
}
