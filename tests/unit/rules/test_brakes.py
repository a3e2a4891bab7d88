"""Emergency brakes: no rule exempts from them, they only make a verdict worse, and they are part of the record."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from policy_service.domain.outcomes import Authority, Outcome
from rules.brakes import EMERGENCY_STOP, ORDERS_FROZEN
from rules.codec import facts_document, facts_from_document, verdict_document
from rules.facts import Brake, Facts
from rules.texts import Language
from tests.unit.rules.documents import ALWAYS, asked, decided, facts, rule

UNTIL = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
FREEZE = Brake("the ledger does not balance", UNTIL)
STOP = Brake("the boss has left the country {customer.id}")
NEVER = {"fact": "customer.status", "op": "eq", "value": "stop", "if_missing": False}


def order(freeze: Brake | None = None, stop: Brake | None = None, kind: str = "order") -> Facts:
    """An order, or a quote, that no rule minds."""
    return replace(facts({"order.kind": kind}, asked()), freeze=freeze, stop=stop)


def codes(reasons: object) -> list[str]:
    """The codes of reasons."""
    return [reason.rule_code for reason in reasons]  # type: ignore[attr-defined]


def test_without_brakes_nothing_is_said_of_them() -> None:
    verdict = decided(rule(NEVER), order())
    assert (verdict.outcome, verdict.reasons) == (Outcome.APPROVE, ())


def test_a_frozen_order_is_held_for_the_manager_with_reason_and_end_in_both_languages() -> None:
    verdict = decided(rule(NEVER), order(FREEZE))
    assert (verdict.outcome, verdict.granted, verdict.authority) == (Outcome.HOLD, None, Authority.MANAGER)
    (reason,) = verdict.reasons
    assert reason.rule_code == ORDERS_FROZEN
    assert reason.message.en == "Orders are frozen until 2026-11-24 08:30:00 UTC: the ledger does not balance"
    assert reason.message.zh == "所有订单已冻结至 2026-11-24 08:30:00 UTC：the ledger does not balance"
    assert reason.parameters == {
        "reason": FREEZE.reason,
        "until": "2026-11-24T08:30:00.000000Z",
        "authority": "manager",
    }


@pytest.mark.parametrize(
    ("asked_for", "expected"),
    [("controller", Authority.MANAGER), ("manager", Authority.MANAGER), ("director", Authority.DIRECTOR)],
)
def test_a_frozen_order_that_is_held_anyway_is_for_the_higher_authority(asked_for: str, expected: Authority) -> None:
    verdict = decided(rule(ALWAYS, {"effect": "hold", "authority": asked_for}), order(FREEZE))
    assert (verdict.authority, codes(verdict.reasons)) == (expected, [ORDERS_FROZEN, "A"])


def test_a_freeze_makes_no_rejection_milder() -> None:
    verdict = decided(rule(ALWAYS, "reject"), order(FREEZE))
    assert (verdict.outcome, verdict.authority) == (Outcome.REJECT, None)
    assert codes(verdict.reasons) == [ORDERS_FROZEN, "A"]


def test_an_order_of_a_stopped_customer_is_rejected_where_no_rule_looks_at_the_status() -> None:
    verdict = decided(rule(NEVER), order(stop=STOP))
    assert (verdict.outcome, verdict.granted) == (Outcome.REJECT, None)
    (reason,) = verdict.reasons
    assert (reason.rule_code, reason.effect) == (EMERGENCY_STOP, "reject")
    assert reason.message.en == f"The customer is stopped: {STOP.reason}"


def test_both_brakes_are_told_the_worse_one_first() -> None:
    verdict = decided(rule(ALWAYS, "hold"), order(FREEZE, STOP))
    assert (verdict.outcome, codes(verdict.reasons)) == (Outcome.REJECT, [EMERGENCY_STOP, ORDERS_FROZEN, "A"])


def test_a_quote_is_warned_and_decided_by_the_policy_alone() -> None:
    verdict = decided(rule(NEVER), order(FREEZE, STOP, kind="quote"))
    assert (verdict.outcome, verdict.reasons) == (Outcome.APPROVE, ())
    assert verdict.granted is not None
    assert [(warning.rule_code, warning.effect) for warning in verdict.warnings] == [
        (EMERGENCY_STOP, "warn"),
        (ORDERS_FROZEN, "warn"),
    ]


def test_an_order_that_the_engine_cannot_decide_is_still_under_the_brakes() -> None:
    """A controller releases what the engine could not decide; not while orders are frozen."""
    no_rate = replace(facts({"order.kind": "order"}, asked(currency="USD"), rates={"CNY": "1"}), freeze=FREEZE)
    verdict = decided(rule(ALWAYS, "warn"), no_rate)
    assert codes(verdict.reasons) == [ORDERS_FROZEN, "ENGINE_ERROR"]
    assert verdict.authority is Authority.MANAGER


def test_brakes_survive_the_way_to_json_and_back() -> None:
    seen = order(FREEZE, STOP)
    stored = json.loads(json.dumps(facts_document(seen)))
    assert stored["freeze"] == {"reason": FREEZE.reason, "until": "2026-11-24T08:30:00.000000Z"}
    assert stored["stop"] == {"reason": STOP.reason, "until": None}
    assert facts_from_document(stored) == seen
    verdict = verdict_document(decided(rule(NEVER), seen), seen, Language.EN)
    assert verdict["reasons"][0]["parameters"] == {"reason": STOP.reason}


def test_facts_without_brakes_are_written_as_before() -> None:
    assert {"freeze", "stop"}.isdisjoint(facts_document(order()))
