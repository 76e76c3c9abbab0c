//! The page that says what work takes and what a month costs: `docs/cost.md`.

use std::fmt::Write;

use super::bill::{
    self, Bill, LOG_BYTES, NAIVE_LOOKS, NAIVE_POSTS, OWN, WAITS, naive, naive_messages, steward,
};
use super::prices::{ALL, AS_OF, REGION};
use super::traffic::Traffic;
use crate::work::{Work, Works};

/// Bills are for so many services.
pub const SIZES: [u32; 3] = [100, 1_000, 5_000];
/// The patrol goes round so often.
const PATROL_MINUTES: f64 = 5.0;
/// The same, where nothing happens but that so many follow a queue.
const QUEUES: [u32; 3] = [0, 10, 100];

/// The page.
pub fn document(works: &Works) -> String {
    let mut text = HEAD.to_owned();
    // Writing into a text cannot fail.
    let _written = write_all(&mut text, works);
    text
}

fn write_all(text: &mut String, works: &Works) -> std::fmt::Result {
    text.push_str(WORK_HEAD);
    for work in works.all() {
        row(text, work)?;
    }
    text.push_str(AFTER_WORK);
    let round = works.patrolled.each(works.patrolled.used.calls_to("ecs")) * PATROL_MINUTES;
    writeln!(
        text,
        "- A minute's sweeps include the patrol's round every five minutes. A hundred services more are {} requests to ECS in each, and none to the ledger
  while they are well.
",
        number(round),
    )?;
    month(text, works)?;
    traffic(text)?;
    terms(text)
}

fn row(text: &mut String, work: &Work) -> std::fmt::Result {
    let other = |service: &str| number(work.each(work.used.calls_to(service)));
    writeln!(
        text,
        "| {} | {} | {} | {} | {} | {} | {} | {} |",
        work.name,
        number(work.each(work.invoked.by_queue + work.invoked.by_tick)),
        number(work.each(work.used.ledger.calls)),
        number(work.read_units()),
        number(work.write_units()),
        other("ecs"),
        number(work.each(work.used.calls_to("sqs"))),
        other("slack"),
    )
}

/// A count: whole where it is, else with as many digits as matter.
fn number(count: f64) -> String {
    let rounded = (count * 100.0).round() / 100.0;
    if rounded.fract() == 0.0 {
        return format!("{rounded:.0}");
    }
    if rounded >= 10.0 { format!("{rounded:.1}") } else { format!("{rounded:.2}") }
}

fn dollars(dollars: f64) -> String {
    if dollars >= 100.0 { format!("${dollars:.0}") } else { format!("${dollars:.2}") }
}

/// Rows of bills, by what is paid.
fn rows(text: &mut String, bills: &[Bill]) -> std::fmt::Result {
    for service in ["Lambda", "SQS", "DynamoDB", "CloudWatch Logs", "CloudWatch, ", "X-Ray"] {
        let each: Vec<String> = bills.iter().map(|bill| dollars(bill.of(service))).collect();
        let name = service.trim_end_matches([',', ' ']);
        let name = if name == "CloudWatch" { "CloudWatch: metrics, alarms, a dashboard" } else { name };
        writeln!(text, "| {name} | {} |", each.join(" | "))?;
    }
    let totals: Vec<String> = bills.iter().map(|bill| format!("**{}**", dollars(bill.total()))).collect();
    writeln!(text, "| **Steward** | {} |", totals.join(" | "))
}

fn month(text: &mut String, works: &Works) -> std::fmt::Result {
    let traffics = SIZES.map(Traffic::of);
    let bills = traffics.map(|traffic| steward(works, &traffic));
    text.push_str(MONTH_HEAD);
    rows(text, &bills)?;
    let each = bills.iter().zip(SIZES).map(|(bill, services)| dollars(bill.total() / f64::from(services)));
    let mut line = |what: &str, each: Vec<String>| writeln!(text, "| {what} | {} |", each.join(" | "));
    line("of that, by the service", each.collect())?;
    let of_traffic = |count: fn(&Traffic) -> String| traffics.iter().map(count).collect();
    line("a naive Lambda per event", of_traffic(|traffic| dollars(naive(traffic).total())))?;
    line("messages that people get of it", of_traffic(|traffic| number(naive_messages(traffic).round())))?;
    line(
        "threads that people get of Steward",
        of_traffic(|traffic| number((traffic.incidents() + traffic.remedied()).round())),
    )?;
    text.push_str(AFTER_MONTH);
    text.push_str(QUEUES_HEAD);
    let bills = QUEUES.map(|services| steward(works, &Traffic::of_queues(services)));
    rows(text, &bills)?;
    text.push_str(AFTER_QUEUES);
    Ok(())
}

