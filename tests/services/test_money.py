"""Money of several currencies: the day's rate, kept in the decision; nothing guessed, nothing lost in rounding."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select

from policy_service.db.models import Decision, Movement, Order
from policy_service.domain.errors import Invalid, NoExchangeRate
from policy_service.domain.money import minor_unit
from policy_service.domain.outcomes import CheckKind
from policy_service.services.exposure import exposure_document
from tests.factories import BASE_CURRENCY, Book, day
from tests.policies import LIMIT_ONLY

_IN_DOLLARS = """
schema: 1
name: in dollars
currency: USD
rules:
  - code: EXPOSURE_CAP
    title: {en: Over the limit, zh: 超出额度}
    when: {all: [{fact: exposure.after, op: gt, value: {fact: customer.credit_limit}, if_missing: true}]}
    then: [{effect: hold}]
  - code: SMALL_CREDIT
    title: {en: A hundred dollars at most, zh: 最多一百美元}
    when: {all: [{fact: order.credit_amount, op: gt, value: "100.00"}]}
    then: [{effect: cap_credit, amount: "100.00"}]
"""

_THIRD_IN_ADVANCE = """
schema: 1
name: a third in advance
currency: CNY
rules:
  - code: THIRD_IN_ADVANCE
    title: {en: A third in advance, zh: 预付三分之一}
    when: {all: [{fact: order.amount, op: gt, value: "0.00"}]}
    then: [{effect: require_prepayment, percent: 33}]
