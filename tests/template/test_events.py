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
