"""Invoice histories out of files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from policy_service.domain.days import LATEST_DAY
from policy_service.services.backtests import History, NothingToReplay, load_history, read_backtest_mapping
from policy_service.services.importing.layout import MappingNotUnderstood

Load = Callable[..., History]

_MAPPING = """
columns: {invoice_id: No, customer_id: Customer, invoice_date: Date, due_date: Due, amount: Amount,
          settled_on: Paid, disputed: Disputed}
date_format: M/D/YYYY
values: {disputed: {"Yes": "true", "No": "false"}}
assume: {currency: USD, dispute_known: %s}
"""
_HEADER = "No,Customer,Date,Due,Amount,Paid,Disputed\n"


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Reads rows under the mapping above."""

    def load(rows: str, dispute_known: str = "due_date") -> History:
        path = tmp_path / "history.csv"
        path.write_text(_HEADER + rows, encoding="utf-8")
        return load_history(path, read_backtest_mapping(_MAPPING % dispute_known))

    return load


def test_invoices_stand_in_the_order_of_their_days(load: Load) -> None:
    history = load(
        "I-2,C-1,2/1/2013,3/1/2013,20.00,3/5/2013,No\n"
        "I-1,C-2,1/1/2013,1/31/2013,10.00,1/30/2013,No\n"
        "I-3,C-1,2/1/2013,3/1/2013,30.00,,No\n"
    )
    assert [entry.invoice_id for entry in history.entries] == ["I-1", "I-2", "I-3"]
    assert history.entries[1].invoice.days_late == 4
    assert history.entries[1].terms_days == 28
    assert history.last_day == date(2013, 3, 5)


@pytest.mark.parametrize(
    ("dispute_known", "settled", "expected"),
    [
        ("invoice_date", "3/5/2013", date(2013, 2, 1)),
        ("due_date", "3/5/2013", date(2013, 3, 1)),
        ("settled_on", "3/5/2013", date(2013, 3, 5)),
        ("settled_on", "", LATEST_DAY),
    ],
)
def test_a_dispute_without_a_day_is_known_when_the_mapping_assumes(
    load: Load, dispute_known: str, settled: str, expected: date
) -> None:
    (entry,) = load(f"I-1,C-1,2/1/2013,3/1/2013,20.00,{settled},Yes\n", dispute_known).entries
    assert entry.invoice.disputed_on == expected


def test_rows_that_make_no_sense_are_refused_one_by_one(load: Load) -> None:
    history = load(
        "I-1,C-1,2/1/2013,3/1/2013,20.00,,No\n"
        "I-2,C-1,2/30/2013,3/1/2013,20.00,,No\n"
        "I-3,C-1,2/1/2013,1/1/2013,20.00,,No\n"
        "I-4,C-1,2/1/2013,3/1/2013,-20.00,,No\n"
        "I-5,C-1,2/1/2013,3/1/2013,0.00,,No\n"
        "I-6,,2/1/2013,3/1/2013,20.00,,No\n"
        "I-7,C-1,2/1/2013,3/1/2013,20.00,,maybe\n"
        "I-1,C-1,2/1/2013,3/1/2013,20.00,,No\n"
    )
    assert len(history.entries) == 1
    assert {refusal.line: refusal.reason.en.partition(":")[0] for refusal in history.refused} == {
        3: "Date",
        4: "due_date",
        5: "amount",
        6: "amount",
        7: "has no customer_id",
        8: "disputed",
        9: "the invoice I-1 was on line 2 already",
    }


def test_a_history_without_a_readable_invoice_is_refused_with_its_first_fault(load: Load) -> None:
    with pytest.raises(NothingToReplay, match="line 2: Date"):
        load("I-1,C-1,1.2.2013,3/1/2013,20.00,,No\n")


@pytest.mark.parametrize(
    ("assume", "message"),
    [
        ("", "assume: must be a map"),
        ("assume: {currency: XXX}", "assume.currency: 'XXX' is not an ISO 4217"),
        ("assume: {currency: USD, rate: 6,2}", "assume.2: unknown"),
        ("assume: {currency: USD, rate: '-1'}", "assume.rate: '-1' is not a number"),
        ("assume: {currency: USD, rate: '0'}", "assume.rate: must be above 0"),
        ("assume: {currency: USD, terms_days: ten}", "assume.terms_days: must be a whole number"),
        ("assume: {currency: USD, credit_limit: '5'}", "assume.credit_limit: must be a map"),
        (
            "assume: {currency: USD, credit_limit: {at_least: '5.001'}}",
            "assume.credit_limit.at_least: has 3 decimals",
        ),
        ("assume: {currency: USD, dispute_known: never}", "assume.dispute_known: must be one of invoice_date"),
        ("assume: {currency: USD, luck: good}", "assume.luck: unknown; allowed are currency"),
    ],
)
def test_an_assumption_that_makes_no_sense_is_refused_with_its_place(assume: str, message: str) -> None:
    with pytest.raises(MappingNotUnderstood, match=message):
        read_backtest_mapping(f"columns: {{customer_id: C, invoice_date: D, amount: A}}\n{assume}\n")


def test_a_limit_is_assumed_from_the_sales_of_the_year() -> None:
    mapping = read_backtest_mapping(
        "columns: {customer_id: C}\n"
        "assume: {currency: USD, credit_limit: {times_monthly_sales: '3', at_least: '150.00'}}\n"
    )
    limit = mapping.assumptions.credit_limit
    assert limit is not None
    assert limit.limit(Decimal(0), 0, "USD") == Decimal("150.00")
    assert limit.limit(Decimal("600.00"), 90, "USD") == Decimal("600.00")
    assert limit.limit(Decimal("100.00"), 10, "USD") == Decimal("300.00")
