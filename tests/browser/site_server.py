"""A static server for the tests: it keeps connections open, and its answers may be kept by the browser."""

import functools
import http.server
import io
import threading
from contextlib import contextmanager


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files of a folder, and pages that exist in memory only."""

    protocol_version = "HTTP/1.1"  # one connection carries many requests
    disable_nagle_algorithm = True  # head and body go out without waiting for each other

    def send_head(self):
        """Begin the answer, to GET and to HEAD alike: a page from memory, or a file."""
        if self.path not in self.server.written:
            return super().send_head()
        body = self.server.written[self.path].encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        return io.BytesIO(body)

    def end_headers(self):
        """Let the browser keep the answer: nothing changes while the tests run."""
        self.send_header("Cache-Control", "max-age=3600")
        super().end_headers()

    def log_message(self, *arguments):
        """Keep the test log clean."""


@contextmanager
def serve(folder):
    """Serve `folder` on a free port of localhost; yield a server with its address `url` and its pages `written`.

    ``server.written["/?1"] = "<!doctype html> ..."`` adds a page without a file.
    """
    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Handler, directory=str(folder))
    ) as server:
        server.daemon_threads = True
        server.written = {}
        server.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield server
        server.shutdown()
