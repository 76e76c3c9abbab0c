//! AWS on this machine, as far as a test needs it: one request a connection, JSON in and out.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test, and the server needs a thread")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

/// What answers.
pub(crate) trait Service: Clone + Send + 'static {
    /// The answer to a call, or the error that it fails with: its `__type`, and what else the error says.
    fn answer(&self, operation: &str, input: &Value) -> Result<Value, (String, Value)>;
}

/// Starts a service, and says on which port.
pub(crate) fn start<S: Service>(service: &S) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let service = service.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            serve(&service, &stream.unwrap());
        }
    });
    port
}

fn serve<S: Service>(service: &S, stream: &TcpStream) {
    let mut reader = BufReader::new(stream);
    let (mut operation, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap() == 0 {
            return;
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(": ").unwrap_or((line, ""));
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().unwrap(),
            "x-amz-target" => value.rsplit('.').next().unwrap().clone_into(&mut operation),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let (status, answer) = match service.answer(&operation, &serde_json::from_slice(&body).unwrap()) {
        Ok(answer) => ("200 OK", answer),
        Err((code, more)) => {
            let mut error = json!({"__type": code, "message": "no"});
            error.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
            ("400 Bad Request", error)
        }
    };
    let answer = answer.to_string();
    let mut stream = stream;
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{answer}",
        answer.len()
    )
    .unwrap();
}

/// Calls the command line, with that service as AWS.
pub(crate) fn steward(port: u16, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_steward"))
        .args(arguments)
        .env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}"))
        .envs([
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_REGION", "eu-central-1"),
        ])
        .envs([
            ("AWS_CONFIG_FILE", "/dev/null"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
            ("NO_PROXY", "127.0.0.1"),
            ("USER", "ana"),
        ])
        .env_remove("AWS_PROFILE")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// A call that ends with `code`; what it printed.
pub(crate) fn ends(port: u16, code: i32, arguments: &[&str], input: &str) -> String {
    let output = steward(port, arguments, input);
    let told = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {told}");
    told
}
