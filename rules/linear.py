"""Comparisons of one number with a multiple of another: whether all can be true at once, and with which numbers.

Fourier-Motzkin elimination over fractions: exact, and small because a comparison has two unknowns and not more.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

Terms = tuple[tuple[int, Fraction], ...]


@dataclass(frozen=True, slots=True)
class End:
    """One end of a range."""

    value: Fraction
    is_open: bool


Ends = tuple[End | None, End | None]


@dataclass(frozen=True, slots=True)
class Below:
    """`terms` (unknowns, each with its factor) plus `constant` is at most 0; below 0 where `is_strict`."""

    terms: Terms
    constant: Fraction
    is_strict: bool

    @property
    def is_absurd(self) -> bool:
        """Nothing is unknown, and it is not so."""
        return not self.terms and (self.constant > 0 or (self.is_strict and self.constant == 0))

    def factor(self, unknown: int) -> Fraction:
        """The factor of an unknown; 0 where it does not occur."""
        return next((factor for name, factor in self.terms if name == unknown), Fraction(0))


def below(factors: Iterable[tuple[int, Fraction]], constant: Fraction, *, is_strict: bool) -> Below:
    """The comparison with its terms in order, scaled so that equal ones look the same."""
    sums: dict[int, Fraction] = {}
    for name, factor in factors:
        sums[name] = sums.get(name, Fraction(0)) + factor
    terms = sorted((name, factor) for name, factor in sums.items() if factor)
    scale = abs(terms[0][1]) if terms else Fraction(1)
    return Below(tuple((name, factor / scale) for name, factor in terms), constant / scale, is_strict)


Spend = Callable[[int], None]
"""Called with the steps taken; raises where they were too many."""


def without(unknown: int, rows: Sequence[Below], spend: Spend) -> list[Below] | None:
    """What the comparisons say of the other unknowns; None where they contradict each other."""
    found: dict[Terms, Below] = {}
    for row in _eliminated(unknown, rows, spend):
        if row.is_absurd:
            return None
        known = found.get(row.terms)
        if row.terms and (known is None or (row.constant, row.is_strict) > (known.constant, known.is_strict)):
            found[row.terms] = row
    return list(found.values())


def _eliminated(unknown: int, rows: Sequence[Below], spend: Spend) -> Iterator[Below]:
    upper = [row for row in rows if row.factor(unknown) > 0]
    lower = [row for row in rows if row.factor(unknown) < 0]
    spend(len(rows) + len(upper) * len(lower))
    yield from (row for row in rows if row.factor(unknown) == 0)
    for high in upper:
        for low in lower:
            up, down = high.factor(unknown), -low.factor(unknown)
            factors = [(name, factor * down) for name, factor in high.terms if name != unknown]
            factors += [(name, factor * up) for name, factor in low.terms if name != unknown]
            constant = high.constant * down + low.constant * up
            yield below(factors, constant, is_strict=high.is_strict or low.is_strict)


def layers_of(rows: Sequence[Below], unknowns: Sequence[int], spend: Spend) -> list[list[Below]] | None:
    """The comparisons, then those without the first unknown, and so on; None where they contradict each other."""
    if any(row.is_absurd for row in rows):
        return None
    layers = [list(rows)]
    for unknown in unknowns:
        rest = without(unknown, layers[-1], spend)
        if rest is None:
            return None
        layers.append(rest)
    return layers


Candidates = Callable[[int, Ends], Iterable[Fraction]]
"""Numbers to try for an unknown within a range, nice ones first."""


def numbers_for(
    layers: Sequence[Sequence[Below]], unknowns: Sequence[int], candidates: Candidates, spend: Spend
) -> Mapping[int, Fraction] | None:
    """Numbers among the candidates that meet every comparison, found from the last unknown to the first."""
    return _numbers(layers, unknowns, len(unknowns) - 1, {}, candidates, spend)


def _numbers(
    layers: Sequence[Sequence[Below]],
    unknowns: Sequence[int],
    place: int,
    known: Mapping[int, Fraction],
    candidates: Candidates,
    spend: Spend,
) -> Mapping[int, Fraction] | None:
    if place < 0:
        return known
    unknown = unknowns[place]
    spend(len(layers[place]))
    for number in candidates(unknown, _range(unknown, layers[place], known)):
        found = _numbers(layers, unknowns, place - 1, {**known, unknown: number}, candidates, spend)
        if found is not None:
            return found
    return None


def _range(unknown: int, rows: Iterable[Below], known: Mapping[int, Fraction]) -> Ends:
    lows: list[End] = []
    highs: list[End] = []
    for row in rows:
        factor = row.factor(unknown)
        if factor != 0:
            rest = row.constant + sum(f * known[name] for name, f in row.terms if name != unknown)
            (highs if factor > 0 else lows).append(End(-rest / factor, row.is_strict))
    return highest(lows), lowest(highs)


def highest(lows: Iterable[End]) -> End | None:
    """The strictest of several lower ends."""
    return max(lows, key=lambda end: (end.value, end.is_open), default=None)


def lowest(highs: Iterable[End]) -> End | None:
    """The strictest of several upper ends."""
    return min(highs, key=lambda end: (end.value, not end.is_open), default=None)


def whole(end: End | None, *, is_low: bool) -> End | None:
    """The end of a range of whole numbers, drawn in to the nearest one inside."""
    if end is None:
        return None
    if is_low:
        number = math.floor(end.value) + 1 if end.is_open else math.ceil(end.value)
    else:
        number = math.ceil(end.value) - 1 if end.is_open else math.floor(end.value)
    return End(Fraction(number), False)
