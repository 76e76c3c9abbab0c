"""What must hold of template.yaml and no linter knows. Run by `cargo verify template`."""

import json
import re
import unittest
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]


class Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms as the long ones."""


def intrinsic(loader, name, node):
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if name == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {name if name in ("Ref", "Condition") else f"Fn::{name}": value}


Loader.add_multi_constructor("!", intrinsic)
TEMPLATE = yaml.load((ROOT / "template.yaml").read_text(encoding="utf-8"), Loader)
RESOURCES = TEMPLATE["Resources"]
NO_VALUE = {"Ref": "AWS::NoValue"}


def of_type(kind):
    return {name: found["Properties"] for name, found in RESOURCES.items() if found["Type"] == kind}


def arn_of(name):
    return {"Fn::GetAtt": [name, "Arn"]}


def chosen(value, conditions):
    """The value with each Fn::If decided: by `conditions`, a dictionary of truths."""
    if isinstance(value, list):
        items = (chosen(item, conditions) for item in value)
        return [item for item in items if item != NO_VALUE]
    if isinstance(value, dict):
        if "Fn::If" in value:
            name, then, otherwise = value["Fn::If"]
            return chosen(then if conditions[name] else otherwise, conditions)
        items = ((key, chosen(item, conditions)) for key, item in value.items())
        return {key: item for key, item in items if item != NO_VALUE}
    return value


def listed(value):
    return value if isinstance(value, list) else [value]


def statements(role, **conditions):
    decided = {name: True for name in TEMPLATE["Conditions"]} | conditions
    (policy,) = RESOURCES[role]["Properties"]["Policies"]
    return chosen(policy["PolicyDocument"]["Statement"], decided)


class Events(unittest.TestCase):
    # Where rules send, and where what could not be delivered goes.
    DEAD_LETTERS = {"EventsQueue": "EventsDeadLetterQueue", "JobsQueue": "JobsDeadLetterQueue"}

    def test_every_rule_may_send_to_its_queue_and_to_the_dead_letter_queue(self):
        senders = {}
        for name, rule in of_type("AWS::Events::Rule").items():
            (target,) = rule["Targets"]
            queue = target["Arn"]["Fn::GetAtt"][0]
            self.assertEqual(target["DeadLetterConfig"]["Arn"], arn_of(self.DEAD_LETTERS[queue]), name)
            for each in (queue, self.DEAD_LETTERS[queue]):
                senders.setdefault(each, []).append(name)
        self.assertGreater(len(senders["EventsQueue"]), 5)
        self.assertEqual(senders["JobsQueue"], ["JobTaskRule"])
        opened = {}
        for policy in of_type("AWS::SQS::QueuePolicy").values():
            (queue,) = policy["Queues"]
            (statement,) = chosen(policy["PolicyDocument"]["Statement"], {"HasJobRules": False})
            self.assertEqual(
                (statement["Effect"], statement["Principal"], statement["Action"]),
                ("Allow", {"Service": "events.amazonaws.com"}, "sqs:SendMessage"),
            )
            allowed = statement["Condition"]["ArnEquals"]["aws:SourceArn"]
            opened[queue["Ref"]] = sorted(arn["Fn::GetAtt"][0] for arn in allowed)
        self.assertEqual(
            opened,
            {queue: sorted(rules) for queue, rules in senders.items()},
            "a rule that is not listed loses its events",
        )

    def test_rules_of_teams_may_ask_for_jobs_only_where_they_are_named(self):
        extended = {}
        for name, policy in of_type("AWS::SQS::QueuePolicy").items():
            extended[name] = chosen(policy["PolicyDocument"]["Statement"], {"HasJobRules": True})[1:]
        (asking,) = extended.pop("JobsQueuePolicy")
        self.assertEqual(
            asking["Condition"],
            {
                "ArnEquals": {"aws:SourceArn": {"Ref": "JobRuleArns"}},
                "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
            },
        )
        self.assertEqual(asking["Action"], "sqs:SendMessage")
        self.assertFalse(any(extended.values()), extended)

    def test_a_queue_policy_speaks_of_its_own_queue_alone(self):
        policies = of_type("AWS::SQS::QueuePolicy")
        self.assertEqual(len(policies), 4)
        for name, policy in policies.items():
            (queue,) = policy["Queues"]
            for statement in chosen(policy["PolicyDocument"]["Statement"], {"HasJobRules": True}):
                self.assertEqual(statement["Resource"], arn_of(queue["Ref"]), f"{name}: SQS refuses any other resource")

    def test_a_task_of_a_job_that_stopped_is_let_through_by_one_rule_and_any_other_by_the_other(self):
        def pattern(rule):
            return chosen(RESOURCES[rule]["Properties"]["EventPattern"], {"OneCluster": False})["detail"]

        jobs, others = pattern("JobTaskRule"), pattern("TaskRule")
        self.assertEqual(jobs, {"lastStatus": ["RUNNING", "STOPPED"], "startedBy": [{"prefix": "steward/job/"}]})
        kept_out = [each["startedBy"] for each in others["$or"] if each["lastStatus"] == ["STOPPED"]]
        self.assertEqual(kept_out, [[{"exists": False}], [{"anything-but": jobs["startedBy"][0]}]])

    def test_no_pattern_is_refused_by_eventbridge(self):
        def empty(value):
            if isinstance(value, dict):
                return not value or any(empty(item) for item in value.values())
            return isinstance(value, list) and (not value or any(empty(item) for item in value))

        for name, rule in of_type("AWS::Events::Rule").items():
            for one_cluster in (True, False):
                pattern = chosen(rule["EventPattern"], {"OneCluster": one_cluster})
                self.assertFalse(empty(pattern), f"{name}: an empty object or list in {pattern}")
                self.assertLess(len(json.dumps(pattern)), 1_500, f"{name}: EventBridge takes 2,048 characters")

    def test_retirements_of_tasks_are_let_through(self):
        pattern = RESOURCES["HealthRule"]["Properties"]["EventPattern"]
        sample = json.loads((ROOT / "events/aws-health/task-retirement-services.json").read_text(encoding="utf-8"))
        self.assertEqual(sample["detail"]["eventTypeCode"], "AWS_ECS_TASK_PATCHING_RETIREMENT")
        self.assertIn(sample["source"], pattern["source"])
        self.assertIn(sample["detail-type"], pattern["detail-type"])
        self.assertEqual(list(pattern["detail"]), ["service"], "every announcement about ECS, of whatever code")
        self.assertIn(sample["detail"]["service"], pattern["detail"]["service"])

    def test_calls_that_start_a_deployment_are_let_through_and_others_are_not(self):
        def passes(pattern, value):
            if isinstance(pattern, dict):
                # Of a list of objects one must match.
                return any(
                    isinstance(item, dict) and all(passes(want, item.get(key)) for key, want in pattern.items())
                    for item in listed(value)
                )
            return any(value is None if want == {"exists": False} else value == want for want in pattern)

        pattern = chosen(RESOURCES["DeploymentStartRule"]["Properties"]["EventPattern"], {"OneCluster": False})
        taken = {
            path.stem
            for path in (ROOT / "events/cloudtrail").glob("*.json")
            if passes(pattern, json.loads(path.read_text(encoding="utf-8")))
        }
        self.assertEqual(taken, {"create-service-wishlist", "update-service-checkout"})

    def test_who_did_what_is_let_through_and_nothing_else(self):
        def fits(want, value):
            if not isinstance(want, dict):
                return value == want
            ((how, what),) = want.items()
            if how == "exists":
                return (value is not None) == what
            if how == "anything-but":
                return value is not None and value not in what
            return isinstance(value, str) and value.startswith(what)

        def passes(pattern, value):
            if not isinstance(pattern, dict):
                return any(fits(want, value) for want in pattern)
            rest = {key: want for key, want in pattern.items() if key != "$or"}
            own = all(passes(want, value.get(key) if isinstance(value, dict) else None) for key, want in rest.items())
            return own and ("$or" not in pattern or any(passes(way, value) for way in pattern["$or"]))

        samples = {
            path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (ROOT / "events/cloudtrail").glob("*.json")
        }
        expected = {
            "ScaleCallRule": {"update-service-checkout-scaled"},
            "ServiceCallRule": {"update-service-refused", "stop-task-frontend"},
            "DeploymentCallRule": {"continue-service-deployment-payments", "stop-service-deployment-checkout"},
        }
        for rule, names in expected.items():
            for one_cluster in (False, True):
                pattern = chosen(RESOURCES[rule]["Properties"]["EventPattern"], {"OneCluster": one_cluster})
                text = json.dumps(pattern)
                for name, value in {"AWS::Partition": "aws", "AWS::Region": "eu-central-1", "AWS::AccountId": "123456789012"}.items():
                    text = text.replace("${" + name + "}", value)
                text = text.replace("${ClusterName}", "shop").replace('{"Ref": "ClusterName"}', '"shop"')
                pattern = json.loads(text, object_hook=lambda each: each.get("Fn::Sub", each))
                taken = {name for name, sample in samples.items() if passes(pattern, sample)}
                self.assertEqual(taken, names, f"{rule}, one cluster: {one_cluster}")

    def test_a_cluster_filter_reaches_every_rule_of_ecs(self):
        for name, rule in of_type("AWS::Events::Rule").items():
            pattern = chosen(rule["EventPattern"], {"OneCluster": True})
            if pattern["source"] == ["aws.ecs"]:
                self.assertIn("ClusterName", json.dumps(pattern), name)


class Queues(unittest.TestCase):
    def test_every_queue_is_encrypted(self):
        for name, queue in of_type("AWS::SQS::Queue").items():
            self.assertIs(queue["SqsManagedSseEnabled"], True, name)

    def test_a_dead_letter_queue_keeps_messages_for_longer_than_its_source(self):
        queues = of_type("AWS::SQS::Queue")
        sources = {name: queue for name, queue in queues.items() if "RedrivePolicy" in queue}
        self.assertEqual(sorted(sources), ["EventsQueue", "JobsQueue", "TellQueue"])
        for name, queue in sources.items():
            dead_letters = queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
            # SQS counts from the day on which the message was sent first.
            self.assertGreater(
                queues[dead_letters]["MessageRetentionPeriod"], queue["MessageRetentionPeriod"], name
            )

    def test_a_message_stays_invisible_for_six_invocations(self):
        mapped = []
        for function in of_type("AWS::Serverless::Function").values():
            timeout = function.get("Timeout", TEMPLATE["Globals"]["Function"]["Timeout"])
            for event in function["Events"].values():
                if event["Type"] != "SQS":
                    continue
                mapping = event["Properties"]
                queue = mapping["Queue"]["Fn::GetAtt"][0]
                mapped.append(queue)
                least = 6 * timeout + mapping.get("MaximumBatchingWindowInSeconds", 0)
                self.assertGreaterEqual(RESOURCES[queue]["Properties"]["VisibilityTimeout"], least, queue)
                self.assertEqual(mapping["FunctionResponseTypes"], ["ReportBatchItemFailures"], queue)
        self.assertEqual(sorted(mapped), ["EventsQueue", "JobsQueue", "TellQueue"])

    def test_only_batch_and_scaling_take_longer_than_the_others(self):
        functions = of_type("AWS::Serverless::Function")
        own = {name: function["Timeout"] for name, function in functions.items() if "Timeout" in function}
        # Their leases, of 75 and of 85 seconds, outlive an invocation.
        self.assertEqual(own, {"BatchFunction": 60, "ScalingFunction": 75})

    def test_news_is_given_up_only_after_half_a_day_of_retries_and_within_the_retention(self):
        queue = RESOURCES["TellQueue"]["Properties"]
        # As notifications doubles its pauses: a minute at first, half an hour at most.
        pauses = [min(2**attempt, 30) * 60 for attempt in range(queue["RedrivePolicy"]["maxReceiveCount"])]
        self.assertGreater(sum(pauses), 12 * 3600)
        self.assertLess(sum(pauses), queue["MessageRetentionPeriod"])


class Alarms(unittest.TestCase):
    ALARMS = of_type("AWS::CloudWatch::Alarm")

    def watching(self, namespace, metric):
        """The alarms on a metric, by the value of its one dimension."""
        found = {}
        for alarm in self.ALARMS.values():
            if (alarm["Namespace"], alarm["MetricName"]) == (namespace, metric):
                (dimension,) = alarm["Dimensions"]
                found[dimension["Name"], json.dumps(dimension["Value"])] = alarm
        return found

    def test_every_alarm_reaches_the_topic_and_says_what_to_do(self):
        self.assertEqual(len(self.ALARMS), 11)
        names = set()
        for name, alarm in self.ALARMS.items():
            self.assertEqual(alarm["AlarmActions"], [{"Ref": "Topic"}], name)
            self.assertNotIn("ActionsEnabled", alarm, name)
            title, description = alarm["AlarmName"]["Fn::Sub"], alarm["AlarmDescription"]["Fn::Sub"]
            self.assertTrue(title.startswith("${AWS::StackName} "), f"{name}: two stacks would share {title}")
            names.add(title)
            self.assertIn("What to do: (1)", description, name)
            self.assertIn("aws logs tail", description, name)
            self.assertLess(len(description), 700, f"{name}: CloudWatch takes 1,024 characters, and names get longer")
        self.assertEqual(len(names), len(self.ALARMS))

    def test_the_topic_takes_what_cloudwatch_publishes(self):
        self.assertNotIn("KmsMasterKeyId", RESOURCES["Topic"]["Properties"], "aws/sns is closed to CloudWatch")
        self.assertEqual(of_type("AWS::SNS::TopicPolicy"), {}, "it replaces the policy that lets alarms publish")

    def test_every_dead_letter_queue_has_an_alarm_on_its_first_message(self):
        queues = of_type("AWS::SQS::Queue").values()
        redrives = [queue["RedrivePolicy"] for queue in queues if "RedrivePolicy" in queue]
        dead_letters = {redrive["deadLetterTargetArn"]["Fn::GetAtt"][0] for redrive in redrives}
        alarms = self.watching("AWS/SQS", "ApproximateNumberOfMessagesVisible")
        named = {("QueueName", json.dumps({"Fn::GetAtt": [queue, "QueueName"]})) for queue in dead_letters}
        self.assertEqual(set(alarms), named)
        for alarm in alarms.values():
            self.assertEqual((alarm["ComparisonOperator"], alarm["Threshold"]), ("GreaterThanThreshold", 0))
            self.assertEqual(alarm["TreatMissingData"], "notBreaching")

    def test_every_function_has_an_alarm_on_errors_that_one_error_does_not_raise(self):
        alarms = self.watching("AWS/Lambda", "Errors")
        functions = of_type("AWS::Serverless::Function")
        self.assertEqual(set(alarms), {("FunctionName", json.dumps({"Ref": name})) for name in functions})
        for alarm in alarms.values():
            self.assertEqual(
                (alarm["Statistic"], alarm["ComparisonOperator"], alarm["Threshold"]),
                ("Sum", "GreaterThanOrEqualToThreshold", 1),
            )
            self.assertGreater(alarm["DatapointsToAlarm"], 1)
            self.assertEqual(alarm["TreatMissingData"], "notBreaching")

    def test_every_function_has_an_alarm_on_its_silence(self):
        alarms = self.watching("EcsSteward", "Sweeps")
        functions = (RESOURCES[name] for name in of_type("AWS::Serverless::Function"))
        services = {("service", json.dumps(each["Metadata"]["BuildProperties"]["Binary"])) for each in functions}
        self.assertEqual(set(alarms), services)
        for alarm in alarms.values():
            self.assertEqual(
                (alarm["Statistic"], alarm["ComparisonOperator"], alarm["Threshold"]), ("Sum", "LessThanThreshold", 1)
            )
            self.assertEqual(alarm["Period"] * alarm["EvaluationPeriods"], 300)
            self.assertEqual(alarm["TreatMissingData"], "breaching")


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


class Roles(unittest.TestCase):
    ROLES = ("RemediationRole", "BatchRole", "NotificationsRole", "ScalingRole")

    # What IAM has no resource for, by the Service Authorization Reference; the first two it scopes by `ecs:cluster`.
    UNSCOPED = {
        "ecs:ListServices",
        "ecs:ListTasks",
        "ecs:DescribeTaskDefinition",
        "ecs:ListClusters",
        "ecs:ListTaskDefinitions",
        "cloudwatch:GetMetricData",
        "application-autoscaling:DescribeScalableTargets",
        "xray:PutTraceSegments",
        "xray:PutTelemetryRecords",
    }
    READS = {
        "ecs:DescribeContainerInstances",
        "ecs:DescribeServiceDeployments",
        "ecs:DescribeServiceRevisions",
        "ecs:DescribeServices",
        "ecs:DescribeTaskDefinition",
        "ecs:DescribeTasks",
        "ecs:ListClusters",
        "ecs:ListContainerInstances",
        "ecs:ListServices",
        "ecs:ListTasks",
    }
    READS_OF_BATCH = {"ecs:DescribeTaskDefinition", "ecs:DescribeTasks", "ecs:ListTasks"}
    READS_OF_SCALING = {"ecs:DescribeServices", "ecs:GetTaskProtection", "ecs:ListTasks"}
    OF_HOSTS = {
        "ecs:DescribeCapacityProviders",
        "ecs:DescribeContainerInstances",
        "ecs:ListContainerInstances",
        "ecs:UpdateContainerInstancesState",
    }
    CHANGES = {"ecs:StopServiceDeployment", "ecs:StopTask", "ecs:UpdateService"}

    def actions(self, role, service, **conditions):
        """The actions on a service that a role allows."""
        found = statements(role, **conditions)
        every = {action for statement in found for action in listed(statement["Action"])}
        return {action for action in every if action.startswith(f"{service}:")}

    def test_no_action_has_a_wildcard_and_only_what_iam_cannot_scope_has_any_resource(self):
        for role in self.ROLES:
            for one_cluster in (True, False):
                for statement in statements(role, OneCluster=one_cluster):
                    actions = listed(statement["Action"])
                    self.assertFalse([action for action in actions if "*" in action], role)
                    if "*" in listed(statement["Resource"]):
                        self.assertLessEqual(set(actions), self.UNSCOPED, role)

    def test_a_stack_with_its_defaults_cannot_change_anything_in_ecs(self):
        parameters = TEMPLATE["Parameters"]
        self.assertEqual((parameters["AllowChanges"]["Default"], parameters["TaskRoleArns"]["Default"]), ("false", ""))
        self.assertEqual(TEMPLATE["Conditions"]["MayChange"], {"Fn::Equals": [{"Ref": "AllowChanges"}, "true"]})
        default = {"MayUpdateServices": False, "MayChange": False, "MayPassRoles": False, "MayRaiseMemory": False, "MayDrain": False, "MayAnswerHooks": False}
        self.assertEqual(self.actions("RemediationRole", "ecs", **default), self.READS)
        self.assertEqual(self.actions("RemediationRole", "iam", **default), set())
        services = {"dynamodb", "sqs", "ssm", "ecs", "cloudformation", "application-autoscaling", "logs", "xray"}
        found = statements("RemediationRole", **default)
        self.assertEqual({action.split(":")[0] for each in found for action in listed(each["Action"])}, services)

    def test_changes_are_allowed_by_a_parameter_and_running_tasks_by_the_roles_that_they_may_have(self):
        may = {"MayChange": True, "MayPassRoles": False, "MayRaiseMemory": False, "MayDrain": False, "MayAnswerHooks": False}
        self.assertEqual(self.actions("RemediationRole", "ecs", **may), self.READS | self.CHANGES)
        self.assertEqual(self.actions("RemediationRole", "iam", **may), set())
        runs = self.actions("RemediationRole", "ecs", MayRaiseMemory=False, MayDrain=False, MayAnswerHooks=False)
        self.assertEqual(runs, self.READS | self.CHANGES | {"ecs:RunTask"})
        (passing,) = (each for each in statements("RemediationRole") if "iam:PassRole" in listed(each["Action"]))
        self.assertEqual(passing["Resource"], {"Ref": "TaskRoleArns"})
        self.assertEqual(passing["Condition"], {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}})
        # Roles alone allow nothing: the condition asks for both parameters.
        both = TEMPLATE["Conditions"]["MayPassRoles"]["Fn::And"]
        self.assertIn({"Condition": "MayChange"}, both)
        self.assertIn({"Fn::Not": [{"Fn::Equals": [{"Fn::Join": ["", {"Ref": "TaskRoleArns"}]}, ""]}]}, both)

    def test_registering_task_definitions_is_allowed_by_a_parameter_of_its_own_beside_changes(self):
        self.assertEqual(TEMPLATE["Parameters"]["AllowRaiseMemory"]["Default"], "false")
        both = TEMPLATE["Conditions"]["MayRaiseMemory"]["Fn::And"]
        self.assertIn({"Condition": "MayChange"}, both)
        self.assertIn({"Fn::Equals": [{"Ref": "AllowRaiseMemory"}, "true"]}, both)
        may = {"MayChange": True, "MayPassRoles": False, "MayRaiseMemory": True, "MayDrain": False, "MayAnswerHooks": False}
        registers = {"ecs:RegisterTaskDefinition", "ecs:TagResource", "ecs:ListTaskDefinitions"}
        self.assertEqual(self.actions("RemediationRole", "ecs", **may), self.READS | self.CHANGES | registers)
        by_sid = {each["Sid"]: each for each in statements("RemediationRole")}
        tags = by_sid["TagTaskDefinitionsThatAreRegistered"]
        self.assertEqual(tags["Condition"], {"StringEquals": {"ecs:CreateAction": "RegisterTaskDefinition"}})
        for sid in ("RegisterTaskDefinitions", "TagTaskDefinitionsThatAreRegistered"):
            (resource,) = listed(by_sid[sid]["Resource"])
            self.assertTrue(str(resource).rstrip("'}").endswith(":task-definition/*"), resource)

    def test_hosts_are_read_and_drained_only_where_a_parameter_says_so_and_warnings_of_spot_come_only_then(self):
        self.assertEqual(TEMPLATE["Parameters"]["AllowDrain"]["Default"], "false")
        self.assertEqual(TEMPLATE["Conditions"]["MayDrain"], {"Fn::Equals": [{"Ref": "AllowDrain"}, "true"]})
        drain = {"MayUpdateServices": False, "MayChange": False, "MayPassRoles": False, "MayRaiseMemory": False, "MayDrain": True, "MayAnswerHooks": False}
        self.assertEqual(self.actions("RemediationRole", "ecs", **drain), self.READS | self.OF_HOSTS)
        self.assertEqual(self.actions("RemediationRole", "cloudwatch", **drain), {"cloudwatch:GetMetricData"})
        self.assertEqual(self.actions("RemediationRole", "cloudwatch", MayDrain=False), set())
        rule = RESOURCES["SpotRule"]["Properties"]
        self.assertEqual(rule["State"], {"Fn::If": ["MayDrain", "ENABLED", "DISABLED"]})
        sample = json.loads((ROOT / "events/ec2-spot-interruption/warning-h1.json").read_text(encoding="utf-8"))
        self.assertIn(sample["source"], rule["EventPattern"]["source"])
        self.assertIn(sample["detail-type"], rule["EventPattern"]["detail-type"])

    def test_moving_capacity_and_limiting_counts_are_allowed_by_a_parameter_each_and_only_that(self):
        parameters, conditions = TEMPLATE["Parameters"], TEMPLATE["Conditions"]
        for name, condition in (("AllowCapacityFallback", "MayFallBack"), ("AllowDesiredCountLimit", "MayLimitCount")):
            self.assertEqual(parameters[name]["Default"], "false")
            self.assertEqual(conditions[condition], {"Fn::Equals": [{"Ref": name}, "true"]})
            self.assertIn({"Condition": condition}, conditions["MayUpdateServices"]["Fn::Or"])
        self.assertEqual(len(conditions["MayUpdateServices"]["Fn::Or"]), 3)
        alone = {"MayUpdateServices": True, "MayChange": False, "MayPassRoles": False, "MayRaiseMemory": False, "MayDrain": False, "MayAnswerHooks": False}
        self.assertEqual(self.actions("RemediationRole", "ecs", **alone), self.READS | {"ecs:UpdateService"})

        def condition(**conditions):
            found = statements("RemediationRole", **(alone | conditions))
            (updates,) = (each for each in found if each["Action"] == "ecs:UpdateService")
            return updates.get("Condition")

        # Where only strategies may be set, each call must name one.
        self.assertEqual(condition(MaySetStrategiesOnly=True), {"Null": {"ecs:capacity-provider": "false"}})
        self.assertIn(condition(MaySetStrategiesOnly=False), (None, {"Ref": "AWS::NoValue"}))
        only = conditions["MaySetStrategiesOnly"]["Fn::And"]
        self.assertIn({"Condition": "MayFallBack"}, only)
        for other in ("MayChange", "MayLimitCount"):
            self.assertIn({"Fn::Not": [{"Condition": other}]}, only)

    def test_hooks_are_answered_by_a_parameter_of_their_own(self):
        self.assertEqual(TEMPLATE["Parameters"]["AllowHookAnswers"]["Default"], "false")
        self.assertEqual(TEMPLATE["Conditions"]["MayAnswerHooks"], {"Fn::Equals": [{"Ref": "AllowHookAnswers"}, "true"]})
        alone = {"MayUpdateServices": False, "MayChange": False, "MayPassRoles": False, "MayRaiseMemory": False, "MayDrain": False, "MayAnswerHooks": True}
        self.assertEqual(self.actions("RemediationRole", "ecs", **alone), self.READS | {"ecs:ContinueServiceDeployment"})

    def test_a_stack_with_its_defaults_starts_and_stops_no_task_for_jobs(self):
        parameters = TEMPLATE["Parameters"]
        self.assertEqual((parameters["AllowJobs"]["Default"], parameters["JobTaskRoleArns"]["Default"]), ("false", ""))
        self.assertEqual(TEMPLATE["Conditions"]["MayRunJobs"], {"Fn::Equals": [{"Ref": "AllowJobs"}, "true"]})
        default = {"MayRunJobs": False, "MayPassJobRoles": False}
        self.assertEqual(self.actions("BatchRole", "ecs", **default), self.READS_OF_BATCH)
        self.assertEqual(self.actions("BatchRole", "iam", **default), set())
        services = {"dynamodb", "sqs", "ssm", "ecs", "logs", "xray"}
        found = statements("BatchRole", **default)
        self.assertEqual({action.split(":")[0] for each in found for action in listed(each["Action"])}, services)

    def test_jobs_are_allowed_by_a_parameter_and_their_roles_by_name(self):
        changes = {"ecs:RunTask", "ecs:StopTask", "ecs:TagResource"}
        may = {"MayRunJobs": True, "MayPassJobRoles": False}
        self.assertEqual(self.actions("BatchRole", "ecs", **may), self.READS_OF_BATCH | changes)
        self.assertEqual(self.actions("BatchRole", "iam", **may), set())
        self.assertEqual(self.actions("BatchRole", "ecs"), self.READS_OF_BATCH | changes)
        by_sid = {each["Sid"]: each for each in statements("BatchRole")}
        self.assertEqual(by_sid["PassTaskRoles"]["Resource"], {"Ref": "JobTaskRoleArns"})
        self.assertEqual(
            by_sid["PassTaskRoles"]["Condition"], {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
        )
        self.assertEqual(by_sid["TagTasksThatAreRun"]["Condition"], {"StringEquals": {"ecs:CreateAction": "RunTask"}})
        both = TEMPLATE["Conditions"]["MayPassJobRoles"]["Fn::And"]
        self.assertIn({"Condition": "MayRunJobs"}, both)
        self.assertIn({"Fn::Not": [{"Fn::Equals": [{"Fn::Join": ["", {"Ref": "JobTaskRoleArns"}]}, ""]}]}, both)

    def test_a_stack_with_its_defaults_scales_nothing_and_looks_at_no_queue(self):
        parameters = TEMPLATE["Parameters"]
        self.assertEqual((parameters["AllowScaling"]["Default"], parameters["ScalingQueueArns"]["Default"]), ("false", ""))
        self.assertEqual(TEMPLATE["Conditions"]["MayScale"], {"Fn::Equals": [{"Ref": "AllowScaling"}, "true"]})
        default = {"MayScale": False, "HasScalingQueues": False}
        self.assertEqual(self.actions("ScalingRole", "ecs", **default), self.READS_OF_SCALING)
        self.assertEqual(self.actions("ScalingRole", "sqs", **default), {"sqs:SendMessage"})
        services = {"dynamodb", "sqs", "ssm", "ecs", "cloudwatch", "application-autoscaling", "logs", "xray"}
        found = statements("ScalingRole", **default)
        self.assertEqual({action.split(":")[0] for each in found for action in listed(each["Action"])}, services)

    def test_scaling_is_allowed_by_a_parameter_and_its_queues_by_name(self):
        may = {"MayScale": True, "HasScalingQueues": False}
        self.assertEqual(self.actions("ScalingRole", "ecs", **may), self.READS_OF_SCALING | {"ecs:UpdateService"})
        by_sid = {each["Sid"]: each for each in statements("ScalingRole", MayScale=False)}
        self.assertEqual(by_sid["CountMessages"]["Resource"], {"Ref": "ScalingQueueArns"})
        self.assertEqual(by_sid["CountMessages"]["Action"], ["sqs:GetQueueUrl", "sqs:GetQueueAttributes"])
        self.assertNotIn("ScaleServices", by_sid)
        self.assertEqual(self.actions("ScalingRole", "iam"), set())

    def test_what_allows_changes_by_remedies_allows_no_jobs_and_no_scaling_and_the_other_way_round(self):
        powers = (
            "MayChange", "MayPassRoles", "MayRunJobs", "MayPassJobRoles", "MayScale", "MayRaiseMemory", "MayDrain",
            "MayAnswerHooks", "MayUpdateServices",
        )
        nothing = {name: False for name in powers}
        changes = nothing | {"MayUpdateServices": True, "MayChange": True, "MayPassRoles": True}
        self.assertEqual(self.actions("BatchRole", "ecs", **changes), self.READS_OF_BATCH)
        self.assertEqual(self.actions("ScalingRole", "ecs", **changes), self.READS_OF_SCALING)
        jobs = nothing | {"MayRunJobs": True, "MayPassJobRoles": True}
        self.assertEqual(self.actions("RemediationRole", "ecs", **jobs), self.READS)
        self.assertEqual(self.actions("ScalingRole", "ecs", **jobs), self.READS_OF_SCALING)
        scaling = nothing | {"MayScale": True}
        self.assertEqual(self.actions("RemediationRole", "ecs", **scaling), self.READS)
        self.assertEqual(self.actions("BatchRole", "ecs", **scaling), self.READS_OF_BATCH)

    def test_one_cluster_bounds_whatever_iam_can_bound_by_a_cluster(self):
        unbounded = {"ecs:DescribeTaskDefinition", "ecs:ListClusters", "ecs:ListTaskDefinitions"}
        # A task definition belongs to no cluster, and neither does a capacity provider.
        unbounded |= {"ecs:RegisterTaskDefinition", "ecs:DescribeCapacityProviders"}
        both = [each for role in self.ROLES for each in statements(role, OneCluster=True)]
        for statement in both:
            actions = {action for action in listed(statement["Action"]) if action.startswith("ecs:")} - unbounded
            if not actions or statement["Sid"] == "TagTaskDefinitionsThatAreRegistered":
                continue
            arns = [arn["Fn::Sub"] for arn in listed(statement["Resource"]) if arn != "*"]
            by_arn = [arn for arn in arns if "/${ClusterName}/" in arn or arn.endswith(":cluster/${ClusterName}")]
            by_condition = "cluster/${ClusterName}" in json.dumps(statement.get("Condition", {}))
            self.assertTrue(by_condition or by_arn == arns != [], statement["Sid"])
        for statement in (each for role in self.ROLES for each in statements(role, OneCluster=False)):
            self.assertNotIn("${ClusterName}", json.dumps(statement), statement["Sid"])

    def test_notifications_reads_what_alerts_show_and_changes_nothing_in_ecs(self):
        shown = {"ecs:DescribeServices", "ecs:DescribeTaskDefinition"}
        self.assertEqual(self.actions("NotificationsRole", "ecs"), shown)
        self.assertEqual(self.actions("NotificationsRole", "iam"), set())
        without = {"HasTaskLogs": False}
        self.assertEqual(self.actions("NotificationsRole", "ecs", **without), {"ecs:DescribeServices"})
        self.assertNotIn("logs:GetLogEvents", self.actions("NotificationsRole", "logs", **without))

    def test_a_role_fits_into_what_iam_takes(self):
        # An inline policy has at most 10,240 characters, of which white space does not count. Names of partitions,
        # regions, accounts and clusters are longer than their references only for some.
        for role in self.ROLES:
            self.assertLess(len(json.dumps(statements(role), separators=(",", ":"))), 9_000, role)

    def test_every_access_to_the_table_is_bound_to_keys_that_are_there(self):
        for role in self.ROLES:
            for statement in statements(role):
                if not listed(statement["Action"])[0].startswith("dynamodb:"):
                    continue
                condition = dict(statement["Condition"])
                # ForAllValues alone holds for a request that has no such key.
                self.assertEqual(condition.pop("Null"), {"dynamodb:LeadingKeys": "false"}, role)
                ((operator, keys),) = condition.items()
                self.assertTrue(operator.startswith("ForAllValues:String"), operator)
                self.assertEqual(list(keys), ["dynamodb:LeadingKeys"], role)

    def test_incidents_are_written_by_remediation_alone(self):
        def writes(role):
            return [
                key
                for found in statements(role)
                if "dynamodb:PutItem" in listed(found["Action"])
                for key in found["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
            ]

        self.assertEqual(writes("RemediationRole"), ["r#*", "x#*"])
        self.assertEqual(writes("BatchRole"), ["b#*", "x#*"])
        self.assertEqual(writes("NotificationsRole"), ["n#*", "x#*"])
        self.assertEqual(writes("ScalingRole"), ["s#*", "x#*"])

    def test_the_trouble_of_jobs_and_of_scaled_services_is_read_by_notifications_and_not_by_remediation(self):
        def reads(role):
            return [
                key
                for found in statements(role)
                if "dynamodb:BatchGetItem" in listed(found["Action"])
                for key in found["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
            ]

        self.assertEqual(reads("NotificationsRole"), ["r#*", "b#*", "s#*", "n#*", "x#*"])
        self.assertEqual(reads("BatchRole"), ["b#*", "x#*"])
        self.assertEqual(reads("RemediationRole"), ["r#*", "x#*"])
        self.assertEqual(reads("ScalingRole"), ["s#*", "r#*", "x#*"])

    def test_the_slack_webhook_is_readable_only_where_one_is_named(self):
        def text(**conditions):
            return json.dumps(statements("NotificationsRole", **conditions))

        webhook = {"HasSlackWebhook": False, "HasSlackWebhookKey": False}
        secrets = {"HasSlackSecrets": False, "HasSlackSecretsKey": False}
        without = text(**webhook, **secrets)
        self.assertNotIn("Slack", without)
        self.assertNotIn("kms:", without)
        self.assertIn("parameter${SlackWebhookParameter}", text(**secrets, HasSlackWebhookKey=False))
        self.assertIn("SlackSecretParameters", text(**webhook, HasSlackSecretsKey=False))
        self.assertIn("kms:ViaService", text(**webhook))
        self.assertIn("kms:ViaService", text(**secrets))
        self.assertNotIn("Slack", json.dumps([statements(role) for role in ("RemediationRole", "BatchRole", "ScalingRole")]))

    # A list's members become ARNs of which only CloudFormation knows the end.
    LISTS = {
        "ReadSlackSecrets": (["/steward/a", "/b"], ["arn:*:ssm:*:*:parameter/steward/a", "arn:*:ssm:*:*:parameter/b"]),
        "ReadTaskLogs": (
            ["/ecs/api", "*"],
            ["arn:*:logs:*:*:log-group:/ecs/api:log-stream:*", "arn:*:logs:*:*:log-group:*:log-stream:*"],
        ),
    }

    def test_lists_become_arns_of_this_account_alone(self):
        found = {each["Sid"]: each for each in statements("NotificationsRole") if each["Sid"] in self.LISTS}
        self.assertEqual(set(found), set(self.LISTS))
        for sid, (members, arns) in self.LISTS.items():
            comma, (text, variables) = found[sid]["Resource"]["Fn::Split"][0], found[sid]["Resource"]["Fn::Split"][1]["Fn::Sub"]
            ((name, joined),) = variables.items()
            delimiter, _ = joined["Fn::Join"]
            self.assertEqual(text.replace("${" + name + "}", delimiter.join(members)).split(comma), arns, sid)
            account = found[sid]["Condition"]["StringEquals"]["aws:ResourceAccount"]
            self.assertEqual(account, {"Ref": "AWS::AccountId"}, sid)

    def test_further_topics_are_published_to_only_where_some_are_named(self):
        def topics(**conditions):
            found = statements("NotificationsRole", **conditions)
            return [each["Resource"] for each in found if each["Action"] == "sns:Publish"]

        self.assertEqual(topics(HasAlertTopics=False), [{"Ref": "Topic"}])
        self.assertEqual(topics(), [{"Ref": "Topic"}, {"Ref": "AlertTopicArns"}])


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
