# SPDX-License-Identifier: Apache-2.0
"""Between a client and two nodes that serve one database: who gets which message, and in front of another CA: which
messages it gets."""
import collections
import http.client
import sys
import threading
import time

from conftest import ROOT
from relay import Relay

sys.path.insert(0, str(ROOT / "tests" / "interop"))
from pycmp import elements, tlv  # noqa: E402


def post(port, path, body, timeout=600):
    """Status and content of the answer of who listens there."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("POST", path, body, {"Content-Type": "application/pkixcmp"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def body_type(message):
    """The number of the body's choice in a PKIMessage."""
    return elements(tlv(message)[1])[1][0] & 0x1F


class Turns(Relay):
    """Each message goes to the node that did not get the one before, and then once more to the other one, whose answer
    the client gets. Types of messages whose answers were the same, and of those whose were not, are kept."""

    def __init__(self, *nodes):
        self.nodes = collections.deque(nodes)
        self.same, self.differ = set(), set()
        super().__init__(None)

    @property
    def root(self):
        return self.nodes[0].root

    def tail(self):
        return "\n".join(node.tail() for node in self.nodes)

    def forward(self, path, body):
        first, second = self.nodes
        self.nodes.rotate()
        answer = post(first.port, path, body)
        again = post(second.port, path, body)
        (self.same if answer == again else self.differ).add(body_type(body))
        return again


class Whoever(Turns):
    """Each message goes to the node that did not get the one before, if it answers; if not, to the other one."""

    def forward(self, path, body):
        while not self.stopped:
            node = self.nodes[0]
            self.nodes.rotate()
            try:
                status, content = post(node.port, path, body)
                if status != 503:
                    return status, content
            except (OSError, http.client.HTTPException):
                time.sleep(0.02)
        return 504, b""


class Both(Relay):
    """Each message goes to both nodes at the same moment; the client gets the answer of the first one of these that
    has one."""

    def __init__(self, *nodes):
        self.nodes = nodes
        super().__init__(None)

    def forward(self, path, body):
        answers = [None] * len(self.nodes)

        def ask(i):
            answers[i] = post(self.nodes[i].port, path, body)

        threads = [threading.Thread(target=ask, args=(i,)) for i in range(len(self.nodes))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return next(filter(None, answers), (504, b""))


class Gate(Relay):
    """In front of another CA: what comes waits until the gate is open."""

    def __init__(self, port):
        self.opened = threading.Event()
        self.seen = []
        super().__init__(port)

    def forward(self, path, body):
        self.seen.append(body)
        while not self.opened.wait(0.1):
            if self.stopped:
                return 504, b""
        return super().forward(path, body)
