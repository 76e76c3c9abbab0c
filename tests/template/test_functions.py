"""Functions, their ticks, and the memory."""

import json
import unittest

from template import RESOURCES, ROOT, TEMPLATE, arn_of, of_type, statements


class Functions(unittest.TestCase):
    def test_each_function_has_a_package_a_binary_and_a_role_of_its_own(self):
        functions = of_type("AWS::Serverless::Function")
        self.assertEqual(
            sorted(functions), ["BatchFunction", "NotificationsFunction", "RemediationFunction", "ScalingFunction"]
        )
        roles = set()
        for name, function in functions.items():
            metadata = RESOURCES[name]["Metadata"]
            self.assertEqual(metadata["BuildMethod"], "rust-cargolambda", name)
            binary = metadata["BuildProperties"]["Binary"]
            self.assertEqual(function["CodeUri"], f"functions/{binary}", name)
            self.assertTrue((ROOT / function["CodeUri"] / "Cargo.toml").is_file(), name)
            roles.add(json.dumps(function["Role"]))
        self.assertEqual(len(roles), len(functions))

    def test_each_function_is_swept_each_minute_and_the_schedule_repeats_no_lost_sweep(self):
        for name, function in of_type("AWS::Serverless::Function").items():
            event = function["Events"]["Sweep"]
            sweep = event["Properties"]
            every = {"Schedule": "Schedule", "ScheduleV2": "ScheduleExpression"}[event["Type"]]
            self.assertEqual(sweep[every], "rate(1 minute)", name)
            self.assertEqual(json.loads(sweep["Input"]), {"steward": "sweep"}, name)
            self.assertEqual(sweep["RetryPolicy"]["MaximumRetryAttempts"], 0, name)

    def test_a_schedule_has_no_name_that_another_stack_of_the_region_has_too(self):
        for name, function in of_type("AWS::Serverless::Function").items():
            event = function["Events"]["Sweep"]
            if event["Type"] == "ScheduleV2":
                self.assertIs(event["Properties"].get("OmitName"), True, name)

    def test_an_invocation_that_failed_is_given_up_where_only_ticks_invoke_and_kept_where_people_do(self):
        functions = of_type("AWS::Serverless::Function")
        batch = functions.pop("BatchFunction")["EventInvokeConfig"]
        for name, function in functions.items():
            self.assertEqual(function["EventInvokeConfig"]["MaximumRetryAttempts"], 0, name)
            self.assertNotIn("DestinationConfig", function["EventInvokeConfig"], name)
        self.assertEqual(batch["MaximumRetryAttempts"], 2)
        kept_in = batch["DestinationConfig"]["OnFailure"]
        self.assertEqual(kept_in, {"Type": "SQS", "Destination": arn_of("JobsDeadLetterQueue")})
        # Lambda sends by the function's role, and SAM adds nothing to a role of ours.
        (keeping,) = (each for each in statements("BatchRole") if each["Sid"] == "KeepWhatFailed")
        self.assertEqual((keeping["Action"], keeping["Resource"]), ("sqs:SendMessage", kept_in["Destination"]))

    def test_the_scheduler_may_invoke_batch_and_scaling_and_do_nothing_else(self):
        for function, role in (("BatchFunction", "BatchTickRole"), ("ScalingFunction", "ScalingTickRole")):
            tick = of_type("AWS::Serverless::Function")[function]["Events"]["Sweep"]
            self.assertEqual((tick["Type"], tick["Properties"]["RoleArn"]), ("ScheduleV2", arn_of(role)))
            (allowed,) = statements(role)
            self.assertEqual((allowed["Action"], allowed["Resource"]), ("lambda:InvokeFunction", arn_of(function)))
            (trust,) = RESOURCES[role]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
            self.assertEqual(trust["Principal"], {"Service": "scheduler.amazonaws.com"})
            self.assertEqual(trust["Condition"], {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}})


class Memory(unittest.TestCase):
    def test_the_table_outlives_the_stack(self):
        table = RESOURCES["Table"]
        self.assertEqual((table["DeletionPolicy"], table["UpdateReplacePolicy"]), ("Retain", "Retain"))
        self.assertEqual(TEMPLATE["Parameters"]["TableDeletionProtection"]["Default"], "true")

    def test_the_command_line_finds_the_table_by_the_name_of_the_stack(self):
        parameter = RESOURCES["TableParameter"]["Properties"]
        self.assertEqual(parameter["Name"], {"Fn::Sub": "/steward/${AWS::StackName}/table"})
        self.assertEqual((parameter["Type"], parameter["Value"]), ("String", arn_of("Table")))

    def test_the_command_line_finds_every_dead_letter_queue_beside_the_one_it_is_behind(self):
        parameter = RESOURCES["QueuesParameter"]["Properties"]
        self.assertEqual(parameter["Name"], {"Fn::Sub": "/steward/${AWS::StackName}/queues"})
        pairs = json.loads(parameter["Value"]["Fn::Sub"])
        for queue, behind in (map(lambda url: url[2:-1], pair) for pair in pairs.values()):
            policy = RESOURCES[queue]["Properties"]["RedrivePolicy"]
            self.assertEqual(policy["deadLetterTargetArn"], arn_of(behind), queue)
        redriven = [name for name, resource in RESOURCES.items() if "RedrivePolicy" in resource.get("Properties", {})]
        self.assertEqual(sorted(redriven), sorted(pair[0][2:-1] for pair in pairs.values()))


if __name__ == "__main__":
    unittest.main()