"""


@pytest.fixture
def limited(book: Book) -> Book:
    """An account of 1000 CNY under a policy that holds what passes its limit; 1 USD is 7 CNY since yesterday."""
    book.policy(LIMIT_ONLY)
    book.customer(credit_limit="1000")
    book.rate("USD", "7", on=-1)
    return book


def _codes(record: dict[str, Any]) -> list[str]:
    return [reason["rule_code"] for reason in record["verdict"]["reasons"]]


@pytest.mark.parametrize(
    ("most", "age", "outcome"), [(7, 7, "approve"), (7, 8, "hold"), (0, 0, "approve"), (0, 1, "hold")]
)
def test_a_rate_holds_the_order_from_the_day_after_its_last(book: Book, most: int, age: int, outcome: str) -> None:
    book.policy(LIMIT_ONLY.replace("rules:", f"settings: {{max_rate_age_days: {most}}}\nrules:", 1))
    book.customer(credit_limit="1000")
    book.rate("USD", "7", on=-age)
    record = book.check("10", currency="USD")
    assert record["verdict"]["outcome"] == outcome
    assert _codes(record) == ([] if outcome == "approve" else ["FX_RATE_TOO_OLD"])


def test_the_rate_of_a_day_is_the_latest_on_or_before_it(limited: Book) -> None:
    limited.rate("USD", "8", on=-3)
    limited.rate("USD", "9", on=1)
    record = limited.check("100", currency="USD")
    assert record["exposure"]["after"] == "700.00"
    assert record["facts"]["rates"] == {
        "CNY": {"rate": "1", "as_of": "2026-11-23"},
        "USD": {"rate": "7", "as_of": "2026-11-22"},
    }
    limited.invoice("100", issued=-3, due=30, currency="USD")
    assert limited.facts(-2)["exposure.open_items"] == Decimal("800.00")
    assert limited.facts(-1)["exposure.open_items"] == Decimal("700.00")


def test_a_decision_keeps_its_rate_and_exposure_follows_the_rate_of_each_day(limited: Book) -> None:
    """Confirmed at 7, the order weighs 800 CNY when a dollar is 8; the decision still says 700."""
    record = limited.check("100", currency="USD")
    limited.confirm(record)
    limited.rate("USD", "8", on=0)
    assert limited.facts()["exposure.open_orders"] == Decimal("800.00")
    kept = limited.session.get_one(Decision, record["decision_id"])
    assert json.loads(kept.record)["exposure"]["after"] == "700.00"
    assert json.loads(kept.record)["facts"]["rates"]["USD"] == {"as_of": "2026-11-22", "rate": "7"}
    moved = limited.session.execute(select(Movement.amount, Movement.currency)).all()
    assert {tuple(row) for row in moved} == {(Decimal(100), "USD")}
    assert limited.check("28.57", order_id="SO-2", currency="USD")["verdict"]["outcome"] == "hold"
    assert limited.check("25", order_id="SO-2", currency="USD")["verdict"]["outcome"] == "approve"


def test_an_old_rate_of_an_open_invoice_holds_an_order_in_the_currency_of_the_account(book: Book) -> None:
    book.policy(LIMIT_ONLY)
    book.customer(credit_limit="1000")
    book.rate("USD", "7", on=-30)
    book.invoice("10", issued=-5, due=20, currency="USD")
    assert _codes(book.check("100")) == ["FX_RATE_TOO_OLD"]
    assert book.check("100", kind=CheckKind.QUOTE)["verdict"]["outcome"] == "hold"


def test_a_currency_in_which_nothing_is_owed_any_more_needs_no_rate(book: Book) -> None:
    """An invoice in euros of three years ago, long paid, neither holds nor stops an order of today."""
    book.policy(LIMIT_ONLY)
    book.customer(credit_limit="1000")
    book.invoice("10", issued=-1100, due=-1070, paid=-1075, currency="EUR")
    record = book.check("100")
    assert record["verdict"]["outcome"] == "approve"
    assert "rates" not in record["facts"]
    assert book.facts()["customer.paid_invoice_count"] == 1


@pytest.mark.parametrize("on", [1, None])
def test_an_order_without_a_rate_on_or_before_the_day_is_refused_and_leaves_nothing(
    book: Book, on: int | None
) -> None:
    book.policy(LIMIT_ONLY)
    book.customer(credit_limit="1000")
    if on is not None:
        book.rate("USD", "7", on=on)
    with pytest.raises(NoExchangeRate, match="USD"):
        book.check("10", currency="USD")
    assert book.session.scalar(select(func.count()).select_from(Decision)) == 0
    assert book.session.scalar(select(func.count()).select_from(Order)) == 0


def test_an_account_in_another_currency_than_the_base_is_held_to_its_own_limit(book: Book) -> None:
    """Base CNY, account USD (7), order EUR (8.4): 100 EUR are 120 USD."""
    book.policy(LIMIT_ONLY)
    book.customer(currency="USD", credit_limit="120")
    book.rate("USD", "7")
    book.rate("EUR", "8.4")
    assert book.check("100.01", currency="EUR")["verdict"]["outcome"] == "hold"
    record = book.check("100", currency="EUR")
    assert record["verdict"]["outcome"] == "approve"
    assert record["exposure"] == {
        "limit": "120.00",
        "before": "0.00",
        "after": "120.00",
        "available_after": "0.00",
        "currency": "USD",
    }
    assert record["reservation"]["amount"] == "120.00"
    assert record["verdict"]["granted"]["credit_amount"] == "100.00"


def test_an_account_that_knows_only_its_own_currency_needs_no_rate(book: Book) -> None:
    book.policy(LIMIT_ONLY)
    book.customer(currency="USD", credit_limit="120")
    assert book.check("120", currency="USD")["verdict"]["outcome"] == "approve"


@pytest.mark.parametrize(
    ("currency", "rate", "amount", "granted"),
    [
        ("CNY", None, "800.00", "700.00"),  # 100 USD at 7 CNY
        ("JPY", "0.045", "20000", "15555"),  # 700 / 0.045 = 15,555.5 yen: never more than the cap
        ("KWD", "22.9", "40.000", "30.567"),  # 700 / 22.9 = 30.5676 dinars
        ("USD", None, "100.01", "100.00"),
    ],
)
def test_a_cap_of_the_policys_currency_is_granted_in_whole_units_of_the_orders(
    book: Book, currency: str, rate: str | None, amount: str, granted: str
) -> None:
    book.policy(_IN_DOLLARS)
    book.customer(credit_limit="100000")
    book.rate("USD", "7")
    if rate is not None:
        book.rate(currency, rate)
    verdict = book.check(amount, currency=currency)["verdict"]
    assert verdict["granted"]["credit_amount"] == granted
    total = Decimal(granted) + Decimal(verdict["granted"]["prepayment_amount"])
    assert total == Decimal(amount)


def test_a_policy_in_a_currency_without_a_rate_refuses_the_check(book: Book) -> None:
    book.policy(_IN_DOLLARS)
    book.customer(credit_limit="1000")
    with pytest.raises(NoExchangeRate, match="USD"):
        book.check("10")


@pytest.mark.parametrize(
    ("currency", "amount", "prepayment"), [("JPY", "1000", "330"), ("JPY", "1001", "331"), ("KWD", "1.001", "0.331")]
)
def test_a_prepayment_is_asked_in_whole_units_and_never_less(
    book: Book, currency: str, amount: str, prepayment: str
) -> None:
    book.policy(_THIRD_IN_ADVANCE)
    book.customer(credit_limit="1000000")
    book.rate(currency, "0.5")
    granted = book.check(amount, currency=currency)["verdict"]["granted"]
    assert granted["prepayment_amount"] == prepayment
    assert len(granted["credit_amount"].partition(".")[2]) == minor_unit(currency)


def test_amounts_are_told_in_the_decimals_of_the_accounts_currency(book: Book) -> None:
    book.policy(LIMIT_ONLY)
    for currency, limit, expected in (("JPY", "1000", "1000"), ("KWD", "10.125", "10.125")):
        book.customer(f"C-{currency}", currency=currency, credit_limit=limit)
        document = exposure_document(book.session, f"C-{currency}", book.moment, BASE_CURRENCY)
        assert (document["limit"], document["available"]) == (expected, expected)
        assert document["total"] == ("0" if currency == "JPY" else "0.000")


def test_a_payment_of_another_currency_than_the_order_is_refused_and_one_for_no_order_counts(limited: Book) -> None:
    limited.check("100", currency="USD")
    with pytest.raises(Invalid, match="the order is in USD"):
        limited.payment("100", received=0, order_id="SO-1")
    limited.payment("10", received=0, currency="USD")
    assert limited.facts()["exposure.open_items"] == Decimal("-70.00")


def test_what_several_currencies_add_up_to_is_rounded_once(limited: Book) -> None:
    """A hundred invoices of 1 KRW at 0.0049 CNY would round to nothing one by one; together they are 0.49."""
    limited.rate("KRW", "0.0049")
    for number in range(100):
        limited.invoice("1", issued=-5, due=20, currency="KRW", invoice_id=f"KRW-{number}")
    assert limited.facts()["exposure.open_items"] == Decimal("0.49")


def test_a_confirmed_order_is_not_checked_again_in_another_currency(limited: Book) -> None:
    limited.confirm(limited.check("100"))
    with pytest.raises(Invalid) as error:
        limited.check("10", currency="USD")
    assert error.value.errors[0].pointer == "/currency"


def test_an_unconfirmed_order_changes_its_currency_and_reserves_once(limited: Book) -> None:
    limited.check("900")
    assert limited.check("100", currency="USD")["verdict"]["outcome"] == "approve"
    assert limited.facts()["exposure.reserved"] == Decimal("700.00")
    balances = limited.session.execute(
        select(Movement.currency, func.count()).group_by(Movement.currency).order_by(Movement.currency)
    ).all()
    assert [tuple(row) for row in balances] == [("CNY", 2), ("USD", 1)]


def test_yesterdays_facts_take_yesterdays_rate(limited: Book) -> None:
    limited.invoice("10", issued=-5, due=20, currency="USD")
    limited.rate("USD", "8", on=0)
    assert [limited.facts(offset)["exposure.open_items"] for offset in (-1, 0)] == [
        Decimal("70.00"),
        Decimal("80.00"),
    ]
    with pytest.raises(NoExchangeRate, match=str(day(-2))):
        limited.facts(-2)
