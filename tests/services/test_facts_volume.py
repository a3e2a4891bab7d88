"""How much a customer buys, limits in time, signals, groups."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from policy_service.domain.documents import HistoryStatus, TemporaryLimit
from tests.factories import Book, day


def test_baseline_is_the_amount_per_30_days_before_the_last_30(book: Book) -> None:
    """First order 120 days ago; 900 in the 90 days before the last 30, so 300 per 30 days; 600 since."""
    book.customer()
    for ordered in (-120, -90, -60):
        book.history("300", ordered=ordered)
    book.history("600", ordered=-10)
    facts = book.facts()
    assert facts["volume.baseline_30d"] == Decimal("300.00")
    assert facts["volume.spike_ratio"] == Decimal(2)
    assert facts["volume.plunge_ratio"] == Decimal(2)
    assert facts["volume.amount_30d"] == Decimal("600.00")
    assert facts["volume.orders_30d"] == 1
    assert facts["volume.history_days"] == 120
    assert facts["volume.days_since_last_order"] == 10


def test_there_is_no_baseline_under_90_days_of_history(book: Book) -> None:
    book.customer()
    book.history("300", ordered=-89)
    assert "volume.baseline_30d" not in book.facts()
    assert "volume.baseline_30d" in book.facts(1)


def test_the_order_of_30_days_ago_belongs_to_the_baseline(book: Book) -> None:
    book.customer()
    book.history("300", ordered=-120)
    book.history("300", ordered=-30)
    facts = book.facts()
    assert facts["volume.amount_30d"] == Decimal("0.00")
    assert facts["volume.baseline_30d"] == Decimal("200.00")
    assert facts["volume.plunge_ratio"] == 0


def test_cancelled_orders_leave_the_volume(book: Book) -> None:
    book.customer()
    book.history("300", ordered=-5)
    book.history("500", ordered=-5, status=HistoryStatus.CANCELLED)
    assert book.facts()["volume.amount_30d"] == Decimal("300.00")
    assert book.facts()["customer.order_count"] == 1


def test_a_temporary_limit_overrides_the_base_limit_in_its_window(book: Book) -> None:
    book.customer(
        credit_limit="1000", temporary_limit=TemporaryLimit(Decimal(5000), day(-2), day(2)), limit_valid_until=day(30)
    )
    assert book.facts(-3)["customer.credit_limit"] == Decimal("1000.00")
    assert book.facts(-2)["customer.credit_limit"] == Decimal("5000.00")
    assert book.facts(2)["customer.limit_days_left"] == 0
    assert book.facts(3)["customer.credit_limit"] == Decimal("1000.00")
    assert book.facts(3)["customer.limit_days_left"] == 27


def test_an_expired_limit_is_not_in_force(book: Book) -> None:
    book.customer(credit_limit="1000", limit_valid_until=day(0))
    assert book.facts()["customer.credit_limit"] == Decimal("1000.00")
    later = book.facts(1)
    assert "customer.credit_limit" not in later
    assert "exposure.available" not in later
    assert later["customer.limit_days_left"] == -1


@pytest.mark.parametrize("limit", [None, "0"])
def test_utilisation_is_missing_without_a_limit_and_at_limit_0(book: Book, limit: str | None) -> None:
    book.customer(credit_limit=limit)
    book.invoice("100", issued=-1, due=29)
    assert "exposure.utilisation_after" not in book.facts()


def test_insurance_that_has_run_out_covers_nothing(book: Book) -> None:
    book.customer(insured_amount="60", insured_until=day(0), collateral_amount="10")
    book.invoice("100", issued=-1, due=29)
    assert book.facts()["exposure.uninsured_after"] == Decimal("30.00")
    assert book.facts(1)["exposure.uninsured_after"] == Decimal("90.00")
    assert "customer.insured_amount" not in book.facts(1)


def test_signals_count_from_observation_until_expiry(book: Book) -> None:
    book.customer()
    book.report("landlord", 4, observed=-10, until=-5)
    book.report("landlord", 2, observed=-8)
    book.report("asset_transfer", 3, observed=-6)
    facts = book.facts(-5)
    assert facts["signals.landlord"] == 4
    assert facts["signals.score"] == 9
    assert facts["signals.active_count"] == 3
    assert facts["signals.worst_severity"] == 4
    assert book.facts()["signals.landlord"] == 2
    assert "signals.worst_severity" not in book.facts(-11)
    assert "signals.banking" not in facts


def test_a_group_adds_up_its_whole_tree_in_the_currency_of_the_topmost(book: Book) -> None:
    book.rate("USD", "7", on=-1)
    book.customer("TOP", credit_limit="100000", group_credit_limit="50000")
    book.customer("MID", parent_id="TOP")
    book.customer("LOW", parent_id="MID", currency="USD")
    book.customer("ALONE")
    book.invoice("1000", issued=-5, due=20, customer_id="TOP")
    book.invoice("100", issued=-5, due=20, customer_id="LOW", currency="USD")
    for member in ("TOP", "MID", "LOW"):
        facts = book.facts(customer_id=member)
        assert facts["group.total"] == Decimal("1700.00"), member
        assert facts["group.member_count"] == 3
        assert facts["group.credit_limit"] == Decimal("50000.00")
    assert not [name for name in book.facts(customer_id="ALONE") if name.startswith("group.")]


def test_a_subsidiary_that_moves_takes_its_exposure_along(book: Book) -> None:
    book.customer("A")
    book.customer("B")
    book.customer("S", parent_id="A")
    book.invoice("100", issued=-5, due=20, customer_id="S")
    assert book.facts(customer_id="A")["group.total"] == Decimal("100.00")
    book.customer("S", parent_id="B")
    assert book.facts(customer_id="B")["group.total"] == Decimal("100.00")
    assert "group.total" not in book.facts(customer_id="A")


def test_tenure_is_counted_from_registration(book: Book) -> None:
    book.customer(registered_on=date(2026, 11, 1))
    assert book.facts()["customer.tenure_days"] == 22
    assert "customer.tenure_days" not in book.facts(-60)
