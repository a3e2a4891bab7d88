"""What the tables of a policy put out for the facts of one check."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from policy_service.domain.money import EXACT
from rules.catalogue import FactType
from rules.conditions import Clause, clauses
from rules.exchange import per_unit
from rules.index import Indexes, bits_set
from rules.predicates import Seen
from rules.tables import HitPolicy, Row, Table
from rules.verdict import TableHit


class AmbiguousTable(Exception):
    """Two rows of a table match, and its hit policy is `unique`."""

    def __init__(self, table: Table, rows: Sequence[int]) -> None:
        listed = ", ".join(str(row + 1) for row in rows)
        super().__init__(f"the table {table.code} is unique, and its rows {listed} all match")


class LookUp:
    """A table made ready to be asked many times: an index over its cells, as if each row were a rule."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self._indexes = Indexes([list(_tests(row)) for row in table.rows])

    def hit(self, seen: Seen) -> TableHit:
        """The rows that count, and what they put out. Raises AmbiguousTable."""
        return hit_of(self.table, list(bits_set(self._indexes.possible(seen))), seen)


def _tests(row: Row) -> Iterator[Clause]:
    for cell in row.cells:
        if cell is not None:
            yield from clauses(cell)


def with_tables(tables: Iterable[LookUp], seen: Seen) -> Seen:
    """The same facts, and what the tables put out as facts. Raises AmbiguousTable."""
    for table in tables:
        seen = seen.with_hit(table.hit(seen), table.table)
    return seen


def hit_of(table: Table, matching: Sequence[int], seen: Seen) -> TableHit:
    """What a table puts out where the rows `matching` match. Raises AmbiguousTable."""
    if table.hit_policy is HitPolicy.UNIQUE and len(matching) > 1:
        raise AmbiguousTable(table, matching)
    rows = tuple(matching if table.hit_policy is HitPolicy.COLLECT else matching[:1])
    return TableHit(table.code, rows, {name: _output(table, name, rows, seen) for name in table.outputs})


def _output(table: Table, name: str, rows: Sequence[int], seen: Seen) -> Any:
    found = tuple(
        _in_account_currency(table, name, table.rows[row].then[name], seen)
        for row in rows
        if name in table.rows[row].then
    )
    if table.hit_policy is HitPolicy.COLLECT:
        return found or None
    return found[0] if found else None


def _in_account_currency(table: Table, name: str, value: Any, seen: Seen) -> Any:
    """Amounts stand in the policy's currency, and facts are in the account's: to 28 digits, like what is shown."""
    exchange = seen.exchange
    if table.facts[table.fact_name(name)].type is not FactType.MONEY or exchange.is_single:
        return value
    return per_unit(EXACT.multiply(Decimal(value), exchange.policy), exchange.account)
