"""Alarms, their runbook, and the dashboard."""

import json
import re
import unittest

from template import RESOURCES, ROOT, TEMPLATE, of_type

FUNCTIONS = {
    name: RESOURCES[name]["Metadata"]["BuildProperties"]["Binary"] for name in of_type("AWS::Serverless::Function")
}
QUEUES = {name: queue for name, queue in of_type("AWS::SQS::Queue").items() if "RedrivePolicy" in queue}
ALARMS = of_type("AWS::CloudWatch::Alarm")
STACK = {"Name": "stack", "Value": {"Ref": "AWS::StackName"}}


def of_service(binary):
    return [STACK, {"Name": "service", "Value": binary}]


def sources(alarm):
    """What an alarm looks at: namespace, metric, dimensions and statistic, one or several."""
    if "Metrics" not in alarm:
        return [(alarm["Namespace"], alarm["MetricName"], alarm["Dimensions"], alarm["Statistic"])]
    stats = [each["MetricStat"] for each in alarm["Metrics"] if "MetricStat" in each]
    return [
        (each["Metric"]["Namespace"], each["Metric"]["MetricName"], each["Metric"]["Dimensions"], each["Stat"])
        for each in stats
    ]


def watching(namespace, *metrics):
    """The alarms on some metrics, by the value of their last dimension."""
    found = {}
    for alarm in ALARMS.values():
        seen = sources(alarm)
        if {each[1] for each in seen} == set(metrics) and all(each[0] == namespace for each in seen):
            found[json.dumps(seen[0][2][-1]["Value"])] = alarm
    return found


def written_by(binary):
    """The metrics that a function's source writes."""
    source = (ROOT / "functions" / binary / "src/report.rs").read_text(encoding="utf-8")
    return set(re.findall(r'\.(?:count|some|seconds)\(\s*"(\w+)"', source))


