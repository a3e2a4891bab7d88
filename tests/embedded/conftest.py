"""Homes of their own for these tests, commands that hold a database, and nothing left running."""

# ruff: noqa: S108 - mkdtemp makes a folder of its own in there
from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from policy_service.db.embedded import DatabaseUrls, embedded_postgres

_GONE_SECONDS = 30
_COMMAND = Path(__file__).with_name("command.py")


class Command:
    """A program that joined the database of a home."""

    def __init__(self, home: Path, arguments: Sequence[str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(_COMMAND), str(home), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def answer(self) -> dict[str, str]:
        """What it says when it has the database, or could not get it."""
        assert self.process.stdout is not None
        said: dict[str, str] = json.loads(self.process.stdout.readline())
        return said

    def urls(self) -> DatabaseUrls:
        """The addresses it got."""
        return DatabaseUrls(**self.answer())

    def leave(self) -> None:
        """Let it end as it should."""
        self.process.communicate(timeout=60)

    def kill(self) -> None:
        """End it with -9."""
        self.process.kill()
        self.process.communicate(timeout=60)


@pytest.fixture
def fresh_home() -> Iterator[Path]:
    """A home that does not exist yet."""
    with own_folder() as folder:
        yield folder / "home"


@pytest.fixture
def home(fresh_home: Path, finished_home: Path) -> Path:
    """A home with a database that was made earlier, and is not running."""
    subprocess.run(["cp", "-pR", str(finished_home), str(fresh_home)], check=True)
    return fresh_home


@pytest.fixture(scope="session")
def finished_home() -> Iterator[Path]:
    """What `home` is copied from: `initdb` takes most of the time of such a test."""
    with own_folder() as folder:
        with embedded_postgres(folder / "home"):
            pass
        yield folder / "home"


@contextlib.contextmanager
def own_folder() -> Iterator[Path]:
    """Not under tmp_path, which is closed to the user that root's server runs as. Nothing in it is left running."""
    folder = Path(tempfile.mkdtemp(prefix="cp-", dir=_roomy()))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        _end_all(folder)
        shutil.rmtree(folder)


def _end_all(folder: Path) -> None:
    """End every program of PostgreSQL under the folder, and wait until it is gone: a dying one still writes."""
    deadline = time.monotonic() + _GONE_SECONDS
    while pids := processes(folder, "postgres") | processes(folder, "initdb"):
        assert time.monotonic() < deadline, f"still there: {pids}"
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


@pytest.fixture
def start_command() -> Iterator[Callable[..., Command]]:
    """Starts commands: `start_command(home, "--deaf")`."""
    started: list[Command] = []

    def start(home: Path, *arguments: str) -> Command:
        started.append(Command(home, arguments))
        return started[-1]

    yield start
    for command in started:
        command.kill()


def _roomy() -> Path:
    """In memory, if there is room: writing and deleting thousands of files is half the time of these tests."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK) or os.statvfs(memory).f_flag & os.ST_NOEXEC:
        return Path("/tmp")
    return memory if shutil.disk_usage(memory).free > 2 * 1024**3 else Path("/tmp")


def servers(home: Path) -> set[int]:
    """The pids of every process of PostgreSQL that works in a folder under this one."""
    return {pid for pid in processes(home, program="postgres") if _works_in(pid, home)}


def processes(home: Path, program: str) -> set[int]:
    """The pids of every process of this program that works in, or was started for, a folder under this one."""
    pids = {int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()}
    return {pid for pid in pids if _runs(pid, program) and (_works_in(pid, home) or _was_told(pid, home))}


def _runs(pid: int, program: str) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/exe").readlink().name == program
    return False


def _works_in(pid: int, folder: Path) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cwd").readlink().is_relative_to(folder)
    return False


def _was_told(pid: int, folder: Path) -> bool:
    with contextlib.suppress(OSError):
        return os.fsencode(folder) in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def data_of(home: Path) -> Path:
    """The data folder of a home that has it inside."""
    return home / "postgresql" / "data"


def postmaster(home: Path) -> int:
    """The pid of the running server."""
    return int((data_of(home) / "postmaster.pid").read_text().splitlines()[0])


def kill_all(home: Path) -> None:
    """As when the power goes: every process of the server, at once."""
    os.kill(postmaster(home), signal.SIGSTOP)
    for pid in servers(home):
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not servers(home))


def wait_until(holds: Callable[[], bool], seconds: float = 20) -> None:
    """Look until it holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.01)


def connected(url: str) -> psycopg.Connection[tuple[object, ...]]:
    """A connection to one of the addresses."""
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain, autocommit=True)


def ask(url: str, sql: str) -> object:
    """The one value of the one row that a statement gives."""
    with connected(url) as connection:
        row = connection.execute(sql.encode()).fetchone()
    assert row is not None
    return row[0]


def run(url: str, *statements: str) -> None:
    """Run statements that give nothing."""
    with connected(url) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def as_superuser(urls: DatabaseUrls) -> str:
    """The same database as the superuser."""
    return make_url(urls.owner).set(username="credit_policy_super").render_as_string(hide_password=False)
