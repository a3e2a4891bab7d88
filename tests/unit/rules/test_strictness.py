"""Which effect is stricter, and what a change of one means. Where it cannot be said, nothing is said."""

from __future__ import annotations

from decimal import Decimal

import pytest

from policy_service.domain.outcomes import Authority
from rules.effects import Effect, EffectKind, Number
from rules.strictness import Direction, direction_of_effect_change, is_at_least_as_strict
from rules.values import Field

REJECT, WARN = Effect(EffectKind.REJECT), Effect(EffectKind.WARN)
NO_EXTENSION = Effect(EffectKind.NO_TERMS_EXTENSION)
FLAG, OTHER_FLAG = Effect(EffectKind.FLAG, flag="watch"), Effect(EffectKind.FLAG, flag="other")


def hold(authority: Authority = Authority.CONTROLLER) -> Effect:
    return Effect(EffectKind.HOLD, authority=authority)


def terms(days: Number) -> Effect:
    return Effect(EffectKind.CAP_TERMS, number=days)


def credit(amount: Number | str) -> Effect:
    return Effect(EffectKind.CAP_CREDIT, number=Decimal(amount) if isinstance(amount, str) else amount)


def prepay(percent: Number) -> Effect:
    return Effect(EffectKind.REQUIRE_PREPAYMENT, number=percent)


def alert(severity: Number) -> Effect:
    return Effect(EffectKind.ALERT, number=severity)


def exempt(*rules: str) -> Effect:
    return Effect(EffectKind.EXEMPT, rules=rules)


def of(fact: str, times: str = "1", plus: str = "0") -> Field:
    return Field(fact, Decimal(times), Decimal(plus))


LIMIT, AVAILABLE, COUNT = "customer.credit_limit", "exposure.available", "customer.paid_invoice_count"


@pytest.mark.parametrize(
    ("stricter", "milder"),
    [
        (REJECT, hold(Authority.DIRECTOR)),
        (REJECT, terms(0)),
        (REJECT, prepay(100)),
        (hold(Authority.DIRECTOR), hold(Authority.MANAGER)),
        (hold(Authority.MANAGER), hold()),
        (terms(15), terms(30)),
        (terms(0), NO_EXTENSION),
        (terms(0), terms(of("receivables.dso"))),
        (credit("10.00"), credit("10.01")),
        (credit(of(LIMIT, "0.5")), credit(of(LIMIT))),
        (credit(of(LIMIT, "1", "-5")), credit(of(LIMIT))),
        (prepay(30), prepay(20)),
        (prepay(100), prepay(of("signals.score"))),
        (prepay(of(COUNT, "2", "10")), prepay(of(COUNT, "1", "10"))),
        (prepay(of(COUNT)), prepay(0)),
        (alert(5), alert(of("signals.worst_severity"))),
        (alert(4), alert(3)),
        (exempt("A"), exempt("A", "B")),
    ],
)
def test_the_stricter_effect_is_known_and_the_milder_one_is_not_taken_for_it(
    stricter: Effect, milder: Effect
) -> None:
    assert is_at_least_as_strict(stricter, milder)
    assert not is_at_least_as_strict(milder, stricter)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (hold(Authority.DIRECTOR), terms(0)),
        (terms(30), credit("100.00")),
        (terms(30), terms(of("receivables.dso"))),
        (terms(of("receivables.dso")), terms(of("customer.tenure_days"))),
        (credit(of(AVAILABLE, "0.5", "100")), credit(of(AVAILABLE, "1", "100"))),
        (credit(of(AVAILABLE, "-1")), credit(of(AVAILABLE, "1"))),
        (credit(of(LIMIT, "0.5", "100")), credit(of(LIMIT))),
        (prepay(30), prepay(of("signals.score"))),
        (FLAG, OTHER_FLAG),
        (exempt("A"), exempt("B")),
        (WARN, REJECT),
        (FLAG, hold()),
    ],
)
def test_effects_that_cannot_be_ordered_are_not(one: Effect, other: Effect) -> None:
    assert not is_at_least_as_strict(one, other)
    assert not is_at_least_as_strict(other, one) or other is REJECT


def test_no_terms_extension_is_a_cap_at_the_terms_of_the_account() -> None:
    at_terms = terms(of("customer.standard_terms_days"))
    assert is_at_least_as_strict(NO_EXTENSION, at_terms)
    assert is_at_least_as_strict(at_terms, NO_EXTENSION)
    assert direction_of_effect_change(NO_EXTENSION, at_terms) is Direction.NEUTRAL


@pytest.mark.parametrize(
    ("before", "after", "direction"),
    [
        (None, REJECT, Direction.TIGHTENING),
        (REJECT, None, Direction.LOOSENING),
        (None, prepay(10), Direction.TIGHTENING),
        (NO_EXTENSION, None, Direction.LOOSENING),
        (None, exempt("A"), Direction.LOOSENING),
        (exempt("A"), None, Direction.TIGHTENING),
        (exempt("A"), exempt("A", "B"), Direction.LOOSENING),
        (None, WARN, Direction.NEUTRAL),
        (None, alert(5), Direction.NEUTRAL),
        (alert(5), alert(1), Direction.NEUTRAL),
        (WARN, alert(3), Direction.NEUTRAL),
        (REJECT, hold(), Direction.LOOSENING),
        (hold(), REJECT, Direction.TIGHTENING),
        (hold(Authority.DIRECTOR), hold(Authority.CONTROLLER), Direction.LOOSENING),
        (WARN, hold(), Direction.TIGHTENING),
        (hold(), WARN, Direction.LOOSENING),
        (exempt("A"), hold(), Direction.TIGHTENING),
        (hold(), exempt("A"), Direction.LOOSENING),
        (terms(30), terms(30), Direction.NEUTRAL),
        (terms(30), terms(60), Direction.LOOSENING),
        (prepay(30), prepay(60), Direction.TIGHTENING),
        (FLAG, FLAG, Direction.NEUTRAL),
        (None, None, Direction.NEUTRAL),
    ],
)
def test_a_change_goes_one_way(before: Effect | None, after: Effect | None, direction: Direction) -> None:
    assert direction_of_effect_change(before, after) is direction


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, FLAG),
        (FLAG, None),
        (FLAG, OTHER_FLAG),
        (FLAG, REJECT),
        (hold(), terms(0)),
        (terms(30), hold()),
        (terms(30), credit("1.00")),
        (prepay(30), prepay(of("signals.score"))),
        (exempt("A"), exempt("B")),
    ],
)
def test_a_change_that_may_go_either_way_is_not_called_neutral(before: Effect | None, after: Effect | None) -> None:
    assert direction_of_effect_change(before, after) is None
