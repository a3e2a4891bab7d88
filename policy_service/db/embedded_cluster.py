"""Making the cluster of a home: initdb, our roles, our database. Everything here is called under the guard."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from policy_service.db.embedded_binaries import MAJOR_VERSION, find_binaries, run_as
from policy_service.db.embedded_locks import Locks
from policy_service.db.embedded_place import EmbeddedDatabaseError, Place

SUPERUSER = "credit_policy_super"
OWNER = "credit_policy_owner"
APP = "credit_policy_app"
DATABASE = "credit_policy"

# Into postgresql.conf: what an operator may tune there. No address and no socket, so that a server somebody starts by
# hand does not open one in a public folder.
_CONFIGURATION = {
    "listen_addresses": "",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "logging_collector": "on",
    "log_directory": "log",
    "log_filename": "postgresql-%a.log",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    "log_truncate_on_rotation": "on",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] %u@%d ",
    "cluster_name": "credit-policy",
}
_ROLES = f"""\
CREATE ROLE {OWNER} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;
CREATE ROLE {APP} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;
CREATE DATABASE {DATABASE} OWNER {OWNER};
REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE {DATABASE} TO {APP};
"""
_SCHEMA = f"""\
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT ALL ON SCHEMA public TO {OWNER};
GRANT USAGE ON SCHEMA public TO {APP};
"""


def ensure_cluster(place: Place, locks: Locks) -> bool:
    """Make the cluster where there is none; whether it was made now. It appears complete or not at all."""
    for leftover in place.base.glob("data.new-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    if place.data.exists():
        _check_version(place)
        place.initialised.touch()
        return False
    if place.initialised.exists():
        raise EmbeddedDatabaseError(
            f"The database of this home was kept in {place.data}, which is gone. Bring it back from a backup, "
            f"or remove {place.control} to begin with an empty database."
        )
    draft = Path(tempfile.mkdtemp(prefix="data.new-", dir=place.base))
    try:
        place.account.own(draft)
        _make_cluster(place, draft, locks)
        draft.rename(place.data)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    _to_disk(place.base)
    place.initialised.touch()
    return True


def _check_version(place: Place) -> None:
    found = (place.data / "PG_VERSION").read_text(encoding="utf-8").strip()
    if found != MAJOR_VERSION:
        raise EmbeddedDatabaseError(
            f"The database in {place.data} was made by PostgreSQL {found}, and this program brings PostgreSQL "
            f"{MAJOR_VERSION}. Dump it with the program that made it and restore it here, or use pg_upgrade."
        )


def _make_cluster(place: Place, draft: Path, locks: Locks) -> None:
    """initdb and our roles. The server's lock goes with it: what a killed command left running is waited for."""
    binaries = find_binaries(place.account)
    # Locale C is in every libc, and its order never changes under the indexes when the system is upgraded.
    # Host lines that refuse: should somebody open a port, trust does not go with it.
    initdb = [
        str(binaries / "initdb"),
        f"--pgdata={draft}",
        f"--username={SUPERUSER}",
        "--auth-local=trust",
        "--auth-host=reject",
        "--encoding=UTF8",
        "--locale=C",
        "--data-checksums",
        "--no-instructions",
        *(f"--set={name}={value}" for name, value in _CONFIGURATION.items()),
    ]
    alone = [str(binaries / "postgres"), "--single", "-c", "exit_on_error=true", "-D", str(draft)]
    with locks.handed_down() as lock:
        for command, sql in ((initdb, ""), ([*alone, "postgres"], _ROLES), ([*alone, DATABASE], _SCHEMA)):
            done = run_as(place.account, command, stdin=sql, pass_fds=[lock])
            if done.returncode != 0:
                raise EmbeddedDatabaseError(
                    f"The database could not be made in {place.base}: {done.stderr.strip() or done.stdout.strip()}"
                )


def _to_disk(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
