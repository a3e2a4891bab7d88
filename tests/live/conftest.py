"""A live gunicorn with several workers on a database of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from policy_service.db.embedded import DatabaseUrls
from policy_service.db.engine import make_engine, make_sessions
from policy_service.domain.actors import SYSTEM
from policy_service.domain.permissions import Scope
from policy_service.services.keys import create_key
from policy_service.services.policies import publish_in_one_step
from tests.conftest import REPOSITORY
from tests.policies import LIMIT_ONLY

WORKERS = 4
_START_SECONDS = 60


@dataclass
class Service:
    """The running service, a key with every scope, a look into its database, and the pid of its gunicorn."""

    address: str
    key: str
    engine: Engine
    pid: int

    def call(
        self, method: str, path: str, document: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Send a request; status and answer."""
        request = urllib.request.Request(  # noqa: S310  (our own address)
            self.address + path,
            method=method,
            data=None if document is None else json.dumps(document).encode(),
            headers={"Authorization": f"Bearer {self.key}", "Content-Type": "application/json", **(headers or {})},
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)


@pytest.fixture(scope="module")
def service(make_database: Callable[[], DatabaseUrls], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """gunicorn with four workers; ended with everything it started."""
    with running_service(make_database(), tmp_path_factory.mktemp("live"), LIMIT_ONLY) as running:
        yield running


@contextmanager
def running_service(urls: DatabaseUrls, folder: Path, policy: str) -> Iterator[Service]:
    """gunicorn with four workers on a migrated, empty database; ended with everything it started."""
    engine = make_engine(urls.runtime)
    key = _prepare(engine, policy)
    port = _free_port()
    log = folder / "gunicorn.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--workers", str(WORKERS), "--bind", f"127.0.0.1:{port}", "wsgi:app"],
            cwd=REPOSITORY,
            env={**os.environ, "DATABASE_URL": urls.runtime, "CREDIT_POLICY_HOME": str(folder / "home")},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_until_ready(process, port, log)
        yield Service(f"http://127.0.0.1:{port}", key, engine, process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
        engine.dispose()


def _prepare(engine: Engine, policy: str) -> str:
    now = datetime.now(UTC)
    with make_sessions(engine)() as session:
        publish_in_one_step(session, SYSTEM, policy, None, now)
        key = create_key(session, SYSTEM, name="live", scopes=frozenset(Scope), owner=None, expires_at=None, now=now)
        session.commit()
    return key


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"gunicorn did not become ready:\n{log.read_text()}")
