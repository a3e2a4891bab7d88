"""Where on a line of changes the policy may change its mind.

On a straight piece of the line every quantity that the policy compares is an affine function of the place, so is
the difference of both sides of a comparison, and two samples tell where that difference is nought.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from itertools import chain
from typing import Any

from policy_service.domain.money import EXACT
from rules.conditions import Condition
from rules.effects import Effect, EffectKind
from rules.engine import CompiledPolicy
from rules.facts import Facts, Request
from rules.granting import Grant
from rules.judging import credit_cap, number_of, terms_agreed
from rules.predicates import Seen, evidence, probes
from rules.rule import Rule

Difference = Fraction | None
"""Left less right of one comparison; None where a side is missing, or is no number."""


def turning_points(
    policy: CompiledPolicy, samples: tuple[int, int], facts_at: Callable[[int], Facts]
) -> list[Fraction]:
    """The places, whole or not, at which a comparison of the policy turns; `samples` lie on one straight piece."""
    first, second = samples
    if first == second:
        return []
    pairs = zip(*(list(_differences(policy, policy.see(facts_at(place)))) for place in samples), strict=True)
    return [
        first + (second - first) * before / (before - after)
        for before, after in pairs
        if before is not None and after is not None and before != after
    ]


def _differences(policy: CompiledPolicy, seen: Seen) -> Iterator[Difference]:
    """Of every comparison that the policy makes of such a check, always in the same order."""
    for table in policy.policy.tables:
        for row in table.rows:
            for cell in row.cells:
                if cell is not None:
                    yield from _of_condition(cell, seen)
    for rule in policy.policy.rules:
        if rule.is_in_force(seen.kind, seen.facts.day):
            yield from _of_rule(rule, seen)


def _of_condition(condition: Condition, seen: Seen) -> Iterator[Difference]:
    return chain.from_iterable(_less(clause.value, clause.threshold) for clause in evidence(probes(condition), seen))


def _of_rule(rule: Rule, seen: Seen) -> Iterator[Difference]:
    for clause in evidence(rule.probes, seen):
        yield from _less(clause.value, clause.threshold)
    for effect in rule.then:
        yield _of_effect(effect, seen)


def _less(value: Any, threshold: Any) -> Iterator[Difference]:
    thresholds = threshold if isinstance(threshold, tuple) else (threshold,)
    return (Fraction(value) - Fraction(each) if _are_numbers(value, each) else None for each in thresholds)


def _are_numbers(*values: object) -> bool:
    return not any(value is None or isinstance(value, bool | str | tuple) for value in values)


def _of_effect(effect: Effect, seen: Seen) -> Difference:
    """What is asked for, less what the effect allows."""
    request = seen.facts.request
    if request is None:
        return None
    asked, allowed = _asked_and_allowed(effect, request, seen)
    return None if allowed is None else Fraction(asked) - Fraction(allowed)


def _asked_and_allowed(effect: Effect, request: Request, seen: Seen) -> tuple[Decimal | int, Decimal | int | None]:
    match effect.kind:
        case EffectKind.CAP_CREDIT:
            return Grant(request).requested_credit, credit_cap(effect, seen)
        case EffectKind.CAP_TERMS:
            return request.payment_terms_days, number_of(effect, seen)
        case EffectKind.NO_TERMS_EXTENSION:
            return request.payment_terms_days, terms_agreed(seen)
        case EffectKind.REQUIRE_PREPAYMENT:
            percent = number_of(effect, seen)
            share = None if percent is None else EXACT.multiply(request.amount, percent).scaleb(-2, EXACT)
            return request.prepaid_amount, share
    return 0, None
