"""Which of two effects is the stricter one, and whether a change of an effect tightens a policy or loosens it.

Only what is certain for every order is said. A hold is not stricter than a cap: once a person releases it, what was
asked for is granted without that cap. A number that is a fact is compared only with the same fact, or with a number
that no fact can get past, such as 0 days.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from rules.catalogue import CATALOGUE, FactType
from rules.effects import Effect, EffectKind, Number
from rules.values import Field


class Direction(StrEnum):
    """What a change does to the outcomes of a policy."""

    TIGHTENING = "tightening"
    LOOSENING = "loosening"
    NEUTRAL = "neutral"

    @property
    def reversed(self) -> Direction:
        """The direction of the way back."""
        return _REVERSED[self]


_REVERSED = {
    Direction.TIGHTENING: Direction.LOOSENING,
    Direction.LOOSENING: Direction.TIGHTENING,
    Direction.NEUTRAL: Direction.NEUTRAL,
}

CUTS = frozenset(
    {
        EffectKind.CAP_TERMS,
        EffectKind.NO_TERMS_EXTENSION,
        EffectKind.CAP_CREDIT,
        EffectKind.REQUIRE_PREPAYMENT,
    }
)
"""The effects that grant less than was asked for."""

RESTRICTIVE = CUTS | {EffectKind.REJECT, EffectKind.HOLD}
"""The effects that make an outcome more severe."""


@dataclass(frozen=True, slots=True)
class _Range:
    """The least and the most that the number of an effect can come to; None is without end."""

    least: Decimal
    most: Decimal | None


_RANGES = {
    EffectKind.CAP_TERMS: _Range(Decimal(0), None),
    EffectKind.CAP_CREDIT: _Range(Decimal(0), None),
    EffectKind.REQUIRE_PREPAYMENT: _Range(Decimal(0), Decimal(100)),
    EffectKind.ALERT: _Range(Decimal(1), Decimal(5)),
}
_LESS_IS_STRICTER = (EffectKind.CAP_TERMS, EffectKind.CAP_CREDIT)


def is_at_least_as_strict(effect: Effect, other: Effect) -> bool:
    """Whether the outcome is never milder under the effect than under the other. Messages are not compared.

    Of two exemptions the one for fewer rules is the stricter.
    """
    effect, other = _as_cap(effect), _as_cap(other)
    if effect.kind is EffectKind.REJECT and other.kind in RESTRICTIVE:
        return True
    return effect.kind is other.kind and _is_at_least_as_strict_of_its_kind(effect, other)


def _is_at_least_as_strict_of_its_kind(effect: Effect, other: Effect) -> bool:
    match effect.kind:
        case EffectKind.HOLD:
            return effect.authority.rank >= other.authority.rank
        case EffectKind.FLAG:
            return effect.flag == other.flag
        case EffectKind.EXEMPT:
            return set(effect.rules) <= set(other.rules)
    if effect.kind not in _RANGES:
        return True
    strict, mild = (effect, other) if effect.kind in _LESS_IS_STRICTER else (other, effect)
    return _is_never_more(strict.number or 0, mild.number or 0, _RANGES[effect.kind])


def direction_of_effect_change(before: Effect | None, after: Effect | None) -> Direction | None:
    """What it means that a rule has one effect now and had the other before; None stands for no effect.

    The answer is None where the two cannot be ordered, and for flags: what they do is up to those who read them.
    """
    if before is None or after is None:
        alone = _direction_of_new(after or before)
        return alone.reversed if before is not None and alone is not None else alone
    is_stricter, was_stricter = is_at_least_as_strict(after, before), is_at_least_as_strict(before, after)
    if (is_stricter and was_stricter) or before.kind is after.kind is EffectKind.ALERT:
        return Direction.NEUTRAL
    if is_stricter or was_stricter:
        return Direction.TIGHTENING if is_stricter else Direction.LOOSENING
    if before.kind in RESTRICTIVE and after.kind in RESTRICTIVE:
        return None
    return _both(direction_of_effect_change(before, None), direction_of_effect_change(None, after))


def _direction_of_new(effect: Effect | None) -> Direction | None:
    if effect is None:
        return Direction.NEUTRAL
    if effect.kind is EffectKind.FLAG:
        return None
    if effect.kind in RESTRICTIVE:
        return Direction.TIGHTENING
    return Direction.LOOSENING if effect.kind is EffectKind.EXEMPT else Direction.NEUTRAL


def _both(one: Direction | None, other: Direction | None) -> Direction | None:
    """Two changes at once; None where they go apart."""
    if one is Direction.NEUTRAL or one is other:
        return other
    return one if other is Direction.NEUTRAL else None


def _as_cap(effect: Effect) -> Effect:
    """No longer terms than the account's are a cap at these."""
    if effect.kind is not EffectKind.NO_TERMS_EXTENSION:
        return effect
    return Effect(EffectKind.CAP_TERMS, number=Field("customer.standard_terms_days"))


def _is_never_more(number: Number, other: Number, within: _Range) -> bool:
    most = within.most if isinstance(number, Field) else Decimal(number)
    least = within.least if isinstance(other, Field) else Decimal(other)
    if most is not None and most <= least:
        return True
    return isinstance(number, Field) and isinstance(other, Field) and _is_never_more_of_fact(number, other)


def _is_never_more_of_fact(field: Field, other: Field) -> bool:
    """The same fact, multiplied and added to by less. Below 0 both come to the least there is."""
    if field.fact != other.fact or field.times > other.times or field.plus > other.plus:
        return False
    is_never_below = _is_never_negative(field.fact) or (field.times >= 0 and other.plus <= 0)
    return field.times == other.times or is_never_below


def _is_never_negative(name: str) -> bool:
    fact = CATALOGUE.get(name)
    return fact is not None and fact.type in (FactType.COUNT, FactType.LEVEL)
