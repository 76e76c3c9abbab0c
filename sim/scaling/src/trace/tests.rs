use super::*;

fn counts(text: &str) -> Vec<(i64, u64, f64)> {
    match Trace::read("t.csv", text) {
        Ok(Trace::Counts(intervals)) => intervals
            .iter()
            .map(|interval| (interval.began / 1_000, interval.lasts / 1_000, interval.messages))
            .collect(),
        other => panic!("{text:?}: {other:?}"),
    }
}

fn jobs(text: &str) -> Vec<(i64, u64)> {
    match Trace::read("t.csv", text) {
        Ok(Trace::Jobs(jobs)) => jobs.iter().map(|job| (job.arrived, job.took)).collect(),
        other => panic!("{text:?}: {other:?}"),
    }
}

fn fault(text: &str) -> String {
    Trace::read("t.csv", text).unwrap_err().to_string()
}

#[test]
fn times_are_read_as_traces_write_them() {
    for time in [
        "2014-04-10 00:04:00",
        "2014-04-10 00:04",
        "2014-04-10T00:04:00Z",
        "2014-04-10T00:04:00.000Z",
        "2014-04-10 02:04:00+02:00",
        "2014-04-10T02:04+02:00",
        "2014/04/10 00:04:00",
        "2014-04-10 00:04:00 UTC",
        "1397088240",
        "1397088240.0",
        "1397088240000",
        "1.39708824e9",
        "\"2014-04-10 00:04:00\"",
    ] {
        assert_eq!(counts(&format!("timestamp,value\n{time},94.0\n")), [(1_397_088_240, 60, 94.0)], "{time}");
    }
}

#[test]
fn line_ends_blank_lines_order_and_a_byte_order_mark_do_not_matter() {
    let wanted = [(0, 300, 1.0), (300, 300, 2.5), (600, 300, 3.0)];
    for text in [
        "timestamp,value\n0,1\n300,2.5\n600,3\n",
        "timestamp,value\r\n0,1\r\n300,2.5\r\n600,3",
        "timestamp,value\r0,1\r300,2.5\r600,3\r",
        "\u{feff}timestamp,value\n\n0,1\n   \n600,3\n300,2.5\n\n",
        "Value, Timestamp\n1,0\n3,600\n2.5,300\n",
        "\"timestamp\",\"value\",\"note\"\n0,1,\"a,b\"\n300,2.5,\n600,3,x\n",
    ] {
        assert_eq!(counts(text), wanted, "{text:?}");
    }
}

#[test]
fn an_interval_lasts_as_long_as_most_do_or_until_the_next() {
    let trace = "timestamp,value\n0,1\n300,1\n600,1\n650,1\n5000,1\n5000,1\n";
    assert_eq!(
        counts(trace),
        [
            (0, 300, 1.0),
            (300, 300, 1.0),
            (600, 50, 1.0),
            (650, 300, 1.0),
            (5_000, 300, 1.0),
            (5_000, 300, 1.0)
        ]
    );
}

#[test]
fn a_job_arrives_at_its_end_without_its_duration() {
    let text = "app,func,end_timestamp,duration\na,f,57.5,57.25\na,f,0.07,0.078\nb,g,1260,60\n";
    assert_eq!(jobs(text), [(-8, 78), (250, 57_250), (1_200_000, 60_000)]);
}

#[test]
fn what_cannot_be_read_is_named_with_file_line_field_and_what_to_do() {
    for (text, words) in [
        ("", "t.csv: the file is empty; the first line must be `timestamp,value`"),
        ("\n \n", "t.csv: the file is empty"),
        ("timestamp,value\n", "t.csv: there are no rows"),
        ("time,count\n1,2\n", "t.csv:1: the header is `time,count`; write `timestamp,value`"),
        ("1,2\n3,4\n", "t.csv:1: the header is `1,2`"),
        ("\n\ntime,count\n", "t.csv:3: the header"),
        ("timestamp,value\n0,1\n\n300\n", "t.csv:4: 1 field where the header has 2"),
        ("timestamp,value\n0,1,2\n", "t.csv:2: 3 fields where"),
        ("timestamp,value\nyesterday,1\n", "t.csv:2: timestamp: `yesterday` is no time; write one such as"),
        ("timestamp,value\n2014-02-30,1\n", "t.csv:2: timestamp:"),
        ("timestamp,value\n2014-04-10 00:04:00 CEST,1\n", "t.csv:2: timestamp:"),
        ("timestamp,value\nNaN,1\n", "t.csv:2: timestamp:"),
        ("timestamp,value\n1e300,1\n", "t.csv:2: timestamp:"),
        ("timestamp,value\n0,many\n", "t.csv:2: value: `many` is no number; write"),
        ("timestamp,value\n0,-1\n", "t.csv:2: value: `-1` is negative"),
        ("timestamp,value\n0,NaN\n", "t.csv:2: value: `NaN` is negative or not finite"),
        ("timestamp,value\n0,inf\n", "t.csv:2: value:"),
        ("timestamp,value\n0,\n", "t.csv:2: value: `` is no number"),
        ("app,func,end_timestamp,duration\na,f,1,-2\n", "t.csv:2: duration: `-2` is negative"),
        ("app,func,end_timestamp,duration\na,f,1,1e9\n", "t.csv:2: duration: `1e9` is longer than 30 days"),
        ("timestamp,value\n\u{1b}[2Jx,1\n", "`?[2Jx`"),
    ] {
        assert!(fault(text).contains(words), "{text:?}: {}", fault(text));
    }
}

#[test]
fn a_long_text_is_shortened_in_an_error() {
    assert!(fault(&"x".repeat(1_000_000)).len() < 300);
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "(timestamp,value\n)?[-0-9a-z,.:\"\r\n T]{0,200}") {
        let _ = Trace::read("t.csv", &text);
    }
}
