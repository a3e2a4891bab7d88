"""An HTTP server that takes webhooks: it can be told to fail, to redirect, to hang, to answer byte by byte."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue


@dataclass(frozen=True)
class Received:
    """One request as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes


Behaviour = Callable[[BaseHTTPRequestHandler, threading.Event], None]


def answers(status: int, **headers: str) -> Behaviour:
    """Answer with this status."""

    def behave(handler: BaseHTTPRequestHandler, _ending: threading.Event) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return behave


def hangs(_handler: BaseHTTPRequestHandler, ending: threading.Event) -> None:
    """Never answer."""
    ending.wait(60)


def drips(handler: BaseHTTPRequestHandler, ending: threading.Event) -> None:
    """Answer so slowly that no single wait is long."""
    try:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Drip: ")
        while not ending.wait(0.05):
            handler.wfile.write(b".")
            handler.wfile.flush()
    except OSError:
        handler.close_connection = True


@dataclass
class Receiver:
    """What came in, and what is answered next: one behaviour a request, the last one for ever."""

    address: str
    received: Queue[Received] = field(default_factory=Queue)
    behaviours: list[Behaviour] = field(default_factory=lambda: [answers(200)])

    def next_behaviour(self) -> Behaviour:
        """The behaviour for a request."""
        return self.behaviours.pop(0) if len(self.behaviours) > 1 else self.behaviours[0]

    def take(self) -> Received:
        """The next request, which must come soon."""
        return self.received.get(timeout=30)


@contextmanager
def running_receiver() -> Iterator[Receiver]:
    """A receiver for the length of the block."""
    ending = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.received.put(Received(self.path, headers, body))
            receiver.next_behaviour()(self, ending)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver = Receiver(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield receiver
        finally:
            ending.set()
            server.shutdown()
            thread.join()
