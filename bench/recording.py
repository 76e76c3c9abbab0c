"""Writes a recording of so many events, to measure `steward replay` by: 500 services that are deployed every two hours, one deployment in
seven badly, each with the five states of its four tasks as ECS tells them.

python3 bench/recording.py 1000000 > /tmp/events.ndjson
steward replay /tmp/events.ndjson --config act.yaml
"""

import json
import sys
from datetime import datetime, timedelta, timezone

ACCOUNT, REGION = "123456789012", "eu-central-1"
BEGINS = datetime(2026, 10, 1, tzinfo=timezone.utc)
SERVICES, BAD, TASKS = 500, 7, 4
STATES = ["PROVISIONING", "PENDING", "RUNNING", "DEPROVISIONING", "STOPPED"]
REASON = (
    "CannotPullContainerError: pull image manifest has been retried 7 time(s): failed to resolve ref "
    "123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop/api:9f31c2e: not found"
)


def at(time):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def arn(resource):
    return f"arn:aws:ecs:{REGION}:{ACCOUNT}:{resource}"


def event(time, kind, resource, detail):
    return {
        "version": "0", "id": "67a6e7c1-5fc5-e733-9af8-ddf8fadf2244", "detail-type": kind, "source": "aws.ecs", "account": ACCOUNT,
        "time": at(time), "region": REGION, "resources": [arn(resource)], "detail": detail,
    }


def deployment(time, cluster, service, number, name):
    detail = {
        "eventType": "INFO", "eventName": f"SERVICE_DEPLOYMENT_{name}", "deploymentId": f"ecs-svc/{number}", "updatedAt": at(time), "reason": "",
    }
    return event(time, "ECS Deployment State Change", f"service/{cluster}/{service}", detail)


def task(time, created, cluster, service, number, place, version, state):
    name = f"{number:024x}{place:08x}"
    over = state in ("DEPROVISIONING", "STOPPED")
    detail = {
        "attachments": [{"id": "1effc558-56f7-089b-08ea-a9c72e7d8ba1", "type": "eni", "status": "ATTACHED", "details": [
            {"name": "subnetId", "value": "subnet-0d473be19a6058cf2"}, {"name": "macAddress", "value": "02:76:1f:d1:00:fb"},
            {"name": "privateDnsName", "value": "ip-10-40-56-236.eu-central-1.compute.internal"}, {"name": "privateIPv4Address", "value": "10.40.56.236"}]}],
        "attributes": [{"name": "ecs.cpu-architecture", "value": "x86_64"}], "availabilityZone": "eu-central-1c", "capacityProviderName": "FARGATE",
        "clusterArn": arn(f"cluster/{cluster}"), "connectivity": "CONNECTED", "connectivityAt": at(created),
        "containers": [{
            "containerArn": arn(f"container/{cluster}/{name}/b8187aa9-7580-8d5d-9665-f265cfea6f02"), "lastStatus": state, "name": "app",
            "image": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/shop/{service}:{number}", "taskArn": arn(f"task/{cluster}/{name}"),
            "networkInterfaces": [{"attachmentId": "1effc558-56f7-089b-08ea-a9c72e7d8ba1", "privateIpv4Address": "10.40.56.236"}], "cpu": "0"}],
        "cpu": "512", "memory": "1024", "createdAt": at(created), "desiredStatus": "STOPPED" if over else "RUNNING", "enableExecuteCommand": True,
        "ephemeralStorage": {"sizeInGiB": 20}, "group": f"service:{service}", "launchType": "FARGATE", "lastStatus": state,
        "overrides": {"containerOverrides": [{"name": "app"}]}, "platformVersion": "1.4.0", "startedBy": f"ecs-svc/{number}",
        "taskArn": arn(f"task/{cluster}/{name}"), "taskDefinitionArn": arn(f"task-definition/{service}:{number}"), "updatedAt": at(time), "version": version,
    }
    if over:
        detail |= {"stopCode": "TaskFailedToStart", "stoppedReason": REASON, "stoppedAt": at(time)}
    return event(time, "ECS Task State Change", f"task/{cluster}/{name}", detail)


def events():
    number = 0
    while True:
        turn, place = divmod(number, SERVICES)
        begins = BEGINS + timedelta(minutes=120 * turn + place // 5)
        cluster, service, bad = f"c{place // 100}", f"service-{place}", number % BAD == BAD - 1
        number += 1
        yield deployment(begins, cluster, service, number, "IN_PROGRESS")
        for one in range(TASKS):
            created = begins + timedelta(minutes=one)
            for version, state in enumerate(STATES if bad else STATES[:3], 1):
                yield task(created + timedelta(seconds=9 * version), created, cluster, service, number, one, version, state)
        if not bad:
            yield deployment(begins + timedelta(minutes=5), cluster, service, number, "COMPLETED")


def main():
    count = int(sys.argv[1])
    try:
        for _, one in zip(range(count), events()):
            print(json.dumps(one, separators=(",", ":")))
    except BrokenPipeError:
        sys.stderr.close()


main()
