"""Limits in time: which limit holds on a day, what insurance covers, what the dynamic check counts; unset, and 0."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from policy_service.domain.documents import TemporaryLimit
from policy_service.services.exposure import exposure_document
from rules.facts import FactValue
from tests.factories import BASE_CURRENCY, Book, day
from tests.policies import LIMIT_ONLY

_HORIZON = """
schema: 1
name: dynamic check
currency: CNY
settings: {credit_horizon_days: 10}
rules:
  - code: HORIZON_CAP
    title: {en: Over the limit within the horizon, zh: 信用期内超出额度}
    when: {all: [{fact: exposure.horizon_after, op: gt, value: {fact: customer.credit_limit}, if_missing: true}]}
    then: [{effect: hold}]
"""

_SPECIAL = TemporaryLimit(Decimal(5000), day(-2), day(3))


def _limit(book: Book, offset: int) -> tuple[FactValue | None, FactValue | None]:
    facts = book.facts(offset)
    return facts.get("customer.credit_limit"), facts.get("customer.limit_days_left")


def _document(book: Book) -> dict[str, Any]:
    return exposure_document(book.session, "C-1", book.moment, BASE_CURRENCY)


@pytest.mark.parametrize(
    ("offset", "limit", "days_left"),
    [(-3, 1000, None), (-2, 5000, 5), (0, 5000, 3), (3, 5000, 0), (4, 1000, None)],
)
def test_a_temporary_limit_holds_from_its_first_day_to_its_last(
    book: Book, offset: int, limit: int, days_left: int | None
) -> None:
    book.customer(credit_limit="1000", temporary_limit=_SPECIAL)
    assert _limit(book, offset) == (Decimal(limit), days_left)


@pytest.mark.parametrize("amount", [Decimal(0), Decimal(200)])
def test_a_temporary_limit_may_be_lower_than_the_base_and_even_nothing(book: Book, amount: Decimal) -> None:
    book.policy(LIMIT_ONLY)
    book.customer(credit_limit="1000", temporary_limit=TemporaryLimit(amount, day(0), day(0)))
    assert book.check("200.01")["verdict"]["outcome"] == "hold"
    assert _document(book)["limit"] == f"{amount}.00"


def test_a_temporary_limit_stands_in_for_one_that_expired_or_was_never_set(book: Book) -> None:
    book.customer(credit_limit="1000", limit_valid_until=day(-10), temporary_limit=_SPECIAL)
    assert [_limit(book, offset)[0] for offset in (0, 4)] == [5000, None]
    book.customer(temporary_limit=_SPECIAL)
    assert [_limit(book, offset)[0] for offset in (0, 4)] == [5000, None]


@pytest.mark.parametrize(("offset", "limit", "days_left"), [(-1, 1000, 1), (0, 1000, 0), (1, None, -1)])
def test_a_limit_counts_on_the_day_it_is_valid_until_and_no_longer(
    book: Book, offset: int, limit: int | None, days_left: int
) -> None:
    book.customer(credit_limit="1000", limit_valid_until=day(0))
    assert _limit(book, offset) == (limit, days_left)


def test_an_expired_limit_holds_an_order_as_one_that_was_never_set_does(book: Book) -> None:
    book.policy(LIMIT_ONLY)
    book.customer(credit_limit="1000", limit_valid_until=day(-1))
    record = book.check("1")
    assert record["verdict"]["outcome"] == "hold"
    assert (record["exposure"]["limit"], record["exposure"]["available_after"]) == (None, None)
    book.customer(credit_limit="1000", limit_valid_until=day(0))
    assert book.check("1000")["verdict"]["outcome"] == "approve"


@pytest.mark.parametrize(("until", "uninsured"), [(None, 200), (0, 200), (-1, 800)])
def test_insurance_covers_to_its_last_day_and_collateral_always(
    book: Book, until: int | None, uninsured: int
) -> None:
    insured_until: date | None = None if until is None else day(until)
    book.customer(insured_amount="600", insured_until=insured_until, collateral_amount="200")
    book.invoice("1000", issued=-5, due=20)
    assert book.facts()["exposure.uninsured_after"] == Decimal(uninsured)
    assert ("customer.insured_amount" in book.facts()) is (uninsured == 200)


def test_cover_beyond_what_is_owed_leaves_nothing_uninsured(book: Book) -> None:
    book.customer(insured_amount="600", collateral_amount="200")
    book.invoice("799", issued=-5, due=20)
    assert book.facts()["exposure.uninsured_after"] == 0


@pytest.mark.parametrize(
    ("ships", "outcome"),
    [(10, "hold"), (11, "approve"), (None, "hold"), (-3, "hold")],
)
def test_the_dynamic_check_counts_what_ships_by_the_last_day_of_the_horizon_or_nobody_knows_when(
    book: Book, ships: int | None, outcome: str
) -> None:
    """600 of the limit of 1000 ship within ten days; another 500 on one day or another."""
    book.policy(_HORIZON)
    book.customer(credit_limit="1000")
    book.confirm(book.check("600", requested_ship_date=day(10)))
    ship_date = None if ships is None else day(ships)
    record = book.check("500", order_id="SO-2", requested_ship_date=ship_date)
    assert record["verdict"]["outcome"] == outcome
    assert record["facts"]["values"]["exposure.after"] == "1100.00"


def test_goods_that_left_and_invoices_count_whatever_ships_later(book: Book) -> None:
    book.policy(_HORIZON)
    book.customer(credit_limit="1000")
    book.confirm(book.check("600", requested_ship_date=day(90)))
    assert book.facts()["exposure.horizon_after"] == 0
    book.invoice("250", issued=0, due=30, order_id="SO-1")
    assert book.facts()["exposure.horizon_after"] == Decimal("250.00")


def test_no_limit_set_is_unknown_everywhere(book: Book) -> None:
    book.policy(LIMIT_ONLY)
    book.customer()
    book.invoice("100", issued=-5, due=20)
    facts = book.facts()
    assert not {"customer.credit_limit", "exposure.available", "exposure.utilisation_after"} & facts.keys()
    assert (_document(book)["limit"], _document(book)["available"]) == (None, None)
    record = book.check("1")
    assert record["verdict"]["outcome"] == "hold"
    assert (record["exposure"]["limit"], record["exposure"]["available_after"]) == (None, None)
    assert record["exposure"]["after"] == "101.00"


def test_a_limit_of_nothing_is_no_credit_at_all_everywhere(book: Book) -> None:
    """Any credit is over it, payment before delivery is not; what is owed shows as negative credit."""
    book.policy(LIMIT_ONLY)
    book.customer(credit_limit=Decimal(0))
    assert book.check("500", terms=0)["verdict"]["outcome"] == "approve"
    record = book.check("0.01")
    assert record["verdict"]["outcome"] == "hold"
    assert (record["exposure"]["limit"], record["exposure"]["available_after"]) == ("0.00", "-0.01")
    book.invoice("100", issued=-5, due=20)
    facts = book.facts()
    assert (facts["customer.credit_limit"], facts["exposure.available"]) == (0, -100)
    assert "exposure.utilisation_after" not in facts
    assert (_document(book)["limit"], _document(book)["available"]) == ("0.00", "-100.00")


@pytest.mark.parametrize("limit", [None, Decimal(0)])
def test_nothing_is_offered_on_credit_where_there_is_no_limit(book: Book, limit: Decimal | None) -> None:
    book.policy(LIMIT_ONLY)
    book.customer(credit_limit=limit)
    book.invoice("1", issued=-30, due=-10, paid=-12)
    offers = book.check("500")["counter_offers"]
    assert not [offer for offer in offers if "amount" in offer["changes"]]
    for offer in offers:
        assert offer["changes"].get("payment_terms_days", 0) == 0
        assert offer["changes"].get("prepaid_amount", "500.00") == "500.00"
