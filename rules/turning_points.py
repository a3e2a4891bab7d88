"""Where on a line of changes the policy may change its mind.

On a straight piece of the line every quantity that the policy compares is an affine function of the place, so is
the difference of both sides of a comparison, and two samples tell where that difference is nought.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from policy_service.domain.money import EXACT
from rules.conditions import GroupKind
from rules.document import Policy
from rules.effects import Effect, EffectKind
from rules.engine import CompiledPolicy
from rules.facts import Facts, Request
from rules.granting import Grant
from rules.judging import credit_cap, number_of, terms_agreed
from rules.predicates import Probe, Seen, evidence, probes
from rules.values import FLAG_GROUP, TABLE_GROUP
from rules.verdict import Evidence

Difference = Fraction | None
"""Left less right of one comparison; None where a side is missing, or is no number."""


def turning_points(
    policy: CompiledPolicy, samples: tuple[int, int], facts_at: Callable[[int], Facts]
) -> list[Fraction]:
    """The places, whole or not, at which a comparison of the policy turns; `samples` lie on one straight piece."""
    first, second = samples
    if first == second:
        return []
    seen = _Both(*(policy.see(facts_at(place)) for place in samples))
    return [
        first + (second - first) * before / (before - after)
        for before, after in _differences(policy.policy, seen)
        if before is not None and after is not None and before != after
    ]


class _Both(NamedTuple):
    """The facts at both samples."""

    first: Seen
    second: Seen


def _differences(policy: Policy, seen: _Both) -> Iterator[tuple[Difference, Difference]]:
    """At both samples, of every comparison that may decide something between them."""
    for table in policy.tables:
        for row in table.rows:
            for cell in row.cells:
                if cell is not None:
                    yield from _of_clauses(_looks(probes(cell), seen))
    for rule in policy.rules:
        if rule.is_in_force(seen.first.kind, seen.first.facts.day):
            looks = _looks(rule.probes, seen)
            if not any(_rules_out(*look) for look in looks):
                yield from _of_clauses(looks)
                yield from ((_of_effect(effect, seen.first), _of_effect(effect, seen.second)) for effect in rule.then)


_Looks = Sequence[tuple[Evidence, Evidence]]


def _looks(asked: Iterable[Probe], seen: _Both) -> _Looks:
    asked = tuple(asked)
    return list(zip(evidence(asked, seen.first), evidence(asked, seen.second), strict=True))


def _rules_out(first: Evidence, second: Evidence) -> bool:
    """Whether a clause that must hold never does, since both sides stay; flags and tables may change between."""
    return (
        not first.holds
        and first.value == second.value
        and first.threshold == second.threshold
        and not first.fact.startswith((FLAG_GROUP, TABLE_GROUP))
        and set(first.group) <= {GroupKind.ALL.value}
    )


def _of_clauses(looks: _Looks) -> Iterator[tuple[Difference, Difference]]:
    for first, second in looks:
        before, after = _less(first.value, first.threshold), _less(second.value, second.threshold)
        yield from zip(before, after, strict=True)


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
