"""The list of customers, and one account."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from html import unescape

import pytest
from sqlalchemy.orm import Session

from admin import paging
from policy_service.domain.actors import SYSTEM
from policy_service.domain.days import Moment
from policy_service.domain.documents import CustomerDocument, OrderHistoryDocument, TemporaryLimit
from policy_service.services.brakes import stop_customer
from policy_service.services.customers import put_customer
from policy_service.services.market import put_order_history
from tests.admin.conftest import Visitor, words
from tests.factories import Book


def ids(page: str) -> list[str]:
    """The ids of the customers in a list."""
    return re.findall(r'class="row-link" href="/admin/customers/account\?id=[^"]*">([^<]*)<', page)


def write(session: Session, moment: Moment, customer_id: str, name: str = "Some Ltd", currency: str = "CNY") -> None:
    """A customer beside those of the sample."""
    put_customer(session, SYSTEM, customer_id, CustomerDocument(name=name, currency=currency), moment)
    session.commit()


def test_a_row_says_how_the_account_stands(controller: Visitor) -> None:
    row = next(row for row in controller.page("/admin/customers/").split("<tr>") if "C-1005" in row)
    assert words(row) == (
        "C-1005 成都天府食品集团郫都分公司 B Active 120,000.00 CNY 30 days Batch by batch 成都天府食品集团"
    )


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("status=stop", ["C-1006"]),
        ("class=C", ["C-1003", "C-2004"]),
        ("currency=eur", ["C-2001", "C-2002"]),
        ("q=c-20&status=watch", ["C-2003"]),
        ("q=成都", ["C-1004", "C-1005"]),
        ("q=nordic", ["C-2002"]),
        ("q=Pulp", []),
        ("q=%25", []),
        ("q=_-1001", []),
        ("currency=XXXX", []),
    ],
)
def test_filters_narrow_the_list(query: str, expected: list[str], controller: Visitor) -> None:
    page = controller.page(f"/admin/customers/?{query}")
    assert ids(page) == expected
    if not expected:
        assert "Nothing matches these filters" in page


def test_a_filter_that_makes_no_sense_is_said_and_left_out(controller: Visitor) -> None:
    page = controller.page("/admin/customers/?status=sleeping&class=C")
    assert "Not understood and left out: Status." in page
    assert ids(page) == ["C-1003", "C-2004"]


def test_pages_follow_each_other_and_keep_the_filters(controller: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "PAGE_SIZE", 3)
    seen: list[str] = []
    path = "/admin/customers/?currency=CNY"
    for _ in range(3):
        page = controller.page(path)
        seen += ids(page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        if following is None:
            break
        path = unescape(following[1])
    assert seen == ["C-1001", "C-1002", "C-1003", "C-1004", "C-1005", "C-1006"]
    assert "6 in total" in page


def test_counting_stops_where_it_would_cost(controller: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "COUNTED_UP_TO", 10)
    assert "more than 10 in total" in controller.page("/admin/customers/")


@pytest.mark.parametrize("customer_id", ["A/B 7", "../x", "a?b=c&d", "%2F", "客户 1", "<b>&\"'"])
def test_every_id_that_a_customer_may_have_leads_to_its_account(
    customer_id: str, controller: Visitor, db_session: Session, moment: Moment
) -> None:
    write(db_session, moment, customer_id, name="The odd one")
    page = controller.page("/admin/customers/?q=The odd one")
    link = re.search(r'class="row-link" href="([^"]+)"', page)
    assert link is not None
    assert "<h1>The odd one</h1>" in controller.page(unescape(link[1]))


def test_a_name_is_text_and_never_markup(controller: Visitor, db_session: Session, moment: Moment) -> None:
    write(db_session, moment, "X-1", name="<script>alert(1)</script>")
    for path in ("/admin/customers/", "/admin/customers/account?id=X-1"):
        page = controller.page(path)
        assert "<script>" not in page
        assert "&lt;script&gt;alert(1)" in page


def test_an_account_shows_exposure_facts_with_their_meaning_and_decisions(controller: Visitor) -> None:
    page = " ".join(controller.page("/admin/customers/account?id=C-1001").replace("\N{NO-BREAK SPACE}", " ").split())
    assert "97.5% of the limit is used" in page
    assert "<dt>On-time rate<small>Invoices of the last 12 months settled on or before the due date" in page
    assert "<dd>CNY 20,000.00</dd>" in page
    assert page.count('class="row-link" href="/admin/decisions/') == 2


def test_an_account_without_a_limit_says_so(controller: Visitor) -> None:
    page = controller.page("/admin/customers/account?id=C-1004")
    assert "No limit has been set" in page
    assert "not set" in page


def test_an_account_with_a_limit_of_nothing_shows_it_as_used_up(
    controller: Visitor, db_session: Session, moment: Moment
) -> None:
    Book(db_session, moment).customer("X-0", credit_limit=Decimal(0))
    db_session.commit()
    assert 'class="usage over"' not in controller.page("/admin/customers/account?id=X-0")
    Book(db_session, moment).invoice("5", issued=0, due=30, customer_id="X-0")
    db_session.commit()
    page = controller.page("/admin/customers/account?id=X-0")
    assert 'class="usage over"' in page
    assert "No limit has been set" not in page


def test_an_account_whose_exchange_rate_is_missing_still_opens(
    controller: Visitor, db_session: Session, moment: Moment
) -> None:
    write(db_session, moment, "X-2", currency="CHF")
    order = OrderHistoryDocument("X-2", Decimal(100), "NOK", moment.day - timedelta(days=3))
    put_order_history(db_session, SYSTEM, "H-X-2", order, moment)
    db_session.commit()
    page = words(controller.page("/admin/customers/account?id=X-2"))
    assert "An exchange rate is missing" in page
    assert "PUT /v1/fx-rates/{currency}" in page


def test_every_field_that_is_set_is_shown(controller: Visitor, db_session: Session, moment: Moment) -> None:
    document = CustomerDocument(
        name="Full House",
        currency="CNY",
        temporary_limit=TemporaryLimit(Decimal(99_000), moment.day, moment.day + timedelta(days=9)),
        group_credit_limit=Decimal(77_000),
        insured_amount=Decimal(55_000),
        insured_until=moment.day,
        collateral_amount=Decimal(44_000),
        substitutability=4,
        parent_id="C-1005",
        region="Sichuan",
    )
    put_customer(db_session, SYSTEM, "X-3", document, moment)
    db_session.commit()
    page = controller.page("/admin/customers/account?id=X-3")
    for shown in (
        "CNY 99,000.00, 2026-11-23 to 2026-12-02",
        "CNY 77,000.00",
        "CNY 55,000.00",
        "CNY 44,000.00",
        "Sichuan",
        '<a href="/admin/customers/account?id=C-1005">C-1005</a>',
        '<a href="/admin/customers/account?id=C-1004">C-1004</a>',
    ):
        assert shown in page, shown


@pytest.mark.parametrize("query", ["", "?id=", "?id=nobody"])
def test_an_account_that_does_not_exist_is_not_found(query: str, controller: Visitor) -> None:
    response = controller.get(f"/admin/customers/account{query}")
    assert response.status_code == 404
    assert "There is nothing here" in response.text


def test_a_customer_under_an_emergency_stop_is_shown_as_stopped_everywhere(
    controller: Visitor, db_session: Session, moment: Moment
) -> None:
    stop_customer(db_session, SYSTEM, "C-1004", "the machines are gone", None, moment.now)
    db_session.commit()
    assert ids(controller.page("/admin/customers/?status=stop")) == ["C-1004", "C-1006"]
    row = next(row for row in controller.page("/admin/customers/").split("<tr>") if "C-1004" in row)
    assert "Stopped" in words(row)
    assert "Stopped" in controller.page("/admin/customers/account?id=C-1004")
