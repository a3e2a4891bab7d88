"""An invoice history out of a file, in whatever layout it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from policy_service.domain.days import EARLIEST_DAY, LATEST_DAY
from policy_service.domain.errors import Invalid
from policy_service.domain.money import parse_money
from policy_service.services.backtesting.assumptions import Assumptions, DisputeKnown
from policy_service.services.history_facts import PastInvoice
from policy_service.services.importing.layout import Cell, Layout, check_columns
from policy_service.services.importing.reading import Refusal, Row, open_table
from rules.texts import Text

FIELDS: Mapping[str, Cell] = {
    "invoice_id": Cell.TEXT,
    "customer_id": Cell.TEXT,
    "invoice_date": Cell.DATE,
    "due_date": Cell.DATE,
    "amount": Cell.AMOUNT,
    "settled_on": Cell.DATE,
    "disputed": Cell.BOOLEAN,
    "disputed_on": Cell.DATE,
    "credit_limit": Cell.AMOUNT,
    "country": Cell.TEXT,
    "region": Cell.TEXT,
    "industry": Cell.TEXT,
    "segment": Cell.TEXT,
}
_REQUIRED = ("customer_id", "invoice_date", "amount")
_LONGEST_TERMS_DAYS = 3650


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One invoice of the history, and what the file says of its customer."""

    line: int
    invoice_id: str
    customer_id: str
    invoice: PastInvoice
    credit_limit: Decimal | None
    about: Mapping[str, str]

    @property
    def terms_days(self) -> int:
        """The payment terms that were given, in days."""
        return (self.invoice.due_date - self.invoice.invoice_date).days


@dataclass(frozen=True, slots=True)
class History:
    """The invoices in the order in which they were issued, and the rows that were refused."""

    entries: tuple[HistoryEntry, ...]
    refused: tuple[Refusal, ...]

    @property
    def last_day(self) -> date:
        """The last day of which the history knows anything."""
        days = (entry.invoice for entry in self.entries)
        return max(max(each.invoice_date, each.settled_on or each.invoice_date) for each in days)


def read_history(path: Path, layout: Layout, assumptions: Assumptions) -> History:
    """Read the file; rows that make no sense are refused one by one. Raises FileNotUnderstood, OSError."""
    table = open_table(path)
    check_columns(layout, table)
    entries: dict[str, HistoryEntry] = {}
    refused: list[Refusal] = []
    for row in table.rows:
        try:
            entry = _entry(row, layout, assumptions)
            if entry.invoice_id in entries:
                raise Invalid(f"the invoice {entry.invoice_id} was on line {entries[entry.invoice_id].line} already")
        except Invalid as error:
            refused.append(Refusal(row.line, Text.same(error.message)))
        else:
            entries[entry.invoice_id] = entry
    in_order = sorted(entries.values(), key=lambda entry: (entry.invoice.invoice_date, entry.line))
    return History(tuple(in_order), tuple(refused))


def _entry(row: Row, layout: Layout, assumptions: Assumptions) -> HistoryEntry:
    cells = layout.document(row, FIELDS)
    missing = [name for name in _REQUIRED if name not in cells]
    if missing:
        raise Invalid(f"has no {', '.join(missing)}")
    limit = cells.get("credit_limit")
    return HistoryEntry(
        line=row.line,
        invoice_id=str(cells.get("invoice_id", f"line {row.line}")),
        customer_id=str(cells["customer_id"]),
        invoice=_invoice(cells, assumptions),
        credit_limit=None if limit is None else _money(limit, "credit_limit", assumptions.currency),
        about={name: str(cells[name]) for name in ("country", "region", "industry", "segment") if name in cells},
    )


def _invoice(cells: Mapping[str, object], assumptions: Assumptions) -> PastInvoice:
    issued = _day(cells, "invoice_date")
    due = _day(cells, "due_date") or (issued and issued + assumptions.terms)
    if issued is None or due is None or not 0 <= (due - issued).days <= _LONGEST_TERMS_DAYS:
        raise Invalid(f"due_date: must be 0 to {_LONGEST_TERMS_DAYS} days after the invoice date")
    amount = _money(cells["amount"], "amount", assumptions.currency)
    if amount <= 0:
        raise Invalid("amount: must be above 0")
    settled = _day(cells, "settled_on")
    return PastInvoice(amount, issued, due, settled, _disputed_on(cells, issued, due, settled, assumptions))


def _disputed_on(
    cells: Mapping[str, object], issued: date, due: date, settled: date | None, assumptions: Assumptions
) -> date | None:
    """When the dispute was known: the day that the file gives, else the one that is assumed."""
    known = _day(cells, "disputed_on")
    disputed = cells.get("disputed", known is not None)
    if not isinstance(disputed, bool):
        raise Invalid(
            f"disputed: {disputed!r} is neither true nor false; `values` in the mapping says which is which"
        )
    if not disputed or known is not None:
        return known if disputed else None
    match assumptions.dispute_known:
        case DisputeKnown.INVOICE_DATE:
            return issued
        case DisputeKnown.DUE_DATE:
            return due
        case DisputeKnown.SETTLED_ON:
            return settled or LATEST_DAY


def _day(cells: Mapping[str, object], name: str) -> date | None:
    if name not in cells:
        return None
    day = date.fromisoformat(str(cells[name]))
    if not EARLIEST_DAY <= day <= LATEST_DAY:
        raise Invalid(f"{name}: {day} is not between {EARLIEST_DAY} and {LATEST_DAY}")
    return day


def _money(cell: object, name: str, currency: str) -> Decimal:
    try:
        return parse_money(str(cell), currency)
    except Invalid as error:
        raise Invalid(f"{name}: {cell!r} {error.message}") from None
