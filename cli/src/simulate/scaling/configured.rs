//! A scaler as a configuration's file has it.

use std::io;

use clap::Args;
use steward::scaling::Scaler;

use crate::configuration;

#[derive(Args)]
pub(super) struct Configured {
    /// Scale as this file says, a steward.yaml: its promise, bounds and all else
    #[arg(long, value_name = "FILE", conflicts_with_all = ["promise", "min", "max", "per_task", "matrix"])]
    config: Option<String>,
    /// Which of its services, where it scales several
    #[arg(long, value_name = "NAME", requires = "config")]
    service: Option<String>,
}

impl Configured {
    /// The scaler, and in words where it is from. `None`: no file is named.
    pub(super) fn scaler(&self) -> io::Result<Option<(Scaler, String)>> {
        let Some(file) = &self.config else { return Ok(None) };
        let Some(valid) = configuration::read_file(file)? else {
            return Err(io::Error::other(format!("{file} is no valid configuration")));
        };
        let mut scalers: Vec<Scaler> = valid.configuration.scaling.by_service.into_values().collect();
        if let Some(name) = &self.service {
            scalers.retain(|scaler| scaler.service.as_str() == name);
        }
        let problem = match (scalers.pop(), scalers.is_empty(), &self.service) {
            (Some(scaler), true, _) => {
                let said = format!("as {file} has {} in {}", scaler.service, scaler.cluster);
                return Ok(Some((scaler, said)));
            }
            (None, _, None) => {
                format!(
                    "{file}: `scaling.services` is empty; docs/configuration.md says how to scale a service"
                )
            }
            (None, _, Some(name)) => format!("{file}: `scaling.services` has no service `{name}`"),
            (Some(_), false, _) => {
                format!(
                    "{file}: `scaling.services` has several services of that kind; name one with --service"
                )
            }
        };
        Err(io::Error::other(problem))
    }
}
