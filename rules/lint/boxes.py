"""The rows of a decision table as boxes: for each input the cells of its values that the row takes.

A row tests each input by itself, so two rows overlap where they do so on every input.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rules.catalogue import Fact
from rules.conditions import Clause, clauses
from rules.domains import Domain, clause_cells
from rules.formula import domains_of
from rules.solve import Witness
from rules.tables import Row, Table

Box = tuple[int, ...]
"""For each input, in the order of `Boxes.domains`, a set of cells."""


@dataclass(frozen=True, slots=True)
class Boxes:
    """The boxes of the rows of one table."""

    domains: dict[str, Domain]
    rows: tuple[Box, ...]

    @classmethod
    def of(cls, table: Table, fact_of: Callable[[str], Fact]) -> Boxes:
        """Every row as it stands."""
        tests = [_tests(row) for row in table.rows]
        facts = {name: fact_of(name) for name in table.inputs}
        domains = domains_of(facts, [clause for row in tests for clause in row])
        return cls(domains, tuple(_box(row, domains) for row in tests))

    def common(self, row: int, other: int) -> Witness | None:
        """Values that both rows take; None where there are none."""
        both = tuple(cells & others for cells, others in zip(self.rows[row], self.rows[other], strict=True))
        return self.values(both) if all(both) else None

    def overlapping(self, row: int) -> list[int]:
        """The rows above it that take values which it takes, too."""
        box = self.rows[row]
        return [
            place
            for place, other in enumerate(self.rows[:row])
            if all(cells & others for cells, others in zip(box, other, strict=True))
        ]

    def is_inside(self, row: int, other: int) -> bool:
        """Whether the other row takes all that the row takes."""
        return not any(cells & ~others for cells, others in zip(self.rows[row], self.rows[other], strict=True))

    def has_corner_outside(self, row: int, others: Sequence[int]) -> bool:
        """Whether one of two corners of the row is in none of the others: a quick look, no proof where it fails."""
        box = self.rows[row]
        lowest = tuple(cells & -cells for cells in box)
        highest = tuple(1 << (cells.bit_length() - 1) for cells in box)
        return any(all(self._misses(corner, other) for other in others) for corner in (lowest, highest))

    def _misses(self, corner: Box, other: int) -> bool:
        return not all(cell & cells for cell, cells in zip(corner, self.rows[other], strict=True))

    def values(self, box: Box) -> Witness:
        """A value of each input in a box."""
        return {name: domain.value(cells) for (name, domain), cells in zip(self.domains.items(), box, strict=True)}


def _tests(row: Row) -> list[Clause]:
    return [clause for cell in row.cells if cell is not None for clause in clauses(cell)]


def _box(tests: Sequence[Clause], domains: dict[str, Domain]) -> Box:
    box = {name: domain.full for name, domain in domains.items()}
    for clause in tests:
        box[clause.fact] &= clause_cells(clause, domains[clause.fact])
    return tuple(box.values())
