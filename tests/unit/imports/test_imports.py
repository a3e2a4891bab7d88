"""Files into the credit file."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from policy_service.db.models import AuditEvent, Customer, FieldReport, Invoice, Order
from policy_service.domain.actors import SYSTEM
from policy_service.domain.days import Moment
from policy_service.services.imports import Effect, ImportedBatch, ImportKind, import_batches, open_import
from tests.factories import Book


def _import(book: Book, kind: ImportKind, path: Path, mapping: str | None = None) -> ImportedBatch:
    total = ImportedBatch()
    for batch in import_batches(book.session, SYSTEM, open_import(kind, path, mapping), book.moment):
        book.session.commit()
        total.add(batch)
    return total


def _written(tmp_path: Path, name: str, text: str) -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def _refused(batch: ImportedBatch) -> dict[int, str]:
    return {refusal.line: refusal.reason.en for refusal in batch.refused}


def test_good_rows_of_a_bad_file_are_kept_and_every_refused_row_is_told(book: Book, tmp_path: Path) -> None:
    path = _written(
        tmp_path,
        "customers.csv",
        "customer_id,name,currency,credit_limit,standard_terms_days\n"
        "C-1,One,CNY,1000.00,30\n"
        "C-2,Two,XXX,1.00,30\n"
        ",Three,CNY,1.00,30\n"
        "C-4,Four,CNY,1.001,thirty\n"
        "C-5,Five,CNY,,\n",
    )
    batch = _import(book, ImportKind.CUSTOMERS, path)
    assert set(book.session.scalars(select(Customer.id))) == {"C-1", "C-5"}
    assert batch.effects[Effect.CREATED] == 2
    refused = _refused(batch)
    assert sorted(refused) == [3, 4, 5]
    assert "currency: is not an ISO 4217 currency code" in refused[3]
    assert "customer_id: is required" in refused[4]
    assert "credit_limit: has 3 decimals; CNY has 2" in refused[5]
    assert "standard_terms_days: must be a whole JSON number" in refused[5]


def test_the_same_file_again_changes_nothing(book: Book, tmp_path: Path) -> None:
    book.customer("C-1")
    files = {
        ImportKind.INVOICES: _written(
            tmp_path,
            "invoices.csv",
            "invoice_id,customer_id,amount,currency,invoice_date,due_date,disputed\n"
            "I-1,C-1,100.00,CNY,2026-10-01,2026-10-31,true\nI-2,C-1,50.00,CNY,2026-10-01,2026-10-31,\n",
        ),
        ImportKind.PAYMENTS: _written(
            tmp_path,
            "payments.csv",
            "payment_id,customer_id,amount,currency,received_on,invoice_id\nP-1,C-1,50.00,CNY,2026-10-30,I-2\n",
        ),
        ImportKind.ORDERS: _written(
            tmp_path, "orders.csv", "id,customer_id,amount,currency,order_date\nS-1,C-1,100.00,CNY,2026-10-01\n"
        ),
        ImportKind.FIELD_REPORTS: _written(
            tmp_path,
            "reports.csv",
            "customer_id,observed_on,category,severity,source_channel,note,reported_by\n"
            "C-1,2026-10-01,landlord,2,landlord,rent unpaid,ann\n",
        ),
    }
    for kind, path in files.items():
        assert _import(book, kind, path).effects[Effect.CREATED] > 0
    events = book.session.scalar(select(func.count()).select_from(AuditEvent))
    book.moment = Moment(book.moment.now + timedelta(minutes=1), book.moment.day)
    for kind, path in files.items():
        again = _import(book, kind, path)
        assert again.effects == {Effect.CREATED: 0, Effect.CHANGED: 0, Effect.UNCHANGED: again.rows}
    assert book.session.scalar(select(func.count()).select_from(AuditEvent)) == events
    counts = [book.session.scalar(select(func.count()).select_from(each)) for each in (Invoice, Order, FieldReport)]
    assert counts == [2, 1, 1]
    assert book.facts()["customer.paid_invoice_count"] == 1


def test_a_changed_row_is_counted_as_changed(book: Book, tmp_path: Path) -> None:
    book.customer("C-1", name="One", standard_terms_days=30)
    path = _written(tmp_path, "c.csv", "customer_id,name,currency,standard_terms_days\nC-1,Uno,CNY,30\n")
    assert _import(book, ImportKind.CUSTOMERS, path).effects[Effect.CHANGED] == 1


def test_one_id_with_two_meanings_in_a_file_is_refused(book: Book, tmp_path: Path) -> None:
    path = _written(tmp_path, "c.csv", "customer_id,name,currency\nC-1,One,CNY\nC-1,One,CNY\nC-1,Other,CNY\n")
    batch = _import(book, ImportKind.CUSTOMERS, path)
    assert (batch.effects[Effect.CREATED], batch.effects[Effect.UNCHANGED]) == (1, 1)
    assert _refused(batch) == {4: "C-1 was on line 2 already, and differs"}


def test_a_row_that_a_service_refuses_leaves_nothing_behind(book: Book, tmp_path: Path) -> None:
    book.customer("C-1")
    path = _written(
        tmp_path,
        "p.csv",
        "payment_id,customer_id,amount,currency,received_on,allocations\n"
        "P-1,C-1,100.00,CNY,2026-10-01,NOWHERE:100.00\n"
        "P-2,C-1,30.00,CNY,2026-10-01,\n",
    )
    batch = _import(book, ImportKind.PAYMENTS, path)
    assert list(_refused(batch)) == [2]
    assert str(book.facts()["receivables.unapplied_amount"]) == "30.00"


def test_json_documents_need_no_mapping(book: Book, tmp_path: Path) -> None:
    book.customer("C-1")
    invoice = {"customer_id": "C-1", "amount": "9.00", "currency": "CNY", "invoice_date": "2026-10-01"}
    lines = [
        json.dumps({"invoice_id": "I-1", **invoice, "due_date": "2026-10-31"}),
        json.dumps({"invoice_id": "I-2", **invoice, "due_date": "2026-10-31", "amount": 9.0}),
        json.dumps({"invoice_id": "I-3", **invoice, "due_date": "2026-10-31", "colour": "red"}),
    ]
    batch = _import(book, ImportKind.INVOICES, _written(tmp_path, "i.ndjson", "\n".join(lines)))
    assert list(book.session.scalars(select(Invoice.id))) == ["I-1"]
    refused = _refused(batch)
    assert refused[2].startswith("amount: must be a decimal string")
    assert refused[3].startswith("colour: is not a field")


def test_a_file_in_another_layout_is_read_by_its_mapping(book: Book, tmp_path: Path) -> None:
    book.customer("C-1")
    mapping = """
columns: {invoice_id: Rechnung, customer_id: Kunde, invoice_date: Datum, due_date: Faellig, amount: Betrag}
constants: {currency: CNY}
date_format: D.M.YYYY
decimal_mark: ","
thousands_mark: "."
"""
    path = _written(
        tmp_path, "i.csv", "Rechnung;Kunde;Datum;Faellig;Betrag;mehr\nR-1;C-1;1.10.2026;31.10.2026;1.234,50;x\n"
    )
    assert _import(book, ImportKind.INVOICES, path, mapping).refused == []
    assert str(book.facts()["receivables.open_amount"]) == "1234.50"


@pytest.mark.parametrize("kind", ImportKind)
def test_every_kind_takes_a_file_with_a_header_alone(book: Book, tmp_path: Path, kind: ImportKind) -> None:
    path = _written(tmp_path, "empty.csv", "customer_id,currency\n" if kind != ImportKind.FIELD_REPORTS else "note\n")
    assert _import(book, kind, path).rows == 0
