"""Rules that nearly fired, and by how much they did not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from rules.codec import near_miss_document
from rules.decide import near_misses
from rules.engine import compile_policy
from rules.facts import FactValue
from tests.unit.rules.documents import facts, policy, rule

NEAR_LIMIT = {"fact": "exposure.after", "op": "gt", "value": {"fact": "customer.credit_limit"}, "if_missing": False}
USED_UP = {"fact": "exposure.utilisation_after", "op": "gt", "value": "1", "if_missing": False}


def missed(when: Any, values: dict[str, FactValue | None], **members: Any) -> list[dict[str, Any]]:
    """The near misses of one rule."""
    seen = facts(values)
    made = policy(rule(when, **members))
    return [near_miss_document(miss, seen) for miss in near_misses(compile_policy(made), seen)]


def test_a_rule_within_a_tenth_of_its_threshold_is_a_near_miss() -> None:
    (found,) = missed(USED_UP, {"exposure.utilisation_after": "0.96"})
    assert found == {
        "rule_code": "A",
        "fact": "exposure.utilisation_after",
        "op": "gt",
        "value": "0.96",
        "threshold": "1",
        "distance": "0.04",
    }


@pytest.mark.parametrize(("value", "is_near"), [("0.9", True), ("0.8999", False), ("1", True), ("1.01", False)])
def test_the_ratio_is_of_the_threshold_and_both_ends_are_in(value: str, is_near: bool) -> None:
    """At 1.01 the rule fires, and what fires is no near miss."""
    assert bool(missed(USED_UP, {"exposure.utilisation_after": value})) is is_near


def test_an_order_that_takes_exactly_the_limit_is_told_with_a_distance_of_nothing() -> None:
    (found,) = missed(NEAR_LIMIT, {"exposure.after": "1000.00", "customer.credit_limit": "1000.00"})
    assert (found["threshold"], found["distance"]) == ("1000.00", "0.00")


def test_two_failing_clauses_are_no_near_miss() -> None:
    when = {"all": [USED_UP, {"fact": "customer.paid_invoice_count", "op": "ge", "value": 20}]}
    values: dict[str, FactValue | None] = {"exposure.utilisation_after": "0.99"}
    assert missed(when, values | {"customer.paid_invoice_count": 19}) == []
    (found,) = missed(when, values | {"customer.paid_invoice_count": 20})
    assert found["fact"] == "exposure.utilisation_after"


def test_of_an_any_group_the_nearest_clause_is_told() -> None:
    when = {"any": [USED_UP, {"fact": "customer.paid_invoice_count", "op": "ge", "value": 20}]}
    (found,) = missed(when, {"exposure.utilisation_after": "0.91", "customer.paid_invoice_count": 19})
    assert (found["fact"], found["distance"]) == ("customer.paid_invoice_count", 1)


def test_in_a_none_group_the_clause_that_holds_is_what_failed() -> None:
    when = {"none": [{"fact": "receivables.on_time_rate", "op": "ge", "value": "0.5", "if_missing": False}]}
    (found,) = missed(when, {"receivables.on_time_rate": "0.52"})
    assert (found["value"], found["distance"]) == ("0.52", "0.02")


def test_what_has_no_distance_is_never_near() -> None:
    assert missed(USED_UP, {}) == []
    assert missed({"fact": "customer.status", "op": "eq", "value": "stop"}, {"customer.status": "active"}) == []
    none_yet = {"fact": "receivables.returned_payment_count", "op": "gt", "value": 0}
    assert missed(none_yet, {"receivables.returned_payment_count": 0}) == []


def test_a_rule_that_is_not_in_force_misses_nothing() -> None:
    values: dict[str, FactValue | None] = {"exposure.utilisation_after": "0.99", "order.kind": "order"}
    assert missed(USED_UP, values, enabled=False) == []
    assert missed(USED_UP, values, applies_to=["quote"]) == []
    assert missed(USED_UP, values, valid_from="2026-11-24") == []
    assert len(missed(USED_UP, values, valid_from="2026-11-23")) == 1


def test_a_check_that_cannot_be_decided_has_no_near_misses() -> None:
    seen = facts({"exposure.after": "950.00"}, currency="USD")
    held = rule({"fact": "exposure.after", "op": "gt", "value": "1000.00"})
    assert near_misses(compile_policy(policy(held)), seen) == ()


def test_amounts_of_another_currency_are_near_at_the_rate_of_the_day() -> None:
    seen = facts({"exposure.after": "140.00"}, currency="USD", rates={"USD": "7", "CNY": "1"})
    held = rule({"fact": "exposure.after", "op": "gt", "value": "1000.00"})
    (found,) = near_misses(compile_policy(policy(held)), seen)
    assert abs(found.distance - Decimal("2.857142857")) < Decimal("0.000001")


def test_a_policy_says_how_near_is_near() -> None:
    seen = facts({"exposure.utilisation_after": "0.5"})
    for ratio, count in (("0.49", 0), ("0.5", 1), ("1", 1), ("0", 0)):
        made = policy(rule(USED_UP), settings={"near_miss_ratio": ratio})
        assert len(near_misses(compile_policy(made), seen)) == count
