//! `steward apply`, `diff`, `versions` and `rollback` as people call them, against a Parameter Store that speaks the
//! protocol: what the SDK really sends and understands.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs, reason = "a test")]

mod stand_in;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

/// SSM's JSON protocol over parameters in memory, with its limits of names and its pages.
#[derive(Clone, Default)]
struct Server {
    parameters: Arc<Mutex<BTreeMap<String, String>>>,
    calls: Arc<Mutex<Vec<String>>>,
    /// The operation that is refused, with the code.
    refuse: Arc<Mutex<Option<(String, String)>>>,
    port: u16,
}

impl stand_in::Service for Server {
    fn answer(&self, operation: &str, input: &Value) -> Result<Value, (String, Value)> {
        Self::answer(self, operation, input).map_err(|code| (code, json!({})))
    }
}

impl Server {
    fn start() -> Self {
        let mut server = Self::default();
        server.port = stand_in::start(&server);
        server
    }

    fn answer(&self, operation: &str, input: &Value) -> Result<Value, String> {
        self.calls.lock().unwrap().push(operation.to_owned());
        if let Some((refused, code)) = self.refuse.lock().unwrap().as_ref()
            && refused == operation
        {
            return Err(code.clone());
        }
        let mut parameters = self.parameters.lock().unwrap();
        let names = || -> Vec<String> {
            let names: Vec<String> = serde_json::from_value(input["Names"].clone()).unwrap();
            assert!((1..=10).contains(&names.len()), "{names:?}");
            names
        };
        Ok(match operation {
            "GetParameters" => {
                assert_eq!(input["WithDecryption"], true);
                let (found, invalid): (Vec<String>, _) =
                    names().into_iter().partition(|name| parameters.contains_key(name));
                // In no particular order, as the real one.
                let found: Vec<Value> =
                    found.iter().rev().map(|name| json!({"Name": name, "Value": parameters[name]})).collect();
                json!({"Parameters": found, "InvalidParameters": invalid})
            }
            "PutParameter" => {
                let (name, value) = (input["Name"].as_str().unwrap(), input["Value"].as_str().unwrap());
                assert!(
                    input["Type"] == "String"
                        && value.len() <= 4_096
                        && !value.contains("{{")
                        && !value.contains("}}")
                );
                if input["Overwrite"] != true && parameters.contains_key(name) {
                    return Err("ParameterAlreadyExists".to_owned());
                }
                parameters.insert(name.to_owned(), value.to_owned());
                json!({"Version": 1, "Tier": "Standard"})
            }
            "DeleteParameters" => {
                let deleted: Vec<String> =
                    names().into_iter().filter(|name| parameters.remove(name).is_some()).collect();
                json!({"DeletedParameters": deleted, "InvalidParameters": []})
            }
            "GetParametersByPath" => {
                assert_eq!(input["Recursive"], true);
                let below = format!("{}/", input["Path"].as_str().unwrap());
                let from: usize = input["NextToken"].as_str().map_or(0, |token| token.parse().unwrap());
                let all: Vec<Value> = parameters
                    .keys()
                    .filter(|name| name.starts_with(&below))
                    .map(|name| json!({"Name": name}))
                    .collect();
                let page: Vec<Value> = all.iter().skip(from).take(10).cloned().collect();
                let next = (from + 10 < all.len()).then(|| (from + 10).to_string());
                json!({"Parameters": page, "NextToken": next})
            }
            other => panic!("{other} is not called"),
        })
    }

    /// A call that ends with `code`; what it printed.
    fn ends(&self, code: i32, arguments: &[&str], input: &str) -> String {
        stand_in::ends(self.port, code, arguments, input)
    }

    fn apply(&self, seconds: u32) -> String {
        self.ends(0, &["apply", "-", "--stack", "prod", "--yes"], &grouping(seconds))
    }
}

fn grouping(seconds: u32) -> String {
    format!("version: 1\ndefaults: {{mode: observe}}\nnotifications: {{grouping: {seconds}s}}\n")
}

