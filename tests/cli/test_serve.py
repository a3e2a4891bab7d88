"""Serving: started, used and stopped like a customer would."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import CREDIT_POLICY, Installation, environment, invoke, run

_START_SECONDS = 90


@contextmanager
def _started(home: Path, *arguments: str, until: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A command that goes on running, and what it said until `until` came."""
    process = subprocess.Popen(
        [*CREDIT_POLICY, *arguments],
        env=environment(home),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process, _said(process, until)
    finally:
        process.kill()
        process.communicate(timeout=60)


def _said(process: subprocess.Popen[str], until: str) -> str:
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if until in line:
            return "".join(lines)
    pytest.fail(f"it ended without {until!r}:\n{''.join(lines)}")


def _processes() -> dict[int, tuple[int, str]]:
    """Every process that lives: its parent and its command line."""
    listed = subprocess.run(
        ["ps", "-ww", "-eo", "pid=,ppid=,stat=,args="], capture_output=True, text=True, check=True
    )
    rows = [line.split(None, 3) for line in listed.stdout.splitlines()]
    return {int(pid): (int(parent), args) for pid, parent, state, args in rows if not state.startswith("Z")}


def _started_by(pid: int) -> set[int]:
    """The processes below one."""
    parents = {each: parent for each, (parent, _) in _processes().items()}
    found = {pid}
    while more := {each for each, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


def _left(processes: set[int]) -> set[int]:
    """Those of the processes that have not ended within ten seconds."""
    deadline = time.monotonic() + 10
    while (left := processes & set(_processes())) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def _post(address: str, key: str, document: dict[str, Any]) -> dict[str, Any]:
    request = urllib.request.Request(  # noqa: S310  (our own address)
        address,
        data=json.dumps(document).encode(),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
        answer: dict[str, Any] = json.load(response)
    return answer


def test_serve_answers_checks_beside_other_commands_and_sigterm_stops_all_it_started(
    credit_policy: Installation, tmp_path: Path
) -> None:
    file = tmp_path / "customers.csv"
    file.write_text("customer_id,name,currency,credit_limit,standard_terms_days\nS-1,One,CNY,1000.00,30\n")
    assert credit_policy("import", "customers", str(file)).exit_code == 0
    with _started(credit_policy.home, "serve", "--port", "0", "--workers", "2", until="Serving on") as (
        process,
        said,
    ):
        address = re.search(r"http://127\.0\.0\.1:\d+", said)
        assert address is not None
        key = credit_policy(
            "key", "create", "--name", "serving", "--scopes", "check", "--owner", "mei"
        ).stdout.strip()
        order = {"order_id": "SO-1", "customer_id": "S-1", "amount": "100.00", "currency": "CNY"}
        assert _post(f"{address[0]}/check-order", key, order)["outcome"] == "approve_with_conditions"
        started = _started_by(process.pid)
        assert len(started) == 4  # gunicorn and two workers, and the job worker; the database was there
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
        assert _left(started) == set()


def test_a_port_in_use_is_told_before_anything_is_started(credit_policy: Installation) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        for command in ("serve", "demo"):
            refused = invoke(credit_policy.home, command, "--port", str(port))
            assert refused.exit_code == 1
            assert refused.stderr == f"Error: Cannot listen on 127.0.0.1 port {port}: Address already in use.\n"


def test_nothing_outlives_a_serve_that_was_killed(credit_policy: Installation) -> None:
    with _started(credit_policy.home, "serve", "--port", "0", "--workers", "1", until="Working.") as (process, _):
        started = _started_by(process.pid)
        assert len(started) == 3
        process.kill()
        assert _left(started) == set()


def test_a_job_worker_that_was_killed_is_started_again(credit_policy: Installation) -> None:
    with _started(credit_policy.home, "serve", "--port", "0", "--workers", "1", until="Working.") as (process, _):
        (worker,) = (each for each in _started_by(process.pid) if "worker --with-parent" in _processes()[each][1])
        os.kill(worker, signal.SIGKILL)
        _said(process, "Working.")
        assert worker not in _started_by(process.pid)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0


def test_no_worker_runs_no_job_worker(credit_policy: Installation) -> None:
    arguments = ("serve", "--port", "0", "--workers", "1", "--no-worker")
    with _started(credit_policy.home, *arguments, until="Serving on") as (process, _):
        assert len(_started_by(process.pid)) == 2


def test_the_demo_shows_decisions_and_doors_and_ctrl_c_stops_all_of_it(new_home: Path) -> None:
    began = time.monotonic()
    with _started(new_home, "demo", "--port", "0", until="Ctrl-C") as (process, said):
        assert time.monotonic() - began < _START_SECONDS
        outcomes = re.findall(r"^SO-20\d\d .* (approve with conditions|approve|hold|reject) ", said, re.MULTILINE)
        assert len(outcomes) == 8
        assert set(outcomes) == {"approve", "approve with conditions", "hold", "reject"}
        assert re.search(r"Admin panel +http://127\.0\.0\.1:\d+/admin/", said)
        logins = json.loads((new_home / "demo-logins.json").read_text())
        assert set(logins) == {"sales", "controller", "manager", "director", "auditor", "admin"}
        assert all(password in said for password in logins.values())
        started = _started_by(process.pid)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0
        assert _left(started) == set()
    again = run(new_home, "key", "list").stdout
    assert [row.split()[-1] for row in again.splitlines() if row.startswith("demo ")] == ["revoked"]


def test_the_demo_keeps_off_a_home_with_data_of_its_own(credit_policy: Installation) -> None:
    refused = invoke(credit_policy.home, "demo", "--port", "0", DATABASE_URL=credit_policy.urls.runtime)
    assert refused.exit_code == 1
    assert refused.stderr.endswith("set CREDIT_POLICY_HOME to a new folder for a demo.\n")
    assert not (credit_policy.home / "demo-logins.json").exists()
