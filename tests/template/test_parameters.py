"""Parameters: what they take, and that the manual has them."""

import re
import unittest

from template import ROOT, TEMPLATE


class Parameters(unittest.TestCase):
    def test_secrets_of_slack_may_lie_anywhere_but_below_a_configuration(self):
        webhook = TEMPLATE["Parameters"]["SlackWebhookParameter"]["AllowedPattern"]
        self.assertEqual(TEMPLATE["Parameters"]["SlackSecretParameters"]["AllowedPattern"], webhook)
        pattern = re.compile(webhook)
        for name in (
            "",
            "/steward/slack-webhook",
            "/steward/prod/configuration-slack",
            "/steward/prod/configurations/slack",
            "/steward/prod/slack/configuration",
            "/team/prod/configuration/slack",
        ):
            self.assertIsNotNone(pattern.fullmatch(name), name)
        for name in (
            "/steward/prod/configuration",
            "/steward/prod/configuration/slack",
            "/steward/prod/configuration/versions/000001/slack",
            "steward/slack-webhook",
            "/steward//slack-webhook",
            "/steward/slack-webhook/",
            "https://hooks.slack.com/services/T0/B0/x",
        ):
            self.assertIsNone(pattern.fullmatch(name), name)

    def test_every_parameter_is_in_one_group_of_the_form_and_in_the_manual(self):
        groups = TEMPLATE["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
        grouped = [name for group in groups for name in group["Parameters"]]
        self.assertEqual(sorted(grouped), sorted(TEMPLATE["Parameters"]))
        manual = (ROOT / "docs/deploying.md").read_text(encoding="utf-8")
        rows = {}
        for name, default in re.findall(r"^\| `(\w+)` \| ([^|]+) \|", manual, re.MULTILINE):
            rows.setdefault(name, default)
        for name, parameter in TEMPLATE["Parameters"].items():
            default = str(parameter["Default"])
            self.assertIn(name, rows, "the manual's table has no row of it")
            self.assertEqual(rows[name].strip().strip("`"), default or "empty", name)

    def test_every_parameter_says_what_it_takes(self):
        for name, parameter in TEMPLATE["Parameters"].items():
            self.assertIn("Description", parameter, name)
            self.assertTrue({"AllowedValues", "AllowedPattern"} & set(parameter), f"{name} takes anything")
            if "AllowedPattern" in parameter:
                self.assertIn("ConstraintDescription", parameter, name)
                self.assertRegex(str(parameter["Default"]), parameter["AllowedPattern"], name)
            else:
                self.assertIn(parameter["Default"], parameter["AllowedValues"], name)

    def test_keys_boundaries_and_addresses_are_what_they_say(self):
        for parameter, right, wrong in (
            (
                "KmsKeyArn",
                ("", "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"),
                ("alias/steward", "arn:aws:kms:eu-central-1:123456789012:alias/steward", "arn:aws:kms:*:123456789012:key/*"),
            ),
            (
                "PermissionsBoundaryArn",
                ("", "arn:aws:iam::123456789012:policy/teams/bound", "arn:aws:iam::aws:policy/PowerUserAccess"),
                ("bound", "arn:aws:iam::123456789012:role/bound", "arn:aws:iam::123456789012:policy/*"),
            ),
            (
                "RunbookUrl",
                ("docs/runbook.md", "https://git.example.com/ops/steward/-/blob/main/docs/runbook.md"),
                ("", "https://wiki/a#b", "two words", "x" * 121),
            ),
        ):
            pattern = re.compile(TEMPLATE["Parameters"][parameter]["AllowedPattern"])
            self.assertEqual([text for text in right if not pattern.fullmatch(text)], [], parameter)
            self.assertEqual([text for text in wrong if pattern.fullmatch(text)], [], parameter)

    def test_roles_to_pass_are_named_and_never_all(self):
        parameters = TEMPLATE["Parameters"]
        pattern = re.compile(parameters["TaskRoleArns"]["AllowedPattern"])
        self.assertEqual(parameters["JobTaskRoleArns"]["AllowedPattern"], pattern.pattern)
        for arn in (
            "",
            "arn:aws:iam::123456789012:role/job-task",
            "arn:aws-cn:iam::123456789012:role/teams/batch/job-execution",
            "arn:aws:iam::123456789012:role/job-*",
        ):
            self.assertIsNotNone(pattern.fullmatch(arn), arn)
        for arn in (
            "*",
            "arn:aws:iam::123456789012:role/*",
            "arn:aws:iam::*:role/job",
            "arn:aws:iam::123456789012:user/job",
            "arn:aws:iam::123456789012:role/a*b",
            "job-task",
        ):
            self.assertIsNone(pattern.fullmatch(arn), arn)

    def test_log_groups_topics_and_rules_are_names_and_arns(self):
        for parameter, right, wrong in (
            (
                "ScalingQueueArns",
                (
                    "",
                    "arn:aws:sqs:eu-central-1:123456789012:orders",
                    "arn:aws:sqs:eu-central-1:123456789012:orders.fifo",
                    "arn:aws:sqs:eu-central-1:123456789012:shop-*",
                    "arn:aws:sqs:eu-central-1:123456789012:*",
                ),
                ("*", "orders", "arn:aws:sqs:*:123456789012:orders", "arn:aws:sqs:eu-central-1:123456789012:o*s"),
            ),
            ("TaskLogGroups", ("", "*", "/ecs/*", "team.api_1#x"), ("a:b", "/ecs/api log", "arn:aws:logs:x:y:log-group:z")),
            (
                "AlertTopicArns",
                ("", "arn:aws:sns:eu-central-1:123456789012:ops"),
                ("*", "ops", "arn:aws:sns:*:123456789012:ops", "arn:aws:sns:eu-central-1:123456789012:*"),
            ),
            (
                "JobRuleArns",
                ("", "arn:aws:events:eu-central-1:123456789012:rule/import", "arn:aws:events:eu-central-1:123456789012:rule/bus/import"),
                ("*", "import", "arn:aws:events:eu-central-1:123456789012:rule/*", "arn:aws:events:*:123456789012:rule/import"),
            ),
        ):
            pattern = re.compile(TEMPLATE["Parameters"][parameter]["AllowedPattern"])
            self.assertEqual([text for text in right if not pattern.fullmatch(text)], [], parameter)
            self.assertEqual([text for text in wrong if pattern.fullmatch(text)], [], parameter)


if __name__ == "__main__":
    unittest.main()
