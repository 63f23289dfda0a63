# SPDX-License-Identifier: Apache-2.0
"""A subscriber's callback: an HTTP server that answers as it is told to and notes what it was sent."""
import http.server
import json
import threading

from conftest import free_port


class Callback:
    """Answers GET and POST with `status` after `before()`; `seen` are the notifications in the order in which they came."""

    def __init__(self, port=None):
        self.port = port or free_port()
        self.status, self.headers, self.before = 204, {}, lambda: None
        self.seen, self.tests, self.authorizations = [], 0, []
        self.path = "/callback"
        self.server = None

    @property
    def uri(self):
        return f"http://127.0.0.1:{self.port}{self.path}"

    def start(self):
        callback = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def reply(self, status):
                self.send_response(status)
                for name, value in callback.headers.items():
                    self.send_header(name, value)
                if status != 204:
                    self.send_header("Content-Length", "0")
                self.end_headers()

            def do_GET(self):
                callback.tests += 1
                callback.authorizations.append(self.headers.get("Authorization"))
                callback.before()
                self.reply(callback.status)

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                callback.authorizations.append(self.headers.get("Authorization"))
                if self.path == "/token":
                    return self.token(body)
                callback.before()
                if callback.status == 204:
                    callback.seen.append(json.loads(body))
                self.reply(callback.status)

            def token(self, body):
                assert b"grant_type=client_credentials" in body
                answer = json.dumps({"access_token": "a-token", "token_type": "Bearer", "expires_in": 3600}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def stop(self):
        """The port is free afterwards; start() takes it again."""
        if self.server:
            self.server.shutdown()
            self.server.server_close()
        self.server = None

    def types(self, subject_id=None):
        return [n["notificationType"] for n in self.seen if subject_id in (None, n["subjectId"])]

    def once(self):
        """What was seen, each once, in the order in which it came first."""
        return list({n["id"]: n for n in self.seen}.values())
