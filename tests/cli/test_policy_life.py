"""`credit-policy policy draft | submit | approve | reject | release | retire | rollback | list | show | diff`"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.conftest import PASSWORD, Installation, invoke
from tests.policies import ADVANCE, LIMIT_ONLY

_CASE = """
cases:
  - name: {en: over the limit, zh: 超出额度}
    facts: {exposure.after: "200.00", customer.credit_limit: "100.00"}
    expect: {outcome: %s}
"""


@pytest.fixture(scope="module")
def office(credit_policy: Installation) -> Installation:
    """An installation with a controller, a manager, a sales person and an auditor."""
    for name, role in (("cai", "controller"), ("max", "manager"), ("sue", "sales"), ("ada", "auditor")):
        credit_policy("user", "create", name, "--role", role, "--password-stdin", stdin=PASSWORD)
    return credit_policy


@pytest.fixture
def policy_file(tmp_path: Path) -> Path:
    """A policy that may be published."""
    path = tmp_path / "policy.yaml"
    path.write_text(LIMIT_ONLY, encoding="utf-8")
    return path


def ok(office: Installation, *arguments: str) -> str:
    """Run a step that goes well; what was said."""
    result = office("policy", *arguments)
    assert result.exit_code == 0, result.output
    return result.stderr


def draft(office: Installation, file: Path, user: str = "cai") -> str:
    """A draft; its number."""
    found = re.search(r"is version (\d+), a draft", ok(office, "draft", str(file), "--as", user))
    assert found
    return found[1]


def approved(office: Installation, file: Path) -> str:
    """An approved version; its number."""
    number = draft(office, file)
    ok(office, "submit", number, "--as", "cai")
    ok(office, "approve", number, "--as", "max")
    return number


def status_of(office: Installation, number: str) -> str:
    """What the list says of a version."""
    rows = office("policy", "list").stdout.splitlines()
    return next(row.split("  ")[1].strip() for row in map(str.strip, rows) if row.split(" ")[0] == number)


def test_a_policy_goes_from_a_file_to_force_and_back_to_the_version_before(
    office: Installation, policy_file: Path
) -> None:
    first = approved(office, policy_file)
    assert f"Version {first} is in force from" in ok(office, "release", first, "--as", "max")
    policy_file.write_text(ADVANCE, encoding="utf-8")
    second = approved(office, policy_file)
    ok(office, "release", second, "--as", "mei")
    assert (status_of(office, first), status_of(office, second)) == ("retired", "in force")
    assert office("policy", "show", second).stdout == ADVANCE
    back = re.search(
        r"Version (\d+) is a draft", ok(office, "rollback", first, "--as", "cai", "--note", "too strict")
    )
    assert back
    assert office("policy", "show", back[1]).stdout == LIMIT_ONLY
    assert "before" in office("policy", "diff", second, back[1]).stdout
    assert "nothing changes" in office("policy", "diff", first, back[1]).stdout


def test_nobody_approves_what_they_wrote(office: Installation, policy_file: Path) -> None:
    number = draft(office, policy_file, user="max")
    ok(office, "submit", number, "--as", "max")
    refused = office("policy", "approve", number, "--as", "max")
    assert (refused.exit_code, "cannot approve" in refused.stderr) == (1, True)
    assert status_of(office, number) == "submitted"


@pytest.mark.parametrize("user", ["sue", "ada", "cai", "nobody"])
def test_a_role_does_no_more_than_it_may(office: Installation, policy_file: Path, user: str) -> None:
    number = draft(office, policy_file, user="mei")
    ok(office, "submit", number, "--as", "mei")
    steps = [("approve", number), ("reject", number, "--note", "no"), ("retire", number), ("release", number)]
    if user != "cai":
        steps += [("draft", str(policy_file)), ("rollback", number)]
    for step in steps:
        refused = office("policy", *step, "--as", user)
        assert refused.exit_code == 1, step
        assert ("Your role may not" in refused.stderr) or (user == "nobody" and "No user" in refused.stderr)
    assert status_of(office, number) == "submitted"


def test_a_faulty_draft_is_told_line_by_line_and_what_fails_is_not_submitted(
    office: Installation, policy_file: Path
) -> None:
    policy_file.write_text("schema: 1\n", encoding="utf-8")
    refused = office("policy", "draft", str(policy_file), "--as", "cai")
    assert (refused.exit_code, f"{policy_file}:1:" in refused.stdout) == (1, True)
    policy_file.write_text(LIMIT_ONLY.replace(", if_missing: true", ""), encoding="utf-8")
    lint_error = office("policy", "submit", draft(office, policy_file), "--as", "cai")
    assert (lint_error.exit_code, "if_missing_required" in lint_error.stdout) == (1, True)
    policy_file.write_text(LIMIT_ONLY + _CASE % "approve", encoding="utf-8")
    failing = office("policy", "submit", draft(office, policy_file), "--as", "cai")
    assert (failing.exit_code, "0 of 1 cases pass" in failing.stdout) == (1, True)


def test_a_version_is_rejected_scheduled_and_taken_back(office: Installation, policy_file: Path) -> None:
    number = draft(office, policy_file)
    ok(office, "submit", number, "--as", "cai")
    assert office("policy", "reject", number, "--as", "max").exit_code == 2
    ok(office, "reject", number, "--as", "max", "--note", "say why")
    ok(office, "submit", number, "--as", "cai")
    ok(office, "approve", number, "--as", "max")
    for wrong, code in (("tomorrow", 2), ("2199-01-01", 2), ("2020-01-01T00:00:00Z", 1)):
        assert office("policy", "release", number, "--as", "max", "--at", wrong).exit_code == code
    said = ok(office, "release", number, "--as", "max", "--at", "2199-01-01T08:00:00+08:00")
    assert "in force from 2199-01-01 00:00:00 UTC" in said
    assert status_of(office, number) == "published"
    ok(office, "retire", number, "--as", "max")
    assert status_of(office, number) == "retired"
    again = office("policy", "release", number, "--as", "max")
    assert (again.exit_code, "is retired" in again.stderr) == (1, True)


def test_two_files_are_compared_without_a_database(tmp_path: Path, policy_file: Path) -> None:
    stricter = tmp_path / "stricter.yaml"
    stricter.write_text(LIMIT_ONLY.replace("effect: hold", "effect: reject"), encoding="utf-8")
    compared = invoke(tmp_path, "policy", "diff", str(policy_file), str(stricter))
    assert compared.exit_code == 0, compared.output
    assert "stricter: rule EXPOSURE_CAP" in compared.stdout
    back = invoke(tmp_path, "policy", "diff", str(stricter), str(policy_file), "--lang", "zh")
    assert "趋松" in back.stdout
    assert invoke(tmp_path, "policy", "diff", str(policy_file), str(tmp_path / "none")).exit_code == 2
    stricter.write_text("schema: 1", encoding="utf-8")
    assert invoke(tmp_path, "policy", "diff", str(policy_file), str(stricter)).exit_code == 1
