"""What an account may ask for: encryption by its own key, a boundary of permissions, reserved concurrency, tags."""

import json
import tomllib
import unittest

from translate import translated

from template import NO_VALUE, RESOURCES, ROOT, TEMPLATE, chosen, listed, of_type, statements

KEY = {"Ref": "KmsKeyArn"}
FUNCTION_ROLES = ("RemediationRole", "BatchRole", "ScalingRole", "NotificationsRole")


class Encryption(unittest.TestCase):
    # Where each kind of resource names its key.
    KEYS = {
        "AWS::DynamoDB::Table": ("SSESpecification", "KMSMasterKeyId"),
        "AWS::SQS::Queue": ("KmsMasterKeyId",),
        "AWS::SNS::Topic": ("KmsMasterKeyId",),
        "AWS::Logs::LogGroup": ("KmsKeyId",),
    }

    def test_a_key_of_ones_own_encrypts_whatever_keeps_something_and_without_one_nothing_names_a_key(self):
        for kind, path in self.KEYS.items():
            found = of_type(kind)
            self.assertTrue(found, kind)
            for name, properties in found.items():
                for has_key in (True, False):
                    value = chosen(properties, {"HasKey": has_key})
                    for step in path:
                        value = value.get(step, NO_VALUE)
                    self.assertEqual(value, KEY if has_key else NO_VALUE, name)

    def test_without_a_key_queues_and_table_are_encrypted_all_the_same(self):
        for name, queue in of_type("AWS::SQS::Queue").items():
            self.assertIs(chosen(queue, {"HasKey": False})["SqsManagedSseEnabled"], True, name)
            # SQS refuses both at once.
            self.assertNotIn("SqsManagedSseEnabled", chosen(queue, {"HasKey": True}), name)
        table = RESOURCES["Table"]["Properties"]["SSESpecification"]
        self.assertEqual(chosen(table, {"HasKey": False}), {"SSEEnabled": True})
        self.assertEqual(chosen(table, {"HasKey": True})["SSEType"], "KMS")

    def test_a_role_may_use_the_key_only_where_there_is_one_and_only_through_what_it_uses(self):
        for role in FUNCTION_ROLES:
            without = json.dumps(statements(role, HasKey=False, HasSlackWebhookKey=False, HasSlackSecretsKey=False))
            self.assertNotIn("kms:", without, role)
            (using,) = (each for each in statements(role, HasKey=True) if each["Sid"] == "UseKey")
            self.assertEqual(using["Resource"], KEY, role)
            ((operator, condition),) = using["Condition"].items()
            self.assertEqual((operator, list(condition)), ("StringEquals", ["kms:ViaService"]), role)
            through = {service["Fn::Sub"].split(".")[0] for service in condition["kms:ViaService"]}
            used = {action.split(":")[0] for each in statements(role) for action in listed(each["Action"])}
            self.assertEqual(through, used & {"dynamodb", "sqs", "sns"}, role)
            for service in condition["kms:ViaService"]:
                self.assertTrue(service["Fn::Sub"].endswith(".${AWS::Region}.${AWS::URLSuffix}"), service)
            self.assertFalse(any("Grant" in action or "*" in action for action in using["Action"]), role)


