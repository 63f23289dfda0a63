# SPDX-License-Identifier: Apache-2.0
"""Between a client and two nodes that serve one database: who gets which message, and in front of another CA: which
messages it gets."""
import collections
import http.client
import threading

from relay import Relay


def post(port, path, body, timeout=600):
    """Status and content of the answer of who listens there."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("POST", path, body, {"Content-Type": "application/pkixcmp"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


class Turns(Relay):
    """Each message goes to the node that did not get the one before, and then once more to the other one: the client
    gets that answer, and whether the first one was the same is kept."""

    def __init__(self, *nodes):
        self.nodes = collections.deque(nodes)
        self.same = []
        super().__init__(None)

    def forward(self, path, body):
        first, second = self.nodes
        self.nodes.rotate()
        answer = post(first.port, path, body)
        again = post(second.port, path, body)
        self.same.append(answer == again)
        return again


class Both(Relay):
    """Each message goes to both nodes at the same moment; the client gets the answer of the first one of these that
    has one."""

    def __init__(self, *nodes):
        self.nodes = nodes
        super().__init__(None)

    def forward(self, path, body):
        answers = [None] * len(self.nodes)

        def ask(i):
            try:
                answers[i] = post(self.nodes[i].port, path, body)
            except (OSError, http.client.HTTPException):
                pass  # it was killed

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
