//! The clients of the SDK: one connector, one set of bounds, all from the environment.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Connector, tls};
use aws_smithy_runtime_api::client::http::{
    HttpConnectorSettings, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;

use super::environment::{Environment, EnvironmentError};
use super::late::Late;

/// A connection inside a region takes milliseconds.
const CONNECT: Duration = Duration::from_secs(1);
/// One try. DynamoDB, SQS, SNS, SSM and the reads of ECS answer in tens of milliseconds; Slack promises three seconds.
pub(super) const ATTEMPT: Duration = Duration::from_secs(4);
/// A connection is kept open for so long. While a function is frozen, AWS closes what is older.
const KEPT_OPEN: Duration = Duration::from_secs(20);
/// All tries of one call together.
pub(super) const CALL: Duration = Duration::from_secs(10);
/// Tries, the first included.
const TRIES: u32 = 3;
/// The first pause between tries is random below this, and doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// What all clients share.
#[derive(Clone)]
pub struct Sdk {
    config: SdkConfig,
    connector: SharedHttpConnector,
    endpoints: Arc<BTreeMap<&'static str, String>>,
}

impl Sdk {
    /// Reads region, keys and endpoints. Lambda renews the keys by starting a new process.
    ///
    /// # Errors
    ///
    /// Where one is missing.
    pub fn new(environment: &Environment) -> Result<Self, EnvironmentError> {
        Self::with_connector(environment, connector())
    }

    /// Of a process that has a configuration already, with its credentials, endpoints and retries: the command line.
    pub fn with_config(config: &SdkConfig) -> Self {
        Self { config: config.clone(), connector: connector(), endpoints: Arc::default() }
    }

    /// The same over a connector of the caller's.
    pub(super) fn with_connector(
        environment: &Environment,
        connector: SharedHttpConnector,
    ) -> Result<Self, EnvironmentError> {
        let credentials = Credentials::new(
            environment.required("AWS_ACCESS_KEY_ID")?,
            environment.required("AWS_SECRET_ACCESS_KEY")?,
            environment.optional("AWS_SESSION_TOKEN"),
            None,
            "environment",
        );
        let config = SdkConfig::builder()
            .behavior_version(aws_sdk_dynamodb::config::BehaviorVersion::v2026_01_12())
            .region(Region::new(environment.required("AWS_REGION")?))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(client_of(connector.clone()))
            .retry_config(
                RetryConfig::standard()
                    .with_max_attempts(TRIES)
                    .with_initial_backoff(FIRST_PAUSE)
                    .with_max_backoff(LONGEST_PAUSE),
            )
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(CONNECT)
                    .operation_attempt_timeout(ATTEMPT)
                    .operation_timeout(CALL)
                    .build(),
            )
            .build();
        Ok(Self { config, connector, endpoints: Arc::new(environment.endpoints()) })
    }

    /// A client that its first call makes, by the name that its service's endpoint variable ends in.
    fn client<C: 'static>(&self, service: &'static str, make: fn(&SdkConfig) -> C) -> Late<C> {
        let sdk = self.clone();
        Late::new(move || make(&sdk.of(service)))
    }

    /// The settings of one service.
    fn of(&self, service: &str) -> SdkConfig {
        match self.endpoints.get(service) {
            Some(endpoint) => self.config.clone().into_builder().endpoint_url(endpoint).build(),
            None => self.config.clone(),
        }
    }

    pub(super) fn dynamodb(&self) -> Late<aws_sdk_dynamodb::Client> {
        self.client("DYNAMODB", aws_sdk_dynamodb::Client::new)
    }

    pub(super) fn ecs(&self) -> Late<aws_sdk_ecs::Client> {
        self.client("ECS", aws_sdk_ecs::Client::new)
    }

    pub(super) fn auto_scaling(&self) -> Late<aws_sdk_applicationautoscaling::Client> {
        self.client("APPLICATION_AUTO_SCALING", aws_sdk_applicationautoscaling::Client::new)
    }

    pub(super) fn cloudwatch(&self) -> Late<aws_sdk_cloudwatch::Client> {
        self.client("CLOUDWATCH", aws_sdk_cloudwatch::Client::new)
    }

    pub(super) fn cloudformation(&self) -> Late<aws_sdk_cloudformation::Client> {
        self.client("CLOUDFORMATION", aws_sdk_cloudformation::Client::new)
    }

    pub(super) fn sqs(&self) -> Late<aws_sdk_sqs::Client> {
        self.client("SQS", aws_sdk_sqs::Client::new)
    }

    pub(super) fn sns(&self) -> Late<aws_sdk_sns::Client> {
        self.client("SNS", aws_sdk_sns::Client::new)
    }

    /// CloudWatch Logs in a region, where containers may send their logs to another than their own.
    pub(super) fn logs(&self, region: Option<&str>) -> aws_sdk_cloudwatchlogs::Client {
        let config = self.of("CLOUDWATCH_LOGS").into_builder();
        let region = region.map(|region| Region::new(region.to_owned())).or(self.config.region().cloned());
        aws_sdk_cloudwatchlogs::Client::new(&config.region(region).build())
    }

    pub(super) fn ssm(&self) -> Late<aws_sdk_ssm::Client> {
        self.client("SSM", aws_sdk_ssm::Client::new)
    }

    /// What all clients share, for those that are not the SDK's.
    #[cfg(feature = "audit")]
    pub(super) fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// For what is not AWS.
    pub(super) fn connector(&self) -> SharedHttpConnector {
        self.connector.clone()
    }
}

/// TLS by rustls on ring, and connections that are given up in time. It reads the root certificates, which the first event needs: before the
/// first `next` a function has a whole processor, and afterwards what is paid for.
fn connector() -> SharedHttpConnector {
    SharedHttpConnector::new(
        Connector::builder()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .tls_context(tls::TlsContext::default())
            .pool_idle_timeout(KEPT_OPEN)
            .connector_settings(
                HttpConnectorSettings::builder().connect_timeout(CONNECT).read_timeout(CALL).build(),
            )
            .build(),
    )
}

/// For calls whose outcome, unless it is answered, costs a person's attention: one try may take the time of all.
pub(super) fn patient() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(CALL)
        .operation_timeout(CALL)
        .build()
}

/// One connector, and so one pool of connections and one set of root certificates, for all clients.
fn client_of(connector: SharedHttpConnector) -> SharedHttpClient {
    http_client_fn(move |_, _| connector.clone())
}
