"""What can be imported: how each kind of document is read from a row, and which service writes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any

from marshmallow import fields as schema_fields
from sqlalchemy import select
from sqlalchemy.orm import Session

from policy_service import schemas
from policy_service.db.models import FieldReport
from policy_service.domain.actors import Actor
from policy_service.domain.days import Moment
from policy_service.domain.documents import FieldReportDocument
from policy_service.domain.errors import Invalid
from policy_service.schemas import fields as ours
from policy_service.services.customers import put_customer
from policy_service.services.importing.layout import Cell, Fields
from policy_service.services.market import add_field_report, put_order_history
from policy_service.services.receivables import put_invoice, put_payment


class ImportKind(StrEnum):
    """The kinds of files that are taken."""

    CUSTOMERS = "customers"
    INVOICES = "invoices"
    PAYMENTS = "payments"
    ORDERS = "orders"
    FIELD_REPORTS = "field-reports"


class Effect(StrEnum):
    """What a row did."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


Put = Callable[[Session, Actor, str, Any, Moment], tuple[Any, bool]]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: the schema of its documents, the field that names one (None: they have no id), and its service."""

    schema: schemas.DocumentSchema[Any]
    id_field: str | None
    put: Put

    @property
    def fields(self) -> Fields:
        """What a row may hold: the fields of the document, and its id as `invoice_id` or plain `id`."""
        cells = dict(_cells(self.schema))
        if self.id_field is None:
            return cells
        if self.schema is schemas.PAYMENT:
            cells |= _PAID_INVOICE
        return {self.id_field: Cell.TEXT, "id": Cell.TEXT, **cells}

    def read(self, row: Mapping[str, object]) -> tuple[str, Any]:
        """The id and the document of a row. Raises Invalid, DocumentRefused."""
        rest = dict(row)
        document_id = self._id(rest)
        if self.schema is schemas.PAYMENT:
            _allocate_to_one_invoice(rest)
        return document_id, schemas.read(self.schema, rest)

    def write(self, session: Session, actor: Actor, document_id: str, document: Any, moment: Moment) -> Effect:
        """Hand the document to its service; a document that says nothing new changes nothing."""
        written, created = self.put(session, actor, document_id, document, moment)
        changed_at: datetime | None = getattr(written, "updated_at", None)
        if created:
            return Effect.CREATED
        return Effect.CHANGED if changed_at == moment.now else Effect.UNCHANGED

    def _id(self, row: dict[str, object]) -> str:
        if self.id_field is None:
            return ""
        given = [row.pop(name) for name in (self.id_field, "id") if name in row]
        if len(given) != 1:
            raise Invalid(f"{self.id_field}: is required, once")
        if not isinstance(given[0], str) or not ours.is_id(given[0]):
            raise Invalid(f"{self.id_field}: must have 1 to 100 printable characters")
        return given[0]


_PAID_INVOICE: Fields = {"invoice_id": Cell.TEXT, "allocated_amount": Cell.AMOUNT}


def _allocate_to_one_invoice(row: dict[str, object]) -> None:
    """A flat file names the one invoice that a payment pays; without an amount, the whole payment is for it."""
    if "allocated_amount" in row and "invoice_id" not in row:
        raise Invalid("allocated_amount: is for a payment with an invoice_id")
    if "invoice_id" not in row:
        return
    if "allocations" in row:
        raise Invalid("invoice_id: is not for a payment with allocations")
    amount = row.pop("allocated_amount", row.get("amount"))
    row["allocations"] = [{"invoice_id": row.pop("invoice_id"), "amount": amount}]


def _cells(schema: schemas.DocumentSchema[Any]) -> Fields:
    cells: dict[str, Cell] = {}
    for attribute, field in schema.fields.items():
        name = field.data_key or attribute
        if isinstance(field, schema_fields.Nested):
            inner = _cells(field.schema)  # type: ignore[arg-type]
            cells |= {f"{name}.{member}": cell for member, cell in inner.items()}
        elif isinstance(field, ours.Names):
            cells[f"{name}.*"] = Cell.TEXT
        else:
            cells[name] = _cell(field)
    return cells


def _cell(field: schema_fields.Field[Any]) -> Cell:
    by_class: Mapping[type, Cell] = {
        ours.Money: Cell.AMOUNT,
        ours.Day: Cell.DATE,
        ours.Whole: Cell.INTEGER,
        ours.YesNo: Cell.BOOLEAN,
        ours.Several: Cell.ALLOCATIONS,
    }
    return by_class.get(type(field), Cell.TEXT)


def _put_field_report(
    session: Session, actor: Actor, _: str, document: FieldReportDocument, moment: Moment
) -> tuple[FieldReport, bool]:
    """Reports have no id: one that says the same is the same report."""
    known = session.scalar(select(FieldReport).filter_by(**asdict(document)).limit(1))
    if known is not None:
        return known, False
    return add_field_report(session, actor, document, moment), True


KINDS: Mapping[ImportKind, Kind] = {
    ImportKind.CUSTOMERS: Kind(schemas.CUSTOMER, "customer_id", partial(put_customer, rechecks=False)),
    ImportKind.INVOICES: Kind(schemas.INVOICE, "invoice_id", partial(put_invoice, rechecks=False)),
    ImportKind.PAYMENTS: Kind(schemas.PAYMENT, "payment_id", partial(put_payment, rechecks=False)),
    ImportKind.ORDERS: Kind(schemas.ORDER_HISTORY, "order_id", put_order_history),
    ImportKind.FIELD_REPORTS: Kind(schemas.FIELD_REPORT, None, _put_field_report),
}
