# SPDX-License-Identifier: Apache-2.0
"""A relay between a CMP client and cmfd that sends a request again, byte for byte, until it is
answered: what a careful client does when the server dies under it (RFC 9483 3.1, retransmission)."""
import http.client
import http.server
import sys
import threading
import time


class Relay:
    def __init__(self, port, patience=600):
        self.target, self.patience = port, patience
        self.retries = self.answers = 0
        self.stopped = False
        self.strange = []  # answers that are neither CMP nor "later", and exceptions: for who looks why a test failed
        relay = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, answer = relay.forward(self.path, body)
                self.send_response(status)
                self.send_header("Content-Type", "application/pkixcmp")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)
                relay.answers += 1

            def log_message(self, *args):
                pass

            def log_error(self, *args):
                relay.strange.append(repr(args))

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, request, client_address):
                relay.strange.append(repr(sys.exc_info()[1]))  # mostly a client that went away

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def forward(self, path, body):
        end = time.monotonic() + self.patience
        while time.monotonic() < end and not self.stopped:
            connection = http.client.HTTPConnection("127.0.0.1", self.target, timeout=self.patience)
            try:
                connection.request("POST", path, body, {"Content-Type": "application/pkixcmp"})
                answer = connection.getresponse()
                content = answer.read()
                if answer.status != 503:
                    if answer.status != 200 or not content:
                        self.strange.append(f"{answer.status} {answer.getheaders()} {content[:200]}")
                    return answer.status, content
            except (OSError, http.client.HTTPException):
                self.retries += 1
            finally:
                connection.close()
            time.sleep(0.05)
        return 504, b""

    def stop(self):
        self.stopped = True
        self.server.shutdown()
        self.server.server_close()