class Alarms(unittest.TestCase):
    # As large as names get: a stack has 128 characters, and generated names are cut at 512, 64 and 80.
    LONGEST = {"AWS::StackName": 40, "RunbookUrl": 120}

    def test_every_alarm_reaches_the_topic_and_says_what_to_do(self):
        self.assertEqual(len(ALARMS), 30)
        names = set()
        for name, alarm in ALARMS.items():
            self.assertEqual(alarm["AlarmActions"], [{"Ref": "Topic"}], name)
            self.assertNotIn("ActionsEnabled", alarm, name)
            title, description = alarm["AlarmName"]["Fn::Sub"], alarm["AlarmDescription"]["Fn::Sub"]
            self.assertTrue(title.startswith("${AWS::StackName} "), f"{name}: two stacks would share {title}")
            names.add(title)
            self.assertIn("What to do: (1)", description, name)
            self.assertRegex(description, r"\b(aws|steward) [a-z]", name)
            self.assertTrue(description.endswith(" Runbook: ${RunbookUrl}#" + name.lower()), name)
        self.assertEqual(len(names), len(ALARMS))

    def test_a_description_fits_into_what_cloudwatch_takes_whatever_names_get(self):
        for name, alarm in ALARMS.items():
            description = alarm["AlarmDescription"]["Fn::Sub"]
            long = re.sub(r"\$\{([^}]+)\}", lambda found: "x" * self.LONGEST.get(found[1], 64), description)
            self.assertLessEqual(len(long), 1_024, name)

    def test_the_runbook_has_a_section_for_each_alarm_and_none_besides(self):
        runbook = (ROOT / "docs/runbook.md").read_text(encoding="utf-8")
        sections = re.findall(r"^## (\w+Alarm)$", runbook, re.MULTILINE)
        self.assertEqual(sorted(sections), sorted(ALARMS))
        parts = re.split(r"^## ", runbook, flags=re.MULTILINE)[1:]
        for name, text in ((part.split("\n", 1)[0], part) for part in parts):
            if not name.endswith("Alarm"):
                continue
            for what in ("**Means**", "**How bad**", "**Look**", "**Do**", "**Over**"):
                self.assertEqual(text.count(what), 1, f"{name}: {what}")
            self.assertIn("```console", text, f"{name}: not one command")

    def test_the_topic_takes_what_cloudwatch_publishes(self):
        key = RESOURCES["Topic"]["Properties"]["KmsMasterKeyId"]
        none = {"Ref": "AWS::NoValue"}
        self.assertEqual(key, {"Fn::If": ["HasKey", {"Ref": "KmsKeyArn"}, none]}, "aws/sns is closed to CloudWatch")
        self.assertEqual(of_type("AWS::SNS::TopicPolicy"), {}, "it replaces the policy that lets alarms publish")

    def test_every_dead_letter_queue_has_an_alarm_on_its_first_message(self):
        redrives = [queue["RedrivePolicy"] for queue in QUEUES.values()]
        dead_letters = {redrive["deadLetterTargetArn"]["Fn::GetAtt"][0] for redrive in redrives}
        alarms = watching("AWS/SQS", "ApproximateNumberOfMessagesVisible")
        named = {json.dumps({"Fn::GetAtt": [queue, "QueueName"]}) for queue in dead_letters}
        self.assertEqual(set(alarms), named)
        for alarm in alarms.values():
            self.assertEqual((alarm["ComparisonOperator"], alarm["Threshold"]), ("GreaterThanThreshold", 0))
            self.assertEqual(alarm["TreatMissingData"], "notBreaching")

    def test_every_queue_that_is_read_has_an_alarm_on_its_oldest_message(self):
        alarms = watching("AWS/SQS", "ApproximateAgeOfOldestMessage")
        self.assertEqual(set(alarms), {json.dumps({"Fn::GetAtt": [queue, "QueueName"]}) for queue in QUEUES})
        for queue, alarm in alarms.items():
            self.assertEqual((alarm["Statistic"], alarm["ComparisonOperator"]), ("Maximum", "GreaterThanThreshold"))
            # News is postponed for up to fifteen minutes by its delay alone.
            self.assertEqual(alarm["Threshold"], 1800 if "Tell" in queue else 900, queue)
            self.assertEqual(alarm["TreatMissingData"], "notBreaching")

    def test_every_function_has_alarms_on_errors_and_throttles_that_one_of_them_does_not_raise(self):
        for metric in ("Errors", "Throttles"):
            alarms = watching("AWS/Lambda", metric)
            self.assertEqual(set(alarms), {json.dumps({"Ref": name}) for name in FUNCTIONS}, metric)
            for alarm in alarms.values():
                self.assertEqual(
                    (alarm["Statistic"], alarm["ComparisonOperator"], alarm["Threshold"]),
                    ("Sum", "GreaterThanOrEqualToThreshold", 1),
                )
                self.assertGreater(alarm["DatapointsToAlarm"], 1)
                self.assertEqual(alarm["TreatMissingData"], "notBreaching")

    def test_every_function_has_an_alarm_on_nine_tenths_of_its_timeout(self):
        alarms = watching("AWS/Lambda", "Duration")
        self.assertEqual(set(alarms), {json.dumps({"Ref": name}) for name in FUNCTIONS})
        for name in FUNCTIONS:
            alarm = alarms[json.dumps({"Ref": name})]
            timeout = RESOURCES[name]["Properties"].get("Timeout", TEMPLATE["Globals"]["Function"]["Timeout"])
            self.assertEqual(alarm["Threshold"], timeout * 900, f"{name}: nine tenths, in milliseconds")
            self.assertEqual((alarm["Statistic"], alarm["ComparisonOperator"]), ("Maximum", "GreaterThanThreshold"))
            self.assertGreater(alarm["DatapointsToAlarm"], 1)

    def test_every_function_has_an_alarm_on_its_silence(self):
        alarms = watching("EcsSteward", "Sweeps")
        self.assertEqual(set(alarms), {json.dumps(binary) for binary in FUNCTIONS.values()})
        for alarm in alarms.values():
            self.assertEqual(
                (alarm["Statistic"], alarm["ComparisonOperator"], alarm["Threshold"]), ("Sum", "LessThanThreshold", 1)
            )
            self.assertEqual(alarm["Period"] * alarm["EvaluationPeriods"], 300)
            self.assertEqual(alarm["TreatMissingData"], "breaching")

    def test_every_function_has_an_alarm_on_what_it_leaves_undone(self):
        left = {
            "remediation": ("EventsFailed", "StoriesFailed"),
            "batch": ("EventsFailed", "StepsFailed"),
            "scaling": ("StepsFailed",),
            "notifications": ("MessagesReturned", "NewsFailed"),
        }
        self.assertEqual(sorted(left), sorted(FUNCTIONS.values()))
        for binary, metrics in left.items():
            alarm = watching("EcsSteward", *metrics)[json.dumps(binary)]
            self.assertEqual({each[3] for each in sources(alarm)}, {"Sum"})
            if len(metrics) > 1:
                sums = [each["Expression"] for each in alarm["Metrics"] if "Expression" in each]
                self.assertEqual(sums, ["FILL(a, 0) + FILL(b, 0)"])
                asked = [each for each in alarm["Metrics"] if each.get("ReturnData", True)]
                self.assertEqual(len(asked), 1, "CloudWatch alarms on one of them")
            self.assertEqual((alarm["ComparisonOperator"], alarm["Threshold"]), ("GreaterThanOrEqualToThreshold", 1))
            self.assertGreater(alarm["DatapointsToAlarm"], 1, "what fails once is tried again")

    def test_what_becomes_of_actions_and_of_news_has_alarms(self):
        for name, metric, binary, threshold, window in (
            ("UnknownActionsAlarm", "ActionsUnknown", "remediation", 1, 86_400),
            ("StaleActionsAlarm", "OldestIssuedAction", "remediation", 1_800, 600),
            ("BudgetSpentAlarm", "BudgetsSpent", "remediation", 1, 3_600),
            ("NewsAgeAlarm", "OldestNews", "notifications", 1_800, 3_600),
        ):
            alarm = ALARMS[name]
            ((namespace, seen, dimensions, statistic),) = sources(alarm)
            self.assertEqual((namespace, seen, dimensions), ("EcsSteward", metric, of_service(binary)))
            self.assertEqual(statistic, "Maximum" if metric.startswith("Oldest") else "Sum")
            self.assertEqual(alarm["Threshold"], threshold)
            self.assertEqual(alarm["Period"] * alarm["EvaluationPeriods"], window, "a day is the longest there is")
            self.assertEqual(alarm["TreatMissingData"], "notBreaching", "written only where there is something")
        self.assertEqual(ALARMS["UnknownActionsAlarm"]["DatapointsToAlarm"], 1)


