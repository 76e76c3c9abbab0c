"""moto's server on a port that the operating system chooses.

It ends when its stdin does: with the process that started it, however that ended.
"""

import copy
import os
import sys
import threading
from collections import defaultdict

from moto.dynamodb import models
from moto.dynamodb.responses import DynamoHandler
from moto.server import main


def end_with_parent():
    sys.stdin.buffer.read()
    os._exit(0)


# moto's transactions are not isolated: one that is cancelled puts the table back as it was when the transaction began, and
# with that takes back what others wrote meanwhile; and copying a table that another thread writes to ends with a 500.
# DynamoDB does neither, so calls to it are answered one after the other.
one_at_a_time = threading.RLock()
call_action = DynamoHandler.call_action


def call_action_alone(self):
    with one_at_a_time:
        return call_action(self)


DynamoHandler.call_action = call_action_alone


# A transaction copies the whole table for each of its writes, item by item. No write but an update changes an item in
# place, so without updates it is enough to remember which items there were.
class Copies:
    of_whole_items = True

    @classmethod
    def deepcopy(cls, value):
        if cls.of_whole_items or not isinstance(value, models.Table):
            return copy.deepcopy(value)
        table = copy.copy(value)
        table.items = defaultdict(
            dict, {key: dict(item) if isinstance(item, dict) else item for key, item in value.items.items()}
        )
        return table


models.copy = Copies
transact_write_items = models.DynamoDBBackend.transact_write_items


def transact_with_cheap_copies(self, transact_items):
    Copies.of_whole_items = any("Update" in item for item in transact_items)
    try:
        return transact_write_items(self, transact_items)
    finally:
        Copies.of_whole_items = True


models.DynamoDBBackend.transact_write_items = transact_with_cheap_copies

threading.Thread(target=end_with_parent, daemon=True).start()
main(["-H", "127.0.0.1", "-p", "0"])
