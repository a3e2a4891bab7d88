"""Searching a line of whole numbers, from the mildest change to the hardest, for the first that passes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import floor


@dataclass(frozen=True, slots=True)
class Line:
    """From the mildest place to the hardest, both in; empty where the hardest is not on the way of `step` (1 or -1).

    Up to `straight_to` all that is compared runs straight.
    """

    mildest: int
    hardest: int
    step: int
    straight_to: int

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to search."""
        return (self.hardest - self.mildest) * self.step < 0

    @property
    def samples(self) -> tuple[int, int]:
        """Two places on the straight piece; the same one twice where there is none."""
        return self.mildest, self.straight_to if self._is_on(self.straight_to) else self.hardest

    def first_that(self, passes: Callable[[int], bool], turns: Iterable[Fraction]) -> int | None:
        """The mildest place that passes, where nothing turns but at `turns`, give or take a rounding.

        Between two turns all places answer alike, so one of each piece is asked, and so is each turn itself.
        """
        ends = {self.mildest, self.hardest, self.straight_to, self.straight_to + 1, self.straight_to - 1}
        near = {floor(turn) + step for turn in turns for step in (0, 1)}
        failed: int | None = None
        for place in sorted(filter(self._is_on, ends | near), reverse=self.step < 0):
            if passes(place):
                return place if failed is None else _boundary(passes, failed, place)
            failed = place
        return None

    def _is_on(self, place: int) -> bool:
        return min(self.mildest, self.hardest) <= place <= max(self.mildest, self.hardest)


def _boundary(passes: Callable[[int], bool], fails: int, succeeds: int) -> int:
    """Between a place that fails and one that passes: one that passes and whose milder neighbour fails."""
    while abs(succeeds - fails) > 1:
        middle = (fails + succeeds) // 2
        if passes(middle):
            succeeds = middle
        else:
            fails = middle
    return succeeds
