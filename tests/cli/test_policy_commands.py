"""`credit-policy policy lint | test | publish`"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import PASSWORD, Installation, invoke
from tests.conftest import REPOSITORY
from tests.policies import LIMIT_ONLY

_DEFAULT = str(REPOSITORY / "rules" / "packs" / "default.yaml")
_WRONG_TYPE = LIMIT_ONLY.replace("exposure.after, op: gt", "exposure.afters, op: gt")
_CASE = """
cases:
  - name: {en: over the limit, zh: 超出额度}
    facts: {exposure.after: "200.00", customer.credit_limit: "100.00"}
    expect: {outcome: %s}
"""


@pytest.fixture
def policy_file(tmp_path: Path) -> Path:
    """Where a test writes its policy."""
    return tmp_path / "policy.yaml"


def test_the_default_policy_has_no_errors_and_all_its_cases_pass(tmp_path: Path) -> None:
    lint = invoke(tmp_path, "policy", "lint", _DEFAULT)
    assert (lint.exit_code, lint.stderr) == (0, "")
    test = invoke(tmp_path, "policy", "test", _DEFAULT)
    assert test.exit_code == 0, test.stdout
    assert "cases pass" in test.stdout


def test_lint_tells_place_fault_and_what_is_allowed_in_either_language(policy_file: Path, tmp_path: Path) -> None:
    policy_file.write_text(_WRONG_TYPE, encoding="utf-8")
    english = invoke(tmp_path, "policy", "lint", str(policy_file))
    assert english.exit_code == 1
    line = _WRONG_TYPE.splitlines().index(next(row for row in _WRONG_TYPE.splitlines() if "afters" in row)) + 1
    assert english.stdout.startswith(f"{policy_file}:{line}:")
    assert "/rules/0/when/all/0/fact" in english.stdout
    assert "exposure.after" in english.stdout
    chinese = invoke(tmp_path, "policy", "lint", str(policy_file), "--lang", "zh")
    assert chinese.exit_code == 1
    assert "错误" in chinese.stdout


def test_a_failing_case_is_shown_with_what_was_expected_and_what_came(policy_file: Path, tmp_path: Path) -> None:
    policy_file.write_text(LIMIT_ONLY + _CASE % "approve", encoding="utf-8")
    failed = invoke(tmp_path, "policy", "test", str(policy_file))
    assert failed.exit_code == 1
    assert "failed: over the limit" in failed.stdout
    assert 'expected: {"outcome": "approve"}' in failed.stdout
    assert 'got: {"outcome": "hold"}' in failed.stdout
    assert "0 of 1 cases pass" in failed.stdout
    policy_file.write_text(LIMIT_ONLY + _CASE % "hold", encoding="utf-8")
    assert invoke(tmp_path, "policy", "test", str(policy_file)).exit_code == 0


def test_a_file_that_is_not_text_or_not_there_is_told_in_a_line(tmp_path: Path) -> None:
    binary = tmp_path / "policy.yaml"
    binary.write_bytes(b"\xff\xfe\x00")
    assert invoke(tmp_path, "policy", "lint", str(binary)).stderr == f"Error: {binary} is not UTF-8 text.\n"
    assert invoke(tmp_path, "policy", "lint", str(tmp_path / "none.yaml")).exit_code == 2


def test_only_an_admin_publishes_and_only_what_passes(credit_policy: Installation, policy_file: Path) -> None:
    policy_file.write_text(LIMIT_ONLY, encoding="utf-8")
    credit_policy("user", "create", "carl", "--role", "controller", "--password-stdin", stdin=PASSWORD)
    for user, message in (("carl", "Only an admin"), ("nobody", "No user is named 'nobody'")):
        refused = credit_policy("policy", "publish", str(policy_file), "--as", user)
        assert (refused.exit_code, message in refused.stderr) == (1, True)

    policy_file.write_text(LIMIT_ONLY + _CASE % "approve", encoding="utf-8")
    failing = credit_policy("policy", "publish", str(policy_file), "--as", "mei")
    assert (failing.exit_code, "0 of 1 cases pass" in failing.stdout) == (1, True)
    policy_file.write_text(_WRONG_TYPE, encoding="utf-8")
    faulty = credit_policy("policy", "publish", str(policy_file), "--as", "mei")
    assert (faulty.exit_code, "/rules/0/when/all/0/fact" in faulty.stdout) == (1, True)

    policy_file.write_text(LIMIT_ONLY + _CASE % "hold", encoding="utf-8")
    published = credit_policy("policy", "publish", str(policy_file), "--as", "mei", "--note", "a trial")
    assert published.exit_code == 0, published.stderr
    assert "Published limit only as version" in published.stderr
    assert credit_policy("policy", "publish", _DEFAULT, "--as", "mei").exit_code == 0
