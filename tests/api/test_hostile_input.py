"""Whatever is sent, the answer is a clear problem, and never our own failure."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from api.errors import MIMETYPE
from tests.api.conftest import Caller, order
from tests.api.test_credit_file import CUSTOMER, INVOICE, PAYMENT, REPORT

DOCUMENTS: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/check-order"): order(lines=[{"sku": "A", "quantity": "1", "amount": "1"}]),
    ("POST", "/v1/check-quote"): order(order_id=None, quote_id="Q-1"),
    ("POST", "/v1/check-batch"): {"checks": [order(), order(order_id=None, quote_id="Q-1")]},
    ("POST", "/v1/orders/SO-1/confirm"): {"decision_id": "x"},
    ("POST", "/v1/orders/SO-1/deliver"): {"delivery_id": "x", "amount": "1"},
    ("PUT", "/v1/customers/C-2"): CUSTOMER | {"temporary_limit": None, "external_ids": {}, "credit_limit": "5"},
    ("PUT", "/v1/invoices/INV-1"): INVOICE | {"applies_to": [{"invoice_id": "I", "amount": "1"}]},
    ("PUT", "/v1/payments/PAY-1"): PAYMENT | {"allocations": [{"invoice_id": "INV-1", "amount": "1"}]},
    ("POST", "/v1/payments/PAY-1/return"): {"returned_on": "2026-11-01"},
    ("PUT", "/v1/orders/H-1/history"): {
        "customer_id": "C-1",
        "amount": "1.00",
        "currency": "CNY",
        "order_date": "2026-11-01",
    },
    ("POST", "/v1/field-reports"): REPORT,
    ("PUT", "/v1/fx-rates/USD"): {"rate": "7.1", "as_of": "2026-11-23"},
}

_STRANGE = st.sampled_from(
    [
        *("", " ", "\x00", "\ud800", "\u202e", "'; DROP TABLE customers; --", "%s", "{0}", "../..", "😀" * 50),
        *("0", "-0", "1e9", "NaN", "999999999999999", "999999999999999.99", "1" * 400, "0.1", "１２"),
        *("1970-01-01", "2199-12-31", "0000-00-00", "2026-11-23", "CNY", "JPY", "XXX", "USD"),
        *(0, -1, 1, 2**31, 2**63, 10**40, 0.1, 1e308, True, False, None),
    ]
)
_ANYTHING = st.recursive(
    _STRANGE | st.text(max_size=5) | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | _STRANGE.map(str), inner, max_size=3)
    ),
    max_leaves=8,
)
_QUIET = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def disturbed(draw: st.DrawFn) -> tuple[str, str, Any]:
    """A call with a document in which some fields are something else."""
    (method, path), document = draw(st.sampled_from(sorted(DOCUMENTS.items(), key=lambda item: item[0])))
    names = st.sampled_from(sorted(document)) | st.text(max_size=5)
    changes = draw(st.dictionaries(names, _ANYTHING, min_size=1, max_size=3))
    return method, path, document | changes


def never_our_failure(response: Any) -> None:
    """A success, or a problem of the caller's."""
    assert response.status_code < 500, response.text
    if response.status_code >= 400:
        assert response.content_type == MIMETYPE
        assert {"type", "title", "status", "detail", "code"} <= json.loads(response.data).keys()


@_QUIET
@given(disturbed())
@example(("POST", "/check-order", order(amount="999999999999999.99")))
@example(("POST", "/check-order", order(customer_id="C-1\x00")))
@example(("PUT", "/v1/fx-rates/USD", {"rate": "0.000000000000001", "as_of": "2199-12-31"}))
def test_a_document_with_anything_in_its_fields_is_never_our_failure(
    shop: Caller, call: tuple[str, str, Any]
) -> None:
    method, path, document = call
    never_our_failure(shop(method, path, document))


@_QUIET
@given(
    st.sampled_from(sorted(DOCUMENTS)),
    st.binary(max_size=100) | _ANYTHING.map(lambda value: json.dumps(value).encode()),
)
def test_a_body_of_anything_is_never_our_failure(shop: Caller, call: tuple[str, str], body: bytes) -> None:
    never_our_failure(shop.send(*call, body))


@_QUIET
@given(
    st.sampled_from(["customers", "invoices", "payments", "decisions", "policy-versions", "fx-rates", "orders"]),
    st.text(max_size=10) | st.binary(max_size=10),
    st.sampled_from(["", "/exposure", "/facts", "/history", "/confirm", "/deliver", "/cancel", "/return"]),
    st.sampled_from(["GET", "PUT", "POST", "PATCH", "DELETE"]),
)
def test_a_path_of_anything_is_never_our_failure(
    shop: Caller, resource: str, name: str | bytes, rest: str, method: str
) -> None:
    raw = name if isinstance(name, bytes) else name.encode("utf-8", "surrogatepass")
    encoded = "".join(f"%{byte:02X}" for byte in raw)
    never_our_failure(shop(method, f"/v1/{resource}/{encoded}{rest}", {} if method != "GET" else None))


@_QUIET
@given(
    st.sampled_from(["/v1/customers", "/v1/decisions", "/v1/policy-versions", "/v1/customers/C-1/facts", "/docs"]),
    st.sampled_from(
        ["limit", "cursor", "from", "to", "as_of", "status", "outcome", "currency", "customer_id", "lang"]
    ),
    st.text(max_size=20) | _STRANGE.map(str),
)
def test_a_query_of_anything_is_never_our_failure(shop: Caller, path: str, name: str, value: str) -> None:
    encoded = "".join(f"%{byte:02X}" for byte in value.encode("utf-8", "surrogatepass"))
    never_our_failure(shop.get(f"{path}?{name}={encoded}"))


@pytest.mark.parametrize("name", ["Accept-Language", "Idempotency-Key", "If-Match", "X-Request-Id", "Content-Type"])
@pytest.mark.parametrize("value", ["", ",", ";", "*", "\x7f", "é" * 50, "x" * 3000, '"', "a=b;c", "%00"])
def test_a_header_of_anything_is_never_our_failure(shop: Caller, name: str, value: str) -> None:
    for method, path in (("POST", "/check-order"), ("PATCH", "/v1/customers/C-1"), ("GET", "/v1/customers")):
        never_our_failure(shop(method, path, order(), **{name.replace("-", "_"): value}))
