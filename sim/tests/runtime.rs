//! Execution environments: started, reused, timed out, killed and shut down as Lambda does it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test panics where it does not hold, and works at the outside"
)]

use std::time::Duration;

use serde_json::{Value, json};
use steward_sim::lambda::runtime::{Exit, Function, InvokeError, Settings, WhenBusy};

fn settings() -> Settings {
    Settings::new("echo", env!("CARGO_BIN_EXE_echo-function"))
}

async fn ask(function: &Function, payload: Value) -> Result<Value, InvokeError> {
    let answer = function.invoke(payload.to_string()).await?;
    Ok(serde_json::from_slice(&answer).expect("the function answers in JSON"))
}

#[tokio::test]
async fn a_function_answers_and_its_environment_is_reused() {
    let function = Function::new(settings());
    let payload = json!({ "do": "echo", "text": "ä" });
    assert_eq!(ask(&function, payload.clone()).await, Ok(payload));
    let first = ask(&function, json!({ "do": "process" })).await.unwrap();
    let second = ask(&function, json!({ "do": "process" })).await.unwrap();
    assert_eq!(first, second);
    let environments = function.environments();
    assert_eq!(environments.len(), 1);
    assert_eq!(environments[0].invocations, 3);
    assert!(environments[0].init.is_some_and(|init| init > Duration::ZERO));
    assert!(environments[0].peak_memory_bytes.is_some_and(|bytes| bytes > 100_000));
    let cold: Vec<bool> = function.invocations().iter().map(|invocation| invocation.cold).collect();
    assert_eq!(cold, [true, false, false]);
}

#[tokio::test]
async fn a_function_sees_what_lambda_sets_and_nothing_of_its_parent() {
    let function = Function::new(settings().variable("STEWARD_TABLE", "steward"));
    let Value::Object(variables) = ask(&function, json!({ "do": "environment" })).await.unwrap() else {
        panic!("an object");
    };
    assert_eq!(variables["STEWARD_TABLE"], "steward");
    assert_eq!(variables["AWS_LAMBDA_FUNCTION_NAME"], "echo");
    assert_eq!(variables["AWS_ACCESS_KEY_ID"], "AKIAECHO");
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some(), "cargo sets it for tests");
    assert!(!variables.contains_key("CARGO_MANIFEST_DIR"));
}

#[tokio::test]
async fn an_error_of_the_handler_keeps_its_type_and_its_words() {
    let function = Function::new(settings());
    let error = ask(&function, json!({ "do": "fail", "message": "no such cluster" })).await.unwrap_err();
    let InvokeError::FunctionError { error_type, message, .. } = error else { panic!("{error}") };
    assert_eq!((error_type.as_str(), message.as_str()), ("Echo.Asked", "no such cluster"));
    assert_eq!(function.environments()[0].exit, None, "the environment lives on");
}

#[tokio::test]
async fn a_time_out_kills_the_environment_and_the_next_invocation_gets_a_new_one() {
    let timeout = Duration::from_millis(300);
    let function = Function::new(Settings { timeout, ..settings() });
    let error = ask(&function, json!({ "do": "sleep", "milliseconds": 60_000 })).await.unwrap_err();
    assert_eq!(error, InvokeError::TimedOut { function: "echo".to_owned(), after: timeout });
    assert_eq!(function.environments()[0].exit, Some(Exit::Signal(9)));
    ask(&function, json!({ "do": "echo" })).await.unwrap();
    assert_eq!(function.environments().len(), 2);
}

#[tokio::test]
async fn a_process_that_ends_by_itself_is_a_crash_with_its_last_words() {
    let function = Function::new(settings());
    let error = ask(&function, json!({ "do": "exit", "status": 7 })).await.unwrap_err();
    let InvokeError::Crashed { exit, stderr, .. } = error else { panic!("{error}") };
    assert_eq!(exit, Exit::Status(7));
    assert_eq!(stderr, "exiting as asked");
    ask(&function, json!({ "do": "echo" })).await.unwrap();
}

