//! One process and its Runtime API.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use rustix::process::{Pid, Signal};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

use super::api::{Api, Outcome, Work};
use super::{EnvironmentRecord, Exit, Home, Invocation, InvokeError, LogLine, Settings, Stream};
use crate::sync::{Owned, lock};

/// Between SIGTERM and SIGKILL, as Lambda gives an internal extension.
const GRACE: Duration = Duration::from_millis(500);
/// How long the last lines of a dead process may take to arrive.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// Lines of stderr that an error carries.
const CARRIED_LINES: usize = 40;

#[derive(Debug)]
pub(super) struct Environment {
    number: usize,
    pid: u32,
    api: Arc<Api>,
    signals: mpsc::UnboundedSender<Signal>,
    exit: watch::Receiver<Option<Exit>>,
    logs: Arc<Mutex<Vec<LogLine>>>,
    work: mpsc::UnboundedSender<Work>,
    _server: crate::http::Server,
    _watching: Owned,
}

impl Environment {
    /// Starts the process; that it is ready is another matter.
    pub(super) async fn start(
        settings: &Settings,
        number: usize,
        home: Home,
        logs: Arc<Mutex<Vec<LogLine>>>,
    ) -> Result<Arc<Self>, String> {
        let (work, queue) = mpsc::unbounded_channel();
        let idle = {
            let home = home.clone();
            move || {
                if let Some(shared) = home.upgrade() {
                    shared.release(number);
                }
            }
        };
        let api = Arc::new(Api::new(settings, queue, Box::new(idle)));
        let server =
            Api::serve(&api).await.map_err(|error| format!("no port for the Runtime API: {error}"))?;
        // It runs before the call that makes it returns: on a busy machine long before.
        let begun = Instant::now();
        let mut child = Command::new(&settings.bootstrap)
            .env_clear()
            .envs(variables(settings, number, &server.address().to_string()))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| {
                format!("cannot start {}: {error}; was it built?", settings.bootstrap.display())
            })?;
        let pid = child.id().unwrap_or_default();
        api.started(pid, begun);
        let readers = [
            child.stdout.take().map(|pipe| read_lines(pipe, Stream::Stdout, number, &logs)),
            child.stderr.take().map(|pipe| read_lines(pipe, Stream::Stderr, number, &logs)),
        ];
        let (signals, commands) = mpsc::unbounded_channel();
        let (ended, exit) = watch::channel(None);
        let watching = Owned::spawn(async move {
            let exit = watch_over(child, commands).await;
            // A grandchild may hold the pipes open: its words are not waited for.
            let _ = tokio::time::timeout(LAST_WORDS, async {
                for reader in readers.into_iter().flatten() {
                    let _ = reader.await;
                }
            })
            .await;
            // First the place, then the news: who heard the news finds the place free.
            if let Some(shared) = home.upgrade() {
                shared.ended(number);
            }
            let _ = ended.send(Some(exit));
        });
        Ok(Arc::new(Self {
            number,
            pid,
            api,
            signals,
            exit,
            logs,
            work,
            _server: server,
            _watching: watching,
        }))
    }

    pub(super) fn number(&self) -> usize {
        self.number
    }

    /// Waits until the process asks for its first invocation.
    pub(super) async fn ready(&self, at_most: Duration) -> Result<(), String> {
        tokio::select! {
            biased;
            told = self.api.ready() => told,
            exit = self.ended() => Err(format!("the process ended before it asked for an invocation: {exit}")),
            () = tokio::time::sleep(at_most) => {
                Err(format!("the process did not ask for an invocation within {at_most:?}"))
            }
        }
    }

    /// Hands an invocation over and waits for its end, whatever that is.
    pub(super) async fn run(
        &self,
        settings: &Settings,
        request_id: String,
        payload: Bytes,
    ) -> (Result<Vec<u8>, InvokeError>, Invocation) {
        let (answer, answered) = oneshot::channel();
        let cold = self.api.handed_over() == 0;
        let (started, since) = (Timestamp::now(), Instant::now());
        let deadline = started.checked_add(settings.timeout).unwrap_or(Timestamp::MAX);
        let running = self.api.running();
        let work = Work { request_id: request_id.clone(), deadline, payload, answer };
        // When it fails, the process has ended, and that is seen below.
        let _ = self.work.send(work);
        let result = tokio::select! {
            biased;
            Ok(outcome) = answered => told(settings, outcome),
            exit = self.ended() => Err(InvokeError::Crashed {
                function: settings.name.clone(),
                exit,
                stderr: self.stderr(),
            }),
            () = tokio::time::sleep_until(since + settings.timeout) => {
                self.kill();
                self.ended().await;
                Err(InvokeError::TimedOut { function: settings.name.clone(), after: settings.timeout })
            }
        };
        drop(running);
        let invocation = Invocation {
            request_id,
            environment: self.number,
            cold,
            started,
            duration: since.elapsed(),
            error: result.as_ref().err().map(ToString::to_string),
        };
        (result, invocation)
    }

    /// Whether an invocation is unfinished.
    pub(super) fn is_running(&self) -> bool {
        self.exit().is_none() && self.api.is_running()
    }

    pub(super) fn exit(&self) -> Option<Exit> {
        *self.exit.borrow()
    }

    pub(super) async fn ended(&self) -> Exit {
        let mut exit = self.exit.clone();
        match exit.wait_for(Option::is_some).await {
            Ok(exit) => exit.unwrap_or(Exit::Unknown),
            Err(_) => Exit::Unknown,
        }
    }

    pub(super) fn kill(&self) {
        self.signal(Signal::KILL);
    }

    /// Sends the signal at once; the future waits for the end.
    pub(super) fn shut_down(self: &Arc<Self>) -> impl Future<Output = Exit> + use<> {
        self.signal(if self.api.has_extension() { Signal::TERM } else { Signal::KILL });
        let environment = Arc::clone(self);
        let until = Instant::now() + GRACE;
        async move {
            if let Ok(exit) = tokio::time::timeout_at(until, environment.ended()).await {
                return exit;
            }
            environment.kill();
            environment.ended().await
        }
    }

    fn signal(&self, signal: Signal) {
        self.api.look_at_memory();
        // When it fails, the process has ended already.
        let _ = self.signals.send(signal);
    }

    /// The last lines that this process wrote to stderr.
    pub(super) fn stderr(&self) -> String {
        let logs = lock(&self.logs);
        let mine = |line: &&LogLine| line.environment == self.number && line.stream == Stream::Stderr;
        let mut lines: Vec<&str> =
            logs.iter().rev().filter(mine).take(CARRIED_LINES).map(|line| line.text.as_str()).collect();
        lines.reverse();
        lines.join("\n")
    }

    pub(super) fn record(&self) -> EnvironmentRecord {
        EnvironmentRecord {
            number: self.number,
            pid: self.pid,
            init: self.api.init(),
            peak_memory_bytes: self.api.peak_memory(),
            invocations: self.api.handed_over(),
            exit: self.exit(),
        }
    }
}

