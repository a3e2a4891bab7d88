"""What lint finds in policies that load, where, and that it finds nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from rules.findings import Level
from rules.lint import lint, lint_source
from tests.unit.rules.documents import ALWAYS, policy, rule

DAYS, LIMIT = "receivables.oldest_overdue_days", "customer.credit_limit"
CLEAN = {"fact": "receivables.overdue_invoice_count", "op": "gt", "value": 3}


def found(*rules: dict[str, Any]) -> list[tuple[str, str]]:
    """Code and path of every finding."""
    return [(finding.code, finding.path) for finding in lint(policy(*rules))]


def on(fact: str, op: str, *value: Any, **members: Any) -> dict[str, Any]:
    """A condition that has chosen what missing means."""
    missing = {} if op.startswith("is_") else {"if_missing": False}
    return {"fact": fact, "op": op, **({"value": value[0]} if value else {}), **missing, **members}


def test_a_clean_policy_has_no_findings() -> None:
    assert found(rule(CLEAN)) == []


def test_a_fact_that_can_be_missing_needs_a_choice() -> None:
    unsaid = {"fact": DAYS, "op": "gt", "value": 3}
    assert found(rule({"all": [CLEAN, {"any": [unsaid]}]})) == [("if_missing_required", "/rules/0/when/all/1/any/0")]
    assert found(rule(unsaid | {"if_missing": True})) == []
    assert found(rule({"fact": DAYS, "op": "is_missing"})) == []


def test_a_fact_on_the_right_that_can_be_missing_needs_a_choice_too() -> None:
    unsaid = {"fact": "exposure.after", "op": "gt", "value": {"fact": LIMIT}}
    assert found(rule(unsaid)) == [("if_missing_required", "/rules/0/when")]
    both = {"fact": "group.after", "op": "gt", "value": {"fact": "group.credit_limit"}}
    assert found(rule(both)) == [("if_missing_required", "/rules/0/when")]


def test_a_choice_that_was_not_needed_is_no_fault() -> None:
    assert found(rule({**CLEAN, "if_missing": False})) == []


def test_exempting_an_unknown_rule_or_itself_is_an_error() -> None:
    exempt = {"effect": "exempt", "rules": ["NOBODY", "A"]}
    assert found(rule(CLEAN, "hold", exempt)) == [
        ("unknown_rule", "/rules/0/then/1/rules/0"),
        ("exempts_itself", "/rules/0/then/1/rules/1"),
    ]


def test_a_flag_that_nobody_raises_or_reads_is_found() -> None:
    reads = rule({"fact": "flag.ghost", "op": "eq", "value": True}, code="READS")
    raises = rule(CLEAN, {"effect": "flag", "name": "unread"}, code="RAISES")
    findings = lint(policy(reads, raises))
    assert [(item.level, item.code, item.path) for item in findings] == [
        (Level.ERROR, "unknown_flag", "/rules/0/when"),
        (Level.WARNING, "unused_flag", "/rules/1/then/0"),
    ]
    read = rule({"fact": "flag.unread", "op": "eq", "value": True}, code="READS")
    assert found(raises, read) == []


@pytest.mark.parametrize(
    "when",
    [
        {"all": [on(DAYS, "gt", 30), on(DAYS, "lt", 10)]},
        {"all": [on(DAYS, "gt", 3), on(DAYS, "lt", 4)]},
        {"all": [on(DAYS, "ge", 3), on(DAYS, "le", 3), on(DAYS, "ne", 3)]},
        {"all": [on(DAYS, "eq", 3), on(DAYS, "eq", 4)]},
        {"all": [on(DAYS, "in", [1, 2]), on(DAYS, "not_in", [1, 2, 3])]},
        {"all": [on(DAYS, "is_missing"), on(DAYS, "gt", 3)]},
        {"all": [on(DAYS, "is_missing"), on(DAYS, "is_present")]},
        {"all": [on(LIMIT, "gt", "100.00"), on(LIMIT, "le", "100.00")]},
        {"all": [on("customer.status", "eq", "stop"), on("customer.status", "eq", "watch")]},
        {"all": [on("customer.country", "eq", "NO"), on("customer.country", "ne", "NO")]},
        {"all": [on("customer.is_new", "eq", True), on("customer.is_new", "eq", False)]},
        {"none": [on("customer.is_new", "eq", True), on("customer.is_new", "eq", False)]},
    ],
)
def test_a_group_that_contradicts_itself_can_never_hold(when: dict[str, Any]) -> None:
    assert found(rule(when)) == [("never_holds", "/rules/0/when")]


@pytest.mark.parametrize(
    "when",
    [
        on(DAYS, "between", [5, 3]),
        on("customer.order_count", "lt", 0),
        on("signals.worst_severity", "gt", 5),
        on("signals.worst_severity", "lt", 1),
        {"fact": "customer.is_new", "op": "is_missing"},
    ],
)
def test_a_clause_that_no_value_meets_can_never_hold(when: dict[str, Any]) -> None:
    findings = lint(policy(rule(when)))
    assert [(item.level, item.code) for item in findings] == [(Level.ERROR, "never_holds")]


@pytest.mark.parametrize(
    "when",
    [
        on("customer.status", "in", ["active", "watch", "stop"]),
        on("customer.order_count", "ge", 0),
        {"fact": "customer.is_new", "op": "is_present"},
        {"any": [on(DAYS, "gt", 3), on(DAYS, "le", 3, if_missing=True)]},
        {"any": [on(DAYS, "is_missing"), on(DAYS, "is_present")]},
    ],
)
def test_a_condition_that_every_value_meets_is_a_warning(when: dict[str, Any]) -> None:
    findings = lint(policy(rule(when)))
    assert {(item.level, item.code) for item in findings} == {(Level.WARNING, "always_holds")}


@pytest.mark.parametrize(
    "when",
    [
        {"all": [on(DAYS, "gt", 3), on(DAYS, "lt", 5)]},
        {"all": [on(DAYS, "ge", 3), on(DAYS, "le", 3)]},
        {"all": [on(LIMIT, "gt", "3.00"), on(LIMIT, "lt", "3.01")]},
        {"all": [on(DAYS, "gt", 30, if_missing=True), on(DAYS, "lt", 10, if_missing=True)]},
        {"any": [on(DAYS, "gt", 3), on(DAYS, "le", 3)]},
        {"all": [on("customer.country", "ne", "NO"), on("customer.country", "ne", "SE")]},
        {"all": [on(DAYS, "gt", {"fact": "customer.standard_terms_days"}), on(DAYS, "lt", 0)]},
        {"any": [on("customer.is_new", "eq", True), on("customer.status", "eq", "stop")]},
        ALWAYS,
    ],
)
def test_a_condition_that_can_go_either_way_is_left_alone(when: dict[str, Any]) -> None:
    assert found(rule(when)) == []


def test_findings_have_the_line_of_the_condition_and_come_by_line() -> None:
    source = """
schema: 1
name: lines
currency: CNY
rules:
  - code: A
    when: {fact: receivables.oldest_overdue_days, op: gt, value: 3}
    then: [{effect: flag, name: nobody_reads}]
  - code: B
    when:
      all:
        - {fact: receivables.dso, op: gt, value: "60"}
    then: [{effect: hold}]
"""
    findings = lint_source(source)
    assert [(item.code, item.line) for item in findings] == [
        ("if_missing_required", 7),
        ("unused_flag", 8),
        ("if_missing_required", 12),
    ]
    assert "receivables.dso" in findings[2].message.en
    assert "receivables.dso" in findings[2].message.zh


def test_a_source_that_does_not_load_has_its_faults_as_findings() -> None:
    assert [item.code for item in lint_source("a: [")] == ["syntax"]
    assert {item.code for item in lint_source("schema: 1")} == {"missing_member"}
