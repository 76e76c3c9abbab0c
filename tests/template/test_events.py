"""Rules and queues: what comes in, and where it goes."""

import json
import unittest

from template import RESOURCES, ROOT, TEMPLATE, arn_of, chosen, listed, of_type


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


if __name__ == "__main__":
    unittest.main()
