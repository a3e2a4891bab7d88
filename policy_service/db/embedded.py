"""The PostgreSQL that the service brings along, started and stopped around a command.

    with embedded_postgres(home) as urls:
        ...

Any number of commands may do this at once with one home: the first starts the server, the others join it, the last
one stops it. A command killed with -9 counts as gone, and what it left running is joined by the next.
The reasons are in docs/decisions/embedded-postgresql.md.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

from policy_service.db import embedded_process as process
from policy_service.db.embedded_cluster import APP, DATABASE, OWNER, ensure_cluster
from policy_service.db.embedded_locks import Locks
from policy_service.db.embedded_place import (
    PORT,
    EmbeddedDatabaseError,
    Place,
    Say,
    control_folder,
    make_control_folder,
    settle,
)

__all__ = ["DatabaseUrls", "EmbeddedDatabaseError", "embedded_postgres", "is_initialised"]

_STOP_SECONDS = 120.0
_LAST_CLIENTS_SECONDS = 2.0  # a connection just closed is still listed for a moment


@dataclass(frozen=True, slots=True)
class DatabaseUrls:
    """SQLAlchemy addresses of one database: `runtime` for a role that owns no table, `owner` for migrations."""

    runtime: str
    owner: str


def is_initialised(home: Path) -> bool:
    """Whether the database of this home was completed. Raises EmbeddedDatabaseError where we may not look."""
    try:
        return (control_folder(home.resolve()) / "initialised").exists()
    except OSError as error:
        raise _no_access(home, error) from error


def _say_on_stderr(message: str) -> None:
    print(message, file=sys.stderr)


@contextmanager
def embedded_postgres(
    home: Path,
    *,
    say: Say = _say_on_stderr,
    start_timeout_seconds: float = 300,
    options: Mapping[str, str] | None = None,
) -> Iterator[DatabaseUrls]:
    """Start or join the PostgreSQL of this home for the length of the block.

    At the end it is stopped, if nobody else holds it and no client is connected any more: dispose of engines first.
    `options` are further server settings; they count only for the command that starts the server.
    Raises EmbeddedDatabaseError, whose message says what to do; a recovery still running after
    `start_timeout_seconds` is left running, and the next call goes on waiting for it.
    """
    home = home.resolve()
    try:
        make_control_folder(home)
        locks = Locks(control_folder(home))
    except OSError as error:
        raise _no_access(home, error) from error
    with locks:
        place = _join(home, locks, start_timeout_seconds, options or {}, say)
        joined_by = os.getpid()
        try:
            yield _urls(place)
        finally:
            # A child forked inside the block leaves through here too, and holds nothing of its own.
            if os.getpid() == joined_by:
                _leave(place, locks, say)


def _join(home: Path, locks: Locks, timeout_seconds: float, options: Mapping[str, str], say: Say) -> Place:
    deadline = time.monotonic() + timeout_seconds
    try:
        with locks.guarded(timeout_seconds):
            place = settle(home, say)
            _bring_up(place, locks, deadline, options, say)
            locks.hold()
    except TimeoutError:
        raise EmbeddedDatabaseError(
            f"Another command has been starting or stopping the database of {home} for {timeout_seconds:.0f} "
            "seconds: wait for it, or end it, and try again."
        ) from None
    except OSError as error:
        raise _no_access(home, error) from error
    return place


def _bring_up(place: Place, locks: Locks, deadline: float, options: Mapping[str, str], say: Say) -> None:
    """Until the server answers: wait for the one that lives, else start one. Only a connection counts as proof."""
    launched = False
    waiting = _Waiting(say)
    while True:
        if not locks.server_lives():
            if launched:
                raise EmbeddedDatabaseError(f"PostgreSQL did not start. Its last words:\n{process.log_tail(place)}")
            _launch(place, locks, options, say)
            launched = True
        try:
            obstacle = process.why_not_ready(place)
            if obstacle is None:
                return
            waiting.tell(obstacle)
            time.sleep(0.02)
        except BaseException:
            # Ctrl-C: nobody holds what was just started.
            if launched:
                process.stop(place, locks, _STOP_SECONDS)
            raise
        if time.monotonic() > deadline:
            raise EmbeddedDatabaseError(
                f"PostgreSQL is not ready yet: {obstacle}. It is left at its work; run the command again to go on "
                f"waiting. Its last words:\n{process.log_tail(place)}"
            )


def _launch(place: Place, locks: Locks, options: Mapping[str, str], say: Say) -> None:
    pid = process.server_started_by_hand(place)
    if pid is not None:
        raise EmbeddedDatabaseError(
            f"A PostgreSQL that this program did not start (process {pid}) runs on {place.data}: stop it first."
        )
    if ensure_cluster(place, locks):
        say(f"Made a new database in {place.data}.")
    process.launch(place, locks, options)


class _Waiting:
    """Says what is waited for: not in the first seconds, and each thing once."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._from = time.monotonic() + 2
        self._told = ""

    def tell(self, obstacle: str) -> None:
        if time.monotonic() > self._from and obstacle != self._told:
            self._told = obstacle
            self._say(f"Waiting for the database to recover, or for what is left of a killed one to end: {obstacle}")


def _leave(place: Place, locks: Locks, say: Say) -> None:
    """Stop the server, if we are the last. What goes wrong is said, not raised: the command has done its work."""
    try:
        with locks.guarded(_STOP_SECONDS):
            if not locks.let_go() or not locks.server_lives():
                return
            if not locks.are_current():
                say("The home was deleted; what is left of its database ends by itself within a minute.")
                return
            clients = _clients_left(place)
            if clients:
                say(f"The database keeps running: {clients} other client(s) are connected.")
            elif not process.stop(place, locks, _STOP_SECONDS):
                say(f"The database has not stopped within {_STOP_SECONDS:.0f} seconds.\n{process.log_tail(place)}")
    except (OSError, psycopg.OperationalError, EmbeddedDatabaseError) as error:
        why = str(error).strip() or "another command is starting or stopping it"
        say(f"The database may keep running, and the next command will find it: {why}")


def _clients_left(place: Place) -> int:
    deadline = time.monotonic() + _LAST_CLIENTS_SECONDS
    while True:
        clients = process.other_clients(place)
        if clients == 0 or time.monotonic() > deadline:
            return clients
        time.sleep(0.05)


def _urls(place: Place) -> DatabaseUrls:
    # The port is named so that a PGPORT of some other server in the environment does not count.
    where = f"{DATABASE}?host={quote(str(place.socket_folder), safe='/')}&port={PORT}"
    return DatabaseUrls(
        runtime=f"postgresql+psycopg://{APP}@/{where}", owner=f"postgresql+psycopg://{OWNER}@/{where}"
    )


def _no_access(home: Path, error: OSError) -> EmbeddedDatabaseError:
    in_the_way = isinstance(error, FileExistsError | NotADirectoryError)
    why = "there is something there that is not a folder" if in_the_way else error.strerror or error
    return EmbeddedDatabaseError(
        f"The embedded database of {home} cannot be used: {error.filename or home}: {why}. "
        "Set CREDIT_POLICY_HOME to a folder that this user can write to."
    )