class Bounds(unittest.TestCase):
    def test_every_role_has_the_boundary_where_one_is_given(self):
        roles = of_type("AWS::IAM::Role")
        self.assertEqual(len(roles), 6)
        bound = {"Fn::If": ["HasBoundary", {"Ref": "PermissionsBoundaryArn"}, NO_VALUE]}
        for name, role in roles.items():
            self.assertEqual(role["PermissionsBoundary"], bound, name)
        for name, function in of_type("AWS::Serverless::Function").items():
            self.assertIn("Role", function, f"{name}: SAM would make a role without the boundary")
            for event in function["Events"].values():
                if event["Type"] == "ScheduleV2":
                    self.assertIn("RoleArn", event["Properties"], f"{name}: so would its schedule")

    def test_reserved_concurrency_has_room_for_queue_tick_and_whoever_asks(self):
        self.assertEqual(TEMPLATE["Parameters"]["ReserveConcurrency"]["Default"], "false")
        total = 0
        for name, function in of_type("AWS::Serverless::Function").items():
            reserved = function["ReservedConcurrentExecutions"]
            self.assertNotIn("ReservedConcurrentExecutions", chosen(function, {"Reserves": False}), name)
            (condition, count, nothing) = reserved["Fn::If"]
            self.assertEqual((condition, nothing), ("Reserves", NO_VALUE))
            queues = [each["Properties"] for each in function["Events"].values() if each["Type"] == "SQS"]
            least = 1 + sum(each["ScalingConfig"]["MaximumConcurrency"] for each in queues)
            self.assertGreaterEqual(count, least, f"{name}: Lambda throttles the mapping otherwise")
            total += count
        self.assertIn(f"Keep {total} of", TEMPLATE["Parameters"]["ReserveConcurrency"]["Description"])

    def test_every_queue_that_is_read_is_read_by_few_at_a_time_and_in_batches(self):
        mappings = [
            event["Properties"]
            for function in of_type("AWS::Serverless::Function").values()
            for event in function["Events"].values()
            if event["Type"] == "SQS"
        ]
        self.assertEqual(len(mappings), 3)
        for mapping in mappings:
            self.assertEqual(mapping["ScalingConfig"], {"MaximumConcurrency": 2})
            # More than ten at a time need a window.
            self.assertTrue(mapping["BatchSize"] <= 10 or mapping["MaximumBatchingWindowInSeconds"] >= 1)

    def test_logs_end_after_the_days_of_the_parameter(self):
        groups = of_type("AWS::Logs::LogGroup")
        self.assertEqual(len(groups), 4)
        for name, group in groups.items():
            self.assertEqual(group["RetentionInDays"], {"Ref": "LogRetentionDays"}, name)


class Waivers(unittest.TestCase):
    def test_what_linters_and_scanners_leave_aside_has_its_reason_beside_it(self):
        lines = (ROOT / "template.yaml").read_text(encoding="utf-8").splitlines()
        waived = [number for number, line in enumerate(lines) if "ignore_checks" in line]
        self.assertEqual(len(waived), 8)
        for number in waived:
            self.assertTrue(lines[number - 1].strip().startswith("# "), lines[number])
        skips = [
            (name, skip)
            for name, resource in RESOURCES.items()
            for skip in resource.get("Metadata", {}).get("checkov", {}).get("skip", [])
        ]
        self.assertEqual({skip["id"] for _, skip in skips}, {"CKV_AWS_116", "CKV_AWS_117", "CKV_AWS_173"})
        for name, skip in skips:
            self.assertGreater(len(skip["comment"].split()), 5, f"{name}: {skip}")

    def test_the_scanner_gets_every_resource_and_every_waiver(self):
        found = translated()["Resources"]
        functions = {name for name, each in found.items() if each["Type"] == "AWS::Lambda::Function"}
        self.assertEqual(functions, set(of_type("AWS::Serverless::Function")))
        self.assertLessEqual(set(RESOURCES), set(found))
        for name in RESOURCES:
            self.assertEqual(found[name].get("Metadata"), RESOURCES[name].get("Metadata"), name)

    def test_nothing_is_left_aside_for_the_whole_template(self):
        self.assertNotIn("cfn-lint", TEMPLATE["Metadata"])
        for name in (".cfnlintrc", ".cfnlintrc.yaml", ".checkov.yaml", ".checkov.yml"):
            self.assertFalse((ROOT / name).exists(), name)


class SamConfig(unittest.TestCase):
    CONFIG = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))["default"]

    def test_a_deployment_without_answers_observes(self):
        deploy = self.CONFIG["deploy"]["parameters"]
        self.assertNotIn("parameter_overrides", deploy, "what stands here would bind every clone")
        allows = {name: found for name, found in TEMPLATE["Parameters"].items() if name.startswith("Allow")}
        self.assertGreater(len(allows), 7)
        self.assertEqual({found["Default"] for found in allows.values()}, {"false"})

    def test_it_asks_for_no_more_than_it_needs_and_shows_what_changes(self):
        deploy = self.CONFIG["deploy"]["parameters"]
        self.assertEqual(deploy["capabilities"], "CAPABILITY_IAM")
        named = [name for name, role in of_type("AWS::IAM::Role").items() if "RoleName" in role]
        self.assertEqual(named, [], "a named role needs CAPABILITY_NAMED_IAM")
        self.assertIs(deploy["confirm_changeset"], True)
        self.assertIs(deploy["resolve_s3"], True)
        self.assertNotIn("region", deploy, "the shell's region holds")

    def test_every_resource_can_be_found_by_a_tag(self):
        # CloudFormation hands a stack's tags on to all that it makes.
        self.assertEqual(self.CONFIG["deploy"]["parameters"]["tags"], 'application="ecs-steward"')


if __name__ == "__main__":
    unittest.main()
