"""Notifications' job, as a team writes it with boto3: subjects from a queue are read from DynamoDB, marked as told on condition, published to
SNS and posted to Slack. Clients are made while the function starts, and connections are kept: what is recommended."""

import json
import logging
import os

import boto3
import urllib3

TABLE = os.environ["STEWARD_TABLE"]
TOPIC = os.environ["STEWARD_TOPIC_ARN"]
WEBHOOK = os.environ["PEER_SLACK_WEBHOOK"]

dynamodb = boto3.client("dynamodb")
sns = boto3.client("sns")
slack = urllib3.PoolManager()
log = logging.getLogger()


def handler(event, context):
    failures = []
    for record in event["Records"]:
        try:
            tell(json.loads(record["body"])["subject"])
        except Exception:
            log.exception("%s was not told", record["messageId"])
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}


def tell(subject):
    found = dynamodb.get_item(TableName=TABLE, Key={"pk": {"S": subject}}, ConsistentRead=True).get("Item")
    if found is None:
        raise LookupError(subject)
    incident = json.loads(found["item"]["S"])
    try:
        dynamodb.put_item(
            TableName=TABLE,
            Item={"pk": {"S": f"told#{subject}"}, "version": found["version"]},
            ConditionExpression="attribute_not_exists(pk)",
        )
    except dynamodb.exceptions.ConditionalCheckFailedException:
        return
    title, text = subject.rsplit("#", 1)[0][-100:], json.dumps(incident, indent=2)
    sns.publish(TopicArn=TOPIC, Subject=title, Message=text)
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": title}},
        {"type": "section", "text": {"type": "mrkdwn", "text": text[:2900]}},
    ]
    answer = slack.request("POST", WEBHOOK, json={"text": title, "blocks": blocks})
    if answer.status != 200:
        raise RuntimeError(f"Slack answers {answer.status}")
