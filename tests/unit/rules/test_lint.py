"""What lint finds in policies that load, where, and that it finds nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from rules.findings import Level
from rules.lint import lint, lint_source
from tests.unit.rules.documents import ALWAYS, policy, rule

DAYS, LIMIT = "receivables.oldest_overdue_days", "customer.credit_limit"
STOPPED = {"fact": "customer.status", "op": "eq", "value": "stop"}
EXEMPTS_B = {"effect": "exempt", "rules": ["B"]}
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


@pytest.mark.parametrize(
    ("when", "path"),
    [
        ({"all": [on(DAYS, "gt", 30), {"any": [on(DAYS, "lt", 10), on(DAYS, "is_missing")]}]}, ""),
        ({"all": [on(DAYS, "gt", 30), {"none": [on(DAYS, "gt", 10)]}]}, ""),
        ({"all": [on("exposure.after", "gt", {"fact": LIMIT}), on("exposure.after", "lt", {"fact": LIMIT})]}, ""),
        ({"all": [on(LIMIT, "gt", {"fact": LIMIT, "times": "2"}), on(LIMIT, "gt", "0.00")]}, ""),
        ({"any": [CLEAN, {"all": [on(DAYS, "gt", 30), on(DAYS, "lt", 10)]}]}, "/any/1"),
        ({"all": [CLEAN, {"none": [{"any": [on(DAYS, "is_missing"), on(DAYS, "is_present")]}]}]}, "/all/1"),
    ],
)
def test_the_smallest_condition_that_can_never_hold_is_named(when: dict[str, Any], path: str) -> None:
    assert ("never_holds", f"/rules/0/when{path}") in found(rule(when))


def test_a_branch_that_its_neighbours_rule_out_is_found() -> None:
    branch = on("receivables.overdue_invoice_count", "eq", 1)
    assert found(rule({"all": [CLEAN, {"any": [branch, STOPPED]}]})) == [("dead_branch", "/rules/0/when/all/1/any/0")]
    assert found(rule({"any": [CLEAN, {"all": [branch, STOPPED]}]})) == []


def test_a_rule_that_is_not_enabled_is_not_examined_for_what_it_would_do() -> None:
    contradiction = {"all": [on(DAYS, "gt", 30), on(DAYS, "lt", 10)]}
    assert found(rule(contradiction, enabled=False), rule(STOPPED, code="B")) == []


def hold(limit: str, code: str, authority: str = "controller", **members: Any) -> dict[str, Any]:
    when = {"fact": "order.amount", "op": "gt", "value": limit}
    return rule(when, {"effect": "hold", "authority": authority}, code=code, **members)


HIDDEN = [("hidden_rule", "/rules/1")]


@pytest.mark.parametrize(
    "wider",
    [
        hold("100.00", "WIDE"),
        hold("200.00", "WIDE"),
        hold("100.00", "WIDE", "director"),
        rule({"fact": "order.amount", "op": "gt", "value": "100.00"}, "reject", code="WIDE"),
        rule({"any": [CLEAN, {"fact": "order.amount", "op": "gt", "value": "50.00"}]}, code="WIDE"),
        hold("100.00", "WIDE", valid_from="2026-01-01"),
        rule(
            {"fact": "order.amount", "op": "gt", "value": "100.00"},
            {"effect": "exempt", "rules": ["NARROW"]},
            code="WIDE",
            priority=1,
        ),
    ],
)
def test_a_rule_without_consequence_is_hidden(wider: dict[str, Any]) -> None:
    narrow = hold("200.00", "NARROW", valid_from="2026-01-01", applies_to=["order"])
    findings = lint(policy(wider, narrow))
    assert [(finding.code, finding.path) for finding in findings] == HIDDEN
    assert "WIDE" in findings[0].message.en
    assert "WIDE" in findings[0].message.zh


@pytest.mark.parametrize(
    "wider",
    [
        hold("300.00", "WIDE"),
        hold("100.00", "WIDE", enabled=False),
        hold("100.00", "WIDE", applies_to=["quote"]),
        hold("100.00", "WIDE", valid_from="2026-01-02"),
        hold("100.00", "WIDE", valid_to="2030-01-01"),
        rule({"fact": "order.amount", "op": "gt", "value": "100.00"}, "warn", code="WIDE"),
        rule({"fact": "order.amount", "op": "gt", "value": "100.00"}, "no_terms_extension", code="WIDE"),
        rule({"fact": DAYS, "op": "gt", "value": 3, "if_missing": True}, "reject", code="WIDE"),
    ],
)
def test_a_rule_with_a_consequence_of_its_own_is_not_hidden(wider: dict[str, Any]) -> None:
    narrow = hold("200.00", "NARROW", "manager", valid_from="2026-01-01")
    assert found(wider, narrow) == []


def test_a_rule_that_may_be_exempted_hides_nothing() -> None:
    exemption = rule(STOPPED, {"effect": "exempt", "rules": ["WIDE"]}, code="EXEMPTION")
    assert found(hold("100.00", "WIDE"), hold("200.00", "NARROW"), exemption) == []


def test_a_hold_does_not_hide_a_cap_that_counts_once_it_is_released() -> None:
    cap = rule(STOPPED, {"effect": "cap_terms", "days": 10}, code="CAP")
    assert found(rule(STOPPED, {"effect": "hold", "authority": "director"}), cap) == []


def test_of_twins_the_later_one_is_hidden() -> None:
    assert found(hold("200.00", "ONE"), hold("200.00", "TWO")) == HIDDEN


def test_a_warning_of_its_own_is_a_consequence() -> None:
    loud = rule(STOPPED, {"effect": "warn", "message": "look"}, code="LOUD")
    assert found(rule(STOPPED, "reject", "warn"), loud) == []
    assert found(rule(STOPPED, "reject", {"effect": "warn", "message": "look"}), loud) == HIDDEN


def test_rules_that_exempt_each_other_contradict_each_other_where_both_can_fire() -> None:
    one = rule(STOPPED, {"effect": "exempt", "rules": ["B"]}, "hold", code="A")
    other = rule(CLEAN, {"effect": "exempt", "rules": ["A"]}, "hold", code="B")
    findings = lint(policy(one, other))
    assert [(item.level, item.code, item.path) for item in findings] == [
        (Level.ERROR, "contradictory_effects", "/rules/0/then/0/rules/0")
    ]
    assert "customer.status stop, receivables.overdue_invoice_count 4" in findings[0].message.en


def test_an_exemption_of_a_rule_that_never_fires_with_it_is_useless() -> None:
    exemption = rule({"fact": "customer.status", "op": "eq", "value": "active"}, EXEMPTS_B, code="A")
    assert found(exemption, rule(STOPPED, code="B")) == [("useless_exemption", "/rules/0/then/0/rules/0")]
    for members in ({"applies_to": ["quote"]}, {"valid_to": "2025-12-31"}):
        in_force = rule(STOPPED, EXEMPTS_B, code="A", applies_to=["order"], valid_from="2026-01-01")
        assert found(in_force, rule(STOPPED, code="B", **members)) == [
            ("useless_exemption", "/rules/0/then/0/rules/0")
        ]


def test_effects_of_one_rule_that_add_nothing_are_found() -> None:
    caps = [{"effect": "cap_terms", "days": days} for days in (30, 15, 15)]
    assert found(rule(CLEAN, *caps)) == [
        ("contradictory_effects", "/rules/0/then/0"),
        ("contradictory_effects", "/rules/0/then/2"),
    ]
    assert found(rule(CLEAN, "hold", "warn", {"effect": "cap_credit", "amount": "0.00"})) == []


def test_many_rules_are_linted_within_bounds_and_what_was_left_is_said() -> None:
    """Rules of which each fires nearly always: no case rules out more than one of the others."""
    rules = [
        rule({"any": [on("order.line_count", "ne", number), on("signals.score", "ne", number)]}, code=f"R{number}")
        for number in range(1500)
    ]
    findings = lint(policy(*rules))
    assert [finding.code for finding in findings] == ["not_examined"]


def test_a_thousand_findings_are_enough_and_errors_go_first() -> None:
    caps = [{"effect": "cap_terms", "days": 30}] * 50
    rules = [rule(on("order.line_count", "eq", number), *caps, code=f"R{number}") for number in range(30)]
    findings = lint(policy(*rules, rule(on("customer.order_count", "lt", 0), code="LAST")))
    assert len(findings) == 1000
    assert ("never_holds", "/rules/30/when") in {(finding.code, finding.path) for finding in findings}


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
