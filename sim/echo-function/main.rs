//! A function that does as its payload says: what the tests of the local Lambda service run.
//!
//! `{"do": "echo"}` answers with the payload; see [`Deed`] for the rest. A batch from SQS does what the body of each
//! record says, and reports those that fail.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test program at the outside: it sleeps, writes and reads its environment on purpose"
)]

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use lambda_runtime::{Diagnostic, Error, LambdaEvent, service_fn};
use serde::Deserialize;
use serde_json::{Value, json};

/// What to do.
#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
enum Deed {
    /// Answer with the payload.
    Echo,
    /// Fail with a type and a message.
    Fail { message: String },
    /// Sleep, then answer.
    Sleep { milliseconds: u64 },
    /// End the process.
    Exit { status: i32 },
    /// Answer with all environment variables.
    Environment,
    /// Answer with the process's id.
    Process,
    /// Write a line to stdout.
    Say { line: String },
    /// Answer with exactly this.
    Answer { with: Value },
    /// Call a service at `AWS_ENDPOINT_URL`, and answer with the status and what it said.
    Call {
        service: String,
        target: String,
        body: Value,
        patience_milliseconds: Option<u64>,
        path: Option<String>,
    },
}

fn main() -> Result<(), Error> {
    match std::env::var("ECHO_INIT").as_deref() {
        Ok("exit") => {
            eprintln_last_words("no configuration");
            std::process::exit(3);
        }
        Ok("hang") => loop {
            std::thread::sleep(Duration::from_mins(1));
        },
        _ => {}
    }
    let runtime = lambda_tokio()?;
    runtime.block_on(async {
        lambda_runtime::spawn_graceful_shutdown_handler(|| async {
            println!(r#"{{"message":"shutting down in good order"}}"#);
        })
        .await;
        lambda_runtime::run(service_fn(handle)).await
    })
}

fn lambda_tokio() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

fn eprintln_last_words(words: &str) {
    let _ = writeln!(std::io::stderr(), "{words}");
}

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Diagnostic> {
    let payload = event.payload;
    let Some(records) = payload.get("Records").and_then(Value::as_array) else {
        return perform(&payload).await;
    };
    println!("{payload}");
    let mut failures = Vec::new();
    for record in records {
        let text = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or_default();
        let deed = text("body").replace("$RECEIPT", text("receiptHandle"));
        let deed: Value = serde_json::from_str(&deed).unwrap_or_default();
        match perform(&deed).await {
            // The whole batch answers as this record says.
            Ok(answer) if deed.get("do").is_some_and(|what| what == "answer") => return Ok(answer),
            Ok(_) if deed.get("unfinished").is_some() => {
                failures.push(json!({ "itemIdentifier": text("messageId") }));
            }
            Ok(_) => {}
            Err(_) if deed.get("whole").is_some() => {
                return Err(diagnostic("Echo.Whole", "the whole batch fails"));
            }
            Err(_) => failures.push(json!({ "itemIdentifier": text("messageId") })),
        }
    }
    Ok(json!({ "batchItemFailures": failures }))
}

async fn perform(payload: &Value) -> Result<Value, Diagnostic> {
    let deed = Deed::deserialize(payload).map_err(|error| diagnostic("Echo.Deed", &error.to_string()))?;
    Ok(match deed {
        Deed::Echo => payload.clone(),
        Deed::Fail { message } => return Err(diagnostic("Echo.Asked", &message)),
        Deed::Sleep { milliseconds } => {
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            payload.clone()
        }
        Deed::Exit { status } => {
            eprintln_last_words("exiting as asked");
            std::process::exit(status)
        }
        Deed::Environment => std::env::vars().map(|(name, value)| (name, Value::from(value))).collect(),
        Deed::Process => std::process::id().into(),
        Deed::Say { line } => {
            println!("{line}");
            Value::Null
        }
        Deed::Answer { with } => with,
        Deed::Call { service, target, body, patience_milliseconds, path } => {
            let patience = Duration::from_millis(patience_milliseconds.unwrap_or(10_000));
            match call(path.as_deref().unwrap_or("/"), &service, &target, &body, patience) {
                Ok(answer) => answer,
                Err(error) => return Err(diagnostic("Echo.Call", &error.to_string())),
            }
        }
    })
}

fn diagnostic(error_type: &str, error_message: &str) -> Diagnostic {
    Diagnostic { error_type: error_type.to_owned(), error_message: error_message.to_owned() }
}

/// One HTTP request by hand: this program must not bring an SDK into the workspace's tests.
fn call(path: &str, service: &str, target: &str, body: &Value, patience: Duration) -> std::io::Result<Value> {
    let setting = |name: &str| std::env::var(name).unwrap_or_default();
    let endpoint = setting("AWS_ENDPOINT_URL");
    let authority = endpoint.trim_start_matches("http://");
    let body = match body {
        Value::String(form) => form.clone(),
        other => other.to_string(),
    };
    let mut stream = TcpStream::connect(authority)?;
    stream.set_read_timeout(Some(patience))?;
    let credential = setting("AWS_ACCESS_KEY_ID");
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\nContent-Length: {}\r\nX-Amz-Target: {target}\r\n\
         amz-sdk-request: attempt=1; max=3\r\nContent-Type: application/x-amz-json-1.0\r\nAuthorization: \
         AWS4-HMAC-SHA256 Credential={credential}/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, \
         Signature=0\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(|| {
        std::io::Error::new(std::io::ErrorKind::UnexpectedEof, "the connection was cut without an answer")
    })?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse::<u16>().ok());
    Ok(json!({ "status": status, "body": body }))
}
