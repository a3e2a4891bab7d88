"""What would be approved instead: the mildest single change of an order that gets it through.

Each kind of change is searched alone: the largest amount, the longest terms, the smallest prepayment, the cheapest
overdue invoices to pay. An order that is held or rejected is offered what would be approved, with conditions or
without; one that is approved with conditions, what would be approved without. The search only ever asks the
policy about the facts as they would be, and what it offers is what the policy approved: nothing is inferred.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Protocol, TypeVar

from policy_service.domain.money import minor_unit
from policy_service.domain.outcomes import Outcome
from rules.brakes import stops_everything
from rules.decide import ENGINE_ERROR, outcome_of
from rules.engine import CompiledPolicy
from rules.facts import Facts, Request
from rules.invoices_to_pay import OverdueInvoice, cheapest
from rules.lines import Line
from rules.offer_messages import (
    Change,
    amount_message,
    nothing_needed,
    nothing_would_pass,
    payment_message,
    prepaid_message,
    terms_message,
)
from rules.texts import Text
from rules.turning_points import turning_points
from rules.verdict import Verdict

MAX_EVALUATIONS = 1000
"""Runs of the policy for one kind of change; a search that needs more ends without an offer."""

_FEWEST_EVALUATIONS = 20
_MOST_LOOKS = 50_000
"""At clauses that no index answers and rules that fire, for one kind of change: about a second. Of a policy of which
one run is dear, fewer runs are taken."""

_log = logging.getLogger(__name__)


class Situation(Protocol):
    """The order under check, and how the facts would be if it were another one."""

    @property
    def facts(self) -> Facts:
        """As they are."""

    @property
    def least_amount(self) -> Decimal:
        """What the order cannot go below: what was said to be prepaid, or is invoiced."""

    @property
    def needs_recorded_payment(self) -> bool:
        """Whether only payments that are recorded count as prepaid."""

    @property
    def overdue(self) -> Sequence[OverdueInvoice]:
        """The invoices that could be paid."""

    def asking(self, request: Request) -> Facts:
        """The facts if this were asked for."""

    def paying(self, invoices: Sequence[OverdueInvoice]) -> Facts:
        """The facts if these invoices were paid in full today."""


Value = Decimal | int | tuple[str, ...]
"""What is changed to: an amount in the order's currency, days, or the ids of the invoices to pay."""


@dataclass(frozen=True, slots=True)
class CounterOffer:
    """One change that would be approved."""

    change: Change
    value: Value
    outcome: Outcome
    message: Text


@dataclass(frozen=True, slots=True)
class Offers:
    """All that would pass, each alone. `reason` says why there is none, and is None where there is one.

    `evaluations` counts the runs of the policy that it took.
    """

    found: tuple[CounterOffer, ...]
    reason: Text | None
    evaluations: int = 0


def counter_offers(policy: CompiledPolicy, verdict: Verdict, situation: Situation) -> Offers:
    """What would be approved in place of what was asked for, on which `verdict` was given.

    Never raises for trouble of its own: an order is decided whether or not something else can be offered.
    """
    if verdict.outcome is Outcome.APPROVE:
        return Offers((), nothing_needed())
    request = situation.facts.request
    is_lost = stops_everything(situation.facts) or any(reason.rule_code == ENGINE_ERROR for reason in verdict.reasons)
    if request is None or is_lost:
        return Offers((), nothing_would_pass(verdict))
    search = _Search(policy, situation, request, _wanted(verdict.outcome), _most_evaluations(policy, verdict))
    found = tuple(search.offers())
    return Offers(found, None if found else nothing_would_pass(verdict), search.evaluations)


def _wanted(outcome: Outcome) -> tuple[Outcome, ...]:
    approved = (Outcome.APPROVE,)
    return approved if outcome.is_approval else (*approved, Outcome.APPROVE_WITH_CONDITIONS)


