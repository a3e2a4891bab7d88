"""The values of a fact, cut into cells that no clause tells apart. A set of cells is an integer, a bit for each.

Between two literals any value is as good as any other, so a fact that is compared with 3 and with 30 has seven cells:
below 3, 3, between, 30, above, and missing. Whole numbers have no cell between 3 and 4.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import islice

from rules.catalogue import Fact, FactType
from rules.conditions import Clause, Op
from rules.facts import FactValue
from rules.linear import End, highest, lowest, whole
from rules.naturals import as_decimal, natural_between
from rules.values import TABLE_GROUP, Field

_BOUNDS: dict[FactType, tuple[int, int | None]] = {FactType.COUNT: (0, None), FactType.LEVEL: (1, 5)}
_TURNED = {Op.LT: Op.GT, Op.LE: Op.GE, Op.GT: Op.LT, Op.GE: Op.LE}
_CANDIDATES = 50
"""Of so many cells the nicest value is picked."""


@dataclass(frozen=True, slots=True)
class Names:
    """The cells of a text or a truth value: each value that somebody names, and others where there may be others."""

    fact: Fact
    values: tuple[FactValue, ...]
    places: dict[FactValue, int]

    @classmethod
    def of(cls, fact: Fact, named: Iterable[FactValue], others: int) -> Names:
        """`others` is how many values that nobody names must be told apart."""
        values: tuple[FactValue, ...]
        if fact.type is FactType.BOOLEAN:
            values = (False, True)
        elif fact.choices:
            values = fact.choices
        else:
            literals = sorted({str(value) for value in named})
            values = (*_unnamed(frozenset(literals), others), *literals)
        return cls(fact, values, {value: place for place, value in enumerate(values)})

    @property
    def full(self) -> int:
        """Every cell that the fact can be in."""
        return self.present | (self.missing if self.fact.can_be_missing else 0)

    @property
    def present(self) -> int:
        """Every cell but missing."""
        return self.missing - 1

    @property
    def missing(self) -> int:
        """The cell of a fact that is not known."""
        return 1 << len(self.values)

    def cells_of(self, op: Op, literals: Sequence[FactValue]) -> int:
        """The cells of the values for which a comparison holds."""
        found = 0
        for literal in literals:
            if literal in self.places:
                found |= 1 << self.places[literal]
        return self.present & ~found if op in (Op.NE, Op.NOT_IN) else found

    def value(self, cells: int) -> FactValue | None:
        """A value in one of the cells, a known one where there is one."""
        known = cells & self.present
        return self.values[lowest_bit(known)] if known else None


def _unnamed(named: frozenset[str], count: int) -> Iterator[str]:
    number = 1
    while count > 0:
        name = "other" if number == 1 else f"other {number}"
        number += 1
        if name not in named:
            count -= 1
            yield name


@dataclass(frozen=True, slots=True)
class Numbers:
    """The cells of a number: bit 2i is the open interval below `points[i]`, bit 2i + 1 that point itself.

    Then come the interval above the last point, and missing. `full` leaves out the cells that hold no value.
    """

    fact: Fact
    points: tuple[Fraction, ...]
    places: dict[Fraction, int]
    present: int
    full: int

    @classmethod
    def of(cls, fact: Fact, points: Iterable[Fraction]) -> Numbers:
        """The cells between the numbers that a fact is compared with."""
        ordered = tuple(sorted(set(points)))
        empty = cls(fact, ordered, {point: place for place, point in enumerate(ordered)}, 0, 0)
        present = sum(1 << bit for bit in range(2 * len(ordered) + 1) if empty._has_numbers(bit))
        return cls(fact, ordered, empty.places, present, present | (empty.missing if fact.can_be_missing else 0))

    @property
    def missing(self) -> int:
        """The cell of a fact that is not known."""
        return 1 << (2 * len(self.points) + 1)

    @property
    def is_whole(self) -> bool:
        """Whether the fact counts in whole numbers."""
        return not self.fact.type.is_decimal

    @property
    def bounds(self) -> tuple[int | None, int | None]:
        """The least and the most that the fact can be. What a table puts out is whatever somebody wrote there."""
        is_written = self.fact.name.startswith(TABLE_GROUP)
        return (None, None) if is_written else _BOUNDS.get(self.fact.type, (None, None))

    def cells_of(self, op: Op, literals: Sequence[FactValue | Fraction]) -> int:
        """The cells of the values for which a comparison holds. Every literal is one of the points."""
        places = [self.places[as_fraction(literal)] for literal in literals]
        match op:
            case Op.LT | Op.GE:
                below = _up_to(2 * places[0])
                return below & self.present if op is Op.LT else self.present & ~below
            case Op.LE | Op.GT:
                below = _up_to(2 * places[0] + 1)
                return below & self.present if op is Op.LE else self.present & ~below
            case Op.BETWEEN:
                low, high = places
                return _up_to(2 * high + 1) & ~_up_to(2 * low) & self.present
        named = 0
        for place in places:
            named |= 1 << (2 * place + 1)
        return self.present & (~named if op in (Op.NE, Op.NOT_IN) else named)

    def ends(self, bit: int) -> tuple[Fraction | None, Fraction | None]:
        """The ends of the cell of a known value; a point is both of its ends. Bounds of the fact are no ends."""
        place, is_point = divmod(bit, 2)
        if is_point:
            return self.points[place], self.points[place]
        low = self.points[place - 1] if place > 0 else None
        return low, self.points[place] if place < len(self.points) else None

    def range_of(self, cells: int) -> tuple[End | None, End | None]:
        """The ends of what lies between the lowest and the highest of some cells of known values."""
        least, most = self.bounds
        first, last = lowest_bit(cells), cells.bit_length() - 1
        low, high = self.ends(first)[0], self.ends(last)[1]
        lows = [] if low is None else [End(low, is_open=first % 2 == 0)]
        highs = [] if high is None else [End(high, is_open=last % 2 == 0)]
        lows += [] if least is None else [End(Fraction(least), is_open=False)]
        highs += [] if most is None else [End(Fraction(most), is_open=False)]
        ends = highest(lows), lowest(highs)
        return (whole(ends[0], is_low=True), whole(ends[1], is_low=False)) if self.is_whole else ends

    def number_in(self, bit: int) -> Fraction | None:
        """A number in the cell as a person would pick it; None where the cell is empty."""
        if bit % 2:
            point = self.points[bit // 2]
            return point if self.holds(point) else None
        span = 100 if self.fact.type is FactType.MONEY else 1
        return natural_between(*self._open_ends(bit), is_whole=self.is_whole, span=span)

    def _open_ends(self, bit: int) -> tuple[Fraction | None, Fraction | None]:
        """The ends of an interval within the bounds of the fact."""
        low, high = self.ends(bit)
        least, most = self.bounds
        if least is not None:
            low = Fraction(least - 1) if low is None else max(low, Fraction(least - 1))
        if most is not None:
            high = Fraction(most + 1) if high is None else min(high, Fraction(most + 1))
        return low, high

    def _has_numbers(self, bit: int) -> bool:
        """Whether a cell of known values is not empty. Decimals lie between any two numbers."""
        if bit % 2:
            return self.holds(self.points[bit // 2])
        low, high = self._open_ends(bit) if self.is_whole else (None, None)
        return low is None or high is None or math.floor(low) + 1 < high

    def holds(self, number: Fraction) -> bool:
        """Whether the fact can be that number."""
        least, most = self.bounds
        if (least is not None and number < least) or (most is not None and number > most):
            return False
        return number.denominator == 1 if self.is_whole else as_decimal(number) is not None

    def value(self, cells: int) -> FactValue | None:
        """A value in one of the cells: known rather than missing, not negative, and rather between two literals than
        equal to one, and that rather than beyond them all."""
        known = cells & self.present
        if not known:
            return None
        number = Fraction(0)
        for bit in sorted(islice(bits_of(known), _CANDIDATES), key=self._oddity):
            number = self.number_in(bit) or Fraction(0)
            if number >= 0:
                break
        return self.as_value(number)

    def _oddity(self, bit: int) -> int:
        """2 beyond all literals, 1 on one, 0 between two."""
        return 2 if None in self.ends(bit) else bit % 2

    def as_value(self, number: Fraction) -> FactValue | None:
        """The number as a value of the fact."""
        return int(number) if self.is_whole else as_decimal(number)


Domain = Names | Numbers


def clause_cells(clause: Clause, domain: Domain) -> int:
    """The cells of its own fact, missing among them, in which a clause holds that reads no other fact."""
    if clause.op.asks_presence:
        return (domain.missing if clause.op is Op.IS_MISSING else domain.present) & domain.full
    held = domain.missing & domain.full if clause.if_missing else 0
    if isinstance(clause.operand, Field):
        return held | _against_itself(clause.op, clause.operand, domain)
    return held | domain.cells_of(clause.op, clause.literals)


def point_of(field: Field) -> Fraction | None:
    """Where a fact that is compared with a multiple of itself equals it; None where that is nowhere or everywhere."""
    times = Fraction(field.times)
    return None if times == 1 else Fraction(field.plus) / (1 - times)


def _against_itself(op: Op, field: Field, domain: Domain) -> int:
    point = point_of(field)
    if isinstance(domain, Names) or point is None:
        return domain.present if _zero_against(op, Fraction(field.plus)) else 0
    return domain.cells_of(op if field.times < 1 else _TURNED.get(op, op), (point,))


def _zero_against(op: Op, plus: Fraction) -> bool:
    return {
        Op.EQ: plus == 0,
        Op.NE: plus != 0,
        Op.LT: plus > 0,
        Op.LE: plus >= 0,
        Op.GT: plus < 0,
        Op.GE: plus <= 0,
    }[op]


@lru_cache(4096)
def as_fraction(number: FactValue | Fraction) -> Fraction:
    """A number exactly. Policies compare with the same few numbers again and again."""
    return number if isinstance(number, Fraction) else Fraction(Decimal(number))


def _up_to(bit: int) -> int:
    return (1 << (bit + 1)) - 1


def lowest_bit(cells: int) -> int:
    return (cells & -cells).bit_length() - 1


def bits_of(cells: int) -> Iterator[int]:
    """The numbers of the bits, low ones first."""
    while cells:
        yield lowest_bit(cells)
        cells &= cells - 1
