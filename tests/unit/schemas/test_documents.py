"""The documents of the credit file: what belongs together, and that nothing is lost between reading and writing."""

from __future__ import annotations

from typing import Any

import pytest

from policy_service.domain.documents import CustomerStatus, InvoiceStatus, SettlementMode
from policy_service.schemas import (
    CUSTOMER,
    FIELD_REPORT,
    FX_RATE,
    INVOICE,
    ORDER_HISTORY,
    PAYMENT,
    DocumentRefused,
    DocumentSchema,
    read,
    write,
)
from rules.catalogue import SIGNAL_CATEGORIES

TEMPORARY_LIMIT = {"amount": "80000.00", "from": "2026-11-01", "to": "2026-12-31"}
CUSTOMER_IN_FULL: dict[str, Any] = {
    "name": "华东机械 (East China Machinery)",
    "currency": "CNY",
    "credit_limit": "50000.00",
    "limit_valid_until": "2027-12-31",
    "temporary_limit": TEMPORARY_LIMIT,
    "group_credit_limit": "200000.00",
    "standard_terms_days": 30,
    "status": "watch",
    "segment": "strategic",
    "customer_class": "B",
    "country": "CN",
    "region": "East",
    "industry": "Machinery",
    "parent_id": "C-0",
    "registered_on": "2019-05-01",
    "strategic_value": "A",
    "substitutability": 3,
    "settlement_mode": "batch",
    "insured_amount": "10000.00",
    "insured_until": "2027-06-30",
    "collateral_amount": "5000.00",
    "sales_owner": "li",
    "external_ids": {"erp": "10023"},
}
INVOICE_IN_FULL: dict[str, Any] = {
    "customer_id": "C-1",
    "order_id": "SO-1",
    "amount": "100.00",
    "currency": "CNY",
    "invoice_date": "2026-11-01",
    "due_date": "2026-12-01",
    "type": "credit_note",
    "applies_to": [{"invoice_id": "INV-1", "amount": "60.00"}],
    "disputed": True,
    "disputed_on": "2026-11-05",
    "dispute_reason": "short delivery",
    "status": "void",
    "voided_on": "2026-11-10",
}
PAYMENT_IN_FULL: dict[str, Any] = {
    "customer_id": "C-1",
    "order_id": None,
    "amount": "100.00",
    "currency": "CNY",
    "received_on": "2026-11-20",
    "allocations": [{"invoice_id": "INV-1", "amount": "40.00"}, {"invoice_id": "INV-2", "amount": "60.00"}],
}
HISTORY: dict[str, Any] = {
    "customer_id": "C-1",
    "amount": "100.00",
    "currency": "CNY",
    "order_date": "2026-01-05",
    "status": "cancelled",
}
REPORT: dict[str, Any] = {
    "customer_id": "C-1",
    "observed_on": "2026-11-20",
    "category": "headcount",
    "severity": 4,
    "source_channel": "visit",
    "note": "Two of three halls are empty.\nThe guard says since October.",
    "reported_by": "wang",
    "valid_until": "2027-02-28",
}


def faults(schema: DocumentSchema[Any], document: dict[str, Any]) -> dict[str, str]:
    """What is wrong with a document, by pointer."""
    with pytest.raises(DocumentRefused) as refused:
        read(schema, document)
    return {fault.pointer: fault.message.key for fault in refused.value.faults}


@pytest.mark.parametrize(
    ("schema", "document"),
    [
        (CUSTOMER, CUSTOMER_IN_FULL),
        (INVOICE, INVOICE_IN_FULL),
        (PAYMENT, PAYMENT_IN_FULL),
        (ORDER_HISTORY, HISTORY),
        (FIELD_REPORT, REPORT),
        (FX_RATE, {"rate": "7.1425", "as_of": "2026-11-23"}),
    ],
)
def test_a_document_is_written_as_it_was_read(schema: DocumentSchema[Any], document: dict[str, Any]) -> None:
    assert write(schema, read(schema, document), "CNY") == document


def test_a_customer_needs_a_name_and_a_currency_and_the_rest_has_defaults() -> None:
    customer = read(CUSTOMER, {"name": "A", "currency": "CNY"})
    assert (customer.status, customer.settlement_mode) == (CustomerStatus.ACTIVE, SettlementMode.CREDIT)
    assert (customer.credit_limit, customer.standard_terms_days, dict(customer.external_ids)) == (None, 0, {})
    assert faults(CUSTOMER, {}) == {"/name": "required", "/currency": "required"}