class OwnMetrics(unittest.TestCase):
    def test_what_alarms_and_dashboard_show_is_written_by_that_function_of_that_stack(self):
        seen = [source for alarm in ALARMS.values() for source in sources(alarm) if source[0] == "EcsSteward"]
        shown = [(metric[2:6], metric[1]) for metric in Dashboard.metrics() if metric[0] == "EcsSteward"]
        self.assertGreater(len(seen), 10)
        self.assertGreater(len(shown), 10)
        for _, metric, dimensions, _ in seen:
            binary = dimensions[-1]["Value"]
            self.assertEqual(dimensions, of_service(binary), f"{metric}: as the function writes it, in this order")
            self.assertIn(metric, written_by(binary), binary)
        for (stack, name, service, binary), metric in shown:
            self.assertEqual((stack, name, service), ("stack", "${AWS::StackName}", "service"))
            self.assertIn(metric, written_by(binary), binary)

    def test_a_function_knows_the_name_of_its_stack(self):
        variables = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
        self.assertEqual(variables["STEWARD_STACK"], {"Ref": "AWS::StackName"})


class Dashboard(unittest.TestCase):
    @staticmethod
    def widgets():
        return json.loads(RESOURCES["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"])["widgets"]

    @classmethod
    def metrics(cls):
        rows = [row for widget in cls.widgets() for row in widget["properties"].get("metrics", [])]
        return [row for row in rows if isinstance(row[0], str)]

    def test_it_shows_every_alarm(self):
        (states,) = (widget for widget in self.widgets() if widget["type"] == "alarm")
        self.assertEqual(states["properties"]["alarms"], [f"${{{name}.Arn}}" for name in ALARMS])

    def test_it_costs_nothing_among_an_accounts_first_three(self):
        self.assertLessEqual(len(self.metrics()), 50)

    def test_it_shows_what_comes_in_what_waits_what_fails_and_what_was_done(self):
        titles = [widget["properties"]["title"] for widget in self.widgets()]
        self.assertEqual(len(set(titles)), len(titles))
        shown = {metric[1] for metric in self.metrics()}
        for metric in (
            "EventsHandled",
            "ApproximateAgeOfOldestMessage",
            "Errors",
            "Throttles",
            "Duration",
            "IncidentsOpened",
            "IncidentsEnded",
            "ActionsConfirmed",
            "ActionsUnknown",
            "AlertsSent",
            "OldestNews",
            "Sweeps",
        ):
            self.assertIn(metric, shown)

    def test_its_widgets_do_not_overlap_and_are_of_this_region(self):
        taken = set()
        for widget in self.widgets():
            cells = {
                (x, y)
                for x in range(widget["x"], widget["x"] + widget["width"])
                for y in range(widget["y"], widget["y"] + widget["height"])
            }
            self.assertFalse(taken & cells, widget["properties"]["title"])
            self.assertLessEqual(widget["x"] + widget["width"], 24)
            taken |= cells
            if widget["type"] == "metric":
                self.assertEqual(widget["properties"]["region"], "${AWS::Region}")

    def test_it_is_made_only_where_it_is_wanted(self):
        self.assertEqual(RESOURCES["Dashboard"]["Condition"], "HasDashboard")
        self.assertEqual(TEMPLATE["Outputs"]["DashboardUrl"]["Condition"], "HasDashboard")


if __name__ == "__main__":
    unittest.main()
