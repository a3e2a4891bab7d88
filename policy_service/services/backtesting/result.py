"""What a backtest found: per outcome what became of the orders, per rule how right it was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from policy_service.domain.money import EXACT, RATIO, ZERO, money_text, plain
from policy_service.domain.outcomes import Outcome
from policy_service.services.backtesting.assumptions import Assumptions
from policy_service.services.backtesting.replay import Replayed
from policy_service.services.history_facts import PastInvoice
from rules.decide import ENGINE_ERROR
from rules.document import Policy
from rules.texts import Text

_SHARE = Decimal("0.0001")


@dataclass(slots=True)
class Tally:
    """What became of a set of orders.

    Late and disputed may be the same order; `bad_count` counts it once. `unknown_count` are orders whose invoice
    was neither settled nor due when the history ends: they judge nobody. Amounts are in the history's currency.
    """

    count: int = 0
    amount: Decimal = ZERO
    on_time_count: int = 0
    late_count: int = 0
    late_amount: Decimal = ZERO
    disputed_count: int = 0
    bad_count: int = 0
    bad_amount: Decimal = ZERO
    unknown_count: int = 0
    _settled_amount: Decimal = ZERO
    _amount_days_late: Decimal = ZERO

    def add(self, invoice: PastInvoice, last_day: date) -> None:
        """Count an order by what became of its invoice until the last day of the history."""
        settled = invoice.settled_on is not None
        late = invoice.days_late > 0 or (not settled and invoice.due_date < last_day)
        disputed = invoice.disputed_on is not None
        self.count += 1
        self.amount += invoice.amount
        self.on_time_count += settled and not late
        self.late_count += late
        self.disputed_count += disputed
        self.unknown_count += not (settled or late or disputed)
        if late:
            self.late_amount += invoice.amount
        if late or disputed:
            self.bad_count += 1
            self.bad_amount += invoice.amount
        if settled:
            self._settled_amount += invoice.amount
            self._amount_days_late += EXACT.multiply(invoice.amount, Decimal(invoice.days_late))

    @property
    def average_days_late(self) -> Decimal | None:
        """Amount-weighted mean of the days late of what was settled; None where nothing was."""
        return _ratio(self._amount_days_late, self._settled_amount)

    @property
    def bad_rate(self) -> Decimal | None:
        """Orders later paid late or disputed, of those of which that is known."""
        return _ratio(Decimal(self.bad_count), Decimal(self.count - self.unknown_count))


@dataclass(frozen=True, slots=True)
class RuleTally:
    """One rule: the orders on which it fired."""

    code: str
    title: Text
    fired: Tally


@dataclass(frozen=True, slots=True)
class Backtest:
    """The whole result. `outcomes` has every outcome, mild to severe; `rules` every enabled rule."""

    policy_name: str
    assumptions: Assumptions
    from_day: date
    to_day: date
    customer_count: int
    total: Tally
    outcomes: Mapping[Outcome, Tally]
    rules: tuple[RuleTally, ...]
    engine_error_count: int = 0

    @property
    def currency(self) -> str:
        """Of all amounts."""
        return self.assumptions.currency

    def lift(self, tally: Tally) -> Decimal | None:
        """How many times likelier than on average an order of this set was paid late or disputed."""
        if tally.bad_rate is None:
            return None
        return _ratio(tally.bad_rate, self.total.bad_rate)

    def as_document(self) -> dict[str, Any]:
        """As JSON: money, shares and averages as decimal strings."""
        return {
            "policy": self.policy_name,
            "currency": self.currency,
            "assumed": self.assumptions.as_document(),
            "from": self.from_day.isoformat(),
            "to": self.to_day.isoformat(),
            "customers": self.customer_count,
            "engine_errors": self.engine_error_count,
            "total": self._document(self.total),
            "outcomes": {outcome.value: self._document(tally) for outcome, tally in self.outcomes.items()},
            "rules": [
                {
                    "rule_code": rule.code,
                    "title": {"en": rule.title.en, "zh": rule.title.zh},
                    **self._document(rule.fired),
                    "lift": _text(self.lift(rule.fired)),
                }
                for rule in self.rules
            ],
        }

    def _document(self, tally: Tally) -> dict[str, Any]:
        return {
            "orders": tally.count,
            "share": _text(_ratio(Decimal(tally.count), Decimal(self.total.count))),
            "amount": money_text(tally.amount, self.currency),
            "on_time": tally.on_time_count,
            "late": tally.late_count,
            "late_amount": money_text(tally.late_amount, self.currency),
            "disputed": tally.disputed_count,
            "late_or_disputed": tally.bad_count,
            "late_or_disputed_amount": money_text(tally.bad_amount, self.currency),
            "late_or_disputed_rate": _text(tally.bad_rate),
            "unknown": tally.unknown_count,
            "average_days_late": _text(tally.average_days_late),
        }


@dataclass(slots=True)
class _Counts:
    total: Tally = field(default_factory=Tally)
    outcomes: dict[Outcome, Tally] = field(default_factory=lambda: {outcome: Tally() for outcome in Outcome})
    rules: dict[str, Tally] = field(default_factory=dict)
    customers: set[str] = field(default_factory=set)
    engine_errors: int = 0

    def add(self, replayed: Replayed, last_day: date) -> None:
        invoice, verdict = replayed.entry.invoice, replayed.verdict
        for tally in (self.total, self.outcomes[verdict.outcome], *(self.rules[code] for code in verdict.fired)):
            tally.add(invoice, last_day)
        self.customers.add(replayed.entry.customer_id)
        self.engine_errors += any(reason.rule_code == ENGINE_ERROR for reason in verdict.reasons)


def summarise(
    policy: Policy, assumptions: Assumptions, from_day: date, last_day: date, replayed: Iterable[Replayed]
) -> Backtest:
    """Count what the replay says."""
    rules = [rule for rule in policy.rules if rule.enabled]
    counts = _Counts(rules={rule.code: Tally() for rule in rules})
    for each in replayed:
        counts.add(each, last_day)
    return Backtest(
        policy_name=policy.name,
        assumptions=assumptions,
        from_day=from_day,
        to_day=last_day,
        customer_count=len(counts.customers),
        total=counts.total,
        outcomes=counts.outcomes,
        rules=tuple(RuleTally(rule.code, rule.title, counts.rules[rule.code]) for rule in rules),
        engine_error_count=counts.engine_errors,
    )


def _ratio(part: Decimal, whole: Decimal | None) -> Decimal | None:
    return RATIO.divide(part, whole) if whole else None


def _text(value: Decimal | None) -> str | None:
    return None if value is None else plain(value.quantize(_SHARE))
