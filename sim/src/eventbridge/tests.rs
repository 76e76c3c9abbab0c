use proptest::prelude::*;
use serde_json::json;

use super::*;

fn matches(pattern: &Value, event: &Value) -> bool {
    Pattern::read(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}")).matches(event)
}

#[test]
fn comparisons_hold_for_what_they_say() {
    for (alternative, fitting, others) in [
        (json!("x"), vec![json!("x")], vec![json!("X"), json!("xx"), json!(1), json!(null)]),
        (json!(""), vec![json!("")], vec![json!(null), json!(" ")]),
        (json!(300), vec![json!(300)], vec![json!("300"), json!(301), json!(300.0)]),
        (json!(true), vec![json!(true)], vec![json!("true"), json!(false)]),
        (json!(null), vec![json!(null)], vec![json!("null"), json!(""), json!(0)]),
        (json!({"prefix": "ab"}), vec![json!("ab"), json!("abc")], vec![json!("a"), json!("AB"), json!(1)]),
        (json!({"suffix": "yz"}), vec![json!("yz"), json!("xyz")], vec![json!("z"), json!("yza")]),
        (json!({"prefix": {"equals-ignore-case": "aB"}}), vec![json!("ABc")], vec![json!("ca")]),
        (json!({"suffix": {"equals-ignore-case": "Yz"}}), vec![json!("xyZ")], vec![json!("yzx")]),
        (json!({"equals-ignore-case": "fOO"}), vec![json!("Foo")], vec![json!("Fooo"), json!(1)]),
        (
            json!({"wildcard": "a*b*"}),
            vec![json!("ab"), json!("axxb"), json!("abab!")],
            vec![json!("ba"), json!("a"), json!("xab")],
        ),
        (json!({"wildcard": "a\\*\\\\"}), vec![json!("a*\\")], vec![json!("ax\\")]),
        (json!({"numeric": ["=", 3.5]}), vec![json!(3.5)], vec![json!("3.5"), json!(3)]),
        (json!({"numeric": ["<", 3]}), vec![json!(-1), json!(2.9)], vec![json!(3), json!(null)]),
        (json!({"numeric": [">=", 0, "<", 10]}), vec![json!(0), json!(9.9)], vec![json!(-1), json!(10)]),
        (json!({"cidr": "10.0.0.0/24"}), vec![json!("10.0.0.255")], vec![json!("10.0.1.0"), json!("x")]),
        (json!({"cidr": "10.0.0.7/32"}), vec![json!("10.0.0.7")], vec![json!("10.0.0.8"), json!("::1")]),
        (json!({"cidr": "0.0.0.0/0"}), vec![json!("255.1.2.3")], vec![json!("::1")]),
        (json!({"cidr": "2001:db8::/32"}), vec![json!("2001:db8:1::9")], vec![json!("2001:db9::")]),
        (
            json!({"exists": true}),
            vec![json!(null), json!(0), json!([1])],
            vec![json!([]), json!({}), json!({"b": 1})],
        ),
        (json!({"exists": false}), vec![json!([]), json!({}), json!({"b": 1})], vec![json!(null), json!("")]),
    ] {
        let pattern = json!({ "a": [alternative] });
        for value in fitting {
            assert!(matches(&pattern, &json!({ "a": value })), "{pattern} and {value}");
        }
        for value in others {
            assert!(!matches(&pattern, &json!({ "a": value })), "{pattern} and {value}");
        }
        let absent = alternative == json!({"exists": false});
        assert_eq!(matches(&pattern, &json!({ "b": 1 })), absent, "{pattern} and nothing");
    }
}

#[test]
fn anything_but_has_every_form_and_asks_for_a_value() {
    for (but, fitting, others) in [
        (json!("x"), vec![json!("y"), json!(1), json!(null)], vec![json!("x")]),
        (json!(["x", "y"]), vec![json!("z")], vec![json!("x"), json!("y")]),
        (json!(0), vec![json!(1), json!("0")], vec![json!(0), json!(0.0)]),
        (json!([1, 2]), vec![json!(3)], vec![json!(1), json!(2)]),
        (json!({"prefix": "a"}), vec![json!("b"), json!("A")], vec![json!("a"), json!("ab")]),
        (json!({"prefix": ["a", "b"]}), vec![json!("c")], vec![json!("ab"), json!("bc")]),
        (json!({"suffix": ["a", "b"]}), vec![json!("c")], vec![json!("ca"), json!("b")]),
        (json!({"suffix": "a"}), vec![json!("ab")], vec![json!("ba")]),
        (json!({"wildcard": ["*x*", "y*"]}), vec![json!("ay")], vec![json!("axa"), json!("ya")]),
        (json!({"equals-ignore-case": "foo"}), vec![json!("fo")], vec![json!("FOO")]),
        (json!({"equals-ignore-case": ["foo", "bar"]}), vec![json!("baz")], vec![json!("Bar")]),
    ] {
        let pattern = json!({ "a": [{ "anything-but": but }] });
        for value in fitting {
            assert!(matches(&pattern, &json!({ "a": value })), "{pattern} and {value}");
        }
        for value in others {
            assert!(!matches(&pattern, &json!({ "a": value })), "{pattern} and {value}");
        }
        assert!(!matches(&pattern, &json!({ "b": "z" })), "{pattern} matches nothing that is absent");
    }
}

