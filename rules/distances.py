"""How far a value is from the threshold that it was compared with."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

from policy_service.domain.money import EXACT
from rules.verdict import Evidence


class Distance(NamedTuple):
    """The nearest threshold of a comparison, and |value - threshold|, both in the unit of the fact.

    `amount` is an int where both are; else a Decimal.
    """

    threshold: Decimal | int
    amount: Decimal | int

    def is_within(self, ratio: Decimal) -> bool:
        """Whether the distance is at most `ratio` of the threshold. Nothing is near a threshold of 0."""
        return self.threshold != 0 and Decimal(self.amount) <= EXACT.multiply(abs(Decimal(self.threshold)), ratio)


def distance(clause: Evidence) -> Distance | None:
    """The distance of a comparison of numbers; None for any other, and where a side is missing."""
    if not _is_number(clause.value):
        return None
    thresholds = clause.threshold if isinstance(clause.threshold, tuple) else (clause.threshold,)
    found = [_between(clause.value, threshold) for threshold in thresholds if _is_number(threshold)]
    return min(found, key=lambda each: each.amount, default=None)


def _is_number(value: Any) -> bool:
    return isinstance(value, Decimal | int) and not isinstance(value, bool)


def _between(value: Any, threshold: Any) -> Distance:
    if isinstance(value, int) and isinstance(threshold, int):
        return Distance(threshold, abs(value - threshold))
    return Distance(threshold, EXACT.subtract(Decimal(value), Decimal(threshold)).copy_abs())
