"""Many clients at once, each waiting for its answer before it asks again, over plain sockets."""

from __future__ import annotations

import itertools
import socket
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Load:
    """What came of a load: seconds of every answer, and how long it all took."""

    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds

    @property
    def p99_milliseconds(self) -> float:
        """99 of 100 answers came within this time."""
        return statistics.quantiles(self.latencies, n=100)[98] * 1000


def run_load(port: int, make_request: Callable[[int], bytes], *, clients: int, seconds: float) -> Load:
    """Send for `seconds` from `clients` threads. Raises RuntimeError at the first answer that is not 200."""
    numbers, load, failures = itertools.count(), Load(), list[bytes]()
    until = time.perf_counter() + seconds

    def client() -> None:
        while time.perf_counter() < until and not failures:
            started = time.perf_counter()
            answer = _exchange(port, make_request(next(numbers)))
            load.latencies.append(time.perf_counter() - started)
            if not answer.startswith(b"HTTP/1.1 200"):
                failures.append(answer)

    started = time.perf_counter()
    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    load.seconds = time.perf_counter() - started
    if failures:
        raise RuntimeError(failures[0][:600].decode(errors="replace"))
    return load


def post(path: str, body: bytes, headers: str = "") -> bytes:
    """The bytes of a POST with a JSON body."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Connection: close\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    )
    return head.encode() + body


def _exchange(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(request)
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)
