"""Where two versions of a table put out something else: pairs of rows, and the facts that hit the one and the other.

Facts that match no changed row of either version hit the same row in both. So the changed rows are taken one by one:
as long as there are facts that match this row and hit a pair of rows not seen yet, that pair is taken down.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from rules.conditions import Clause, Condition, Group, GroupKind, Op
from rules.diffing.cases import Cases
from rules.diffing.readers import Outputs
from rules.facts import FactValue
from rules.solve import Witness, negation
from rules.tables import Row, Table

_MOST_QUESTIONS = 200
"""So many pairs are asked for; of a table that changes in more places the rest counts as undecided."""


@dataclass(frozen=True, slots=True)
class Region:
    """Facts that hit one row before and one row now, by their places; None is no row at all."""

    before: int | None
    after: int | None
    conditions: tuple[Condition, ...]


def cells_of(row: Row) -> tuple[Condition, ...]:
    """What a row asks for."""
    return tuple(cell for cell in row.cells if cell is not None)


def changed_rows(before: Table, after: Table) -> tuple[list[int], list[int]]:
    """The places of the rows of either version that have no equal in the other, in the same order."""
    matcher = SequenceMatcher(None, _keys(before), _keys(after), autojunk=False)
    old, new = set(range(len(before.rows))), set(range(len(after.rows)))
    for first, then, length in matcher.get_matching_blocks():
        old -= set(range(first, first + length))
        new -= set(range(then, then + length))
    return sorted(old), sorted(new)


def _keys(table: Table) -> list[tuple[frozenset[Condition], tuple[tuple[str, FactValue], ...]]]:
    return [(frozenset(cells_of(row)), tuple(sorted(row.then.items()))) for row in table.rows]


class Regions:
    """The pairs of rows that the changed rows lead to. `is_complete` tells whether all were found."""

    def __init__(self, before: Table, after: Table, cases: Cases) -> None:
        self.before, self.after, self.cases = before, after, cases
        self.is_complete = True
        self._found: dict[tuple[int | None, int | None], Region] = {}
        self._left = _MOST_QUESTIONS

    def all(self) -> list[Region]:
        """Every pair of rows, each with what leads there."""
        old, new = changed_rows(self.before, self.after)
        for row in (*(self.before.rows[place] for place in old), *(self.after.rows[place] for place in new)):
            self._look_at(row)
        return list(self._found.values())

    def _look_at(self, row: Row) -> None:
        asked = (*cells_of(row), *self._all_inputs())
        while self.is_complete:
            known = (negation(Group(GroupKind.ALL, region.conditions)) for region in self._found.values())
            case = self.cases.case_of(*asked, *known)
            if case is None:
                return
            self._left -= 1
            if case.witness is None or self._left < 0:
                self.is_complete = False
                return
            self._take_down(case.witness)

    def _take_down(self, witness: Witness) -> None:
        places = (self._hit(self.before, witness), self._hit(self.after, witness))
        conditions = (*_leads_to(self.before, places[0]), *_leads_to(self.after, places[1]))
        self._found[places] = Region(*places, conditions)

    def _hit(self, table: Table, witness: Witness) -> int | None:
        rows = enumerate(table.rows)
        return next((place for place, row in rows if self.cases.holds(witness, *cells_of(row))), None)

    def _all_inputs(self) -> Iterator[Condition]:
        """That every input has some value or none, so that facts are given in full."""
        for name in dict.fromkeys((*self.before.inputs, *self.after.inputs)):
            yield Group(GroupKind.ANY, (Clause(name, Op.IS_PRESENT), Clause(name, Op.IS_MISSING)))


def _leads_to(table: Table, place: int | None) -> tuple[Condition, ...]:
    """What facts must meet to hit a row, or none: no row above matches."""
    above = table.rows if place is None else table.rows[:place]
    not_above = Group(GroupKind.NONE, tuple(Group(GroupKind.ALL, cells_of(row)) for row in above))
    return (not_above,) if place is None else (not_above, *cells_of(table.rows[place]))


def outputs_of(table: Table, place: int | None, names: Sequence[str]) -> Outputs:
    """What a row puts out, by the names of the facts; nothing where no row is hit."""
    then = {} if place is None else table.rows[place].then
    return {name: then.get(name.rpartition(".")[2]) for name in names}
