"""A worker of a queue that no scale-in stops while it works. ../../worker.md says why it is as it is."""

import json
import os
import signal
import threading
import urllib.request

PROTECT_MINUTES = 10  # Longer than RENEW_SECONDS by far: one failed renewal must not end the protection.
RENEW_SECONDS = 60
VISIBILITY_SECONDS = 180  # So long after this task has died another gets its message.


class Protection:
    """The task's own protection from scale-in, by the endpoint that ECS gives each task."""

    def __init__(self, agent_uri):
        self.url = f"{agent_uri}/task-protection/v1/state"

    def set(self, enabled):
        """Whether ECS has confirmed it. It refuses where it has chosen this task to be stopped already."""
        body = {"ProtectionEnabled": enabled}
        if enabled:
            body["ExpiresInMinutes"] = PROTECT_MINUTES
        request = urllib.request.Request(self.url, json.dumps(body).encode(), {"Content-Type": "application/json"}, method="PUT")
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                # What is refused may come with status 200, and says `failure` in the place of `protection`.
                return json.load(answer).get("protection", {}).get("ProtectionEnabled") is enabled
        except (OSError, ValueError):
            return False


class Worker:
    def __init__(self, sqs, queue_url, protection, work):
        self.sqs, self.queue_url, self.protection, self.work = sqs, queue_url, protection, work
        self.stopping = threading.Event()
        self.is_protected = False

    def run(self):
        while not self.stopping.is_set():
            self.turn()
        self.unprotect()

    def turn(self):
        # An idle task is not protected, so that scale-in takes an idle one: it waits for messages first.
        found = self.sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=1, WaitTimeSeconds=20, VisibilityTimeout=VISIBILITY_SECONDS)
        if not found.get("Messages"):
            self.unprotect()
        for message in found.get("Messages", []):
            # Work begins only once protection is confirmed. Nothing of the message is done before, so nothing is lost.
            self.is_protected = not self.stopping.is_set() and self.protection.set(True)
            if self.is_protected and not self.stopping.is_set():
                self.do(message)
            else:
                self.set_visibility(message, 0)  # Given back at once, rather than after the timeout.
                self.stopping.wait(5)  # Where protection fails for good (no right to it), others get the message first.

    def do(self, message):
        done = threading.Event()
        renewing = threading.Thread(target=self.renew, args=(message, done), daemon=True)
        renewing.start()
        try:
            self.work(message["Body"])
        except Exception:
            # It comes again when its visibility timeout ends, and goes to the dead-letter queue after some times.
            return
        finally:
            done.set()
            renewing.join()
        # Only now: a task that dies before has not lost it.
        self.sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])

    def renew(self, message, done):
        """Protection and visibility last as long as the work, however long that is, and end soon after a crash."""
        while not done.wait(RENEW_SECONDS):
            self.protection.set(True)
            self.set_visibility(message, VISIBILITY_SECONDS)

    def set_visibility(self, message, seconds):
        try:
            self.sqs.change_message_visibility(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=seconds)
        except Exception as error:  # The next renewal tries again, and what is not given back comes by itself.
            print(f"visibility of a message was not changed: {error}", flush=True)

    def unprotect(self):
        if self.is_protected:
            self.is_protected = not self.protection.set(False)


if __name__ == "__main__":
    import boto3

    worker = Worker(boto3.client("sqs"), os.environ["QUEUE_URL"], Protection(os.environ["ECS_AGENT_URI"]), work=print)
    # A deployment, a Spot interruption, StopTask: what goes on is finished if `stopTimeout` is long enough for it.
    signal.signal(signal.SIGTERM, lambda *_: worker.stopping.set())
    worker.run()