#[test]
fn a_configuration_comes_into_force_and_goes_out_again() {
    let server = Server::start();
    let told = server.ends(0, &["versions", "--stack", "prod"], "");
    assert!(told.contains("nothing was ever applied at /steward/prod/configuration"), "{told}");
    let told = server.ends(1, &["diff", "-", "--stack", "prod"], &grouping(20));
    assert!(told.contains("notifications.grouping  15s (default) → 20s"), "{told}");
    assert!(server.parameters.lock().unwrap().is_empty(), "diff writes nothing");
    let told = server.ends(2, &["apply", "-", "--stack", "prod"], &grouping(20));
    assert!(told.contains("pass --yes") && server.parameters.lock().unwrap().is_empty(), "{told}");

    assert!(server.apply(20).contains("version 1 is in force"));
    let names: Vec<String> = server.parameters.lock().unwrap().keys().cloned().collect();
    assert_eq!(
        names,
        ["current", "versions/000001/defaults", "versions/000001/manifest", "versions/000001/notifications"]
            .map(|name| format!("/steward/prod/configuration/{name}"))
    );
    server.calls.lock().unwrap().clear();
    assert!(server.apply(20).contains("no difference to version 1"));
    assert!(!server.calls.lock().unwrap().contains(&"PutParameter".to_owned()));

    assert!(server.apply(30).contains("20s → 30s"));
    assert!(
        server
            .ends(0, &["diff", "-", "--stack", "prod"], &grouping(30))
            .contains("no difference to version 2")
    );
    let told = server.ends(0, &["rollback", "--stack", "prod", "--yes"], "");
    assert!(told.contains("version 2 → 1") && told.contains("30s → 20s"), "{told}");
    let told = server.ends(2, &["rollback", "--stack", "prod", "--yes"], "");
    assert!(told.contains("no usable version that was in force before 1"), "{told}");
    assert_eq!(
        server.ends(0, &["versions", "--path", "/steward/prod/configuration/"], ""),
        "     2\n     1  in force\n"
    );
}

#[test]
fn whoever_follows_the_hints_gets_out_of_a_damaged_or_newer_pointer() {
    let server = Server::start();
    for damaged in ["nonsense", r#"{"schema":2,"version":7,"parts":{}}"#] {
        server.apply(20);
        server.apply(30);
        let pointer = "/steward/prod/configuration/current";
        server.parameters.lock().unwrap().insert(pointer.to_owned(), damaged.to_owned());
        let told = server.ends(2, &["rollback", "--stack", "prod", "--yes"], "");
        assert!(told.contains("name one with `--to`; `steward versions` lists them"), "{told}");
        let told = server.ends(2, &["versions", "--stack", "prod"], "");
        assert!(told.contains("     2\n     1\n") && !told.contains("in force\n"), "{told}");
        assert!(told.contains(&format!("steward: {pointer} ")) && told.contains("rollback --to"), "{told}");
        let told = server.ends(0, &["rollback", "--to", "1", "--stack", "prod", "--yes"], "");
        assert!(told.contains("what cannot be read → version 1"), "{told}");
        assert!(server.ends(0, &["versions", "--stack", "prod"], "").contains("     1  in force\n"));
    }
    server.parameters.lock().unwrap().clear();
    let pointer = "/steward/prod/configuration/current";
    server.parameters.lock().unwrap().insert(pointer.to_owned(), "nonsense".to_owned());
    let told = server.ends(2, &["versions", "--stack", "prod"], "");
    assert!(told.contains("is damaged") && !told.contains("nothing was ever applied"), "{told}");
}

#[test]
fn many_parameters_are_listed_and_deleted_in_portions() {
    let server = Server::start();
    for n in 1..=12 {
        server.apply(n);
    }
    // Twelve more that never came into force, as after crashes: 24 names to delete at once.
    for n in 13..=24 {
        for name in ["manifest", "notifications"] {
            let name = format!("/steward/prod/configuration/versions/{n:06}/{name}");
            server.parameters.lock().unwrap().insert(name, "{}".to_owned());
        }
    }
    assert!(server.apply(25).contains("version 25 is in force"));
    let told = server.ends(0, &["versions", "--stack", "prod"], "");
    assert!(
        told.starts_with("    25  in force\n    24  not whole\n")
            && told.ends_with("    16  not whole\n    12\n")
            && told.lines().count() == 11,
        "{told}"
    );
}

#[test]
fn what_parameter_store_refuses_is_told_with_operation_name_and_code() {
    let server = Server::start();
    *server.refuse.lock().unwrap() = Some(("PutParameter".to_owned(), "AccessDeniedException".to_owned()));
    let told = server.ends(2, &["apply", "-", "--stack", "prod", "--yes"], &grouping(20));
    assert!(
        told.contains(
            "steward: PutParameter /steward/prod/configuration/versions/000001/manifest: AccessDeniedException (400): no"
        ),
        "{told}"
    );
    assert!(server.parameters.lock().unwrap().is_empty());
    *server.refuse.lock().unwrap() =
        Some(("DeleteParameters".to_owned(), "AccessDeniedException".to_owned()));
    for n in 1..=11 {
        let told = server.apply(n);
        assert_eq!(told.contains("old versions are still there"), n == 11, "{told}");
    }
}

#[test]
fn an_invalid_file_reaches_nobody() {
    let server = Server::start();
    for verb in ["apply", "diff"] {
        let told =
            server.ends(2, &[verb, "-", "--stack", "prod"], "version: 1\nnotifications: {grouping: 1h}\n");
        assert!(told.contains("-:2:27: notifications.grouping: 1h is not between 0s and 15m"), "{told}");
    }
    assert!(server.calls.lock().unwrap().is_empty());
}
