"""`credit-policy policy lint | test` on files that nobody writes by accident: a place, a rule, exit 1."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import invoke
from tests.policies import LIMIT_ONLY
from tests.unit.rules.hostile import REFUSED

SHOWN = [
    "5 MB",
    "10,000 rules",
    "nesting of 1,000 in block style",
    "a bomb of aliases",
    "duplicate keys",
    "a key of 900,000 characters",
    "tabs",
    "schema 2",
    "NUL",
    "UTF-16 read as bytes",
    "half a surrogate pair in a key",
    "an escape sequence in a key",
    "text turned around in a comment",
]


@pytest.mark.parametrize("command", ["lint", "test"])
@pytest.mark.parametrize("name", SHOWN)
def test_a_hostile_file_is_refused_where_it_goes_wrong(tmp_path: Path, name: str, command: str) -> None:
    refused, file = REFUSED[name], tmp_path / "policy.yaml"
    file.write_text(refused.source, encoding="utf-8")
    result = invoke(tmp_path, "policy", command, str(file))
    assert (result.exit_code, result.stderr) == (1, "")
    place = f"{file}:{refused.line}:" if refused.line else f"{file}: "
    first = result.stdout.splitlines()[0]
    assert first.startswith(place)
    assert f"error {refused.code}" in first
    assert all(line.isprintable() and len(line) < 1000 for line in result.stdout.splitlines())


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "latin-1", "gb18030"])
def test_a_file_in_another_encoding_is_told_from_one_that_is_wrong(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "policy.yaml"
    file.write_bytes(
        LIMIT_ONLY.replace("Over the limit", "Über 限额" if encoding != "latin-1" else "Über").encode(
            encoding, "replace"
        )
    )
    result = invoke(tmp_path, "policy", "lint", str(file))
    assert result.exit_code == 1
    assert f"{file} is not UTF-8 text." in result.stderr


@pytest.mark.parametrize("change", [lambda text: "\ufeff" + text, lambda text: text.replace("\n", "\r\n")])
def test_a_file_as_windows_saves_it_is_as_good_as_any(tmp_path: Path, change: Callable[[str], str]) -> None:
    file = tmp_path / "policy.yaml"
    file.write_bytes(change(LIMIT_ONLY).encode())
    assert invoke(tmp_path, "policy", "lint", str(file)).exit_code == 0
