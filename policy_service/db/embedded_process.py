"""Starting, asking and stopping the server process. Everything here is called under the guard."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psycopg

from policy_service.db.embedded_binaries import find_binaries
from policy_service.db.embedded_cluster import SUPERUSER
from policy_service.db.embedded_locks import Locks
from policy_service.db.embedded_place import PORT, Place

# On the command line: what nothing in the data folder may change.
_FIXED = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
}
_LARGEST_LOG_BYTES = 10 * 1024 * 1024


def launch(place: Place, locks: Locks, options: Mapping[str, str]) -> None:
    """Start the server, in a session of its own so that Ctrl-C does not reach it, and do not wait for it.

    A shell between us and it makes it nobody's child: it outlives us, and leaves no zombie in a long-running command.
    """
    binaries = find_binaries(place.account)
    sockets = place.private_folder(place.socket_folder)
    _forget_stale_pid(place, sockets)
    _drop_large_logs(place)
    settings = {**_FIXED, "unix_socket_directories": _quoted(sockets), **options}
    server = [str(binaries / "postgres"), "-D", str(place.data)]
    for name, value in settings.items():
        server += ["-c", f"{name}={value}"]
    place.startup_log.unlink(missing_ok=True)  # it may be root's, from a start with sudo
    with locks.handed_down() as lock, place.startup_log.open("xb") as log:
        subprocess.run(
            ["/bin/sh", "-c", '"$@" &', "sh", *server],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            check=True,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            umask=0o077,
            start_new_session=True,
            pass_fds=[lock],
            user=place.account.user,
            group=place.account.group,
            extra_groups=place.account.extra_groups,
        )


def why_not_ready(place: Place) -> str | None:
    """None when the server answers and takes writes; otherwise what stands in the way."""
    try:
        with connect(place) as connection:
            row = connection.execute("SELECT pg_is_in_recovery()").fetchone()
    except psycopg.OperationalError as error:
        return str(error).partition("\n")[0].rpartition("failed: ")[2]
    return "it is restoring a backup" if row == (True,) else None


def connect(place: Place) -> psycopg.Connection[tuple[object, ...]]:
    """A connection of the superuser, through a socket folder that was checked to be ours alone."""
    return psycopg.connect(
        host=str(place.private_folder(place.socket_folder)),
        port=PORT,
        user=SUPERUSER,
        dbname="postgres",
        connect_timeout=5,
        application_name="credit-policy lifecycle",
        autocommit=True,
    )


def other_clients(place: Place) -> int:
    """How many clients are connected, this question aside. Raises psycopg.OperationalError."""
    with connect(place) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        ).fetchone()
    return int(str(row[0])) if row else 0


def stop(place: Place, locks: Locks, timeout_seconds: float) -> bool:
    """Ask for a fast shutdown and wait for the end of every process; whether it came in time."""
    deadline = time.monotonic() + timeout_seconds
    asked = False
    while locks.server_lives():
        pid = _recorded_pid(place)
        if not asked and pid is not None and is_server_of(place, pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)
            asked = True
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def is_server_of(place: Place, pid: int) -> bool:
    """Whether this process really is a PostgreSQL of this data folder, whatever a file says about it."""
    if not Path("/proc/self/exe").exists():
        return is_server_by_its_command(place, pid)
    try:
        works_in = Path(f"/proc/{pid}/cwd").stat()
        program = Path(f"/proc/{pid}/exe").readlink().name
    except OSError:
        return False
    # "postgres (deleted)" after an upgrade of the package under a running server
    return program.split(" ")[0] == "postgres" and os.path.samestat(works_in, place.data.stat())


def is_server_by_its_command(place: Place, pid: int) -> bool:
    """For systems without /proc: we start it by the path of the data folder, and it keeps its command line."""
    question = ["ps", "-ww", "-p", str(pid), "-o", "command="]
    listed = subprocess.run(question, capture_output=True, text=True, check=False)
    return "postgres" in listed.stdout and f"-D {place.data} " in listed.stdout


def server_started_by_hand(place: Place) -> int | None:
    """The pid of a server of this folder that does not hold our lock."""
    pid = _recorded_pid(place)
    return pid if pid is not None and is_server_of(place, pid) else None


def log_tail(place: Place, lines: int = 15) -> str:
    """The last lines of what the server said, indented."""
    logs = [place.startup_log, *(place.data / "log").glob("*.log")]
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in sorted(logs, key=_written_at)]
    return "\n".join(f"  {line}" for line in "".join(texts).splitlines()[-lines:])


def _written_at(path: Path) -> float:
    return path.stat().st_mtime if path.exists() else 0.0


def _recorded_pid(place: Place) -> int | None:
    try:
        return int((place.data / "postmaster.pid").read_text(encoding="utf-8").partition("\n")[0])
    except (FileNotFoundError, ValueError):
        return None


def _forget_stale_pid(place: Place, sockets: Path) -> None:
    """Nothing of a dead server may mislead the next one: PostgreSQL takes any live process of its user for a rival.

    The pid file goes only when its pid lives and is a stranger, or when a power cut left it without one. Otherwise
    PostgreSQL judges it better than we can: it also looks for backends left over in the shared memory that it names.
    """
    pid = _recorded_pid(place)
    if pid is None or _exists(pid):
        (place.data / "postmaster.pid").unlink(missing_ok=True)
    for leftover in sockets.iterdir():
        leftover.unlink()


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _drop_large_logs(place: Place) -> None:
    """A server that runs for days begins each weekday's file anew; short runs only add to it, so look at its size.

    Through a descriptor of the real folder: this may be root in a folder of somebody who is not.
    """
    try:
        folder = os.open(place.data / "log", os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.stat(follow_symlinks=False).st_size > _LARGEST_LOG_BYTES:
                    os.unlink(entry.name, dir_fd=folder)
    finally:
        os.close(folder)


def _quoted(folder: Path) -> str:
    """For a setting that is a list: a comma or a blank in the path does not part it."""
    doubled = str(folder).replace('"', '""')
    return f'"{doubled}"'
