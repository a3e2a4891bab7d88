"""Conditions over numbered facts, as the solver takes them apart, with nothing negated.

What a clause says of its own fact becomes the set of cells in which it holds. What compares two numbers stays a
comparison; two texts are equal where they are both this value, or both that one. A list, which a table puts out,
becomes one unknown for each cell: whether one of its items is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from rules.catalogue import Fact, FactType
from rules.conditions import Clause, Condition, GroupKind, Op, clauses
from rules.domains import Domain, Names, Numbers, as_fraction, bits_of, clause_cells, point_of
from rules.facts import FactValue
from rules.linear import Spend
from rules.texts import Text
from rules.values import Field


@dataclass(frozen=True, slots=True)
class Among:
    """The fact is in one of these cells."""

    fact: int
    cells: int


@dataclass(frozen=True, slots=True)
class Link:
    """Both facts are known, and the left one compares so with `times` the right one plus `plus`."""

    left: int
    op: Op
    right: int
    times: Decimal
    plus: Decimal


@dataclass(frozen=True, slots=True)
class Every:
    """All parts hold."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least one part holds."""

    parts: tuple[Node, ...]


Node = Among | Link | Every | Some

TRUE = Every(())
FALSE = Some(())

_OPPOSITE = {Op.EQ: Op.NE, Op.NE: Op.EQ, Op.LT: Op.GE, Op.GE: Op.LT, Op.GT: Op.LE, Op.LE: Op.GT}
_OPPOSITE_OF_LIST = {Op.NE: Op.EQ, Op.NOT_IN: Op.IN, Op.IS_MISSING: Op.IS_PRESENT}

Value = FactValue | tuple[FactValue, ...] | None
"""What a fact can be: a list where a table collects, None where it is missing."""


def every(parts: Iterable[Node]) -> Node:
    """All parts, put together as far as they go."""
    flat: list[Node] = []
    for part in parts:
        if part == FALSE:
            return FALSE
        flat.extend(part.parts if isinstance(part, Every) else (part,))
    return flat[0] if len(flat) == 1 else Every(tuple(flat))


def some(parts: Iterable[Node]) -> Node:
    """At least one part; what is said of one fact is put together."""
    cells: dict[int, int] = {}
    rest: list[Node] = []
    for part in parts:
        if part == TRUE:
            return TRUE
        for item in part.parts if isinstance(part, Some) else (part,):
            if isinstance(item, Among):
                cells[item.fact] = cells.get(item.fact, 0) | item.cells
            else:
                rest.append(item)
    merged = [*(Among(fact, held) for fact, held in cells.items()), *rest]
    return merged[0] if len(merged) == 1 else Some(tuple(merged))


class TooHard(Exception):
    """A list is compared with another fact."""


@dataclass(frozen=True, slots=True)
class _List:
    """A fact that is a list: the cells of its items, and for each of these the place of the unknown that says
    whether the list has an item there."""

    items: Domain
    places: Mapping[int, int]


_STEPS_TO_START = 20
_IN, _OUT = 2, 1
_TEXT = Text.same("")
_HAS_ITEM = Names.of(Fact("", FactType.BOOLEAN, _TEXT, _TEXT, can_be_missing=False), (), 0)