#[tokio::test]
async fn a_process_that_ends_before_its_first_invocation_failed_to_start_and_says_why() {
    let function = Function::new(settings().variable("ECHO_INIT", "exit"));
    for _ in 0..2 {
        let error = ask(&function, json!({ "do": "echo" })).await.unwrap_err();
        let InvokeError::Init { reason, stderr, .. } = error else { panic!("{error}") };
        assert!(reason.contains("exit status 3"), "{reason}");
        assert_eq!(stderr, "no configuration");
    }
}

#[tokio::test]
async fn a_process_that_never_asks_for_an_invocation_failed_to_start() {
    let init_timeout = Duration::from_millis(200);
    let function = Function::new(Settings { init_timeout, ..settings().variable("ECHO_INIT", "hang") });
    let error = ask(&function, json!({ "do": "echo" })).await.unwrap_err();
    assert!(matches!(&error, InvokeError::Init { reason, .. } if reason.contains("200ms")), "{error}");
    assert_eq!(function.environments()[0].exit, Some(Exit::Signal(9)));
}

#[tokio::test]
async fn a_program_that_is_not_there_is_named() {
    let function = Function::new(Settings::new("echo", "/nowhere/bootstrap"));
    let error = ask(&function, json!({ "do": "echo" })).await.unwrap_err();
    assert!(error.to_string().contains("/nowhere/bootstrap"), "{error}");
}

#[tokio::test]
async fn invocations_run_side_by_side_up_to_the_concurrency_and_then_are_throttled() {
    let function =
        Function::new(Settings { max_concurrency: 2, when_busy: WhenBusy::Throttle, ..settings() });
    let slow = json!({ "do": "sleep", "milliseconds": 60_000 });
    let running = [
        tokio::spawn({
            let (function, slow) = (function.clone(), slow.clone());
            async move { ask(&function, slow).await }
        }),
        tokio::spawn({
            let (function, slow) = (function.clone(), slow.clone());
            async move { ask(&function, slow).await }
        }),
    ];
    while function.environments().iter().filter(|one| one.invocations == 1).count() < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let error = ask(&function, json!({ "do": "echo" })).await.unwrap_err();
    assert_eq!(error, InvokeError::Throttled { function: "echo".to_owned(), environments: 2 });
    assert_eq!(function.kill_running().await, 2);
    for one in running {
        let error = one.await.unwrap().unwrap_err();
        assert!(matches!(error, InvokeError::Crashed { exit: Exit::Signal(9), .. }), "{error}");
    }
    ask(&function, json!({ "do": "echo" })).await.unwrap();
}

#[tokio::test]
async fn waiting_invocations_share_one_environment_in_turn() {
    let function = Function::new(settings());
    let mut asked = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let function = function.clone();
        asked.spawn(async move { ask(&function, json!({ "do": "process" })).await });
    }
    let pids: std::collections::BTreeSet<String> =
        asked.join_all().await.into_iter().map(|pid| pid.unwrap().to_string()).collect();
    assert_eq!(pids.len(), 1);
}

#[tokio::test]
async fn a_shutdown_lets_the_process_end_in_good_order() {
    let function = Function::new(settings());
    ask(&function, json!({ "do": "echo" })).await.unwrap();
    assert_eq!(function.shutdown().await, [Exit::Status(0)]);
    let logs = function.json_logs();
    assert!(logs.contains(&json!({ "message": "shutting down in good order" })), "{logs:?}");
}

#[tokio::test]
async fn lines_of_a_process_are_kept_as_they_came() {
    let function = Function::new(settings());
    ask(&function, json!({ "do": "say", "line": "{\"level\":\"INFO\"}" })).await.unwrap();
    function.shutdown().await;
    assert!(function.json_logs().contains(&json!({ "level": "INFO" })));
}

#[tokio::test]
async fn environments_end_with_the_last_clone_of_their_function() {
    let function = Function::new(settings());
    ask(&function, json!({ "do": "echo" })).await.unwrap();
    let process = format!("/proc/{}/stat", function.environments()[0].pid);
    assert!(std::fs::exists(&process).unwrap());
    drop(function);
    let gone = async {
        // A zombie (state Z) has ended; who reaps it is tokio's business.
        while std::fs::read_to_string(&process).is_ok_and(|stat| !stat.contains(") Z ")) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone).await.expect("the process ends");
}
