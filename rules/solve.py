"""Whether conditions can hold together, and with which values: exactly, over every value that the facts can have.

Facts are taken as free of each other: that the exposure after an order is at least the order is not known here. What
`find_witness` finds is therefore a case that the conditions allow; where it finds none, there is none.

The search splits one fact after the other into the values for which a clause holds and those for which it does not,
and simplifies what is left. Comparisons between two facts are decided last, by `rules.linear`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import cast

from rules.catalogue import Fact
from rules.conditions import Condition, Group, GroupKind, Op
from rules.domains import Numbers
from rules.formula import FALSE, TRUE, Among, Every, Formulas, Link, Node, Some, TooHard, Value, every, some
from rules.linear import Below, End, Ends, below, layers_of, numbers_for, whole
from rules.naturals import natural_between

Witness = Mapping[str, Value]
"""A value for every fact that the conditions read; None where it is missing."""

FactOf = Callable[[str], Fact]

STEPS = 200_000
"""Steps that a question may take where nobody says otherwise: half a second at most."""

_MOST_LINKED = 100


class Undecided(Exception):
    """The search took too long, or came down to comparisons of whole numbers that it cannot settle."""


@dataclass(slots=True)
class Steps:
    """How many steps may still be taken. Several questions may share them: then `shared` is what they share."""

    left: int = STEPS
    shared: Steps | None = None

    def spend(self, steps: int) -> None:
        """Take steps. Raises Undecided where there are none left."""
        self.left -= steps
        if self.shared is not None:
            self.shared.spend(steps)
        if self.left < 0:
            raise Undecided("too much to look at")


def find_witness(*conditions: Condition, fact_of: FactOf, steps: Steps | None = None) -> Witness | None:
    """Values under which all conditions hold; None where there are none. Raises Undecided."""
    return _Search(conditions, fact_of, steps or Steps()).run()


def never_holds(condition: Condition, *, fact_of: FactOf, steps: Steps | None = None) -> bool:
    """Whether nothing makes the condition hold. Raises Undecided."""
    return find_witness(condition, fact_of=fact_of, steps=steps) is None


def always_holds(condition: Condition, *, fact_of: FactOf, steps: Steps | None = None) -> bool:
    """Whether everything makes the condition hold. Raises Undecided."""
    return never_holds(negation(condition), fact_of=fact_of, steps=steps)


def implies(condition: Condition, other: Condition, *, fact_of: FactOf, steps: Steps | None = None) -> bool:
    """Whether the other condition holds wherever this one does. Raises Undecided."""
    return find_witness(condition, negation(other), fact_of=fact_of, steps=steps) is None


def can_hold_together(condition: Condition, other: Condition, *, fact_of: FactOf, steps: Steps | None = None) -> bool:
    """Whether something makes both conditions hold. Raises Undecided."""
    return find_witness(condition, other, fact_of=fact_of, steps=steps) is not None


def negation(condition: Condition) -> Condition:
    """The condition that holds where this one does not."""
    return Group(GroupKind.NONE, (condition,))


@dataclass(slots=True)
class _State:
    """What is still to be met, the cells that each fact may be in, and the comparisons that must be true."""

    todo: list[Node]
    cells: list[int]
    links: dict[Link, None] = field(default_factory=dict)

    def where(self, fact: int, cells: int) -> _State:
        """The same with a fact confined to some cells."""
        confined = self.cells.copy()
        confined[fact] = cells
        return _State(self.todo.copy(), confined, self.links.copy())

    def with_part(self, number: int, part: Node) -> _State:
        """The same with one part of what is to be met replaced."""
        todo = [*self.todo[:number], part, *self.todo[number + 1 :]]
        return _State(todo, self.cells.copy(), self.links.copy())


class _Search:
    """One question."""

    def __init__(self, conditions: Sequence[Condition], fact_of: FactOf, steps: Steps) -> None:
        self._spend = steps.spend
        self.is_unsure = False
        try:
            self.formulas = Formulas(conditions, fact_of, self._spend)
        except TooHard as error:
            raise Undecided("a list is compared with a fact") from error

    def run(self) -> Witness | None:
        """Depth first, on a stack of our own: the depth is not bounded by that of the conditions."""
        waiting = [_State(self.formulas.nodes.copy(), [domain.full for domain in self.formulas.domains])]
        while waiting:
            state = waiting.pop()
            if not self._simplify(state) or not self._links_can_be(state):
                continue
            branches = list(self._branches(state))
            if branches:
                waiting.extend(reversed(branches))
            elif (found := self._witness(state)) is not None:
                return found
        if self.is_unsure:
            raise Undecided("a comparison of whole numbers")
        return None

    def _simplify(self, state: _State) -> bool:
        """Confine facts to what must be, until nothing more follows; False on a contradiction."""
        has_changed = True
        while has_changed:
            has_changed = False
            waiting, state.todo = state.todo, []
            while waiting:
                node = self._under(waiting.pop(), state.cells)
                match node:
                    case Some(parts):
                        if not parts:
                            return False
                        state.todo.append(node)
                    case Every(parts):
                        waiting.extend(parts)
                    case Link():
                        state.links[node] = None
                    case Among(fact, cells):
                        state.cells[fact] &= cells
                        has_changed = True
            state.todo.reverse()
        return True

    def _under(self, node: Node, cells: list[int]) -> Node:
        """What is left of a node where facts are confined to `cells`."""
        self._spend(1)
        match node:
            case Among(fact, held):
                possible = held & cells[fact]
                if possible == cells[fact]:
                    return TRUE
                return Among(fact, possible) if possible else FALSE
            case Some(parts):
                return some(self._under(part, cells) for part in parts)
            case Every(parts):
                return every(self._under(part, cells) for part in parts)
        return node

    def _branches(self, state: _State) -> Iterator[_State]:
        """The ways on from here, together all there are; none where every fact may be anything that it may be."""
        if not state.todo:
            yield from self._runs(state)
            return
        number = min(range(len(state.todo)), key=lambda place: _size(state.todo[place]))
        shortest = state.todo[number]
        leaf = _leaf(shortest)
        if leaf is not None:
            yield state.where(leaf.fact, state.cells[leaf.fact] & leaf.cells)
            yield state.where(leaf.fact, state.cells[leaf.fact] & ~leaf.cells)
        elif isinstance(shortest, Some):
            for part in shortest.parts:
                yield state.with_part(number, part)

    def _runs(self, state: _State) -> Iterator[_State]:
        """For comparisons a fact must be within one range, without holes."""
        for fact in _linked(state.links):
            runs = self._runs_of(fact, state.cells[fact])
            if len(runs) > 1:
                yield from (state.where(fact, run) for run in runs)
                return

    def _runs_of(self, fact: int, cells: int) -> list[int]:
        domain = self._numbers(fact)
        self._spend(cells.bit_length())
        runs: list[int] = []
        run = 0
        for bit in range(cells.bit_length()):
            if cells >> bit & 1:
                run |= 1 << bit
            elif run and domain.full >> bit & 1:
                runs.append(run)
                run = 0
        return [*runs, run]

    def _numbers(self, fact: int) -> Numbers:
        return cast(Numbers, self.formulas.domains[fact])

    def _links_can_be(self, state: _State) -> bool:
        return self._layers(state) is not None

    def _layers(self, state: _State) -> list[list[Below]] | None:
        """The comparisons between facts, one fact after the other eliminated; None where they cannot all be true."""
        linked = _linked(state.links)
        if len(linked) > _MOST_LINKED:
            raise Undecided("too many comparisons between facts")
        rows = [row for link in state.links for row in _rows(link)]
        rows += [row for fact in linked for row in self._confines(fact, state.cells[fact])]
        return layers_of(rows, linked, self._spend)

    def _confines(self, fact: int, cells: int) -> Iterator[Below]:
        """That a fact lies between the ends of its cells."""
        domain = self._numbers(fact)
        low, high = domain.range_of(cells)
        if low is not None:
            yield below([(fact, Fraction(-1))], low.value, is_strict=low.is_open)
        if high is not None:
            yield below([(fact, Fraction(1))], -high.value, is_strict=high.is_open)

    def _witness(self, state: _State) -> Witness | None:
        linked = _linked(state.links)
        numbers = numbers_for(self._layers(state) or [], linked, self._candidates, self._spend)
        if numbers is None:
            self.is_unsure = True
            return None
        return self.formulas.values(state.cells, numbers)

    def _candidates(self, fact: int, ends: Ends) -> Iterator[Fraction]:
        """A nice number in the range, its ends where they belong to it, and more nice ones on both sides."""
        domain = self._numbers(fact)
        low, high = (whole(ends[0], is_low=True), whole(ends[1], is_low=False)) if domain.is_whole else ends
        first, last = low.value if low else None, high.value if high else None
        middle = natural_between(first, last, is_whole=domain.is_whole, span=1)
        yield from () if middle is None else (middle,)
        yield from (
            end.value for end in (low, high) if end and _is_in(end.value, low, high) and domain.holds(end.value)
        )
        sides = () if middle is None else ((first, middle), (middle, last))
        for one, other in sides:
            number = natural_between(one, other, is_whole=domain.is_whole, span=1)
            yield from () if number is None else (number,)


def _is_in(number: Fraction, low: End | None, high: End | None) -> bool:
    is_above = low is None or low.value < number or (low.value == number and not low.is_open)
    return is_above and (high is None or number < high.value or (number == high.value and not high.is_open))


def _linked(links: Iterable[Link]) -> list[int]:
    """The facts that are compared with each other, each once."""
    return list(dict.fromkeys(fact for link in links for fact in (link.left, link.right)))


def _rows(link: Link) -> Iterator[Below]:
    """What a comparison says: left - times * right - plus is below 0, 0, or above."""
    times, plus = Fraction(link.times), Fraction(link.plus)
    if link.op in (Op.LT, Op.LE, Op.EQ):
        factors = [(link.left, Fraction(1)), (link.right, -times)]
        yield below(factors, -plus, is_strict=link.op is Op.LT)
    if link.op in (Op.GT, Op.GE, Op.EQ):
        factors = [(link.left, Fraction(-1)), (link.right, times)]
        yield below(factors, plus, is_strict=link.op is Op.GT)


def _size(node: Node) -> int:
    return len(node.parts) if isinstance(node, Some) else 1


def _leaf(node: Node) -> Among | None:
    """The first statement on a single fact."""
    if isinstance(node, Among):
        return node
    if isinstance(node, Link):
        return None
    return next((leaf for part in node.parts if (leaf := _leaf(part)) is not None), None)
