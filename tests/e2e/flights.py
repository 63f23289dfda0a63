# SPDX-License-Identifier: Apache-2.0
"""A relay between cmfd and PostgreSQL that counts flights, and can hold answers back: what is sent together, and waited for together. Each ends with a
message Sync, or is a simple Query (PostgreSQL's documentation, 55.2)."""
import os
import pathlib
import re
import shutil
import socket
import tempfile
import threading

SOCKET = ".s.PGSQL.5432"


class Flights:
    """Flights of one connection: `texts` are the statements that it has prepared, by name."""

    def __init__(self, relay):
        self.relay, self.texts, self.flight, self.left, self.started = relay, {}, [], b"", False

    def take(self, octets):
        self.left += octets
        while len(self.left) >= (5 if self.started else 4):
            at = 1 if self.started else 0
            length = at + int.from_bytes(self.left[at:at + 4], "big")
            if len(self.left) < length:
                return
            message, self.left = self.left[:length], self.left[length:]
            if self.started:
                self.message(message[:1], message[5:])
            self.started = True

    def message(self, kind, body):
        if kind == b"P":  # Parse: name, text
            name, text = body.split(b"\0")[:2]
            self.texts[name] = text.decode()
        elif kind == b"B":  # Bind: portal, name
            self.flight.append(self.texts[body.split(b"\0")[1]])
        elif kind == b"Q":
            self.relay.flown([body.rstrip(b"\0").decode()])
        elif kind == b"S":
            self.relay.flown(self.flight)
            self.flight = []


class Relay:
    """Before the server whose socket is in `directory`; `use(cmf)` sends its connections this way."""

    def __init__(self, directory):
        self.server = str(pathlib.Path(directory) / SOCKET)
        self.dir = tempfile.mkdtemp(prefix="cmfd-flights.")
        self.lock, self.flights = threading.Lock(), []
        self.answers = threading.Event() # while it is not set the server's answers wait
        self.answers.set()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(os.path.join(self.dir, SOCKET))
        self.listener.listen(64)
        threading.Thread(target=self.accept, daemon=True).start()

    def use(self, cmf):
        database = re.search(r"^database = (.*)$", cmf.conf.read_text(), flags=re.M)[1]
        cmf.set("store", "database", re.sub(r"host=[^&]*", f"host={self.dir}", database))

    def close(self):
        self.listener.close()
        shutil.rmtree(self.dir)

    def flown(self, statements):
        with self.lock:
            self.flights.append(statements)

    def taken(self):
        """The flights since the last time."""
        with self.lock:
            flights, self.flights = self.flights, []
        return flights

    def accept(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self.server)
            flights = Flights(self)
            threading.Thread(target=self.pass_on, args=(client, server, flights.take), daemon=True).start()
            threading.Thread(target=self.pass_on, args=(server, client, lambda octets: self.answers.wait()), daemon=True).start()

    @staticmethod
    def pass_on(source, target, look):
        try:
            while octets := source.recv(65536):
                look(octets)
                target.sendall(octets)
        except OSError:
            pass
        for end in source, target:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
