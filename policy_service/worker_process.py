"""A worker beside the server: a process of its own, started again when it ends by itself."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import BinaryIO

from policy_service.server import stop_process

_COMMAND = (
    *(sys.executable, "-P", "-c"),
    "from policy_service.cli import main; main(prog_name='credit-policy')",
    *("worker", "--with-parent"),
)
_LOOK_SECONDS = 0.25
_PAUSE_SECONDS = 2.0


@contextmanager
def running_worker(environment: Mapping[str, str], log: BinaryIO | None = None) -> Iterator[None]:
    """A worker for the length of the block. It logs to `log`, else where we do."""
    stopping = threading.Event()
    keeper = threading.Thread(target=_keep_running, args=(environment, log, stopping), name="keeper of the worker")
    keeper.start()
    try:
        yield
    finally:
        stopping.set()
        keeper.join()


def _keep_running(environment: Mapping[str, str], log: BinaryIO | None, stopping: threading.Event) -> None:
    while not stopping.is_set():
        # In a process group of its own: Ctrl-C reaches only us, and it is stopped in good order.
        process = subprocess.Popen(
            _COMMAND,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            process_group=0,
        )
        while process.poll() is None and not stopping.wait(_LOOK_SECONDS):
            pass
        stop_process(process)
        stopping.wait(_PAUSE_SECONDS)
