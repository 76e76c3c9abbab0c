"""The worker against an agent and a queue that stand in: no AWS, no boto3."""

import json
import threading
import unittest
from http.server import BaseHTTPRequestHandler, HTTPServer

import worker
from worker import Protection, Worker


class Agent:
    """The endpoint of ECS: it remembers what was asked, and scale-in asks it whom it may stop."""

    def __init__(self):
        self.protected, self.refuses, self.log = False, None, []
        agent = self

        class Handler(BaseHTTPRequestHandler):
            def do_PUT(self):
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                agent.log.append((self.path, asked))
                status, answer = 200, {"protection": asked}
                if agent.refuses == "failure":
                    answer = {"failure": {"Reason": "TASK_NOT_VALID"}}
                elif agent.refuses == "error":
                    status, answer = 400, {"error": {"Code": "AccessDeniedException"}}
                else:
                    agent.protected = asked["ProtectionEnabled"]
                self.send_response(status)
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())

            def log_message(self, *_):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.uri = f"http://127.0.0.1:{self.server.server_port}/api/1"

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Queue:
    """A queue with these messages, which are there until they are deleted."""

    def __init__(self, *bodies):
        self.visible, self.held, self.log = list(bodies), {}, []

    def receive_message(self, **asked):
        self.log.append(("receive", asked["WaitTimeSeconds"]))
        if not self.visible:
            return {}
        body = self.visible.pop(0)
        self.held[f"handle of {body}"] = body
        return {"Messages": [{"Body": body, "ReceiptHandle": f"handle of {body}"}]}

    def delete_message(self, ReceiptHandle, **_):
        self.log.append(("delete", self.held.pop(ReceiptHandle)))

    def change_message_visibility(self, ReceiptHandle, VisibilityTimeout, **_):
        self.log.append(("visibility", VisibilityTimeout))
        if VisibilityTimeout == 0:
            self.visible.append(self.held.pop(ReceiptHandle))


class WorkerTest(unittest.TestCase):
    def setUp(self):
        self.agent = Agent()
        self.addCleanup(self.agent.close)
        self.seen = []

    def worker(self, queue, work=None):
        def default(body):
            self.seen.append((body, self.agent.protected))

        return Worker(queue, "https://queue", Protection(self.agent.uri), work or default)

    def test_work_is_done_only_while_the_task_is_protected(self):
        queue = Queue("a", "b")
        one = self.worker(queue)
        one.turn()
        one.turn()
        self.assertEqual(self.seen, [("a", True), ("b", True)])
        self.assertEqual([entry for entry in queue.log if entry[0] == "delete"], [("delete", "a"), ("delete", "b")])
        path, asked = self.agent.log[0]
        self.assertTrue(path.endswith("/task-protection/v1/state"))
        self.assertEqual(asked, {"ProtectionEnabled": True, "ExpiresInMinutes": worker.PROTECT_MINUTES})

    def test_an_idle_task_is_not_protected_neither_before_nor_after_its_work(self):
        queue = Queue()
        one = self.worker(queue)
        one.turn()
        self.assertEqual(self.agent.log, [])
        queue.visible.append("a")
        one.turn()
        one.turn()
        self.assertFalse(self.agent.protected)
        one.turn()
        self.assertEqual(len(self.agent.log), 2, "once on, once off")

    def test_without_protection_nothing_of_a_message_is_done_and_it_is_given_back(self):
        for refuses in ["failure", "error"]:
            self.agent.refuses = refuses
            queue = Queue("a")
            one = self.worker(queue)
            one.stopping.wait = lambda _: None
            one.turn()
            self.assertEqual((self.seen, queue.visible, queue.held), ([], ["a"], {}), refuses)
        self.agent.close()
        one.turn()
        self.assertEqual(self.seen, [], "nobody answers")

    def test_a_message_that_comes_after_sigterm_is_given_back_and_nothing_more_is_received(self):
        queue = Queue("a", "b")
        one = self.worker(queue)
        receive = queue.receive_message

        def receive_and_stop(**asked):
            one.stopping.set()
            return receive(**asked)

        queue.receive_message = receive_and_stop
        one.run()
        self.assertEqual((self.seen, queue.visible, self.agent.log), ([], ["b", "a"], []))

    def test_sigterm_while_it_works_lets_the_work_end_and_no_other_begin(self):
        queue = Queue("a", "b")
        one = self.worker(queue, lambda body: (self.seen.append(body), one.stopping.set()))
        one.run()
        self.assertEqual((self.seen, queue.visible, queue.held), (["a"], ["b"], {}))
        self.assertFalse(self.agent.protected, "it says that it may go")

    def test_protection_and_visibility_are_renewed_while_the_work_lasts(self):
        queue, renewed = Queue("a"), threading.Event()
        self.addCleanup(setattr, worker, "RENEW_SECONDS", worker.RENEW_SECONDS)
        worker.RENEW_SECONDS = 0.01
        change = queue.change_message_visibility
        queue.change_message_visibility = lambda **asked: (change(**asked), renewed.set())
        self.worker(queue, lambda _: self.assertTrue(renewed.wait(5))).turn()
        self.assertGreaterEqual(len(self.agent.log), 2)
        self.assertIn(("visibility", worker.VISIBILITY_SECONDS), queue.log)
        self.assertEqual(queue.log[-1], ("delete", "a"))

    def test_work_that_fails_deletes_nothing(self):
        def fails(_):
            raise RuntimeError("disk full")

        queue = Queue("a")
        self.worker(queue, fails).turn()
        self.assertEqual(list(queue.held), ["handle of a"], "it comes again when its visibility ends")

    def test_the_times_fit_one_another(self):
        self.assertGreater(worker.PROTECT_MINUTES * 60, 3 * worker.RENEW_SECONDS)
        self.assertGreater(worker.VISIBILITY_SECONDS, 2 * worker.RENEW_SECONDS)


if __name__ == "__main__":
    unittest.main()
