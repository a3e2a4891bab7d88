"""Running the service: gunicorn as a child, on a socket of ours, stopped with all it started."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import BinaryIO, Never

from policy_service.domain.errors import Conflict

APPLICATION = "policy_service.app:create_app()"
_SETTINGS = "python:policy_service.gunicorn_settings"
_BACKLOG = 1024
_STOP_SECONDS = 30
_START_SECONDS = 60
_STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_MOST_WORKERS = 9

open_directly = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
"""Opens an address of this machine, whatever proxy the environment names."""


class AddressInUse(Conflict):
    """Something else listens on this address."""

    code = "address_in_use"


class ServerStopped(Conflict):
    """The server ended by itself; its last words are in its log."""

    code = "server_stopped"


@dataclass(frozen=True, slots=True)
class Server:
    """A running gunicorn."""

    address: str
    process: subprocess.Popen[bytes]

    def wait(self) -> None:
        """Until it ends, which it should not. Raises ServerStopped."""
        raise ServerStopped(f"The server ended by itself (exit code {self.process.wait()}).")

    def wait_until_it_answers(self, path: str) -> None:
        """Until `path` answers 200. Raises ServerStopped where it ends, or does not answer so within a minute."""
        deadline = time.monotonic() + _START_SECONDS
        while not _answers(f"{self.address}{path}"):
            if self.process.poll() is not None:
                self.wait()
            if time.monotonic() > deadline:
                raise ServerStopped(f"{path} did not answer within {_START_SECONDS} seconds.")
            time.sleep(0.05)


def default_workers() -> int:
    """Two workers for a processor and one more, at most nine."""
    return min(2 * (os.cpu_count() or 1) + 1, _MOST_WORKERS)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises AddressInUse, OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except PermissionError:
        raise AddressInUse(f"Port {port} may not be used by this user: choose one above 1023.") from None
    except socket.gaierror as error:
        raise AddressInUse(f"Cannot listen on {host}: {error.strerror}.") from None
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise AddressInUse(f"Cannot listen on {host} port {port}: {reason}.") from None


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """SIGTERM, Ctrl-C and a closed terminal end the block as if it had been left; a second one does not hurry it."""

    def stop(_number: int, _frame: FrameType | None) -> Never:
        for each in _STOPPING:
            signal.signal(each, signal.SIG_IGN)
        raise SystemExit(0)

    before = {each: signal.signal(each, stop) for each in _STOPPING}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@contextmanager
def running_server(
    listener: socket.socket, workers: int, environment: Mapping[str, str], log: BinaryIO | None = None
) -> Iterator[Server]:
    """gunicorn with so many workers, for the length of the block. It takes the listener over.

    In a process group of its own, so that Ctrl-C reaches only us and it is stopped in good order. It logs to `log`,
    else where we do.
    """
    address = _address_of(listener)
    with tempfile.TemporaryDirectory(prefix="credit-policy-metrics-") as metrics:
        process = subprocess.Popen(
            [
                *(sys.executable, "-P", "-m", "gunicorn", "--config", _SETTINGS),
                *("--workers", str(workers), "--bind", f"fd://{listener.fileno()}", APPLICATION),
            ],
            env={**os.environ, **environment, "PROMETHEUS_MULTIPROC_DIR": metrics},
            pass_fds=[listener.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            process_group=0,
        )
        listener.close()
        try:
            yield Server(address, process)
        finally:
            stop_process(process)


def stop_process(process: subprocess.Popen[bytes]) -> None:
    """Let a process that leads a group end in good order; after half a minute end it with all it started."""
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _address_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _answers(address: str) -> bool:
    try:
        with open_directly(address, timeout=5) as response:
            return bool(response.status == 200)
    except OSError:
        return False
