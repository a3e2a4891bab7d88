"""The cases of a policy: what they may say, what is worked out for them, and how they fail."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from rules.cases import CaseResult, facts_of_case, run_cases
from rules.engine import compile_policy
from rules.facts import Request
from rules.texts import Language, Text
from tests.unit.rules.documents import ALWAYS, faults, policy, rule, tree

LATE = rule({"fact": "receivables.oldest_overdue_days", "op": "gt", "value": 3, "if_missing": False}, code="LATE")
HALF = rule(ALWAYS, {"effect": "cap_credit", "amount": "500.00"}, code="HALF")


def case(facts: dict[str, Any] | None = None, name: Any = "a case", **members: Any) -> dict[str, Any]:
    """A case that expects approval, unless it says otherwise."""
    return {"name": name, "facts": facts or {}, "expect": {"outcome": "approve"}, **members}


def run(*cases: dict[str, Any], rules: tuple[dict[str, Any], ...] = (LATE,)) -> tuple[CaseResult, ...]:
    """The results of the cases of a policy."""
    return run_cases(policy(*rules, cases=list(cases)))


def test_a_case_that_meets_its_expectation_passes() -> None:
    (result,) = run(case({"receivables.oldest_overdue_days": 3}, name={"en": "three days", "zh": "三天"}))
    assert result == CaseResult(
        "three days", Text("three days", "三天"), True, {"outcome": "approve"}, {"outcome": "approve"}, (), ()
    )


def test_a_case_tells_which_clauses_decided() -> None:
    """Those that let a rule fire, and for one that should have fired those that kept it from it."""
    trusted = {"fact": "customer.strategic_value", "op": "eq", "value": "A", "if_missing": False}
    late = {"fact": "receivables.oldest_overdue_days", "op": "gt", "value": 3, "if_missing": False}
    rules = (rule({"all": [late, {"none": [trusted]}]}, code="LATE"),)
    fired, kept = run(
        case({"receivables.oldest_overdue_days": 4}, expect={"outcome": "approve"}),
        case({"receivables.oldest_overdue_days": 4, "customer.strategic_value": "A"}, expect={"fired": ["LATE"]}),
        rules=rules,
    )
    assert [(clause.rule_code, clause.fired, clause.sentence.en) for clause in fired.decided_by] == [
        ("LATE", True, "Oldest overdue 4 days is more than 3 days: yes (distance 1 day)"),
        ("LATE", True, "none of: Strategic value unknown is A: no"),
    ]
    assert [clause.as_document(Language.ZH) for clause in kept.decided_by] == [
        {"rule_code": "LATE", "fired": False, "clause": "均不满足：战略价值 A 等于 A：是"}
    ]


def test_a_case_that_does_not_says_what_differs_in_both_languages() -> None:
    expect = {
        "outcome": "approve",
        "fired": ["HALF"],
        "not_fired": ["LATE"],
        "granted": {"credit_amount": "1000.00", "payment_terms_days": 30},
    }
    facts = {"receivables.oldest_overdue_days": 4, "order.amount": "1000.00"}
    half = rule({"fact": "customer.is_new", "op": "eq", "value": True}, code="HALF")
    (result,) = run(case(facts, expect=expect), rules=(LATE, half))
    assert not result.passed
    assert [difference.en for difference in result.differences] == [
        "outcome: expected approve, got hold",
        "HALF should have fired and did not",
        "LATE fired and should not have",
        "granted credit_amount: expected 1000.00, got None",
        "granted payment_terms_days: expected 30, got None",
    ]
    document = result.as_document(Language.ZH)
    assert document["differences"][:3] == [
        "结论：期望 approve，实际 hold",
        "HALF 应触发而未触发",
        "LATE 不应触发却触发了",
    ]
    assert document["got"] == {"outcome": "hold", "fired": ["LATE"], "granted": None}
    assert document["passed"] is False


def test_what_is_granted_is_compared_as_far_as_the_case_says() -> None:
    facts = {"order.amount": "800.00", "order.payment_terms_days": 30, "order.prepaid_amount": "100.00"}
    expect = {
        "outcome": "approve_with_conditions",
        "granted": {"credit_amount": "500", "prepayment_amount": "300.00"},
    }
    (result,) = run(case(facts, expect=expect), rules=(HALF,))
    assert result.passed, result.differences


def test_a_case_without_an_amount_has_no_request() -> None:
    made = policy(LATE, cases=[case()])
    assert facts_of_case(made.cases[0], made).request is None


@pytest.mark.parametrize(
    ("facts", "terms", "credit"),
    [
        ({"order.payment_terms_days": 60, "customer.standard_terms_days": 30}, 60, "900.00"),
        ({"customer.standard_terms_days": 30}, 30, "900.00"),
        ({}, 0, "0"),
    ],
)
def test_a_request_is_worked_out_from_the_facts(facts: dict[str, Any], terms: int, credit: str) -> None:
    given = {"order.amount": "1000.00", "order.prepaid_amount": "100.00", **facts}
    made = policy(LATE, cases=[case(given)])
    seen = facts_of_case(made.cases[0], made)
    assert seen.request == Request(Decimal(1000), "CNY", terms, Decimal(100))
    assert seen.values["order.credit_amount"] == Decimal(credit)
    assert seen.values["order.kind"] == "order"
    assert "customer.credit_limit" not in seen.values


def test_what_a_case_gives_is_not_worked_out() -> None:
    given = {"order.amount": "1000.00", "order.kind": "quote", "order.credit_amount": "1.00"}
    made = policy(LATE, cases=[case(given)])
    seen = facts_of_case(made.cases[0], made)
    assert seen.values["order.kind"] == "quote"
    assert seen.values["order.credit_amount"] == Decimal(1)


def test_a_case_is_decided_on_its_day_or_when_every_rule_has_begun() -> None:
    rules = [rule(code="A", valid_from="2026-03-01"), rule(code="B", valid_from="2026-05-01", valid_to="2026-06-01")]
    made = policy(*rules, cases=[case(), case(day="2026-04-01")])
    assert [facts_of_case(each, made).day for each in made.cases] == [date(2026, 5, 1), date(2026, 4, 1)]
    fired = [result.got["fired"] for result in run_cases(policy(*rules, cases=_expecting_fired()))]
    assert fired == [["A", "B"], ["A"], ["A"]]


def _expecting_fired() -> list[dict[str, Any]]:
    expect = {"fired": ["A"]}
    return [case(expect=expect), case(expect=expect, day="2026-04-01"), case(expect=expect, day="2026-06-02")]


def test_a_policy_compiled_before_need_not_be_compiled_again() -> None:
    made = policy(LATE, cases=[case()])
    assert run_cases(made, compile_policy(made)) == run_cases(made)


def test_a_policy_without_cases_has_no_results() -> None:
    assert run() == ()


@pytest.mark.parametrize(
    ("faulty", "path", "code"),
    [
        ({"facts": {}, "expect": {"outcome": "approve"}}, "", "missing_member"),
        (case(expect={}), "/expect", "wrong_length"),
        (case(expect={"outcome": "approved"}), "/expect/outcome", "not_allowed"),
        (case(expect={"fired": ["NOBODY"]}), "/expect/fired/0", "unknown_rule"),
        (case(expect={"not_fired": ["NOBODY"]}), "/expect/not_fired/0", "unknown_rule"),
        (case(expect={"granted": {"amount": "1.00"}}), "/expect/granted/amount", "unknown_member"),
        (case(expect={"granted": {"credit_amount": 1}}), "/expect/granted/credit_amount", "wrong_type"),
        (case({"customer.colour": "red"}), "/facts/customer.colour", "unknown_fact"),
        (case({"flag.x": True}), "/facts/flag.x", "unknown_fact"),
        (case({"customer.credit_limit": 100}), "/facts/customer.credit_limit", "wrong_type"),
        (case({"customer.is_new": "no"}), "/facts/customer.is_new", "wrong_type"),
        (case({"customer.status": "asleep"}), "/facts/customer.status", "not_allowed"),
        ({**case(), "facts": []}, "/facts", "wrong_type"),
        (case(day="soon"), "/day", "wrong_type"),
        (case(then=1), "/then", "unknown_member"),
    ],
)
def test_a_faulty_case_is_refused_where_it_stands(faulty: Any, path: str, code: str) -> None:
    found = {(finding.path, finding.code) for finding in faults(tree(LATE, cases=[faulty]))}
    assert (f"/cases/0{path}", code) in found
