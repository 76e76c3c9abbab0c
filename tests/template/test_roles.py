"""What roles may do, by the parameters."""

import json
import unittest

from template import RESOURCES, ROOT, TEMPLATE, listed, statements


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
        default = {"HasKey": False, "MayUpdateServices": False, "MayChange": False, "MayPassRoles": False, "MayRaiseMemory": False, "MayDrain": False, "MayAnswerHooks": False}
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
        default = {"HasKey": False, "MayRunJobs": False, "MayPassJobRoles": False}
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
        default = {"HasKey": False, "MayScale": False, "HasScalingQueues": False}
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
        without = text(**webhook, **secrets, HasKey=False)
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


if __name__ == "__main__":
    unittest.main()