class Formulas:
    """The facts of some conditions, each with its cells, and those conditions as nodes. Raises TooHard."""

    def __init__(self, conditions: Sequence[Condition], fact_of: Callable[[str], Fact], spend: Spend) -> None:
        """`spend` is called with the steps that were taken."""
        self._spend = spend
        found = [clause for condition in conditions for clause in clauses(condition)]
        spend(_STEPS_TO_START + sum(5 + 2 * len(clause.literals) for clause in found))
        facts = {name: fact_of(name) for clause in found for name in clause.facts}
        self.domains: list[Domain] = []
        self._places: dict[str, int] = {}
        self._lists: dict[str, _List] = {}
        for name, domain in domains_of(facts, found).items():
            self._add(name, domain)
        self.nodes = [self._node(condition, True) for condition in conditions]
        self.nodes += [
            some(Among(place, _IN) for place in listed.places.values())
            for listed in self._lists.values()
            if not listed.items.fact.can_be_missing
        ]

    def _add(self, name: str, domain: Domain) -> None:
        if domain.fact.is_list:
            first = len(self.domains)
            bits = list(bits_of(domain.full & domain.present))
            self._lists[name] = _List(domain, {bit: first + number for number, bit in enumerate(bits)})
            self.domains += [_HAS_ITEM] * len(bits)
            self._spend(len(bits))
        else:
            self._places[name] = len(self.domains)
            self.domains.append(domain)

    def values(self, cells: Sequence[int], numbers: Mapping[int, Fraction]) -> dict[str, Value]:
        """A value for every fact: the number where one was found, else one in its cells."""
        found: dict[str, Value] = {}
        for name, place in self._places.items():
            domain = self.domains[place]
            if isinstance(domain, Numbers) and place in numbers:
                found[name] = domain.as_value(numbers[place])
            else:
                found[name] = domain.value(cells[place])
        for name, listed in self._lists.items():
            items = (listed.items.value(1 << bit) for bit, place in listed.places.items() if cells[place] == _IN)
            found[name] = tuple(item for item in items if item is not None) or None
        return found

    def _node(self, condition: Condition, holds: bool) -> Node:
        """That the condition holds, or that it does not."""
        if isinstance(condition, Clause):
            return (
                self._list_clause(condition, holds)
                if condition.fact in self._lists
                else self._clause(condition, holds)
            )
        combine = every if (condition.kind is GroupKind.ANY) is not holds else some
        wanted = holds is not (condition.kind is GroupKind.NONE)
        return combine(self._node(member, wanted) for member in condition.members)

    def _list_clause(self, clause: Clause, holds: bool) -> Node:
        """A list is what one of its items is; `ne` and `not_in` ask that no item is among the values."""
        if isinstance(clause.operand, Field):
            raise TooHard
        listed = self._lists[clause.fact]
        is_denial = clause.op in (Op.NE, Op.NOT_IN, Op.IS_MISSING)
        asked = replace(clause, op=_OPPOSITE_OF_LIST.get(clause.op, clause.op), if_missing=None)
        has_item = self._has_item(listed, clause_cells(asked, listed.items), holds is not is_denial)
        if clause.op.asks_presence or (clause.if_missing is True) is is_denial:
            return has_item
        if is_denial is holds:
            return every((has_item, self._has_item(listed, listed.items.present, True)))
        return some((has_item, self._has_item(listed, listed.items.present, False)))

    def _has_item(self, listed: _List, cells: int, holds: bool) -> Node:
        places = [place for bit, place in listed.places.items() if cells >> bit & 1]
        self._spend(len(places))
        return (some if holds else every)(Among(place, _IN if holds else _OUT) for place in places)

    def _clause(self, clause: Clause, holds: bool) -> Node:
        left = self._places[clause.fact]
        domain = self.domains[left]
        if not isinstance(clause.operand, Field) or clause.operand.fact == clause.fact:
            cells = clause_cells(clause, domain)
            return self._among(left, cells if holds else domain.full & ~cells)
        right = self._places[clause.operand.fact]
        unknown = some((self._missing(left), self._missing(right)))
        known = every((self._known(left), self._known(right)))
        compared = self._compared(clause, clause.op if holds else _OPPOSITE[clause.op], clause.operand)
        is_open = (clause.if_missing is True) is holds
        return some((unknown, every((known, compared)))) if is_open else every((known, compared))

    def _compared(self, clause: Clause, op: Op, field: Field) -> Node:
        left, right = self._places[clause.fact], self._places[field.fact]
        ours, theirs = self.domains[left], self.domains[right]
        if isinstance(ours, Names) and isinstance(theirs, Names):
            self._spend(len(ours.values))
            return some(
                every((Among(left, 1 << place), self._among(right, theirs.cells_of(op, (value,)))))
                for value, place in ours.places.items()
            )
        if op is Op.NE:
            return some(Link(left, way, right, field.times, field.plus) for way in (Op.LT, Op.GT))
        return Link(left, op, right, field.times, field.plus)

    def _missing(self, fact: int) -> Node:
        return self._among(fact, self.domains[fact].missing & self.domains[fact].full)

    def _known(self, fact: int) -> Node:
        return self._among(fact, self.domains[fact].present)

    def _among(self, fact: int, cells: int) -> Node:
        if cells == 0:
            return FALSE
        return TRUE if cells == self.domains[fact].full else Among(fact, cells)


def domains_of(facts: Mapping[str, Fact], found: Sequence[Clause]) -> dict[str, Domain]:
    """The values of each fact, cut into cells that none of the clauses tells apart."""
    numbers, texts = _literals(facts, found)
    compared = {name for clause in found if len(set(clause.facts)) > 1 for name in clause.facts}
    shared = {name for name in compared if facts[name].type is FactType.TEXT}
    everybody = {text for name in shared for text in (*texts[name], *facts[name].choices)}
    return {
        name: Numbers.of(fact, numbers[name])
        if fact.type.is_number
        else Names.of(fact, everybody if name in shared else texts[name], max(1, len(shared)))
        for name, fact in facts.items()
    }


def _literals(
    facts: Mapping[str, Fact], found: Iterable[Clause]
) -> tuple[dict[str, set[Fraction]], dict[str, set[str]]]:
    """What each fact is compared with: the numbers, and the texts."""
    numbers: dict[str, set[Fraction]] = {name: set() for name in facts}
    texts: dict[str, set[str]] = {name: set() for name in facts}
    for clause in found:
        if not facts[clause.fact].type.is_number:
            texts[clause.fact].update(map(str, clause.literals))
        elif isinstance(clause.operand, Field):
            point = point_of(clause.operand) if clause.operand.fact == clause.fact else None
            numbers[clause.fact].update(() if point is None else (point,))
        else:
            numbers[clause.fact].update(map(as_fraction, clause.literals))
    return numbers, texts
