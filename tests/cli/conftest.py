"""Real commands on a home of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from policy_service.cli import main
from policy_service.db.embedded import DatabaseUrls, embedded_postgres

PASSWORD = "correct horse battery"
CREDIT_POLICY = (sys.executable, "-P", "-c", "from policy_service.cli import main; main(prog_name='credit-policy')")


def environment(home: Path, **more: str) -> dict[str, str]:
    """What a command sees: this home, no other database, English."""
    kept = {name: value for name, value in os.environ.items() if not name.endswith("DATABASE_URL")}
    return {**kept, "CREDIT_POLICY_HOME": str(home), "LC_ALL": "C.UTF-8", **more}


def run(home: Path, *arguments: str, stdin: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [*CREDIT_POLICY, *arguments],
        env=environment(home, **settings),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def invoke(home: Path, *arguments: str, stdin: str = "", **settings: str) -> Result:
    """The same inside this process, which is quicker."""
    unset = {name: None for name in os.environ if name.endswith("DATABASE_URL")}
    return CliRunner().invoke(
        main,
        arguments,
        input=stdin,
        env={**unset, "CREDIT_POLICY_HOME": str(home), "LC_ALL": "C.UTF-8", **settings},
        prog_name="credit-policy",
    )


@pytest.fixture
def new_home() -> Iterator[Path]:
    """A home that does not exist yet. Not under tmp_path, which is closed to the user that root's server runs as."""
    with _folder() as folder:
        yield folder / "home"


@dataclass(frozen=True)
class Installation:
    """An initialised home with an admin named mei; its database runs for as long as the tests do."""

    home: Path
    urls: DatabaseUrls

    def __call__(self, *arguments: str, stdin: str = "") -> Result:
        """Run a command on it."""
        return invoke(self.home, *arguments, stdin=stdin, DATABASE_URL=self.urls.runtime)


@pytest.fixture(scope="session")
def credit_policy() -> Iterator[Installation]:
    """Made once, and used by all."""
    with _folder() as folder:
        home = folder / "home"
        made = run(home, "init")
        assert made.returncode == 0, made.stderr
        with embedded_postgres(home) as urls:
            installation = Installation(home, urls)
            user = installation("user", "create", "mei", "--role", "admin", "--password-stdin", stdin=f"{PASSWORD}\n")
            assert user.exit_code == 0, user.stderr
            yield installation


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder that every user may pass through, removed at the end."""
    path = Path(tempfile.mkdtemp(prefix="credit-policy-cli-"))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path)
