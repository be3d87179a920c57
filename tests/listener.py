"""A machine on this one that is posted something: what came, and an answer as a test wants it."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer


class Listener:
    """Somebody who is posted something, and answers with `status`, which may change."""

    def __init__(self, status: int = 204) -> None:
        listener, self.status, self.bodies = self, status, []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                listener.bodies.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
                self.send_response(listener.status)
                self.send_header("Location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_arguments):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
