"""Setting up: init, people, keys."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tests.cli.conftest import PASSWORD, Installation, invoke, run

_NEEDS_A_HOME = [
    ("serve", "--port", "0"),
    ("worker",),
    ("user", "list"),
    ("user", "create", "ann", "--role", "sales", "--password-stdin"),
    ("key", "list"),
    ("key", "create", "--name", "shop", "--scopes", "check"),
    ("key", "revoke", "shop"),
]


@pytest.mark.parametrize("arguments", _NEEDS_A_HOME, ids=" ".join)
def test_a_home_that_was_not_initialised_is_refused_and_left_alone(
    new_home: Path, arguments: tuple[str, ...]
) -> None:
    result = invoke(new_home, *arguments, stdin=PASSWORD)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr == f"Error: {new_home} was not initialised. Run: credit-policy init\n"
    assert not new_home.exists()


def test_init_again_changes_nothing_and_secrets_are_private(credit_policy: Installation) -> None:
    key = credit_policy.home / "session.key"
    before = key.read_text()
    assert len(before) == 64
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    again = run(credit_policy.home, "init")
    assert again.returncode == 0
    assert "Published" not in again.stderr
    assert key.read_text() == before


def test_a_key_is_printed_once_alone_on_standard_output(credit_policy: Installation) -> None:
    created = credit_policy(
        "key", "create", "--name", "shop", "--scopes", "check,data:write", "--owner", "mei", "--expires-in-days", "30"
    )
    assert created.exit_code == 0, created.stderr
    (line,) = created.stdout.splitlines()
    assert line.startswith("cp_")
    listed = credit_policy("key", "list").stdout
    assert line not in listed
    assert [row.split()[1:3] for row in listed.splitlines() if row.startswith("shop")] == [
        ["mei", "check,data:write"]
    ]
    assert credit_policy("key", "create", "--name", "shop", "--scopes", "all").exit_code == 1
    assert credit_policy("key", "revoke", "shop").exit_code == 0
    assert any("revoked" in row for row in credit_policy("key", "list").stdout.splitlines() if row.startswith("shop"))


def test_an_unknown_scope_is_refused_with_those_there_are(credit_policy: Installation) -> None:
    refused = credit_policy("key", "create", "--name", "x", "--scopes", "check,everything")
    assert refused.exit_code == 2
    assert "policy:approve" in refused.stderr
    assert refused.stdout == ""


def test_failures_are_one_line_without_a_traceback(credit_policy: Installation) -> None:
    for arguments, message in (
        (("key", "revoke", "nobody"), "Error: No API key is named 'nobody'.\n"),
        (("key", "create", "--name", "y", "--scopes", "check", "--owner", "nobody"), "No user is named 'nobody'.\n"),
    ):
        refused = credit_policy(*arguments)
        assert (refused.exit_code, refused.stdout) == (1, "")
        assert refused.stderr.endswith(message)
        assert len(refused.stderr.splitlines()) == 1


def test_a_user_is_made_with_a_password_from_standard_input(credit_policy: Installation) -> None:
    short = credit_policy("user", "create", "bo", "--role", "controller", "--password-stdin", stdin="short\n")
    assert (short.exit_code, "at least 8 characters" in short.stderr) == (1, True)
    without_terminal = credit_policy("user", "create", "bo", "--role", "controller", stdin=PASSWORD)
    assert (without_terminal.exit_code, "--password-stdin" in without_terminal.stderr) == (2, True)
    made = credit_policy("user", "create", "bo", "--role", "controller", "--password-stdin", stdin=PASSWORD)
    assert made.exit_code == 0, made.stderr
    again = credit_policy("user", "create", "bo", "--role", "sales", "--password-stdin", stdin=PASSWORD)
    assert (again.exit_code, "exists already" in again.stderr) == (1, True)
    assert [row.split()[1] for row in credit_policy("user", "list").stdout.splitlines() if row.startswith("bo")] == [
        "controller"
    ]


def test_a_database_that_cannot_be_reached_is_told_in_a_line(credit_policy: Installation) -> None:
    refused = invoke(credit_policy.home, "key", "list", DATABASE_URL="postgresql://u:hunter2@127.0.0.1:1/none")
    assert refused.exit_code == 1
    assert refused.stderr.startswith("Error: The database could not do it: ")
    assert len(refused.stderr.splitlines()) == 1
    assert "hunter2" not in refused.stderr
