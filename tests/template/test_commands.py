"""The commands that alarms and manuals give people at night: each exists, with the options that it is given."""

import re
import unittest

import botocore.session
from botocore import xform_name

from template import ROOT, of_type

# Of the AWS CLI itself, for every command.
GLOBAL = {"query", "output", "region", "profile", "cli-binary-format", "endpoint-url"}
# Commands that the CLI has beyond the API.
OWN = {("logs", "tail"): {"since", "follow", "format", "filter-pattern"}}
SESSION = botocore.session.Session()


def commands(text):
    """What stands as a command in a manual or a description: on a line with a prompt, or as code in a sentence."""
    text = re.sub(r"\\\n\s*", "", text)
    blocks = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    rest = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    return [line for block in blocks for line in block.splitlines()] + re.findall(r"`([^`]+)`", rest)


def aws_calls(command):
    """Each `aws SERVICE OPERATION` of a command, with its options."""
    for service, operation, rest in re.findall(r"\baws ([a-z][a-z0-9-]*) ([a-z][a-z-]*)(.*?)(?=\baws [a-z]|$)", command):
        # What a nested command does is its own; what stands in quotes is no option.
        rest = re.sub(r"'[^']*'|\"[^\"$(]*\"", "", rest)
        yield service, operation, set(re.findall(r"(?<![\w-])--([a-z][a-z-]*)", rest))


def problem(service, operation, options):
    """Why a call is none, or nothing."""
    if (service, operation) in OWN:
        unknown = options - OWN[service, operation] - GLOBAL
        return f"{service} {operation} has no {unknown}" if unknown else None
    if service not in SESSION.get_available_services():
        return f"there is no service {service}"
    model = SESSION.get_service_model(service)
    names = {xform_name(name, "-"): name for name in model.operation_names}
    if operation not in names:
        return f"{service} has no {operation}"
    shape = model.operation_model(names[operation]).input_shape
    members = {xform_name(name, "-") for name in (shape.members if shape else {})}
    given = {option.removeprefix("no-") if option.removeprefix("no-") in members else option for option in options}
    unknown = given - members - GLOBAL
    return f"{service} {operation} has no {unknown}" if unknown else None


class Commands(unittest.TestCase):
    def test_a_command_that_does_not_exist_is_noticed(self):
        for command, wrong in (
            ("aws sqs purge-queue --queue-url x", False),
            ("aws sqs purge-queues --queue-url x", True),
            ("aws sqs purge-queue --queue x", True),
            ("aws sqqs purge-queue", True),
            ("aws logs tail G --since 3h --filter-pattern '{ $.level = \"ERROR\" }'", False),
            ("aws logs tail G --filter x", True),
            ("aws dynamodb update-table --table-name t --no-deletion-protection-enabled", False),
        ):
            found = [problem(*call) for call in aws_calls(command)]
            self.assertEqual(any(found), wrong, f"{command}: {found}")

    def test_the_aws_commands_of_manuals_exist_with_their_options(self):
        seen = 0
        for page in ("docs/runbook.md", "docs/deploying.md"):
            for command in commands((ROOT / page).read_text(encoding="utf-8")):
                for call in aws_calls(command):
                    seen += 1
                    self.assertIsNone(problem(*call), f"{page}: {command}")
        self.assertGreater(seen, 60)

    def test_the_aws_commands_of_alarms_exist_with_their_options(self):
        for name, alarm in of_type("AWS::CloudWatch::Alarm").items():
            description = alarm["AlarmDescription"]["Fn::Sub"]
            # A sentence ends a command.
            for part in re.split(r"\.\s|\.$|: |\(\d\)| Usual ", description):
                for call in aws_calls(part):
                    self.assertIsNone(problem(*call), f"{name}: {part}")

    def test_the_steward_commands_of_manuals_and_alarms_exist(self):
        main = (ROOT / "cli/src/main.rs").read_text(encoding="utf-8")
        variants = re.search(r"enum Command \{(.*?)\n\}", main, re.DOTALL)[1]
        known = {name.lower() for name in re.findall(r"^\s+([A-Z]\w+)\(", variants, re.MULTILINE)}
        texts = {"docs/runbook.md": " ; ".join(commands((ROOT / "docs/runbook.md").read_text(encoding="utf-8")))}
        for name, alarm in of_type("AWS::CloudWatch::Alarm").items():
            texts[name] = alarm["AlarmDescription"]["Fn::Sub"]
        named = {
            (where, command)
            for where, text in texts.items()
            for command in re.findall(r"(?<![\w/$:{}])steward ([a-z]+)", text)
        }
        self.assertGreater(len(named), 5)
        self.assertEqual({each for each in named if each[1] not in known}, set())


if __name__ == "__main__":
    unittest.main()
