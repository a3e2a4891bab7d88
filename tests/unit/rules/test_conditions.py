"""Every operator, on both sides of its boundary, with and without its facts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from rules.facts import FactValue
from rules.verdict import Evidence
from tests.unit.rules.documents import decided, facts, faults, policy, rule, tree

LIMIT = "customer.credit_limit"
DAYS = "receivables.oldest_overdue_days"


def fires(when: dict[str, Any], **values: FactValue | None) -> bool:
    """Whether a rule with this condition fires; facts by the part after their point."""
    names = {"limit": LIMIT, "days": DAYS, "after": "exposure.after", "rate": "receivables.on_time_rate"} | {
        "status": "customer.status",
        "country": "customer.country",
        "new": "customer.is_new",
        "standard": "customer.standard_terms_days",
        "late": "receivables.average_days_late",
    }
    seen = facts({names[name]: value for name, value in values.items()})
    return decided(rule(when), seen).fired == ("A",)


def clause(fact: str, op: str, *value: Any, **members: Any) -> dict[str, Any]:
    """A condition on one fact."""
    return {"fact": fact, "op": op, **({"value": value[0]} if value else {}), **members}


@pytest.mark.parametrize(
    ("op", "value", "below", "equal", "above"),
    [
        ("eq", "100.00", False, True, False),
        ("ne", "100.00", True, False, True),
        ("lt", "100.00", True, False, False),
        ("le", "100.00", True, True, False),
        ("gt", "100.00", False, False, True),
        ("ge", "100.00", False, True, True),
        ("in", ["100.00", "7.00"], False, True, False),
        ("not_in", ["100.00", "7.00"], True, False, True),
        ("between", ["100.00", "100.00"], False, True, False),
    ],
)
def test_money_is_compared_to_the_last_fen(op: str, value: Any, below: bool, equal: bool, above: bool) -> None:
    when = clause(LIMIT, op, value)
    answers = [fires(when, limit=amount) for amount in ("99.99", "100", "100.01")]
    assert answers == [below, equal, above]


@pytest.mark.parametrize(
    ("op", "value", "answers"),
    [
        ("eq", 3, [False, True, False]),
        ("ne", 3, [True, False, True]),
        ("lt", 3, [True, False, False]),
        ("le", 3, [True, True, False]),
        ("gt", 3, [False, False, True]),
        ("ge", 3, [False, True, True]),
        ("in", [3, 9], [False, True, False]),
        ("not_in", [3, 9], [True, False, True]),
        ("between", [3, 4], [False, True, True]),
    ],
)
def test_days_are_compared_as_whole_numbers(op: str, value: Any, answers: list[bool]) -> None:
    when = clause(DAYS, op, value)
    assert [fires(when, days=days) for days in (2, 3, 4)] == answers


@pytest.mark.parametrize(
    ("op", "value", "answers"),
    [
        ("eq", "NO", [True, False]),
        ("ne", "NO", [False, True]),
        ("in", ["NO", "SE"], [True, False]),
        ("not_in", ["NO", "SE"], [False, True]),
    ],
)
def test_texts_are_the_same_or_not(op: str, value: Any, answers: list[bool]) -> None:
    when = clause("customer.country", op, value)
    assert [fires(when, country=country) for country in ("NO", "no")] == answers


@pytest.mark.parametrize(("op", "answers"), [("eq", [True, False]), ("ne", [False, True])])
def test_booleans_are_the_same_or_not(op: str, answers: list[bool]) -> None:
    when = clause("customer.is_new", op, True)
    assert [fires(when, new=new) for new in (True, False)] == answers


def test_between_has_both_ends_inside() -> None:
    when = clause(DAYS, "between", [1, 3])
    assert [fires(when, days=days) for days in (0, 1, 2, 3, 4)] == [False, True, True, True, False]


def test_presence_is_asked_without_a_value() -> None:
    assert fires(clause(LIMIT, "is_missing"))
    assert not fires(clause(LIMIT, "is_missing"), limit="0")
    assert fires(clause(LIMIT, "is_present"), limit="0")
    assert not fires(clause(LIMIT, "is_present"))


@pytest.mark.parametrize("op", ["eq", "ne", "lt", "le", "gt", "ge"])
def test_a_missing_fact_is_false_on_either_side_unless_the_rule_says_true(op: str) -> None:
    for operand in ("1.00", {"fact": "exposure.after"}):
        assert not fires(clause(LIMIT, op, operand))
        assert not fires(clause(LIMIT, op, operand, if_missing=False))
        assert fires(clause(LIMIT, op, operand, if_missing=True))
    assert not fires(clause(LIMIT, op, {"fact": "exposure.after"}), limit="1.00")
    assert fires(clause(LIMIT, op, {"fact": "exposure.after"}, if_missing=True), limit="1.00")


def test_if_missing_says_nothing_where_the_fact_is_known() -> None:
    assert not fires(clause(DAYS, "gt", 3, if_missing=True), days=3)


def test_none_turns_around_what_missing_meant() -> None:
    late = clause(DAYS, "gt", 3)
    assert fires({"none": [late]})
    assert fires({"none": [late | {"if_missing": False}]})
    assert not fires({"none": [late | {"if_missing": True}]})


def test_groups_combine_and_nest() -> None:
    late, new = clause(DAYS, "gt", 3), clause("customer.is_new", "eq", True)
    assert fires({"all": [late, new]}, days=4, new=True)
    assert not fires({"all": [late, new]}, days=4, new=False)
    assert fires({"any": [late, new]}, days=4, new=False)
    assert not fires({"any": [late, new]}, days=3, new=False)
    assert fires({"none": [late, new]}, days=3, new=False)
    assert not fires({"none": [late, new]}, days=3, new=True)
    nested = {"all": [{"any": [{"none": [late]}, {"all": [late, new]}]}]}
    assert [fires(nested, days=days, new=new) for days, new in ((3, False), (4, True), (4, False))] == [
        True,
        True,
        False,
    ]


def test_a_fact_is_compared_with_a_part_of_another() -> None:
    half = clause("exposure.after", "gt", {"fact": LIMIT, "times": "0.5"})
    assert not fires(half, after="500.00", limit="1000.00")
    assert fires(half, after="500.01", limit="1000.00")


def test_a_fact_is_compared_with_another_and_something_more() -> None:
    more = clause("exposure.after", "gt", {"fact": LIMIT, "times": "1.1", "plus": "100.00"})
    assert not fires(more, after="1200.00", limit="1000.00")
    assert fires(more, after="1200.01", limit="1000.00")


def test_an_average_of_days_is_compared_with_days() -> None:
    later = clause("receivables.average_days_late", "gt", {"fact": "customer.standard_terms_days", "times": "0.5"})
    assert fires(later, late="15.1", standard=30)
    assert not fires(later, late="15.0", standard=30)


def test_a_product_is_exact_beyond_what_floats_and_default_decimals_hold() -> None:
    exact = clause("exposure.after", "eq", {"fact": LIMIT, "times": "1.000000000000001"})
    assert fires(exact, after="1000000000000000.98999999999999999", limit="999999999999999.99")
    assert not fires(exact, after="1000000000000000.98999999999999998", limit="999999999999999.99")


def test_evidence_lists_every_clause_with_its_group() -> None:
    when = {
        "all": [
            clause(LIMIT, "gt", "100.00"),
            {"any": [clause(DAYS, "gt", 3), {"none": [clause("customer.country", "in", ["NO"])]}]},
        ]
    }
    (reason,) = decided(rule(when), facts({LIMIT: "150", DAYS: 2})).reasons
    limit, days, country = reason.evidence
    assert limit == Evidence(LIMIT, Decimal("150"), "gt", Decimal("100"), True, ("all",))
    assert days == Evidence(DAYS, 2, "gt", 3, False, ("all", "any"))
    assert country == Evidence("customer.country", None, "in", ("NO",), False, ("all", "any", "none"))


def test_evidence_of_a_field_shows_the_amount_it_came_to() -> None:
    when = clause("exposure.after", "gt", {"fact": LIMIT, "times": "0.5", "plus": "1.00"})
    (reason,) = decided(rule(when), facts({"exposure.after": "502", LIMIT: "1000"})).reasons
    assert reason.evidence[0].threshold == Decimal("501")


def test_evidence_of_presence_has_no_threshold() -> None:
    (reason,) = decided(rule(clause(LIMIT, "is_missing")), facts()).reasons
    assert reason.evidence == (Evidence(LIMIT, None, "is_missing", None, True, ()),)


@pytest.mark.parametrize(
    ("when", "path", "code"),
    [
        ({"fact": "customer.colour", "op": "eq", "value": "x"}, "/fact", "unknown_fact"),
        ({"fact": "colour", "op": "eq", "value": "x"}, "/fact", "unknown_fact"),
        ({"fact": "customer.is_new", "op": "gt", "value": True}, "/op", "not_allowed"),
        ({"fact": "customer.country", "op": "lt", "value": "A"}, "/op", "not_allowed"),
        ({"fact": LIMIT, "op": "like", "value": "1"}, "/op", "not_allowed"),
        ({"fact": LIMIT, "op": "gt", "value": 100}, "/value", "wrong_type"),
        ({"fact": LIMIT, "op": "gt", "value": 100.5}, "/value", "wrong_type"),
        ({"fact": LIMIT, "op": "gt", "value": "1e3"}, "/value", "wrong_type"),
        ({"fact": LIMIT, "op": "gt", "value": "１００"}, "/value", "wrong_type"),
        ({"fact": LIMIT, "op": "gt", "value": "+1"}, "/value", "wrong_type"),
        ({"fact": LIMIT, "op": "gt", "value": ".5"}, "/value", "wrong_type"),
        ({"fact": LIMIT, "op": "gt", "value": "NaN"}, "/value", "wrong_type"),
        ({"fact": LIMIT, "op": "gt", "value": None}, "/value", "wrong_type"),
        ({"fact": "receivables.on_time_rate", "op": "lt", "value": 1}, "/value", "wrong_type"),
        ({"fact": DAYS, "op": "gt", "value": "3"}, "/value", "wrong_type"),
        ({"fact": DAYS, "op": "gt", "value": True}, "/value", "wrong_type"),
        ({"fact": DAYS, "op": "gt", "value": 3.0}, "/value", "wrong_type"),
        ({"fact": "customer.is_new", "op": "eq", "value": "true"}, "/value", "wrong_type"),
        ({"fact": "customer.is_new", "op": "eq", "value": 1}, "/value", "wrong_type"),
        ({"fact": "customer.country", "op": "eq", "value": False}, "/value", "wrong_type"),
        ({"fact": "customer.status", "op": "eq", "value": "asleep"}, "/value", "not_allowed"),
        ({"fact": "customer.status", "op": "in", "value": ["watch", "asleep"]}, "/value/1", "not_allowed"),
        ({"fact": "customer.status", "op": "in", "value": "watch"}, "/value", "wrong_type"),
        ({"fact": "customer.status", "op": "in", "value": []}, "/value", "wrong_length"),
        ({"fact": DAYS, "op": "between", "value": [1]}, "/value", "wrong_length"),
        ({"fact": DAYS, "op": "between", "value": [1, 2, 3]}, "/value", "wrong_length"),
        ({"fact": DAYS, "op": "gt"}, "", "missing_member"),
        ({"fact": LIMIT, "op": "is_missing", "value": "1"}, "/value", "unknown_member"),
        ({"fact": LIMIT, "op": "is_present", "if_missing": True}, "/if_missing", "unknown_member"),
        ({"fact": LIMIT, "op": "gt", "value": "1", "if_missing": "no"}, "/if_missing", "wrong_type"),
        ({"fact": LIMIT, "op": "gt", "value": "1", "unless": 1}, "/unless", "unknown_member"),
        ({"fact": LIMIT, "op": "gt", "value": {"fact": DAYS}}, "/value/fact", "wrong_type"),
        ({"fact": LIMIT, "op": "gt", "value": {"fact": "receivables.on_time_rate"}}, "/value/fact", "wrong_type"),
        ({"fact": "customer.country", "op": "eq", "value": {"fact": "customer.is_new"}}, "/value/fact", "wrong_type"),
        ({"fact": LIMIT, "op": "gt", "value": {"times": "2"}}, "/value", "missing_member"),
        ({"fact": LIMIT, "op": "gt", "value": {"fact": LIMIT, "minus": "2"}}, "/value/minus", "unknown_member"),
        ({"fact": LIMIT, "op": "gt", "value": {"fact": LIMIT, "times": 0.5}}, "/value/times", "wrong_type"),
        ({"fact": LIMIT, "op": "gt", "value": {"fact": LIMIT, "plus": 5}}, "/value/plus", "wrong_type"),
        (
            {"fact": "customer.region", "op": "eq", "value": {"fact": "customer.country", "times": 2}},
            "/value/times",
            "wrong_type",
        ),
        ({"all": []}, "/all", "wrong_length"),
        ({"any": {}}, "/any", "wrong_type"),
        ({"all": [], "any": []}, "", "bad_group"),
        ({"all": [{"fact": DAYS, "op": "gt", "value": 3}], "not": []}, "/not", "unknown_member"),
        ({}, "", "missing_member"),
        ("always", "", "wrong_type"),
    ],
)
def test_a_faulty_condition_is_refused_where_it_stands(when: Any, path: str, code: str) -> None:
    found = {(finding.path, finding.code) for finding in faults(tree(rule(when)))}
    assert (f"/rules/0/when{path}", code) in found


def test_a_refused_literal_says_what_is_allowed_in_both_languages() -> None:
    (finding,) = faults(tree(rule({"fact": LIMIT, "op": "gt", "value": 0.95})))
    assert finding.message.en == 'must be a decimal in quotes, such as "100.00"; not 0.95'
    assert finding.message.zh == '须为带引号的小数，如 "100.00"；而不是 0.95'


def test_an_unknown_fact_is_answered_with_those_of_its_group() -> None:
    (finding,) = faults(tree(rule({"fact": "customer.colour", "op": "eq", "value": "x"})))
    assert "customer.country" in finding.message.en
    assert "customer.country" in finding.message.zh


def test_groups_nest_ten_deep_and_no_deeper() -> None:
    when: dict[str, Any] = {"fact": DAYS, "op": "gt", "value": 3}
    for _ in range(9):
        when = {"all": [when]}
    assert fires(when, days=4)
    (finding,) = faults(tree(rule({"all": [{"all": [when]}]})))
    assert finding.code == "too_deep"


def test_a_policy_knows_whether_it_holds_amounts_in_its_own_currency() -> None:
    without = rule({"fact": "exposure.after", "op": "gt", "value": {"fact": LIMIT, "times": "0.5"}})
    assert not policy(without).has_money_literals
    assert policy(rule({"fact": LIMIT, "op": "gt", "value": "1.00"})).has_money_literals
    assert not policy(rule({"fact": LIMIT, "op": "gt", "value": "1.00"}, enabled=False)).has_money_literals
    assert policy(rule({"fact": LIMIT, "op": "gt", "value": {"fact": LIMIT, "plus": "1"}})).has_money_literals
    assert policy(rule(without["when"], {"effect": "cap_credit", "amount": "5.00"})).has_money_literals
    field = {"effect": "cap_credit", "amount": {"fact": LIMIT, "times": "0.5"}}
    assert not policy(rule(without["when"], field)).has_money_literals
