"""The examples of docs/policy-language.md are policies that load, lint clean and pass their cases."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest

from rules.cases import run_cases
from rules.conditions import Op
from rules.document import Settings, load_policy
from rules.effects import EffectKind
from rules.lint import lint
from tests.conftest import REPOSITORY

PAGE = (REPOSITORY / "docs" / "policy-language.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("source", EXAMPLES)
def test_every_example_is_a_policy_without_findings_whose_cases_pass(source: str) -> None:
    policy = load_policy(source)
    assert lint(policy) == ()
    assert [result.differences for result in run_cases(policy) if not result.passed] == []


@pytest.mark.parametrize("name", [*EffectKind, *Op, *(setting.name for setting in fields(Settings))])
def test_every_effect_operator_and_setting_is_explained(name: str) -> None:
    assert f"`{name}`" in PAGE
