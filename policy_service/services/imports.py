"""Imports: files of customers, invoices, payments, orders and field reports, in whatever layout they have.

Good rows of a bad file are kept, every refused row is told with its line, and the same file again changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from policy_service.domain.actors import Actor
from policy_service.domain.days import Moment
from policy_service.domain.errors import CreditPolicyError, Invalid
from policy_service.schemas import DocumentRefused
from policy_service.services.importing.kinds import KINDS, Effect, ImportKind, Kind
from policy_service.services.importing.layout import (
    Fields,
    Layout,
    check_columns,
    layout_of_header,
    read_layout,
    read_mapping,
)
from policy_service.services.importing.reading import Refusal, Row, Table, open_table
from policy_service.services.recheck_jobs import defer_recheck
from rules.texts import Text

__all__ = ["Effect", "ImportKind", "ImportedBatch", "Incoming", "Refusal", "import_batches", "open_import"]

_ROWS_OF_A_BATCH = 200
_REFUSED_BY_DATABASE = Text("contradicts what is stored", "与已存数据矛盾")


@dataclass(frozen=True, slots=True)
class Incoming:
    """A file that is ready to be imported. A file of JSON documents needs no layout."""

    kind: Kind
    fields: Fields
    table: Table
    layout: Layout | None

    @property
    def estimated_rows(self) -> int:
        """About how many rows there are, for a progress bar."""
        return self.table.estimated_rows


@dataclass(slots=True)
class ImportedBatch:
    """What some rows in a row did, and the rows that were refused."""

    rows: int = 0
    effects: dict[Effect, int] = field(default_factory=lambda: dict.fromkeys(Effect, 0))
    refused: list[Refusal] = field(default_factory=list)

    def add(self, other: ImportedBatch) -> None:
        """Count another batch in."""
        self.rows += other.rows
        self.refused += other.refused
        for effect, count in other.effects.items():
            self.effects[effect] += count


def open_import(kind: ImportKind, path: Path, mapping: str | None) -> Incoming:
    """Open a file; `mapping` is the text of a mapping file, None where the columns have the names of the fields.

    Raises FileNotUnderstood, MappingNotUnderstood, OSError.
    """
    read_as = KINDS[kind]
    fields = read_as.fields
    layout = None if mapping is None else read_layout(read_mapping(mapping), fields)
    table = open_table(path)
    if layout is not None:
        check_columns(layout, table)
    elif table.columns is not None:
        layout = layout_of_header(table, fields)
    return Incoming(read_as, fields, table, layout)


def import_batches(session: Session, actor: Actor, incoming: Incoming, moment: Moment) -> Iterator[ImportedBatch]:
    """Write the rows batch by batch. The caller commits after each: what is not yet committed is not yet kept."""
    writer = _Writer(session, actor, incoming, moment)
    rows = iter(incoming.table.rows)
    while batch := list(islice(rows, _ROWS_OF_A_BATCH)):
        yield writer.write(batch)


class _Writer:
    """Writes rows, and remembers which document was on which line.

    The open holds of the customers of a batch are checked again by a job: not once for every row.
    """

    def __init__(self, session: Session, actor: Actor, incoming: Incoming, moment: Moment) -> None:
        self._session = session
        self._actor = actor
        self._incoming = incoming
        self._moment = moment
        self._seen: dict[str, tuple[int, int]] = {}
        self._touched: set[str] = set()

    def write(self, rows: list[Row]) -> ImportedBatch:
        batch = ImportedBatch(rows=len(rows))
        self._touched.clear()
        for row in rows:
            outcome = self._write_row(row)
            if isinstance(outcome, Text):
                batch.refused.append(Refusal(row.line, outcome))
            else:
                batch.effects[outcome] += 1
        defer_recheck(self._session, self._touched)
        return batch

    def _write_row(self, row: Row) -> Effect | Text:
        """What the row did, or why it was refused; a refused row leaves nothing behind."""
        kind = self._incoming.kind
        try:
            document_id, document = kind.read(self._fields(row))
            if self._was_seen(document_id, document, row.line):
                return Effect.UNCHANGED
            with self._session.begin_nested():
                effect = kind.write(self._session, self._actor, document_id, document, self._moment)
            self._remember(document_id, document, row.line)
            if effect is not Effect.UNCHANGED:
                self._touched.add(getattr(document, "customer_id", document_id))
        except DocumentRefused as refused:
            return _reason(refused)
        except CreditPolicyError as error:
            return Text.same(_with_field(error))
        except IntegrityError:
            return _REFUSED_BY_DATABASE
        return effect

    def _fields(self, row: Row) -> dict[str, object]:
        layout = self._incoming.layout
        if layout is not None:
            return layout.document(row, self._incoming.fields)
        if row.fault:
            raise Invalid(row.fault)
        return dict(row.cells)

    def _was_seen(self, document_id: str, document: Any, line: int) -> bool:
        """One id, one document: two that differ would overwrite each other at every import. Raises Invalid."""
        meaning = hash(repr(document))
        first_line, first_meaning = self._seen.get(document_id, (line, meaning))
        if first_meaning != meaning:
            raise Invalid(f"{document_id} was on line {first_line} already, and differs")
        return first_line != line

    def _remember(self, document_id: str, document: Any, line: int) -> None:
        if document_id:
            self._seen[document_id] = (line, hash(repr(document)))


def _reason(refused: DocumentRefused) -> Text:
    def told(language: str) -> str:
        return "; ".join(
            f"{_field(fault.pointer)}{getattr(fault.message.text, language)}" for fault in refused.faults
        )

    return Text(told("en"), told("zh"))


def _with_field(error: CreditPolicyError) -> str:
    if isinstance(error, Invalid) and error.errors:
        return "; ".join(f"{_field(each.pointer)}{each.message}" for each in error.errors)
    return error.message


def _field(pointer: str) -> str:
    return f"{pointer.removeprefix('/').replace('/', '.')}: " if pointer else ""
