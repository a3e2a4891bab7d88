"""The Makefile: what a newcomer types."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY


def _make(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=REPOSITORY,
        env={**os.environ, "MAKEFLAGS": "", **settings},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("arguments", [(), ("help",)])
def test_make_lists_its_targets(arguments: tuple[str, ...]) -> None:
    listed = _make(*arguments)
    assert listed.returncode == 0, listed.stderr
    targets = re.findall(r"^make (\w+)", listed.stdout, re.MULTILINE)
    assert {"help", "run", "test", "lint", "bench", "clean"} <= set(targets)
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    assert set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE)) == set(targets)


def test_a_python_that_will_not_do_is_told_before_anything_is_made(tmp_path: Path) -> None:
    broken = tmp_path / "python3.11"
    broken.write_text("#!/bin/sh\necho 'no such version' >&2\nexit 127\n", encoding="utf-8")
    broken.chmod(0o755)
    refused = _make("install", f"BIN={tmp_path / 'bin'}", f"INSTALLED={tmp_path / 'installed'}", f"PYTHON={broken}")
    assert refused.returncode != 0
    assert "is not a working Python 3.11 or 3.12" in refused.stderr
    assert not (tmp_path / "bin").exists()


def test_a_shim_that_fails_is_passed_over(tmp_path: Path) -> None:
    shims = tmp_path / "shims"
    shims.mkdir()
    for name in ("python3.11", "python3.12"):
        (shims / name).write_text("#!/bin/sh\nexit 127\n", encoding="utf-8")
        (shims / name).chmod(0o755)
    (shims / "python3").write_text(
        f'#!/bin/sh\ncase "$1" in -m) echo "made with $0"; exit 3;; *) exec "{sys.executable}" "$@";; esac\n',
        encoding="utf-8",
    )
    (shims / "python3").chmod(0o755)
    made = _make(
        "install",
        f"BIN={tmp_path / 'bin'}",
        f"INSTALLED={tmp_path / 'installed'}",
        PATH=f"{shims}:{os.environ['PATH']}",
    )
    assert f"made with {shims / 'python3'}" in made.stdout


def test_ci_runs_the_tests() -> None:
    script = REPOSITORY / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert script.read_text(encoding="utf-8").splitlines()[-1] == "exec make test"
