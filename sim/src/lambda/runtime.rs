//! Execution environments: a function's processes, started, fed, timed out and killed as Lambda does it.
//!
//! # What is as in Lambda
//!
//! * An environment runs one invocation at a time, is reused while it lives, and is replaced after a crash, a time-out or
//!   an exit. Its environment variables are Lambda's and those of [`Settings::environment`], nothing of the parent's.
//! * A time-out kills with SIGKILL at the deadline. SIGTERM comes only at [`Function::shutdown`], only to processes that
//!   registered an extension, and 500 ms before SIGKILL.
//!
//! # What is not
//!
//! * No memory limit and no CPU share: figures are those of this machine. The environment is not frozen between invocations.
//! * An extension's events are never sent: internal extensions that subscribe to none are all that is imitated.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::Notify;

use crate::sync::lock;

mod api;
mod environment;

use environment::Environment;

/// What a function is made of.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Its name.
    pub name: String,
    /// The program that an environment runs.
    pub bootstrap: PathBuf,
    /// Of the account, in ARNs.
    pub account: String,
    /// Its region.
    pub region: String,
    /// After which an invocation is killed.
    pub timeout: Duration,
    /// Told to the function; not enforced.
    pub memory_mb: u32,
    /// On top of what Lambda sets, and instead of it where names agree.
    pub environment: BTreeMap<String, String>,
    /// Environments at most, as reserved concurrency.
    pub max_concurrency: usize,
    /// What an invocation does when all of them are busy.
    pub when_busy: WhenBusy,
    /// How long an environment may take to ask for its first invocation.
    pub init_timeout: Duration,
}

impl Settings {
    /// Lambda's defaults, but for one environment and waiting: enough for most tests.
    pub fn new(name: &str, bootstrap: impl Into<PathBuf>) -> Self {
        Self {
            name: name.to_owned(),
            bootstrap: bootstrap.into(),
            account: "123456789012".to_owned(),
            region: "us-east-1".to_owned(),
            timeout: Duration::from_secs(3),
            memory_mb: 128,
            environment: BTreeMap::new(),
            max_concurrency: 1,
            when_busy: WhenBusy::Wait,
            init_timeout: Duration::from_secs(10),
        }
    }

    /// Adds an environment variable.
    #[must_use]
    pub fn variable(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.insert(name.to_owned(), value.into());
        self
    }

    /// The access key that the function signs its calls with: the gateway knows the function by it.
    pub fn access_key_id(&self) -> String {
        let name = self.name.chars().filter(char::is_ascii_alphanumeric);
        format!("AKIA{}", name.collect::<String>().to_ascii_uppercase())
    }

    fn arn(&self) -> String {
        format!("arn:aws:lambda:{}:{}:function:{}", self.region, self.account, self.name)
    }
}

/// What an invocation does when all environments are busy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenBusy {
    /// It waits: for tests that do not care.
    Wait,
    /// It fails with [`InvokeError::Throttled`], as Lambda's 429.
    Throttle,
}

/// Why an invocation brought no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvokeError {
    /// The function's handler said so.
    #[error("function {function} failed with {error_type}: {message}")]
    FunctionError {
        /// The function.
        function: String,
        /// Its name of the error.
        error_type: String,
        /// Its words.
        message: String,
        /// All it sent.
        payload: Vec<u8>,
    },
    /// It ran into its deadline and was killed.
    #[error("function {function} timed out after {after:?} and was killed")]
    TimedOut {
        /// The function.
        function: String,
        /// Its time-out.
        after: Duration,
    },
    /// Its process ended during the invocation.
    #[error("the process of function {function} ended during an invocation: {exit}; it wrote: {stderr}")]
    Crashed {
        /// The function.
        function: String,
        /// How it ended.
        exit: Exit,
        /// The last lines of its stderr.
        stderr: String,
    },
    /// No environment was free.
    #[error("function {function} was throttled: all {environments} environments are busy")]
    Throttled {
        /// The function.
        function: String,
        /// How many there may be.
        environments: usize,
    },
    /// A new environment did not come up.
    #[error("function {function} did not start: {reason}; it wrote: {stderr}")]
    Init {
        /// The function.
        function: String,
        /// What happened.
        reason: String,
        /// What it wrote to stderr.
        stderr: String,
    },
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// By itself, with a status.
    Status(i32),
    /// By a signal.
    Signal(i32),
    /// It was lost sight of: the operating system told nothing.
    Unknown,
}

impl std::fmt::Display for Exit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Status(status) => write!(f, "exit status {status}"),
            Self::Signal(signal) => write!(f, "signal {signal}"),
            Self::Unknown => f.write_str("an unknown end"),
        }
    }
}

