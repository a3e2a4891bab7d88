"""How gunicorn runs the service. Read by gunicorn itself; see https://gunicorn.org/reference/settings/ for each name.

Sync workers, one check at a time each: a check is short, and the matcher and the connection belong to one thread.
Workers are replaced after some thousand requests, for every policy that was ever compiled leaves a little behind.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from prometheus_client.multiprocess import mark_process_dead

from policy_service.lifeline import end_with_parent

worker_class = "sync"
preload_app = False
max_requests = 20_000
max_requests_jitter = 4_000
timeout = 30
graceful_timeout = 20
control_socket_disable = True
errorlog = "-"
loglevel = "warning"
chdir = str(Path(__file__).resolve().parents[1])
if Path("/dev/shm").is_dir():  # noqa: S108  (heartbeats; a slow disk must not look like a dead worker)
    worker_tmp_dir = "/dev/shm"  # noqa: S108


def on_starting(_server: Any) -> None:
    """Should `serve` be killed with -9, gunicorn must not go on without it."""
    end_with_parent()


def child_exit(_server: Any, worker: Any) -> None:
    """The counters of a worker that ended stay, its gauges go."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