#[test]
fn all_that_is_named_must_match_and_one_of_its_alternatives() {
    let pattern = json!({ "source": ["aws.ecs"], "detail": { "status": ["RUNNING", "STOPPED"] } });
    let event =
        |source: &str, status: &str| json!({ "source": source, "detail": { "status": status, "more": 1 } });
    assert!(matches(&pattern, &event("aws.ecs", "RUNNING")));
    assert!(matches(&pattern, &event("aws.ecs", "STOPPED")));
    assert!(!matches(&pattern, &event("aws.ecs", "PENDING")));
    assert!(!matches(&pattern, &event("aws.ec2", "RUNNING")));
    assert!(!matches(&pattern, &json!({ "source": "aws.ecs" })));
    assert!(!matches(&pattern, &json!({ "source": "aws.ecs", "detail": "RUNNING" })));
    for nothing in [json!(null), json!([]), json!("aws.ecs"), json!({})] {
        assert!(!matches(&pattern, &nothing), "{nothing}");
    }
}

#[test]
fn leaves_below_a_list_match_within_one_of_its_elements() {
    let pattern = json!({ "containers": { "name": ["app"], "exitCode": [{ "anything-but": 0 }] } });
    let event = |containers: Value| json!({ "containers": containers });
    let failed = json!({ "name": "app", "exitCode": 1 });
    assert!(matches(&pattern, &event(json!([{ "name": "side", "exitCode": 0 }, failed]))));
    assert!(matches(&pattern, &event(failed.clone())), "an object is like a list of one");
    assert!(matches(&pattern, &event(json!([[failed]]))), "lists within lists are one");
    assert!(!matches(
        &pattern,
        &event(json!([{ "name": "app", "exitCode": 0 }, { "name": "side", "exitCode": 1 }]))
    ));
    assert!(!matches(&pattern, &event(json!([]))));
    // Two lists are chosen from on their own.
    let both = json!({ "a": { "x": [1] }, "b": { "y": [2] } });
    assert!(matches(&both, &json!({ "a": [{ "x": 0 }, { "x": 1 }], "b": [{ "y": 2 }, { "y": 0 }] })));
    // A list within an element belongs to it.
    let inner = json!({ "a": { "name": ["n"], "tags": { "key": ["k"] } } });
    let tagged = |tags: &str, of: &str| json!({ "a": [{ "name": "m", "tags": [{ "key": tags }] }, { "name": "n", "tags": [{ "key": "z" }, { "key": of }] }] });
    assert!(matches(&inner, &tagged("z", "k")));
    assert!(!matches(&inner, &tagged("k", "z")));
}

#[test]
fn what_must_be_absent_is_absent_from_the_element_that_the_names_before_it_chose() {
    let by_later = json!({ "l": { "a": [{ "exists": false }], "b": [1] } });
    let by_earlier = json!({ "l": { "a": [1], "b": [{ "exists": false }] } });
    let event = json!({ "l": [{ "a": 1 }, { "b": 1 }] });
    assert!(!matches(&by_later, &event), "no element was chosen yet, and one has it");
    assert!(matches(&by_earlier, &event));
    assert!(matches(&by_later, &json!({ "l": [{ "b": 1 }] })));
}

#[test]
fn an_or_is_one_way_or_another_beside_what_is_named_besides() {
    let pattern =
        json!({ "s": ["x"], "d": { "$or": [{ "a": [1], "b": [1] }, { "c": [{ "exists": false }] }] } });
    for (event, fits) in [
        (json!({ "s": "x", "d": { "a": 1, "b": 1, "c": 1 } }), true),
        (json!({ "s": "x", "d": { "a": 1, "b": 2, "c": 1 } }), false),
        (json!({ "s": "x", "d": { "b": 2 } }), true),
        (json!({ "s": "y", "d": { "a": 1, "b": 1 } }), false),
    ] {
        assert_eq!(matches(&pattern, &event), fits, "{event}");
    }
    // Within a list, the ways are of one element.
    let in_list = json!({ "l": { "n": ["app"], "$or": [{ "e": [1] }, { "r": [{ "prefix": "Out" }] }] } });
    assert!(matches(&in_list, &json!({ "l": [{ "n": "app", "r": "OutOfMemory" }] })));
    assert!(!matches(&in_list, &json!({ "l": [{ "n": "app" }, { "n": "side", "e": 1 }] })));
}

