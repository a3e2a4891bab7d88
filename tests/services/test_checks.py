"""The check: what is decided, what is reserved, what is recorded."""

from __future__ import annotations

import dataclasses
import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import rfc8785
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from policy_service.db.models import Alert, Decision, Movement, Order
from policy_service.domain.canonical import sha256_hex
from policy_service.domain.errors import (
    CustomerNotFound,
    DecisionNotApproved,
    DecisionNotFound,
    DecisionSuperseded,
    Invalid,
    NoActivePolicy,
    NoExchangeRate,
    OrderBelongsToAnotherCustomer,
    OrderNotFound,
    ReservationExpired,
)
from policy_service.domain.outcomes import CheckKind
from policy_service.services import checks
from tests.factories import Book
from tests.policies import ADVANCE, LIMIT_ONLY


@pytest.fixture
def limited(book: Book) -> Book:
    """A customer with a limit of 1000 under a policy that holds what passes it."""
    book.policy(LIMIT_ONLY)
    book.customer(credit_limit="1000")
    return book


def _reserved(book: Book) -> object:
    return book.facts()["exposure.reserved"]


def test_an_approval_reserves_what_it_grants(limited: Book) -> None:
    record = limited.check("400")
    assert record["verdict"]["outcome"] == "approve"
    assert record["verdict"]["granted"]["credit_amount"] == "400.00"
    assert record["reservation"]["amount"] == "400.00"
    assert _reserved(limited) == Decimal("400.00")


def test_equal_to_the_limit_passes_and_a_cent_more_is_held(limited: Book) -> None:
    assert limited.check("1000.01")["verdict"]["outcome"] == "hold"
    assert limited.check("1000.00")["verdict"]["outcome"] == "approve"


def test_a_hold_reserves_nothing_and_grants_nothing(limited: Book) -> None:
    record = limited.check("1001")
    assert record["verdict"]["granted"] is None
    assert record["reservation"] is None
    assert _reserved(limited) == 0
    assert record["exposure"] == {
        "limit": "1000.00",
        "before": "0.00",
        "after": "1001.00",
        "available_after": "-1.00",
        "currency": "CNY",
    }


def test_ten_orders_fill_a_limit_and_the_eleventh_is_held(limited: Book) -> None:
    outcomes = [limited.check("100", order_id=f"SO-{number}")["verdict"]["outcome"] for number in range(11)]
    assert outcomes == ["approve"] * 10 + ["hold"]


def test_checking_an_order_again_replaces_its_reservation(limited: Book) -> None:
    limited.check("400")
    second = limited.check("900")
    assert second["verdict"]["outcome"] == "approve"
    assert second["exposure"]["before"] == "0.00"
    assert _reserved(limited) == Decimal("900.00")


def test_a_second_check_that_is_held_releases_the_reservation_of_the_first(limited: Book) -> None:
    first = limited.check("400")
    limited.check("4000")
    assert _reserved(limited) == 0
    with pytest.raises(DecisionSuperseded):
        limited.confirm(first)


def test_a_quote_reserves_nothing_and_has_no_reservation(limited: Book) -> None:
    record = limited.check("400", kind=CheckKind.QUOTE, order_id="Q-1")
    assert record["reservation"] is None
    assert record["valid_until"] is not None
    assert _reserved(limited) == 0
    assert limited.session.get(Order, "Q-1") is None


def test_terms_left_out_are_those_of_the_account(book: Book) -> None:
    book.policy(LIMIT_ONLY)
    book.customer(credit_limit="1000", standard_terms_days=45)
    record = book.check("400", terms=None)
    assert record["request"]["payment_terms_days"] == 45


def test_payment_before_delivery_needs_no_credit(limited: Book) -> None:
    record = limited.check("5000", terms=0)
    assert record["verdict"]["outcome"] == "approve"
    assert record["request"]["credit_amount"] == "0.00"
    assert _reserved(limited) == 0


def test_only_a_recorded_payment_counts_as_prepaid_for_a_new_customer(limited: Book) -> None:
    assert limited.check("1500", prepaid="600")["verdict"]["outcome"] == "hold"
    limited.payment("600", received=0, order_id="SO-1")
    record = limited.check("1500", prepaid="600")
    assert record["verdict"]["outcome"] == "approve"
    assert record["reservation"]["amount"] == "900.00"


def test_a_required_prepayment_lowers_what_is_reserved(book: Book) -> None:
    book.policy(ADVANCE)
    book.customer(credit_limit="1000")
    record = book.check("101")
    assert record["verdict"]["outcome"] == "approve_with_conditions"
    assert record["verdict"]["granted"] == {
        "credit_amount": "50.50",
        "prepayment_amount": "50.50",
        "payment_terms_days": 30,
        "currency": "CNY",
    }
    assert record["exposure"]["after"] == "50.50"
    assert _reserved(book) == Decimal("50.50")