fn traffic(text: &mut String) -> std::fmt::Result {
    let mix = Traffic::of(1);
    text.push_str(
        "## What happens in that month\n\nTo each service, on average:\n\n| what | how often |\n|---|---|\n",
    );
    for (what, how_often) in [
        ("tasks replaced, beside deployments", format!("{} a day", mix.replaced_a_day)),
        ("deployments", format!("{} a week", mix.deployed_a_week)),
        ("steady states, beside deployments", format!("{} a month", mix.steady_a_month)),
        (
            "incidents, of 20 failures each",
            format!(
                "{} a month; {} of them a deployment that is gone back on",
                mix.incidents_a_month, mix.remedied_a_month
            ),
        ),
        ("jobs, each run once a day", format!("{}", mix.jobs)),
        (
            "queues that it follows",
            format!("{}, looked at every 10 s, with {} orders a day", mix.scaled, mix.orders_a_day),
        ),
    ] {
        writeln!(text, "| {what} | {how_often} |")?;
    }
    Ok(())
}

fn terms(text: &mut String) -> std::fmt::Result {
    let waits: Vec<String> =
        WAITS.iter().map(|(service, seconds)| format!("{service} {:.0} ms", seconds * 1e3)).collect();
    writeln!(
        text,
        "\n## Prices and terms\n\n{REGION}, list prices of {AS_OF}, without a free tier; the pages have today's.\n"
    )?;
    writeln!(text, "| what | listed | page |\n|---|---|---|")?;
    for price in ALL {
        writeln!(text, "| {} | {} | <{}> |", price.what, price.listed, price.source)?;
    }
    writeln!(
        text,
        "
- An invocation takes {:.0} ms and what it waits for, one request after the other: {}. These are guesses on the high side, and Lambda is a small part.
- Each event is a batch of its own; in truth several come together. Logs: {LOG_BYTES} bytes an invocation.
- Units of DynamoDB are counted from the bytes of the items that are read and written, twice for what is written in one transaction, and the index's besides.
- The naive function is Python with 128 MB on x86, looks at an event for {:.0} ms and posts for {:.0} ms; cold starts are not counted.
- Lambda's pollers take up to {} million requests a month, whatever happens.
- A key of your own, mail beyond the first thousand, and what leaves the Region are not in it.",
        OWN * 1e3,
        waits.join(", "),
        NAIVE_LOOKS * 1e3,
        NAIVE_POSTS * 1e3,
        number((bill::POLLS / 1e5).round() / 10.0),
    )
}

const HEAD: &str = "# What it costs

What each piece of work takes of AWS, and what that comes to in a month. The figures are counted, not estimated: the handlers play
each piece over ports in memory that count requests as AWS would see them, and a test holds this page equal to what they count.

```console
$ cargo bench -p steward-bench --bench cost             # prints this page
$ cargo bench -p steward-bench --bench cost -- --write  # writes it
```

";

const WORK_HEAD: &str = "## What work takes

| one of | invocations | requests to DynamoDB | read units | write units | requests to ECS | to SQS, by Steward | to Slack |
|---|---|---|---|---|---|---|---|
";

const AFTER_WORK: &str = "
- Beside these, each function looks at the configuration's pointer once a minute while it works: one request to Parameter Store, which is free. So are
  requests to ECS.
- An incident holds its failures: three or three hundred, it is one thread in Slack, and ECS is asked by how long it goes on, not by how much fails.
";

const MONTH_HEAD: &str = "## A month

| by list prices | 100 services | 1,000 | 5,000 |
|---|---|---|---|
";

const AFTER_MONTH: &str = "
A Lambda function that a rule invokes with each task that stops, and that posts each failure, is what many have today. It costs next to nothing and does next to
nothing: no memory, so a crash loop is a message for each crash; no queue, so what fails three times is gone; no sweep, so nobody hears of what no event tells.

Neither events nor incidents are most of Steward's bill, but services that follow a queue: CloudWatch's price for what went through their queues and for their metrics,
and DynamoDB's for what is decided each minute.

";

const QUEUES_HEAD: &str = "## A month in which nothing happens

| | nothing is scaled | 10 services follow a queue each | 100 |
|---|---|---|---|
";

const AFTER_QUEUES: &str = "
The first column is there whatever happens: the ticks, Lambda's pollers, metrics, alarms, and the dashboard. An account's first ten metrics, ten alarms and three
dashboards are free, and are counted here all the same.

Scaling works for most of each minute, for SQS tells of no change by itself. With `every: 60s` its Lambda is a twelfth and its SQS a sixth. CloudWatch's price is why it
is asked once a minute and no more: its figures are minutes old in any case.

";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_says_what_the_handlers_take() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/cost.md");
        let page = std::fs::read_to_string(path).unwrap();
        let counted = document(&Works::measure());
        assert!(
            page == counted,
            "`cargo bench -p steward-bench --bench cost -- --write` would write:\n{counted}"
        );
    }

    #[test]
    fn numbers_have_the_digits_that_matter() {
        for (count, shown) in [(0.0, "0"), (3.0, "3"), (0.126, "0.13"), (12.34, "12.3"), (1.5, "1.50")] {
            assert_eq!(number(count), shown);
        }
        assert_eq!((dollars(0.126), dollars(1_234.5)), ("$0.13".to_owned(), "$1234".to_owned()));
    }
}