fn told(settings: &Settings, outcome: Outcome) -> Result<Vec<u8>, InvokeError> {
    match outcome {
        Outcome::Response(body) => Ok(body.to_vec()),
        Outcome::Error { error_type, message, payload } => Err(InvokeError::FunctionError {
            function: settings.name.clone(),
            error_type,
            message,
            payload: payload.to_vec(),
        }),
    }
}

/// Passes signals on until the process ends. The process is waited for here alone, so its id cannot be another's.
async fn watch_over(mut child: Child, mut commands: mpsc::UnboundedReceiver<Signal>) -> Exit {
    loop {
        tokio::select! {
            ended = child.wait() => return ended.map_or(Exit::Unknown, exit_of),
            Some(signal) = commands.recv() => {
                let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
                if let Some(pid) = pid {
                    // Fails only for a process that has ended, and then the wait returns.
                    let _ = rustix::process::kill_process(pid, signal);
                }
            }
        }
    }
}

fn exit_of(status: ExitStatus) -> Exit {
    match (status.code(), status.signal()) {
        (Some(code), _) => Exit::Status(code),
        (None, Some(signal)) => Exit::Signal(signal),
        (None, None) => Exit::Unknown,
    }
}

fn read_lines(
    pipe: impl AsyncRead + Unpin + Send + 'static,
    stream: Stream,
    environment: usize,
    logs: &Arc<Mutex<Vec<LogLine>>>,
) -> tokio::task::JoinHandle<()> {
    let logs = Arc::clone(logs);
    // Ends with the pipe, and that with the process.
    tokio::spawn(async move {
        let mut reader = BufReader::new(pipe);
        let mut line = Vec::new();
        loop {
            line.clear();
            match reader.read_until(b'\n', &mut line).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {
                    let text = String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']).to_owned();
                    lock(&logs).push(LogLine { environment, stream, text });
                }
            }
        }
    })
}

/// What Lambda sets for a function on an operating-system-only runtime, then the function's own.
fn variables(settings: &Settings, number: usize, api: &str) -> BTreeMap<String, String> {
    let bootstrap = settings.bootstrap.parent().map(|folder| folder.display().to_string());
    let memory = settings.memory_mb.to_string();
    let key = settings.access_key_id();
    let stream = format!("2026/01/01/[$LATEST]{number:032x}");
    let group = format!("/aws/lambda/{}", settings.name);
    let lambda = [
        ("_HANDLER", "bootstrap"),
        ("AWS_ACCESS_KEY_ID", key.as_str()),
        ("AWS_SECRET_ACCESS_KEY", "of-a-function"),
        ("AWS_SESSION_TOKEN", "of-a-function"),
        ("AWS_REGION", settings.region.as_str()),
        ("AWS_DEFAULT_REGION", settings.region.as_str()),
        ("AWS_LAMBDA_FUNCTION_NAME", settings.name.as_str()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", memory.as_str()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", group.as_str()),
        ("AWS_LAMBDA_LOG_LEVEL", "INFO"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", stream.as_str()),
        ("AWS_LAMBDA_RUNTIME_API", api),
        ("LAMBDA_TASK_ROOT", bootstrap.as_deref().unwrap_or("/var/task")),
        ("LANG", "en_US.UTF-8"),
        ("PATH", "/usr/local/bin:/usr/bin:/bin"),
        ("TZ", ":UTC"),
    ];
    let mut variables: BTreeMap<String, String> =
        lambda.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    variables.extend(settings.environment.clone());
    variables
}
