"""What a policy would have said of a history, and how right it would have been."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from policy_service.domain.outcomes import Outcome
from policy_service.services.backtesting.assumptions import Assumptions, LimitAssumption
from policy_service.services.backtesting.history import HistoryEntry
from policy_service.services.backtesting.replay import RateNeeded, Replayed, replay
from policy_service.services.backtests import History, backtest
from policy_service.services.history_facts import PastInvoice
from rules.document import load_policy
from rules.engine import compile_policy
from tests.policies import LIMIT_ONLY

_START = date(2025, 1, 1)
_CNY = Assumptions("CNY", terms_days=30, credit_limit=LimitAssumption(at_least=Decimal(250)))

OVERDUE = """
schema: 1
name: overdue
currency: CNY
rules:
  - code: OVERDUE
    title: {en: Overdue, zh: 逾期}
    when: {all: [{fact: receivables.undisputed_overdue_amount, op: gt, value: "0.00"}]}
    then: [{effect: reject}]
  - code: NEVER
    title: {en: Never, zh: 从不}
    when: {all: [{fact: order.amount, op: gt, value: "1000000.00"}]}
    then: [{effect: hold}]
"""


def _entry(
    place: int,
    *,
    on: int,
    amount: str = "100.00",
    paid: int | None,
    disputed: int | None = None,
    customer: str = "C-1",
) -> HistoryEntry:
    """An invoice of day `on` with 30 days of terms, paid and disputed on days counted from the same start."""
    issued = _START + timedelta(days=on)
    invoice = PastInvoice(
        Decimal(amount),
        issued,
        issued + timedelta(days=30),
        None if paid is None else _START + timedelta(days=paid),
        None if disputed is None else _START + timedelta(days=disputed),
    )
    return HistoryEntry(place, f"I-{place}", customer, invoice, None, {})


def _outcomes(policy: str, entries: Sequence[HistoryEntry], assumptions: Assumptions = _CNY) -> list[Outcome]:
    return [each.verdict.outcome for each in replay(compile_policy(load_policy(policy)), entries, assumptions)]


def test_an_order_is_decided_with_what_was_known_that_day_and_no_more() -> None:
    entries = [
        _entry(1, on=0, paid=45),
        _entry(2, on=30, paid=60),  # due today is not overdue
        _entry(3, on=44, paid=70),  # one day before the late payment
        _entry(4, on=45, paid=70),  # on its day
    ]
    approve, reject = Outcome.APPROVE, Outcome.REJECT
    assert _outcomes(OVERDUE, entries) == [approve, approve, reject, approve]


def test_a_dispute_counts_from_the_day_on_which_it_was_known() -> None:
    entries = [_entry(1, on=0, paid=90, disputed=40), _entry(2, on=39, paid=90), _entry(3, on=40, paid=90)]
    assert _outcomes(OVERDUE, entries) == [Outcome.APPROVE, Outcome.REJECT, Outcome.APPROVE]


def test_an_order_becomes_an_open_item_of_its_day_whatever_was_said_of_it() -> None:
    entries = [_entry(place, on=0, paid=20) for place in range(1, 5)] + [_entry(5, on=20, paid=50)]
    approve, hold = Outcome.APPROVE, Outcome.HOLD
    assert _outcomes(LIMIT_ONLY, entries) == [approve, approve, hold, hold, approve]


def test_a_limit_that_falls_to_nothing_is_not_the_one_before_it() -> None:
    entries = [_entry(1, on=0, paid=20), _entry(2, on=40, paid=60), _entry(3, on=80, paid=90)]
    limits = (Decimal(100), Decimal(0), None)
    named = [replace(entry, credit_limit=limit) for entry, limit in zip(entries, limits, strict=True)]
    assert _outcomes(LIMIT_ONLY, named) == [Outcome.APPROVE, Outcome.HOLD, Outcome.HOLD]


def test_customers_do_not_know_of_each_other() -> None:
    entries = [_entry(1, on=0, paid=None), _entry(2, on=50, paid=60, customer="C-2")]
    assert _outcomes(OVERDUE, entries) == [Outcome.APPROVE, Outcome.APPROVE]


def test_the_result_counts_what_became_of_the_orders_and_how_right_each_rule_was() -> None:
    entries = (
        _entry(1, on=0, amount="100.00", paid=40),  # approved, 10 days late
        _entry(2, on=35, amount="300.00", paid=95),  # rejected, 30 days late: the rule was right
        _entry(3, on=38, amount="200.00", paid=60),  # rejected, on time: it was wrong
        _entry(4, on=96, amount="50.00", paid=100, disputed=99),  # approved, disputed though on time
        _entry(5, on=97, amount="70.00", paid=None),  # approved, nobody knows yet
    )
    result = backtest(load_policy(OVERDUE), History(entries, ()), _CNY)
    document = result.as_document()
    assert (document["from"], document["to"]) == ("2025-01-01", "2025-04-11")
    approved, rejected = document["outcomes"]["approve"], document["outcomes"]["reject"]
    assert (approved["orders"], approved["late"], approved["disputed"], approved["unknown"]) == (3, 1, 1, 1)
    assert (approved["amount"], approved["late_amount"]) == ("220.00", "100.00")
    assert approved["average_days_late"] == "6.6667"  # (100 x 10 + 50 x 0) / 150
    assert (rejected["orders"], rejected["on_time"], rejected["late"]) == (2, 1, 1)
    assert rejected["average_days_late"] == "18"  # (300 x 30 + 200 x 0) / 500
    assert document["outcomes"]["hold"]["orders"] == 0
    assert document["total"]["late_or_disputed_rate"] == "0.75"
    fired, never = document["rules"]
    assert (fired["rule_code"], fired["orders"], fired["late_or_disputed_rate"]) == ("OVERDUE", 2, "0.5")
    assert fired["lift"] == "0.6667"
    assert (never["rule_code"], never["orders"], never["late_or_disputed_rate"], never["lift"]) == (
        "NEVER",
        0,
        None,
        None,
    )


def test_an_unpaid_invoice_that_was_due_before_the_history_ends_is_late() -> None:
    entries = (_entry(1, on=0, paid=None), _entry(2, on=60, paid=61, customer="C-2"))
    assert backtest(load_policy(OVERDUE), History(entries, ()), _CNY).total.late_count == 1


def test_amounts_in_another_currency_need_an_assumed_rate() -> None:
    entries = [_entry(1, on=0, amount="200.00", paid=20)]
    policy = LIMIT_ONLY.replace("{fact: customer.credit_limit}", '"1000.00"')
    with pytest.raises(RateNeeded, match="units of CNY for one USD"):
        _outcomes(policy, entries, Assumptions("USD"))
    assert _outcomes(policy, entries, Assumptions("USD", rate=Decimal(5))) == [Outcome.APPROVE]
    assert _outcomes(policy, entries, Assumptions("USD", rate=Decimal("5.01"))) == [Outcome.HOLD]


def test_a_limit_that_the_file_names_comes_before_an_assumed_one() -> None:
    entry = _entry(1, on=0, amount="200.00", paid=20)
    named = HistoryEntry(entry.line, entry.invoice_id, entry.customer_id, entry.invoice, Decimal(150), {})
    assert _outcomes(LIMIT_ONLY, [entry]) == [Outcome.APPROVE]
    assert _outcomes(LIMIT_ONLY, [named]) == [Outcome.HOLD]


def test_the_replay_can_be_watched() -> None:
    seen: list[str] = []

    def watch(replayed: Iterator[Replayed]) -> Iterator[Replayed]:
        for each in replayed:
            seen.append(each.entry.invoice_id)
            yield each

    backtest(load_policy(OVERDUE), History((_entry(1, on=0, paid=20),), ()), _CNY, watch)
    assert seen == ["I-1"]