def test_a_reservation_ends_at_its_very_instant(book: Book) -> None:
    book.policy(ADVANCE)
    book.customer(credit_limit="1000")
    record = book.check("100")
    expires = book.moment.now + timedelta(minutes=60)
    book.moment = dataclasses.replace(book.moment, now=expires - timedelta(microseconds=1))
    assert _reserved(book) == Decimal("50.00")
    book.moment = dataclasses.replace(book.moment, now=expires)
    assert _reserved(book) == 0
    with pytest.raises(ReservationExpired):
        book.confirm(record)


def test_confirming_turns_reserved_into_open_orders_once(limited: Book) -> None:
    record = limited.check("400")
    first = limited.confirm(record)
    assert limited.confirm(record) == first
    facts = limited.facts()
    assert facts["exposure.reserved"] == 0
    assert facts["exposure.open_orders"] == Decimal("400.00")
    assert facts["volume.amount_30d"] == Decimal("400.00")


def test_a_confirmed_order_that_grows_reserves_only_the_increase(limited: Book) -> None:
    limited.confirm(limited.check("400"))
    grown = limited.check("900")
    assert grown["reservation"]["amount"] == "500.00"
    assert grown["exposure"]["before"] == "0.00"
    assert limited.facts()["exposure.total"] == Decimal("900.00")
    limited.confirm(grown)
    assert limited.facts()["exposure.open_orders"] == Decimal("900.00")


def test_a_confirmed_order_keeps_what_was_confirmed_until_a_smaller_one_is_confirmed(limited: Book) -> None:
    limited.confirm(limited.check("400"))
    smaller = limited.check("150")
    assert limited.facts()["exposure.total"] == Decimal("400.00")
    limited.confirm(smaller)
    assert limited.facts()["exposure.total"] == Decimal("150.00")
    limited.check("5000")
    assert limited.facts()["exposure.open_orders"] == Decimal("150.00")


def test_a_held_order_cannot_be_confirmed(limited: Book) -> None:
    with pytest.raises(DecisionNotApproved):
        limited.confirm(limited.check("4000"))


def test_confirming_names_what_is_unknown(limited: Book) -> None:
    record = limited.check("400")
    with pytest.raises(OrderNotFound):
        limited.confirm({**record, "subject_id": "SO-unknown"})
    with pytest.raises(DecisionNotFound):
        limited.confirm({**record, "decision_id": "unknown"})


def test_an_invoice_takes_its_amount_from_the_open_order(limited: Book) -> None:
    """Order 1000, down-payment invoice 500: exposure 1000. Voided: 1000 again."""
    limited.confirm(limited.check("1000"))
    invoice = limited.invoice("500", issued=0, due=30, order_id="SO-1")
    facts = limited.facts()
    assert facts["exposure.open_orders"] == Decimal("500.00")
    assert facts["exposure.open_items"] == Decimal("500.00")
    assert facts["exposure.total"] == Decimal("1000.00")
    limited.invoice("500", issued=0, due=30, order_id="SO-1", invoice_id=invoice, status="void")
    facts = limited.facts()
    assert facts["exposure.open_orders"] == Decimal("1000.00")
    assert facts["exposure.total"] == Decimal("1000.00")


def test_an_invoice_between_check_and_confirm_is_never_counted_twice(limited: Book) -> None:
    """Order 1000 approved; invoice 600 arrives; confirmed: open orders 400, open items 600. Voided: 1000 again."""
    record = limited.check("1000")
    invoice = limited.invoice("600", issued=0, due=30, order_id="SO-1")
    limited.confirm(record)
    facts = limited.facts()
    assert facts["exposure.open_orders"] == Decimal("400.00")
    assert facts["exposure.total"] == Decimal("1000.00")
    limited.invoice("600", issued=0, due=30, order_id="SO-1", invoice_id=invoice, status="void")
    assert limited.facts()["exposure.open_orders"] == Decimal("1000.00")


def test_what_was_invoiced_before_the_check_does_not_lower_it_again(limited: Book) -> None:
    """Invoice 600 first, then the order of 1000: 400 on credit, 400 open after the confirmation."""
    limited.invoice("600", issued=0, due=30, order_id="SO-1")
    record = limited.check("1000")
    assert record["reservation"]["amount"] == "400.00"
    limited.confirm(record)
    assert limited.facts()["exposure.open_orders"] == Decimal("400.00")
    assert limited.facts()["exposure.total"] == Decimal("1000.00")


def test_writing_the_same_invoice_again_moves_nothing(limited: Book) -> None:
    limited.confirm(limited.check("1000"))
    invoice = limited.invoice("500", issued=0, due=30, order_id="SO-1")
    before = limited.session.scalars(select(Movement.id)).all()
    limited.invoice("500", issued=0, due=30, order_id="SO-1", invoice_id=invoice)
    assert limited.session.scalars(select(Movement.id)).all() == before