/// Something that can be invoked: a [`Function`], or a stand-in for one.
pub trait Invoke: Clone + Send + Sync + 'static {
    /// Runs one invocation to its end.
    fn invoke(&self, payload: Vec<u8>) -> impl Future<Output = Result<Vec<u8>, InvokeError>> + Send;
}

/// A line that a process wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Number of the environment, from 1.
    pub environment: usize,
    /// Where to.
    pub stream: Stream,
    /// The line, without its end.
    pub text: String,
}

impl LogLine {
    /// The line as JSON, if it is that.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_str(&self.text).ok()
    }
}

/// Of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// One invocation, for benchmarks and assertions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// Its request id.
    pub request_id: String,
    /// The environment that ran it.
    pub environment: usize,
    /// Whether it was the environment's first.
    pub cold: bool,
    /// When the function got it.
    pub started: Timestamp,
    /// From handing it over to its result.
    pub duration: Duration,
    /// `None` after success, else the error's text.
    pub error: Option<String>,
}

/// One environment, for benchmarks and assertions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnvironmentRecord {
    /// Its number, from 1.
    pub number: usize,
    /// Id of its process.
    pub pid: u32,
    /// From starting the process until it asked for its first invocation.
    pub init: Option<Duration>,
    /// The most memory its process ever held, as last seen.
    pub peak_memory_bytes: Option<u64>,
    /// Invocations handed to it.
    pub invocations: usize,
    /// How it ended, if it did.
    pub exit: Option<Exit>,
}

/// A function. Clones share its environments, which end when the last clone goes.
#[derive(Clone, Debug)]
pub struct Function {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    settings: Settings,
    pool: Mutex<Pool>,
    /// An environment became idle or ended.
    freed: Notify,
    logs: Arc<Mutex<Vec<LogLine>>>,
    invocations: Mutex<Vec<Invocation>>,
}

#[derive(Debug, Default)]
struct Pool {
    environments: Vec<Arc<Environment>>,
    idle: Vec<usize>,
    /// Started or starting, and not ended.
    alive: usize,
    /// Environments ever asked for: their numbers.
    started: usize,
    requests: u64,
}

/// What an invocation found in the pool.
enum Place {
    Idle(Arc<Environment>),
    Start(usize),
    Busy,
}

impl Function {
    /// A function without environments: they start on demand.
    pub fn new(settings: Settings) -> Self {
        Self {
            shared: Arc::new(Shared {
                settings,
                pool: Mutex::default(),
                freed: Notify::new(),
                logs: Arc::default(),
                invocations: Mutex::default(),
            }),
        }
    }