def test_no_limit_and_a_limit_of_nothing_are_two_things() -> None:
    assert read(CUSTOMER, {"name": "A", "currency": "CNY", "credit_limit": None}).credit_limit is None
    assert read(CUSTOMER, {"name": "A", "currency": "CNY", "credit_limit": "0"}).credit_limit == 0


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"status": "blocked"}, "/status"),
        ({"customer_class": "a"}, "/customer_class"),
        ({"strategic_value": "E"}, "/strategic_value"),
        ({"substitutability": 0}, "/substitutability"),
        ({"substitutability": 6}, "/substitutability"),
        ({"settlement_mode": None}, "/settlement_mode"),
        ({"standard_terms_days": "30"}, "/standard_terms_days"),
        ({"credit_limit": "-1"}, "/credit_limit"),
        ({"credit_limit": "1.234"}, "/credit_limit"),
        ({"name": "x" * 201}, "/name"),
        ({"temporary_limit": TEMPORARY_LIMIT | {"to": "2026-10-31"}}, "/temporary_limit/to"),
        ({"temporary_limit": TEMPORARY_LIMIT | {"amount": "1.001"}}, "/temporary_limit/amount"),
        ({"temporary_limit": {}}, "/temporary_limit/from"),
        ({"temporary_limit": []}, "/temporary_limit"),
        ({"external_ids": []}, "/external_ids"),
        ({"external_ids": {"erp": 5}}, "/external_ids/erp"),
        ({"external_ids": {"": "5"}}, "/external_ids/"),
        ({"external_ids": {str(number): "5" for number in range(51)}}, "/external_ids"),
        ({"id": "C-1"}, "/id"),
        ({"revision": 5}, "/revision"),
    ],
)
def test_a_customer_with_a_fault_is_refused_at_the_field(change: dict[str, Any], pointer: str) -> None:
    assert pointer in faults(CUSTOMER, CUSTOMER_IN_FULL | change)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"due_date": "2026-10-31"}, "/due_date"),
        ({"type": "invoice"}, "/applies_to"),
        ({"disputed": False}, "/disputed_on"),
        ({"disputed": False}, "/dispute_reason"),
        ({"disputed": "true"}, "/disputed"),
        ({"status": "posted"}, "/voided_on"),
        ({"amount": "0"}, "/amount"),
        ({"applies_to": [{"invoice_id": "INV-1", "amount": "0"}]}, "/applies_to/0/amount"),
        ({"applies_to": [{"invoice_id": "INV-1", "amount": "1.001"}]}, "/applies_to/0/amount"),
    ],
)
def test_an_invoice_whose_fields_do_not_fit_together_is_refused(change: dict[str, Any], pointer: str) -> None:
    assert pointer in faults(INVOICE, INVOICE_IN_FULL | change)


def test_an_invoice_due_on_its_own_day_is_fine() -> None:
    document = INVOICE_IN_FULL | {"due_date": INVOICE_IN_FULL["invoice_date"]}
    assert read(INVOICE, document).status is InvoiceStatus.VOID


@pytest.mark.parametrize("category", SIGNAL_CATEGORIES)
def test_every_category_of_the_catalogue_can_be_reported(category: str) -> None:
    assert read(FIELD_REPORT, REPORT | {"category": category}).category == category


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"category": "private_life"}, "/category"),
        ({"severity": 0}, "/severity"),
        ({"severity": 6}, "/severity"),
        ({"source_channel": "family"}, "/source_channel"),
        ({"note": "x" * 4001}, "/note"),
        ({"note": "bell\x07"}, "/note"),
        ({"valid_until": "2026-11-19"}, "/valid_until"),
    ],
)
def test_a_field_report_with_a_fault_is_refused_at_the_field(change: dict[str, Any], pointer: str) -> None:
    assert pointer in faults(FIELD_REPORT, REPORT | change)


@pytest.mark.parametrize("rate", ["0", "0.0", "-1", "1e3", 7.1, "7.1234567890123456", ""])
def test_a_rate_is_a_decimal_string_above_zero_with_at_most_15_decimals(rate: Any) -> None:
    assert "/rate" in faults(FX_RATE, {"rate": rate, "as_of": "2026-11-23"})
