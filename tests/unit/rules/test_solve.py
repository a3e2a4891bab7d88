"""What can hold together, with values that a person would pick, and that a question never takes for ever."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from rules.conditions import Clause, Condition, Group, GroupKind, Op
from rules.solve import Steps, Undecided, always_holds, can_hold_together, find_witness, implies, never_holds
from rules.values import Field, fact_named

DAYS, RATE, AMOUNT, LIMIT = (
    "receivables.oldest_overdue_days",
    "receivables.on_time_rate",
    "receivables.overdue_amount",
    "customer.credit_limit",
)
COUNT, PAID = "customer.order_count", "customer.paid_invoice_count"


def both(*members: Condition) -> Group:
    return Group(GroupKind.ALL, members)


def above(fact: str, number: Any) -> Clause:
    return Clause(fact, Op.GT, Decimal(number) if isinstance(number, str) else number)


def below(fact: str, number: Any) -> Clause:
    return Clause(fact, Op.LT, Decimal(number) if isinstance(number, str) else number)


@pytest.mark.parametrize(
    ("condition", "value"),
    [
        (above(DAYS, 3), 4),
        (both(above(DAYS, 3), below(DAYS, 5)), 4),
        (below(DAYS, 10), 5),
        (below(DAYS, 0), -1),
        (both(above(RATE, "0.5"), below(RATE, "0.95")), Decimal("0.8")),
        (both(above(RATE, "0.8"), below(RATE, "0.81")), Decimal("0.805")),
        (above(AMOUNT, "100.00"), Decimal(150)),
        (above(AMOUNT, "20000.00"), Decimal(30000)),
        (both(above(AMOUNT, "999.99"), below(AMOUNT, "1000.01")), Decimal(1000)),
        (Clause(DAYS, Op.NE, 5), 2),
        (Clause("customer.status", Op.NE, "active"), "watch"),
        (Clause("customer.country", Op.NOT_IN, ("NO", "SE")), "other"),
        (Clause(DAYS, Op.IS_MISSING), None),
    ],
)
def test_a_witness_looks_natural(condition: Condition, value: object) -> None:
    found = find_witness(condition, fact_of=fact_named)
    assert found is not None
    (only,) = found.values()
    assert (only, type(only)) == (value, type(value))


def test_a_witness_has_every_fact_that_is_read() -> None:
    found = find_witness(above(DAYS, 3), Clause("customer.status", Op.EQ, "stop"), fact_of=fact_named)
    assert found == {DAYS: 4, "customer.status": "stop"}


def test_two_facts_are_compared_exactly() -> None:
    half = Field(LIMIT, Decimal("0.5"))
    over, under = Clause(AMOUNT, Op.GT, half), Clause(LIMIT, Op.GE, Field(AMOUNT, Decimal(2)))
    assert never_holds(both(over, under, Clause(LIMIT, Op.IS_PRESENT)), fact_of=fact_named)
    found = find_witness(over, above(LIMIT, "100.00"), fact_of=fact_named)
    assert found is not None
    amount, limit = found[AMOUNT], found[LIMIT]
    assert isinstance(amount, Decimal)
    assert isinstance(limit, Decimal)
    assert amount > limit / 2 > 50


def test_comparisons_go_along_a_chain_of_facts() -> None:
    chain = [
        Clause("exposure.after", Op.GT, Field("exposure.total")),
        Clause("exposure.total", Op.GT, Field("exposure.open_items")),
        Clause("exposure.open_items", Op.GE, Field("exposure.after")),
    ]
    assert never_holds(both(*chain), fact_of=fact_named)
    assert not never_holds(both(*chain[:2]), fact_of=fact_named)


def test_missing_facts_follow_if_missing() -> None:
    careful, trusting = (Clause(LIMIT, Op.GT, Decimal(100), if_missing=choice) for choice in (False, True))
    gone = Clause(LIMIT, Op.IS_MISSING)
    assert never_holds(both(careful, gone), fact_of=fact_named)
    assert can_hold_together(trusting, gone, fact_of=fact_named)
    assert implies(careful, trusting, fact_of=fact_named)
    assert not implies(trusting, careful, fact_of=fact_named)


def test_what_cannot_be_missing_is_always_there() -> None:
    assert always_holds(Clause("customer.status", Op.IS_PRESENT), fact_of=fact_named)
    assert not always_holds(Clause(LIMIT, Op.IS_PRESENT), fact_of=fact_named)


def test_counts_and_levels_stay_within_their_bounds() -> None:
    assert always_holds(Clause(COUNT, Op.GE, 0), fact_of=fact_named)
    assert never_holds(above("signals.worst_severity", 5), fact_of=fact_named)
    assert not always_holds(Clause("order.terms_extension_days", Op.GE, 0), fact_of=fact_named)


def test_whole_numbers_that_cannot_be_settled_are_undecided_and_never_called_impossible() -> None:
    even = Clause(COUNT, Op.EQ, Field(PAID, Decimal(2)))
    odd = Clause(COUNT, Op.EQ, Field("receivables.overdue_invoice_count", Decimal(2), Decimal(1)))
    with pytest.raises(Undecided):
        find_witness(even, odd, fact_of=fact_named)


def test_a_question_that_takes_too_many_steps_is_undecided() -> None:
    """As many pigeons as holes and one more: hard for every search of this kind."""
    pigeons = [f"customer.{name}" for name in ("country", "region", "industry", "segment", "id")]
    pigeons += [f"order.{name}" for name in ("channel", "currency", "order_type")]
    apart = [Clause(one, Op.NE, Field(other)) for one in pigeons for other in pigeons if one < other]
    holes = tuple(f"hole {number}" for number in range(len(pigeons) - 1))
    seated = [Clause(pigeon, Op.IN, holes) for pigeon in pigeons]
    with pytest.raises(Undecided):
        find_witness(*apart, *seated, fact_of=fact_named, steps=Steps(20_000))


def test_questions_that_share_their_steps_are_undecided_once_these_are_used_up() -> None:
    shared = Steps(100)
    assert find_witness(above(DAYS, 3), fact_of=fact_named, steps=Steps(1000, shared)) is not None
    shared.spend(shared.left)
    with pytest.raises(Undecided):
        find_witness(above(DAYS, 3), fact_of=fact_named, steps=Steps(1000, shared))


def test_a_table_of_a_thousand_cells_is_searched_to_the_last_one() -> None:
    def row(orders: int, paid: int) -> Group:
        return both(*(Clause(fact, Op.GE if n == 30 else Op.EQ, n) for fact, n in ((COUNT, orders), (PAID, paid))))

    rows = [row(orders, paid) for orders in range(31) for paid in range(31)]
    assert find_witness(Group(GroupKind.NONE, tuple(rows)), fact_of=fact_named) is None
    del rows[31 * 17 + 11]
    assert find_witness(Group(GroupKind.NONE, tuple(rows)), fact_of=fact_named) == {COUNT: 17, PAID: 11}