def _most_evaluations(policy: CompiledPolicy, verdict: Verdict) -> int:
    looks = max(1, policy.open_clauses + len(verdict.fired))
    return max(_FEWEST_EVALUATIONS, min(MAX_EVALUATIONS, _MOST_LOOKS // looks))


class _TooLong(Exception):
    """The search needs more runs of the policy than a check may take."""


@dataclass(slots=True)
class _Search:
    """One search. `decided` keeps the outcome of every change that was tried."""

    policy: CompiledPolicy
    situation: Situation
    request: Request
    wanted: tuple[Outcome, ...]
    most_evaluations: int
    decided: dict[tuple[Change, Value], Outcome] = field(default_factory=dict)

    @property
    def evaluations(self) -> int:
        """How often the policy was run."""
        return len(self.decided)

    def offers(self) -> Iterator[CounterOffer]:
        """One offer for each kind of change that helps."""
        for search in (self.amount, self.terms, self.prepaid, self.invoices):
            try:
                found = search()
            except _TooLong:
                _log.info("a counter-offer would take more runs of the policy than a check may")
            except Exception:
                _log.exception("a counter-offer could not be searched")
            else:
                if found is not None:
                    yield found

    def passes(self, change: Change, value: Value, facts: Callable[[], Facts]) -> bool:
        """Whether the policy approves the facts as they would be."""
        key = (change, value)
        if key not in self.decided:
            if sum(1 for tried, _ in self.decided if tried is change) == self.most_evaluations:
                raise _TooLong
            self.decided[key] = outcome_of(self.policy, facts())
        return self.decided[key] in self.wanted

    def amount(self) -> CounterOffer | None:
        """The largest amount below what was asked for."""
        all_paid = self._units(self.request.invoiced_amount + self.request.prepaid_amount)
        least = max(1, self._units(self.situation.least_amount))
        line = Line(mildest=self._units(self.request.amount) - 1, hardest=least, step=-1, straight_to=all_paid)
        found = self._first_on(line, Change.AMOUNT, self._money)
        if found is None:
            return None
        outcome = self.decided[Change.AMOUNT, found]
        return CounterOffer(Change.AMOUNT, found, outcome, amount_message(found, self.request.currency, outcome))

    def terms(self) -> CounterOffer | None:
        """The longest terms below what was asked for. At 0 days there is no credit."""
        line = Line(mildest=self.request.payment_terms_days - 1, hardest=0, step=-1, straight_to=1)
        found = self._first_on(line, Change.TERMS, int)
        if found is None:
            return None
        outcome = self.decided[Change.TERMS, found]
        return CounterOffer(Change.TERMS, found, outcome, terms_message(found, outcome))

    def prepaid(self) -> CounterOffer | None:
        """The smallest prepayment above what counts already."""
        request, whole = self.request, self._units(self.request.amount)
        line = Line(
            mildest=self._units(request.prepaid_amount) + 1,
            hardest=whole,
            step=1,
            straight_to=whole - self._units(request.invoiced_amount),
        )
        found = self._first_on(line, Change.PREPAID, self._money)
        if found is None:
            return None
        outcome, is_recorded = self.decided[Change.PREPAID, found], self.situation.needs_recorded_payment
        message = prepaid_message(found, request.currency, outcome, is_recorded=is_recorded)
        return CounterOffer(Change.PREPAID, found, outcome, message)

    def invoices(self) -> CounterOffer | None:
        """The cheapest overdue invoices to pay."""

        def passes(chosen: Sequence[OverdueInvoice]) -> bool:
            return self.passes(Change.PAY, _ids(chosen), lambda: self.situation.paying(chosen))

        found = cheapest(self.situation.overdue, passes)
        if found is None:
            return None
        outcome = self.decided[Change.PAY, _ids(found)]
        message = payment_message(found, self.situation.facts.currency, outcome)
        return CounterOffer(Change.PAY, _ids(found), outcome, message)

    def _units(self, amount: Decimal) -> int:
        """In the minor unit of the order's currency."""
        return int(amount.scaleb(minor_unit(self.request.currency)))

    def _money(self, units: int) -> Decimal:
        return Decimal(units).scaleb(-minor_unit(self.request.currency))

    def _first_on(self, line: Line, change: Change, value_of: Callable[[int], _V]) -> _V | None:
        if line.is_empty:
            return None

        def facts_at(place: int) -> Facts:
            return self.situation.asking(changed(self.request, change, value_of(place)))

        def passes(place: int) -> bool:
            return self.passes(change, value_of(place), lambda: facts_at(place))

        place = line.first_that(passes, turning_points(self.policy, line.samples, facts_at))
        return None if place is None else value_of(place)


def changed(request: Request, change: Change, value: Decimal | int) -> Request:
    """The request with one change to it."""
    match change:
        case Change.AMOUNT:
            return replace(request, amount=Decimal(value))
        case Change.TERMS:
            return replace(request, payment_terms_days=int(value))
        case _:
            return replace(request, prepaid_amount=Decimal(value))


_V = TypeVar("_V", Decimal, int)


def _ids(invoices: Sequence[OverdueInvoice]) -> tuple[str, ...]:
    return tuple(invoice.id for invoice in invoices)
