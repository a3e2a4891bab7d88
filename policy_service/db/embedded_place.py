"""Where the embedded PostgreSQL of a home lives, and as whom it runs.

    HOME/postgresql/            locks, and the file `location` that names the base folder
    BASE/data, BASE/run         the cluster and its socket, both for the server's account alone (0700)

BASE is HOME/postgresql itself. PostgreSQL refuses to run as root, so root runs it as a system user of its own;
where that user cannot reach the home (/root, say), BASE is a folder of the system instead. Nothing above BASE is ever
opened for anybody.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import secrets
import stat
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from policy_service.domain.errors import CreditPolicyError

Say = Callable[[str], None]

SYSTEM_USER = "credit-policy"
SYSTEM_FOLDER = Path("/var/lib/credit-policy")
PORT = 5432
_LONGEST_SOCKET_PATH = 100  # bytes; the systems allow 103 (macOS) and 107 (Linux)
_IN_THE_HOME = "."


class EmbeddedDatabaseError(CreditPolicyError):
    """The embedded PostgreSQL cannot be used."""

    code = "embedded_database"


@dataclass(frozen=True, slots=True)
class Account:
    """The user the server runs as. `switch`: it is not the one we are, so programs are started as it."""

    uid: int
    gid: int
    switch: bool

    @property
    def user(self) -> int | None:
        """For `subprocess`: the user to become, if any."""
        return self.uid if self.switch else None

    @property
    def group(self) -> int | None:
        """For `subprocess`: the group to become, if any."""
        return self.gid if self.switch else None

    @property
    def extra_groups(self) -> list[int] | None:
        """For `subprocess`: no supplementary groups of root's."""
        return [] if self.switch else None

    def own(self, path: Path) -> None:
        """Give a file that we made to this account."""
        if self.switch:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def can_enter(self, folder: Path) -> bool:
        """Whether this account can reach a folder, tried by going there."""
        command = ["/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder)]
        tried = subprocess.run(
            command,
            cwd="/",
            capture_output=True,
            check=False,
            user=self.user,
            group=self.group,
            extra_groups=self.extra_groups,
        )
        return tried.returncode == 0


@dataclass(frozen=True, slots=True)
class Place:
    """The folders of one embedded database and the account they belong to."""

    control: Path
    base: Path
    account: Account

    @property
    def data(self) -> Path:
        """The cluster. It is there only when it is complete."""
        return self.base / "data"

    @property
    def startup_log(self) -> Path:
        """What the server said before it opened its own log."""
        return self.base / "startup.log"

    @property
    def initialised(self) -> Path:
        """Marks that the cluster was completed, to tell one that was lost from one not yet made."""
        return self.control / "initialised"

    @property
    def socket_folder(self) -> Path:
        """Beside the data where the path is short enough for a socket, else in /tmp under a hash of the path.

        Not under XDG_RUNTIME_DIR: that goes away when its user logs out, and differs between a login and cron.
        """
        beside = self.base / "run"
        if len(os.fsencode(beside / f".s.PGSQL.{PORT}")) <= _LONGEST_SOCKET_PATH:
            return beside
        return Path("/tmp") / f"credit-policy-{_hash(self.base)}"  # noqa: S108 - private folder, see private_folder

    def private_folder(self, path: Path) -> Path:
        """Make, or check, a folder that only the account can enter.

        Raises EmbeddedDatabaseError for a link, a folder of somebody else, or one that others may enter: with `trust`
        whoever reaches the socket is a superuser of the database.
        """
        with suppress(FileExistsError):
            path.mkdir(mode=0o700)
        if path.lstat().st_uid == os.geteuid():
            self.account.own(path)
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != self.account.uid or found.st_mode & 0o077:
            raise EmbeddedDatabaseError(
                f"{path} must be a folder that belongs to user {self.account.uid} with mode 0700, and is not. "
                "Nobody but the database may reach its socket: find out who made it, then remove it."
            )
        return path


def control_folder(home: Path) -> Path:
    """The part of a home that belongs to the embedded database."""
    return home / "postgresql"


def make_control_folder(home: Path) -> Path:
    """Make the home, if need be, and its control folder. Root leaves the way through open, and nothing to list."""
    mode = 0o711 if os.geteuid() == 0 else 0o700
    control = control_folder(home)
    for folder in (home, control):
        folder.mkdir(mode=mode, parents=True, exist_ok=True)
    return control


def settle(home: Path, say: Say) -> Place:
    """Find the place recorded for this home, or choose and record one. Only under the guard."""
    control = control_folder(home)
    record = control / "location"
    if not record.exists():
        _choose(home, record, say)
    recorded = record.read_text(encoding="utf-8").strip()
    if recorded == _IN_THE_HOME:
        return Place(control, control, _account_for(control / "data"))
    base = Path(recorded)
    _check_that_it_belongs(base, home, record)
    return Place(control, base, _account_for(base / "data"))


def _choose(home: Path, record: Path, say: Say) -> None:
    if os.geteuid() != 0 or _system_account().can_enter(record.parent):
        _write(record, _IN_THE_HOME)
        return
    # The random part keeps a home made anew from taking over the database of a deleted one of the same name.
    base = SYSTEM_FOLDER / f"{_hash(home)}-{secrets.token_hex(4)}"
    base.mkdir(mode=0o711, parents=True)
    _write(base / "home", str(home))
    _write(record, str(base))
    say(
        f"The database goes to {base}: PostgreSQL does not run as root, and the system user {SYSTEM_USER} "
        f"cannot reach {home}. {record} remembers it."
    )


def _check_that_it_belongs(base: Path, home: Path, record: Path) -> None:
    owner = base / "home"
    if not owner.exists():
        raise EmbeddedDatabaseError(
            f"The database of {home} was kept in {base}, which is gone. "
            f"Bring that folder back from a backup, or remove {record.parent} to begin with an empty database."
        )
    belongs_to = owner.read_text(encoding="utf-8").strip()
    if belongs_to != str(home):
        raise EmbeddedDatabaseError(
            f"The database in {base} belongs to {belongs_to}, not to {home}. If the home was moved, write its new "
            f"path into {owner}. If it is a copy, remove {record.parent}: the copy then gets a database of its own."
        )


def _account_for(data: Path) -> Account:
    """The owner of the data, or for data not yet made the user we are, or root's stand-in."""
    uid, gid = os.geteuid(), os.getegid()
    if not data.exists():
        return _system_account() if uid == 0 else Account(uid, gid, switch=False)
    owner = data.stat()
    if owner.st_uid == 0 or uid not in (0, owner.st_uid):
        raise EmbeddedDatabaseError(
            f"{data} belongs to user {owner.st_uid}, and this is user {uid}: run the command as the user who made "
            "the database (or as root, unless it belongs to root), or choose another CREDIT_POLICY_HOME."
        )
    return Account(owner.st_uid, owner.st_gid, switch=uid == 0)


def _system_account() -> Account:
    """The system user that stands in for root, made at the first need.

    Not `postgres` or `nobody`: whoever shares the account shares the database.
    """
    deadline = time.monotonic() + 10
    while True:
        with suppress(KeyError):
            entry = pwd.getpwnam(SYSTEM_USER)
            return Account(entry.pw_uid, entry.pw_gid, switch=True)
        obstacle = _add_system_user()
        if obstacle and time.monotonic() > deadline:
            raise _no_system_user(obstacle)


def _add_system_user() -> str:
    """Try once, and give what stood in the way: while another command is at it, the password file is locked."""
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"]
    command += ["--home-dir", str(SYSTEM_FOLDER), SYSTEM_USER]
    try:
        tried = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise _no_system_user("there is no useradd") from None
    if tried.returncode == 0:
        return ""
    time.sleep(0.2)
    return tried.stderr.strip() or f"useradd ended with {tried.returncode}"


def _no_system_user(why: str) -> EmbeddedDatabaseError:
    return EmbeddedDatabaseError(
        f"PostgreSQL does not run as root, and the system user {SYSTEM_USER} could not be made: {why}. "
        f"Make it (useradd --system {SYSTEM_USER}), run as an ordinary user, or set DATABASE_URL."
    )


def _write(path: Path, text: str) -> None:
    """Whole or not at all, also when the machine stops."""
    draft = path.with_name(f"{path.name}.new")
    with draft.open("w", encoding="utf-8") as file:
        file.write(f"{text}\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _hash(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