#[test]
fn what_is_no_pattern_is_an_error_that_says_where() {
    for (pattern, said) in [
        (json!([]), "the pattern: EventBridge refuses an empty object or list"),
        (json!(["x"]), "the pattern: a pattern is an object"),
        (json!({}), "the pattern: EventBridge refuses an empty object or list"),
        (json!({ "a": {} }), "/a: EventBridge refuses an empty object or list"),
        (json!({ "a": { "b": [] } }), "/a/b: EventBridge refuses an empty object or list"),
        (json!({ "a": { "b": "x" } }), "/a/b: a pattern is an object"),
        (json!({ "a": [["x"]] }), "/a: [\"x\"] is no comparison"),
        (json!({ "a": [{ "regex": "x" }] }), "/a: {\"regex\":\"x\"} is no comparison"),
        (json!({ "a": [{ "prefix": 1 }] }), "is no comparison"),
        (json!({ "a": [{ "exists": "true" }] }), "is no comparison"),
        (json!({ "a": [{ "prefix": "x", "suffix": "y" }] }), "is no comparison"),
        (json!({ "a": [{ "anything-but": [] }] }), "is no comparison"),
        (json!({ "a": [{ "anything-but": ["x", 1] }] }), "is no comparison"),
        (json!({ "a": [{ "anything-but": null }] }), "is no comparison"),
        (json!({ "a": [{ "anything-but": { "numeric": ["=", 1] } }] }), "is no comparison"),
        (
            json!({ "a": [{ "anything-but": { "prefix": { "equals-ignore-case": "x" } } }] }),
            "is no comparison",
        ),
        (json!({ "a": [{ "numeric": ["=="  , 1] }] }), "is no comparison"),
        (json!({ "a": [{ "numeric": ["<"] }] }), "is no comparison"),
        (json!({ "a": [{ "numeric": [] }] }), "is no comparison"),
        (json!({ "a": [{ "cidr": "10.0.0.0/33" }] }), "is no comparison"),
        (json!({ "a": [{ "wildcard": "a**" }] }), "is no comparison"),
        (json!({ "a": [{ "wildcard": "a\\b" }] }), "is no comparison"),
        (json!({ "$or": [{ "a": [1] }] }), "`$or` of fewer than two objects"),
    ] {
        let error = Pattern::read(&pattern).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains(said), "{pattern}: {error}");
    }
    let both = json!([{ "a": [1] }, { "b": [1] }]);
    let nested = (0..11)
        .fold(json!({ "$or": both }), |inner, name| json!({ "$or": both, (format!("x{name}")): inner }));
    assert!(matches!(Pattern::read(&nested), Err(PatternError::Ways { .. })));
}

fn json_value() -> impl Strategy<Value = Value> {
    let names = prop::sample::select(vec![
        "a",
        "b",
        "$or",
        "exists",
        "prefix",
        "suffix",
        "anything-but",
        "numeric",
        "cidr",
        "wildcard",
        "equals-ignore-case",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3_i64..3).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(vec![
            "",
            "a",
            "ab",
            "*",
            "a*b",
            "\\",
            "\\*",
            "<",
            "=",
            "10.0.0.0/8",
            "10.1.1.1",
            "ß",
            "İ"
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(names.clone().prop_map(str::to_owned), inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// The pattern that asks for exactly what an event has.
fn pattern_of(event: &Value) -> Option<Value> {
    match event {
        Value::Object(members) => {
            let below: Map<String, Value> = members
                .iter()
                .filter_map(|(name, member)| Some((name.clone(), pattern_of(member)?)))
                .collect();
            (!below.is_empty()).then_some(Value::Object(below))
        }
        Value::Array(elements) => elements.iter().find_map(pattern_of),
        leaf => Some(json!([leaf])),
    }
}

proptest! {
    #[test]
    fn anything_is_read_or_refused_and_matches_or_not(pattern in json_value(), event in json_value()) {
        if let Ok(pattern) = Pattern::read(&pattern) {
            let fits = pattern.matches(&event);
            prop_assert_eq!(fits, pattern.matches(&json!([event])), "a list of one is its element");
        }
    }

    #[test]
    fn an_event_matches_the_pattern_of_its_own_leaves(event in json_value()) {
        let event = json!({ "detail": event });
        let plain = !event.to_string().contains("$or");
        if let Some(pattern) = pattern_of(&event).filter(|_| plain) {
            prop_assert!(matches(&pattern, &event), "{pattern} and {event}");
        }
    }
}