def test_the_order_id_of_another_customer_is_refused(limited: Book) -> None:
    limited.check("100")
    limited.customer("C-2", credit_limit="1000")
    with pytest.raises(OrderBelongsToAnotherCustomer):
        limited.check("100", customer_id="C-2")


def test_an_unknown_customer_a_missing_policy_and_a_missing_rate_are_named(book: Book) -> None:
    book.customer(credit_limit="1000")
    with pytest.raises(NoActivePolicy):
        book.check("100")
    book.policy(LIMIT_ONLY)
    with pytest.raises(CustomerNotFound):
        book.check("100", customer_id="C-unknown")
    with pytest.raises(NoExchangeRate):
        book.check("100", currency="USD")


def test_more_prepaid_than_ordered_is_refused(limited: Book) -> None:
    with pytest.raises(Invalid) as error:
        limited.check("100", prepaid="100.01")
    assert error.value.errors[0].pointer == "/prepaid_amount"


def test_an_order_in_another_currency_counts_at_the_rate_of_the_day(limited: Book) -> None:
    limited.rate("USD", "7.1", on=-1)
    record = limited.check("100", currency="USD")
    assert record["exposure"]["after"] == "710.00"
    assert record["verdict"]["granted"]["currency"] == "USD"
    assert record["reservation"] == {
        "amount": "710.00",
        "currency": "CNY",
        "status": "pending",
        "expires_at": record["valid_until"],
    }
    assert record["facts"]["rates"]["USD"] == {"rate": "7.1", "as_of": "2026-11-22"}


def test_a_rate_too_old_holds_the_order(limited: Book) -> None:
    limited.rate("USD", "7.1", on=-8)
    record = limited.check("1", currency="USD")
    assert record["verdict"]["outcome"] == "hold"
    assert record["verdict"]["reasons"][0]["rule_code"] == "FX_RATE_TOO_OLD"


def test_the_record_is_canonical_hashed_and_complete(limited: Book) -> None:
    record = limited.check("400")
    decision = limited.session.get_one(Decision, record["decision_id"])
    assert json.loads(decision.record) == record
    assert decision.record.encode() == rfc8785.dumps(record)
    assert decision.sha256 == sha256_hex(decision.record)
    assert record["policy"]["content_hash"].startswith("sha256:")
    assert record["facts"]["values"]["exposure.after"] == "400.00"
    assert record["caller"] == {"user": "system", "key": None, "role": "admin"}
    assert decision.took_microseconds > 0


@pytest.mark.parametrize("change", ["UPDATE decisions SET outcome = 'approve'", "DELETE FROM decisions"])
def test_a_decision_cannot_be_changed(limited: Book, change: str) -> None:
    limited.check("4000")
    with pytest.raises(DBAPIError, match="permission denied"):
        limited.session.execute(text(change))


def test_a_fact_that_cannot_be_gathered_holds_the_order_and_raises_an_alert(
    limited: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise ArithmeticError("planted")

    monkeypatch.setattr(checks, "gather", fail)
    record = limited.check("100")
    assert record["verdict"]["outcome"] == "hold"
    assert record["verdict"]["reasons"][0]["rule_code"] == "ENGINE_ERROR"
    assert limited.session.scalars(select(Alert.rule_code)).all() == ["ENGINE_ERROR"]
    monkeypatch.undo()
    assert _reserved(limited) == 0


def test_an_engine_that_fails_holds_the_order_and_raises_an_alert(
    limited: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    import rules.engine

    def fail(*_: Any) -> None:
        raise rules.engine.EngineFailure("planted")

    monkeypatch.setattr(rules.engine.Ruleset, "match", fail)
    record = limited.check("100")
    assert record["verdict"]["outcome"] == "hold"
    assert record["verdict"]["reasons"][0]["rule_code"] == "ENGINE_ERROR"
    assert limited.session.scalars(select(Alert.rule_code)).all() == ["ENGINE_ERROR"]


def test_an_order_of_history_that_is_checked_becomes_live(limited: Book) -> None:
    history = limited.history("100", ordered=-3)
    limited.check("200", order_id=history)
    order = limited.session.get_one(Order, history, populate_existing=True)
    assert (order.source, order.status, order.amount) == ("check", "pending", Decimal(200))


def test_orders_beyond_the_credit_horizon_are_left_out_of_the_dynamic_check(limited: Book) -> None:
    limited.confirm(limited.check("300", order_id="SO-far", requested_ship_date=limited.moment.day + timedelta(31)))
    limited.confirm(limited.check("200", order_id="SO-near", requested_ship_date=limited.moment.day + timedelta(30)))
    limited.confirm(limited.check("100", order_id="SO-unknown"))
    assert limited.facts()["exposure.horizon_after"] == Decimal("300.00")
    assert limited.facts()["exposure.after"] == Decimal("600.00")
