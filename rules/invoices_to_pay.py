"""Which overdue invoices to pay so that an order gets through, at the least cost.

Up to `MAX_EXACT` invoices the answer is the cheapest there is, found by branch and bound under one assumption, that
paying more never does harm; what it finds has passed in any case. For more, the set found cannot be made cheaper by
leaving one of them out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

MAX_EXACT = 8
_MAX_PRUNED = 40


@dataclass(frozen=True, slots=True, eq=False)
class OverdueInvoice:
    """An overdue invoice, told from others by identity, for sets of thousands are compared.

    `open_amount` is left to pay of `amount`, both in its own `currency`. `cost` is what is left to pay in the
    currency of the account.
    """

    id: str
    currency: str
    amount: Decimal
    open_amount: Decimal
    cost: Decimal
    due_on: date
    disputed: bool


Passes = Callable[[Sequence[OverdueInvoice]], bool]
"""Whether an order passes when these are paid. They come by due date."""


def cheapest(overdue: Sequence[OverdueInvoice], passes: Passes) -> tuple[OverdueInvoice, ...] | None:
    """The invoices to pay, by due date; None where not even paying all of them helps."""
    by_age = sorted(overdue, key=lambda invoice: (invoice.due_on, invoice.id))

    def helps(chosen: frozenset[OverdueInvoice]) -> bool:
        return bool(chosen) and passes([invoice for invoice in by_age if invoice in chosen])

    everything = frozenset(by_age)
    if not helps(everything):
        return None
    best = _pruned(_oldest_that_help(by_age, helps), helps)
    if len(by_age) <= MAX_EXACT:
        by_cost = sorted(by_age, key=lambda invoice: -invoice.cost)
        best = _Search(by_cost, helps, best).best_of(frozenset(), 0)
    return tuple(invoice for invoice in by_age if invoice in best)


_Helps = Callable[[frozenset[OverdueInvoice]], bool]


def cost_of(invoices: Iterable[OverdueInvoice]) -> Decimal:
    """What paying them takes, in the currency of the account."""
    return sum((invoice.cost for invoice in invoices), Decimal(0))


def _oldest_that_help(by_age: Sequence[OverdueInvoice], helps: _Helps) -> frozenset[OverdueInvoice]:
    """As few of the oldest as do; all of them do."""
    low, high = 0, len(by_age)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if helps(frozenset(by_age[:middle])) else (middle, high)
    return frozenset(by_age[:high])


def _pruned(chosen: frozenset[OverdueInvoice], helps: _Helps) -> frozenset[OverdueInvoice]:
    """Without those that are not needed, the dearest first."""
    for invoice in sorted(chosen, key=lambda each: -each.cost)[:_MAX_PRUNED]:
        if helps(chosen - {invoice}):
            chosen -= {invoice}
    return chosen


@dataclass(slots=True)
class _Search:
    """Branch and bound over `by_cost`, the dearest first, from the best set known."""

    by_cost: Sequence[OverdueInvoice]
    helps: _Helps
    best: frozenset[OverdueInvoice]

    def best_of(self, chosen: frozenset[OverdueInvoice], place: int) -> frozenset[OverdueInvoice]:
        """The cheapest set that helps: the best so far, or `chosen` with some of those from `place` on."""
        if cost_of(chosen) >= cost_of(self.best):
            return self.best
        if self.helps(chosen):
            self.best = chosen
        elif place < len(self.by_cost) and self.helps(chosen | frozenset(self.by_cost[place:])):
            self.best_of(chosen, place + 1)
            self.best_of(chosen | {self.by_cost[place]}, place + 1)
        return self.best
