"""The examples of docs/policy-language.md do what the page says, and there is one for all that the language has."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cache

import pytest

from policy_service.domain.outcomes import Authority
from rules.cases import facts_of_case, run_cases
from rules.catalogue import FactType
from rules.codec import near_miss_document
from rules.conditions import Clause, Condition, GroupKind, Op
from rules.decide import decide, near_misses
from rules.document import Policy, Settings, load_policy
from rules.effects import EffectKind
from rules.engine import compile_policy
from rules.lint import lint, lint_source
from rules.predicates import Seen, predicate
from rules.rule import Rule
from rules.tables import HitPolicy
from rules.verdict import Verdict
from tests.conftest import REPOSITORY

PAGE = (REPOSITORY / "docs" / "policy-language.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
WITH_NEAR_MISSES = re.findall(r"```yaml\n(?:(?!```).)*```\n\n```json\n.*?```", PAGE, re.DOTALL)
REFUSED = re.findall(r"```yaml refused\n(.*?)```\n\n```text\n(.*?)```", PAGE, re.DOTALL)
NAMES = [re.findall(r"^name: (.*)$", source, re.MULTILINE)[0] for source in EXAMPLES]


@dataclass(frozen=True)
class Run:
    """One case of one example: the facts as the rules saw them, flags and tables among them, and the verdict."""

    policy: Policy
    seen: Seen
    verdict: Verdict


@cache
def policies() -> tuple[Policy, ...]:
    """Every example."""
    return tuple(map(load_policy, EXAMPLES))


@cache
def runs() -> tuple[Run, ...]:
    """Every case of every example."""
    return tuple(run for policy in policies() for run in _runs_of(policy))


def _runs_of(policy: Policy) -> Iterator[Run]:
    compiled = compile_policy(policy)
    for case in policy.cases:
        facts = facts_of_case(case, policy)
        yield Run(policy, compiled.fired(compiled.see(facts))[1], decide(compiled, facts))


@pytest.mark.parametrize("source", EXAMPLES, ids=NAMES)
def test_every_example_is_a_policy_without_findings_whose_cases_pass(source: str) -> None:
    policy = load_policy(source)
    assert lint(policy) == ()
    assert [result.differences for result in run_cases(policy) if not result.passed] == []


@pytest.mark.parametrize("source", EXAMPLES, ids=NAMES)
def test_every_rule_of_an_example_fires_in_one_case_and_does_not_in_another(source: str) -> None:
    policy = load_policy(source)
    fired = [run.verdict.fired for run in _runs_of(policy)]
    for rule in policy.rules:
        assert {rule.code in codes for codes in fired} == ({True, False} if rule.enabled else {False})


def test_no_two_examples_have_one_name() -> None:
    assert len(set(NAMES)) == len(NAMES)


# For everything that the language has there is an example in which it is used, and in which that makes a difference.


def _conditions(condition: Condition) -> Iterator[Condition]:
    yield condition
    for member in () if isinstance(condition, Clause) else condition.members:
        yield from _conditions(member)


def _came_out(kind: Op | GroupKind) -> set[bool]:
    """What the comparisons, or the groups, of a kind came to in the cases."""
    return {
        predicate(condition)(run.seen)
        for run in runs()
        for rule in run.policy.rules
        for condition in _conditions(rule.when)
        if kind is (condition.op if isinstance(condition, Clause) else condition.kind)
    }


@pytest.mark.parametrize("kind", [*Op, *GroupKind])
def test_every_operator_and_group_holds_in_one_case_and_does_not_in_another(kind: Op | GroupKind) -> None:
    assert _came_out(kind) == {True, False}


def _worked(verdict: Verdict) -> set[str]:
    reasons = {reason.effect for reason in (*verdict.reasons, *verdict.warnings)}
    others = {"alert": verdict.alerts, "flag": verdict.flags, "exempt": verdict.exempted}
    return reasons | {effect for effect, found in others.items() if found}


@pytest.mark.parametrize("kind", EffectKind)
def test_every_effect_works_in_one_case_of_its_example_and_does_not_in_another(kind: EffectKind) -> None:
    own = [run for run in runs() if any(effect.kind is kind for rule in run.policy.rules for effect in rule.then)]
    assert {kind.value in _worked(run.verdict) for run in own} == {True, False}


@pytest.mark.parametrize("authority", Authority)
def test_every_authority_is_asked_for(authority: Authority) -> None:
    assert any(run.verdict.authority is authority for run in runs())


@pytest.mark.parametrize("hit_policy", HitPolicy)
def test_a_table_of_every_hit_policy_finds_different_rows_in_different_cases(hit_policy: HitPolicy) -> None:
    found = {
        hit.rows
        for run in runs()
        for table, hit in zip(run.policy.tables, run.verdict.tables, strict=True)
        if table.hit_policy is hit_policy
    }
    assert len(found) > 1
    assert any(len(rows) > 1 for rows in found) is (hit_policy is HitPolicy.COLLECT)


OUTPUT_TYPES = [FactType.MONEY, FactType.DAYS, FactType.BOOLEAN, FactType.COUNT, FactType.NUMBER, FactType.TEXT]


@pytest.mark.parametrize("kind", OUTPUT_TYPES)
def test_a_table_puts_out_values_of_every_type(kind: FactType) -> None:
    assert any(fact.type is kind for policy in policies() for fact in policy.table_facts.values())


@pytest.mark.parametrize("setting", [setting.name for setting in fields(Settings)])
def test_every_setting_is_set_to_something_else_than_its_default(setting: str) -> None:
    assert any(getattr(policy.settings, setting) != getattr(Settings(), setting) for policy in policies())


@pytest.mark.parametrize("member", [each.name for each in fields(Rule) if each.init and each.name != "position"])
def test_every_member_of_a_rule_is_written_out(member: str) -> None:
    assert any(member in rule for policy in policies() for rule in policy.tree["rules"])


@pytest.mark.parametrize(
    "name", [*EffectKind, *Op, *GroupKind, *HitPolicy, *Authority, *(setting.name for setting in fields(Settings))]
)
def test_every_word_of_the_language_is_explained(name: str) -> None:
    assert f"`{name}`" in PAGE


# What the page says beside its examples.


@pytest.mark.parametrize("example", WITH_NEAR_MISSES)
def test_near_misses_are_told_as_the_page_says(example: str) -> None:
    source, expected = re.findall(r"```(?:yaml|json)\n(.*?)```", example, re.DOTALL)
    policy = load_policy(source)
    compiled = compile_policy(policy)
    told = {}
    for case in policy.cases:
        facts = facts_of_case(case, policy)
        told[case.name.en] = [near_miss_document(miss, facts) for miss in near_misses(compiled, facts)]
    assert told == json.loads(expected)


@pytest.mark.parametrize(("source", "expected"), REFUSED)
def test_what_is_refused_is_told_as_the_page_says(source: str, expected: str) -> None:
    lines = [f"line {found.line}: {found.level}: {found.message.en}" for found in lint_source(source)]
    assert lines == expected.splitlines()


def test_the_list_of_contents_leads_to_headings_that_there_are() -> None:
    headings = {title.lower().replace(" ", "-") for title in re.findall(r"^##+ (.*)$", PAGE, re.MULTILINE)}
    assert set(re.findall(r"\(#([^)]+)\)", PAGE)) == headings


def test_there_are_examples_of_near_misses_and_of_what_is_refused() -> None:
    assert len(WITH_NEAR_MISSES) >= 2
    assert len(REFUSED) >= 3