    /// What the function is made of.
    pub fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.shared.settings.name
    }

    /// Its ARN.
    pub fn arn(&self) -> String {
        self.shared.settings.arn()
    }

    /// Runs one invocation to its end.
    pub async fn invoke(&self, payload: impl Into<Bytes>) -> Result<Vec<u8>, InvokeError> {
        let environment = self.environment().await?;
        let request_id = {
            let mut pool = lock(&self.shared.pool);
            pool.requests += 1;
            format!("00000000-0000-4000-8000-{:012x}", pool.requests)
        };
        let (result, invocation) = environment.run(&self.shared.settings, request_id, payload.into()).await;
        lock(&self.shared.invocations).push(invocation);
        result
    }

    /// Starts an environment if none is idle, so that the next invocation is warm.
    pub async fn warm(&self) -> Result<(), InvokeError> {
        let environment = self.environment().await?;
        self.shared.release(environment.number());
        Ok(())
    }

    /// Kills (SIGKILL) all environments with an unfinished invocation, waits for their end, and says how many they were.
    pub async fn kill_running(&self) -> usize {
        let running: Vec<_> =
            self.shared.environments().into_iter().filter(|environment| environment.is_running()).collect();
        for environment in &running {
            environment.kill();
        }
        for environment in &running {
            environment.ended().await;
        }
        running.len()
    }

    /// Ends all environments: SIGTERM where an extension is registered, 500 ms, SIGKILL. The function can be invoked again.
    pub async fn shutdown(&self) -> Vec<Exit> {
        let mut ending = Vec::new();
        let environments = self.shared.environments();
        for environment in &environments {
            if environment.exit().is_none() {
                ending.push(environment.shut_down());
            }
        }
        let mut exits = Vec::new();
        // All got their signal at once; their half seconds overlap.
        for end in ending {
            exits.push(end.await);
        }
        exits
    }

    /// All that the function's processes wrote, in order of arrival.
    pub fn logs(&self) -> Vec<LogLine> {
        lock(&self.shared.logs).clone()
    }

    /// All lines that are JSON objects: the function's own log under Lambda's JSON format.
    pub fn json_logs(&self) -> Vec<Value> {
        self.logs().iter().filter_map(LogLine::json).filter(Value::is_object).collect()
    }

    /// All invocations, in the order in which they ended.
    pub fn invocations(&self) -> Vec<Invocation> {
        lock(&self.shared.invocations).clone()
    }

    /// All environments ever started.
    pub fn environments(&self) -> Vec<EnvironmentRecord> {
        self.shared.environments().iter().map(|environment| environment.record()).collect()
    }

    async fn environment(&self) -> Result<Arc<Environment>, InvokeError> {
        loop {
            // Registered before the look, so that what is freed in between is not missed.
            let freed = self.shared.freed.notified();
            tokio::pin!(freed);
            freed.as_mut().enable();
            match self.shared.place() {
                Place::Idle(environment) => return Ok(environment),
                Place::Start(number) => return self.start(number).await,
                Place::Busy => match self.shared.settings.when_busy {
                    WhenBusy::Wait => freed.await,
                    WhenBusy::Throttle => {
                        return Err(InvokeError::Throttled {
                            function: self.name().to_owned(),
                            environments: self.shared.settings.max_concurrency,
                        });
                    }
                },
            }
        }
    }

    async fn start(&self, number: usize) -> Result<Arc<Environment>, InvokeError> {
        // Whoever gives up here (a time-out around `invoke`) must not leave the place taken.
        let mut place = StartingPlace { shared: &self.shared, kept: false };
        let weak = Arc::downgrade(&self.shared);
        let logs = Arc::clone(&self.shared.logs);
        let environment = Environment::start(&self.shared.settings, number, weak, logs)
            .await
            .map_err(|reason| self.init_error(reason, String::new()))?;
        lock(&self.shared.pool).environments.push(Arc::clone(&environment));
        // From here on its end frees the place.
        place.kept = true;
        let mut coming_up = ComingUp(Some(Arc::clone(&environment)));
        match environment.ready(self.shared.settings.init_timeout).await {
            Ok(()) => {
                coming_up.0 = None;
                Ok(environment)
            }
            Err(reason) => {
                drop(coming_up);
                environment.ended().await;
                Err(self.init_error(reason, environment.stderr()))
            }
        }
    }

    fn init_error(&self, reason: String, stderr: String) -> InvokeError {
        InvokeError::Init { function: self.name().to_owned(), reason, stderr }
    }
}

impl Invoke for Function {
    async fn invoke(&self, payload: Vec<u8>) -> Result<Vec<u8>, InvokeError> {
        Function::invoke(self, payload).await
    }
}

struct StartingPlace<'shared> {
    shared: &'shared Shared,
    kept: bool,
}

impl Drop for StartingPlace<'_> {
    fn drop(&mut self) {
        if !self.kept {
            lock(&self.shared.pool).alive -= 1;
            self.shared.freed.notify_waiters();
        }
    }
}

/// An environment whose starter failed or gave up: nobody else would use it.
struct ComingUp(Option<Arc<Environment>>);

impl Drop for ComingUp {
    fn drop(&mut self) {
        if let Some(environment) = &self.0 {
            environment.kill();
        }
    }
}

impl Shared {
    fn place(&self) -> Place {
        let mut pool = lock(&self.pool);
        while let Some(number) = pool.idle.pop() {
            let found = pool.environments.iter().find(|environment| environment.number() == number);
            if let Some(environment) = found.filter(|environment| environment.exit().is_none()) {
                return Place::Idle(Arc::clone(environment));
            }
        }
        if pool.alive >= self.settings.max_concurrency {
            return Place::Busy;
        }
        pool.alive += 1;
        pool.started += 1;
        Place::Start(pool.started)
    }

    fn environments(&self) -> Vec<Arc<Environment>> {
        lock(&self.pool).environments.clone()
    }

    /// The environment asked for its next invocation.
    fn release(&self, number: usize) {
        let mut pool = lock(&self.pool);
        // A process that lost its connection asks again, and is still one.
        if !pool.idle.contains(&number) {
            pool.idle.push(number);
        }
        drop(pool);
        self.freed.notify_waiters();
    }

    /// The environment's process ended.
    fn ended(&self, number: usize) {
        let mut pool = lock(&self.pool);
        pool.idle.retain(|idle| *idle != number);
        pool.alive -= 1;
        drop(pool);
        self.freed.notify_waiters();
    }
}

/// How an environment finds its function again, which owns it.
type Home = Weak<Shared>;
