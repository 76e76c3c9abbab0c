use super::super::Schedule;

#[test]
fn what_is_no_schedule_is_refused_with_what_would_be_one() {
    let refused = [
        "",
        "0 2 * * *",
        "cron(0 2 * * ? *",
        "every(5 minutes)",
        "cron()",
        "cron(0 2 * * *)",
        "cron(0 0 2 * * ? *)",
        "cron(0 2 * * * *)",
        "cron(0 2 1 * MON *)",
        "cron(0 2 ? * ? *)",
        "cron(60 2 * * ? *)",
        "cron(? 2 * * ? *)",
        "cron(-5 2 * * ? *)",
        "cron(+5 2 * * ? *)",
        "cron(1,,2 2 * * ? *)",
        "cron(0/0 2 * * ? *)",
        "cron(0/ 2 * * ? *)",
        "cron(0/90 2 * * ? *)",
        "cron(0 24 * * ? *)",
        "cron(0 22-2 * * ? *)",
        "cron(0 2 0 * ? *)",
        "cron(0 2 L-3 * ? *)",
        "cron(0 2 L,LW * ? *)",
        "cron(0 2 32W * ? *)",
        "cron(0 2 1-5W * ? *)",
        "cron(0 2 * 13 ? *)",
        "cron(0 2 * SUN ? *)",
        "cron(0 2 ? * 0 *)",
        "cron(0 2 ? * FRI-MON *)",
        "cron(0 2 ? * 3#6 *)",
        "cron(0 2 ? * 3#1,6#3 *)",
        "cron(0 2 ? * 2W *)",
        "cron(0 2 * * ? 1969)",
        "cron(0 2 * * ? 99999)",
        "cron(0 2 30 2 ? *)",
        "cron(0 2 29 2 ? 2027)",
        "rate(5)",
        "rate(5 weeks)",
        "rate(1.5 hours)",
        "rate(-1 day)",
        "rate(0 minutes)",
        "rate(99999999999 days)",
        "at(2027-01-31)",
        "at(2027-01-31 02:00:00)",
        "at(2027-01-31T02:00:00Z)",
        "at(2027-02-30T02:00:00)",
        "at(2027-01-31T02:00:30)",
        "at(2027-03-28T02:30:00)",
    ];
    let told: Vec<String> = refused
        .iter()
        .map(|expression| {
            let error = Schedule::parse(expression, "Europe/Berlin").expect_err(expression);
            format!("{expression}\n    {error}")
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn an_unknown_time_zone_is_refused_with_the_nearest() {
    let zones = [
        "",
        "Berlin",
        "Europe/Berlim",
        "Europe/New York",
        "America/New York",
        "CEST",
        "UTC+1",
        "Etc/Unknown",
        "localtime",
        "Mars/Olympus",
        "東京",
    ];
    let told: Vec<String> =
        zones.iter().map(|zone| Schedule::parse("rate(1 day)", zone).expect_err(zone).to_string()).collect();
    insta::assert_snapshot!(told.join("\n"));
}
