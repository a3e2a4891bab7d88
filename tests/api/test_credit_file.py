"""The credit file over HTTP: written whole, read as it was written, changed only in the version that was seen."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from policy_service.domain.money import plain
from rules.catalogue import facts_without_order
from tests.api.conftest import Caller
from tests.api.test_errors import problem

CUSTOMER = {"name": "Long Hua", "currency": "CNY"}
INVOICE = {
    "customer_id": "C-1",
    "amount": "600.00",
    "currency": "CNY",
    "invoice_date": "2026-10-01",
    "due_date": "2026-10-31",
}
PAYMENT = {"customer_id": "C-1", "amount": "600.00", "currency": "CNY", "received_on": "2026-11-01"}
REPORT = {
    "customer_id": "C-1",
    "observed_on": "2026-11-20",
    "category": "headcount",
    "severity": 4,
    "source_channel": "visit",
    "note": "Two of three halls are empty.\nSince October.",
    "reported_by": "wang",
}


def stored(response: Any, status: int = 200) -> dict[str, Any]:
    """The stored document of an answer."""
    assert response.status_code == status, response.text
    document: dict[str, Any] = response.json
    return document


def test_a_customer_is_created_then_replaced_and_read_as_it_was_written(call: Caller) -> None:
    created = stored(call.put("/v1/customers/C-1", CUSTOMER), 201)
    assert (created["status"], created["standard_terms_days"], created["credit_limit"]) == ("active", 0, None)
    full = CUSTOMER | {
        "credit_limit": "5000.00",
        "temporary_limit": {"amount": "8000.00", "from": "2026-11-01", "to": "2026-12-31"},
        "external_ids": {"erp": "10023"},
        "standard_terms_days": 30,
    }
    replaced = stored(call.put("/v1/customers/C-1", full))
    assert full.items() <= replaced.items()
    read = call.get("/v1/customers/C-1")
    assert stored(read) == replaced
    assert read.headers["ETag"] == '"2"'


def test_the_same_document_again_changes_nothing(call: Caller) -> None:
    first = call.put("/v1/customers/C-1", CUSTOMER)
    second = call.put("/v1/customers/C-1", CUSTOMER)
    assert (first.status_code, second.status_code) == (201, 200)
    assert (first.json, first.headers["ETag"]) == (second.json, second.headers["ETag"])


def test_a_replaced_customer_loses_what_is_left_out(call: Caller) -> None:
    call.put("/v1/customers/C-1", CUSTOMER | {"credit_limit": "5000.00", "segment": "key"})
    replaced = stored(call.put("/v1/customers/C-1", CUSTOMER))
    assert (replaced["credit_limit"], replaced["segment"]) == (None, None)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"credit_limit": "1.234"}, "/credit_limit"),
        ({"parent_id": "C-9"}, "/parent_id"),
        ({"customer_id": "C-1"}, "/customer_id"),
    ],
)
def test_a_customer_with_a_fault_is_refused_and_not_stored(
    call: Caller, change: dict[str, Any], pointer: str
) -> None:
    document = problem(call.put("/v1/customers/C-1", CUSTOMER | change), 422, "validation_error")
    assert [error["pointer"] for error in document["errors"]] == [pointer]
    problem(call.get("/v1/customers/C-1"), 404, "customer_not_found")


def test_a_customer_cannot_stand_above_itself(call: Caller) -> None:
    call.put("/v1/customers/C-1", CUSTOMER)
    call.put("/v1/customers/C-2", CUSTOMER | {"parent_id": "C-1"})
    problem(call.put("/v1/customers/C-1", CUSTOMER | {"parent_id": "C-2"}), 422, "parent_cycle")


def test_the_currency_of_an_account_in_use_stays(shop: Caller) -> None:
    stored(shop.put("/v1/invoices/INV-1", INVOICE), 201)
    problem(shop.put("/v1/customers/C-1", CUSTOMER | {"currency": "USD"}), 409, "currency_in_use")


@pytest.mark.parametrize("path", ["/v1/customers/" + "x" * 101, "/v1/customers/%0A", "/v1/customers/a%00b"])
def test_what_cannot_be_an_id_is_refused_for_a_write_and_not_found_for_a_read(call: Caller, path: str) -> None:
    document = problem(call.put(path, CUSTOMER), 422, "validation_error")
    assert [error["pointer"] for error in document["errors"]] == ["/customer_id"]
    problem(call.get(path), 404, "not_found")


@pytest.mark.parametrize("customer_id", ["A/B", "客户 1", "a%2Fb", "x" * 100, "..", "a;b", "a?b#c"])
def test_any_id_can_be_written_and_read(call: Caller, customer_id: str) -> None:
    path = "/v1/customers/" + "".join(f"%{byte:02X}" for byte in customer_id.encode())
    assert stored(call.put(path, CUSTOMER), 201)["customer_id"] == customer_id
    assert stored(call.get(path))["customer_id"] == customer_id


def test_a_part_is_changed_in_the_version_that_was_seen(call: Caller) -> None:
    etag = call.put("/v1/customers/C-1", CUSTOMER | {"segment": "key"}).headers["ETag"]
    changed = call("PATCH", "/v1/customers/C-1", {"credit_limit": "5000.00"}, If_Match=etag)
    assert (stored(changed)["credit_limit"], stored(changed)["segment"]) == ("5000.00", "key")
    assert changed.headers["ETag"] != etag
    late = call("PATCH", "/v1/customers/C-1", {"credit_limit": "9000.00"}, If_Match=etag)
    problem(late, 412, "precondition_failed")
    assert stored(call.get("/v1/customers/C-1"))["credit_limit"] == "5000.00"


def test_a_change_needs_to_say_which_version_it_changes(call: Caller) -> None:
    call.put("/v1/customers/C-1", CUSTOMER)
    problem(call("PATCH", "/v1/customers/C-1", {"segment": "key"}), 428, "precondition_required")
    problem(call("PATCH", "/v1/customers/C-9", {"segment": "key"}, If_Match="*"), 404, "customer_not_found")


@pytest.mark.parametrize(
    ("given", "status"),
    [('"1"', 200), ('"7", "1"', 200), ("*", 200), ('W/"1"', 412), ('"2"', 412), ("nonsense", 412)],
)
def test_if_match_takes_lists_and_the_star_but_no_weak_tags(call: Caller, given: str, status: int) -> None:
    call.put("/v1/customers/C-1", CUSTOMER)
    assert call("PATCH", "/v1/customers/C-1", {"segment": "key"}, If_Match=given).status_code == status


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"name": None}, "/name"),
        ({"credit_limit": 5}, "/credit_limit"),
        ({"credit_limit": "1.5", "currency": "JPY"}, "/credit_limit"),
        ({"colour": "red"}, "/colour"),
        ([], ""),
    ],
)
def test_a_change_with_a_fault_is_refused_at_the_field(call: Caller, change: Any, pointer: str) -> None:
    etag = call.put("/v1/customers/C-1", CUSTOMER).headers["ETag"]
    document = problem(call("PATCH", "/v1/customers/C-1", change, If_Match=etag), 422, "validation_error")
    assert [error["pointer"] for error in document["errors"]] == [pointer]


def test_null_in_a_change_clears_the_field(call: Caller) -> None:
    etag = call.put("/v1/customers/C-1", CUSTOMER | {"credit_limit": "5000.00"}).headers["ETag"]
    assert stored(call("PATCH", "/v1/customers/C-1", {"credit_limit": None}, If_Match=etag))["credit_limit"] is None


def test_a_put_may_name_its_version_too(call: Caller) -> None:
    problem(call.put("/v1/customers/C-1", CUSTOMER, If_Match='"1"'), 412, "precondition_failed")
    call.put("/v1/customers/C-1", CUSTOMER)
    problem(call.put("/v1/customers/C-1", CUSTOMER, If_Match='"9"'), 412, "precondition_failed")
    problem(call.put("/v1/customers/C-1", CUSTOMER, If_Match="nonsense"), 412, "precondition_failed")
    assert call.put("/v1/customers/C-1", CUSTOMER | {"segment": "key"}, If_Match='"1"').status_code == 200


def test_customers_are_listed_by_id_page_by_page_and_by_what_they_are(call: Caller) -> None:
    for number in range(5):
        status, grade = ("watch" if number % 2 else "active"), ("B" if number else None)
        call.put(f"/v1/customers/C-{number}", CUSTOMER | {"status": status, "customer_class": grade})
    seen, cursor = [], ""
    while True:
        page = stored(call.get(f"/v1/customers?limit=2{cursor}"))
        seen += [item["customer_id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == [f"C-{number}" for number in range(5)]
    watched = stored(call.get("/v1/customers?status=watch&customer_class=B"))["items"]
    assert [item["customer_id"] for item in watched] == ["C-1", "C-3"]
    assert len(stored(call.get("/v1/customers?limit=5"))["items"]) == 5
    assert stored(call.get("/v1/customers?limit=5"))["next_cursor"] is None


def test_the_facts_of_a_customer_are_all_there_and_missing_ones_are_null(shop: Caller) -> None:
    stored(shop.put("/v1/invoices/INV-1", INVOICE), 201)
    document = stored(shop.get("/v1/customers/C-1/facts"))
    facts = document["facts"]
    assert (document["customer_id"], document["as_of"]) == ("C-1", "2026-11-23")
    assert set(facts) == {fact.name for fact in facts_without_order()}
    assert (facts["receivables.overdue_amount"], facts["receivables.oldest_overdue_days"]) == ("600.00", 23)
    assert (facts["customer.is_new"], facts["receivables.average_days_late"]) == (True, None)


def test_facts_are_asked_as_of_a_day(shop: Caller) -> None:
    stored(shop.put("/v1/invoices/INV-1", INVOICE), 201)
    facts = stored(shop.get("/v1/customers/C-1/facts?as_of=2026-10-31"))["facts"]
    assert facts["receivables.overdue_amount"] == "0.00"
    assert facts["receivables.oldest_overdue_days"] is None
    assert facts["receivables.open_amount"] == "600.00"
    problem(shop.get("/v1/customers/C-1/facts?as_of=2026-02-30"), 422, "validation_error")
    problem(shop.get("/v1/customers/C-9/facts"), 404, "customer_not_found")


def test_the_exposure_of_a_customer_is_told_bucket_by_bucket(shop: Caller) -> None:
    stored(shop.put("/v1/invoices/INV-1", INVOICE), 201)
    assert stored(shop.get("/v1/customers/C-1/exposure")) == {
        "customer_id": "C-1",
        "currency": "CNY",
        "limit": "1000.00",
        "reserved": "0.00",
        "open_orders": "0.00",
        "open_deliveries": "0.00",
        "open_items": "600.00",
        "total": "600.00",
        "available": "400.00",
    }
    problem(shop.get("/v1/customers/C-9/exposure"), 404, "customer_not_found")


def test_an_invoice_is_created_then_replaced_and_read_as_it_was_written(shop: Caller) -> None:
    assert INVOICE.items() <= stored(shop.put("/v1/invoices/INV-1", INVOICE), 201).items()
    disputed = INVOICE | {"disputed": True, "disputed_on": "2026-11-02", "dispute_reason": "short delivery"}
    replaced = stored(shop.put("/v1/invoices/INV-1", disputed))
    assert disputed.items() <= replaced.items()
    assert stored(shop.get("/v1/invoices/INV-1")) == replaced
    problem(shop.get("/v1/invoices/INV-9"), 404, "invoice_not_found")


def test_a_credit_note_keeps_what_it_applies_to(shop: Caller) -> None:
    stored(shop.put("/v1/invoices/INV-1", INVOICE), 201)
    note = INVOICE | {
        "type": "credit_note",
        "amount": "100.00",
        "applies_to": [{"invoice_id": "INV-1", "amount": "60.00"}],
    }
    stored(shop.put("/v1/invoices/CN-1", note), 201)
    assert note.items() <= stored(shop.get("/v1/invoices/CN-1")).items()
    assert stored(shop.get("/v1/customers/C-1/exposure"))["open_items"] == "500.00"


def test_an_invoice_of_nobody_or_of_another_is_refused(shop: Caller) -> None:
    problem(shop.put("/v1/invoices/INV-1", INVOICE | {"customer_id": "C-9"}), 404, "customer_not_found")
    shop.put("/v1/customers/C-2", CUSTOMER)
    stored(shop.put("/v1/invoices/INV-1", INVOICE), 201)
    other = shop.put("/v1/invoices/INV-1", INVOICE | {"customer_id": "C-2"})
    problem(other, 409, "document_of_another_customer")


def test_a_payment_settles_its_invoices_and_its_return_opens_them_again(shop: Caller) -> None:
    stored(shop.put("/v1/invoices/INV-1", INVOICE), 201)
    payment = PAYMENT | {"allocations": [{"invoice_id": "INV-1", "amount": "600.00"}]}
    written = stored(shop.put("/v1/payments/PAY-1", payment), 201)
    assert payment.items() <= written.items()
    assert stored(shop.get("/v1/payments/PAY-1")) == written
    assert stored(shop.get("/v1/customers/C-1/exposure"))["total"] == "0.00"
    returned = stored(shop.post("/v1/payments/PAY-1/return", {"returned_on": "2026-11-10"}))
    assert returned["returned_on"] == "2026-11-10"
    assert stored(shop.get("/v1/customers/C-1/exposure"))["total"] == "600.00"


def test_a_payment_is_returned_on_the_business_day_when_none_is_named(shop: Caller) -> None:
    stored(shop.put("/v1/payments/PAY-1", PAYMENT), 201)
    assert stored(shop.post("/v1/payments/PAY-1/return"))["returned_on"] == "2026-11-23"
    problem(shop.post("/v1/payments/PAY-9/return"), 404, "payment_not_found")
    early = problem(shop.post("/v1/payments/PAY-1/return", {"returned_on": "2026-10-31"}), 422, "validation_error")
    assert [error["pointer"] for error in early["errors"]] == ["/returned_on"]


def test_allocations_that_do_not_fit_are_refused_one_by_one(shop: Caller) -> None:
    allocations = [{"invoice_id": "INV-9", "amount": "1.00"}, {"invoice_id": "INV-8", "amount": "900.00"}]
    refused = shop.put("/v1/payments/PAY-1", PAYMENT | {"allocations": allocations})
    document = problem(refused, 422, "validation_error")
    assert {error["pointer"] for error in document["errors"]} == {
        "/allocations/0/invoice_id",
        "/allocations/1/invoice_id",
        "/allocations",
    }
    problem(shop.get("/v1/payments/PAY-1"), 404, "payment_not_found")


def test_an_order_placed_elsewhere_counts_for_volume_only(shop: Caller) -> None:
    history = {"customer_id": "C-1", "amount": "700.00", "currency": "CNY", "order_date": "2026-11-10"}
    created = stored(shop.put("/v1/orders/H-1/history", history), 201)
    assert created["status"] == "confirmed"
    assert stored(shop.put("/v1/orders/H-1/history", history)) == created
    facts = stored(shop.get("/v1/customers/C-1/facts"))["facts"]
    assert (facts["volume.amount_30d"], facts["exposure.total"]) == ("700.00", "0.00")


def test_the_history_of_an_order_that_was_checked_here_cannot_be_written(shop: Caller) -> None:
    shop.post("/check-order", {"order_id": "SO-1", "customer_id": "C-1", "amount": "1.00", "currency": "CNY"})
    history = {"customer_id": "C-1", "amount": "700.00", "currency": "CNY", "order_date": "2026-11-10"}
    problem(shop.put("/v1/orders/SO-1/history", history), 409, "order_is_live")


def test_a_field_report_is_kept_and_becomes_a_signal(shop: Caller) -> None:
    report = stored(shop.post("/v1/field-reports", REPORT), 201)
    assert REPORT.items() <= report.items()
    assert report["valid_until"] is None
    assert stored(shop.get("/v1/customers/C-1/facts"))["facts"]["signals.headcount"] == 4
    problem(shop.post("/v1/field-reports", REPORT | {"customer_id": "C-9"}), 404, "customer_not_found")
    problem(shop.post("/v1/field-reports", REPORT | {"observed_on": "2026-11-24"}), 422, "validation_error")


@pytest.mark.parametrize("rate", ["7.1425", "0.000000000000001", "999999999999999.5"])
def test_a_rate_is_kept_exactly_as_it_was_written(call: Caller, rate: str) -> None:
    created = stored(call.put("/v1/fx-rates/USD", {"rate": rate, "as_of": "2026-11-23"}), 201)
    assert created["rate"] == plain(Decimal(rate))
    assert (created["currency"], created["base_currency"], created["as_of"]) == ("USD", "CNY", "2026-11-23")
    assert stored(call.put("/v1/fx-rates/USD", {"rate": rate, "as_of": "2026-11-23"})) == created


def test_a_rate_of_no_currency_and_of_the_base_currency_is_refused(call: Caller) -> None:
    rate = {"rate": "7", "as_of": "2026-11-23"}
    problem(call.put("/v1/fx-rates/XXX", rate), 422, "unknown_currency")
    problem(call.put("/v1/fx-rates/CNY", rate), 422, "validation_error")


def test_an_order_in_another_currency_is_checked_at_the_rate_of_the_day(shop: Caller) -> None:
    stored(shop.put("/v1/fx-rates/USD", {"rate": "7", "as_of": "2026-11-20"}), 201)
    order = {"order_id": "SO-1", "customer_id": "C-1", "amount": "100.00", "currency": "USD"}
    assert stored(shop.post("/check-order", order))["exposure"]["after"] == "700.00"
