"""Money of several currencies in one check: everything is brought to base units, exactly, without division."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from policy_service.domain.money import EXACT, RATIO, minor_unit
from rules.catalogue import CATALOGUE, FactType
from rules.facts import Facts
from rules.values import TABLE_GROUP, type_by_name

ONE = Decimal(1)


class MissingRate(Exception):
    """A currency takes part in the check, and its rate of the day is not among the facts."""

    def __init__(self, currency: str) -> None:
        super().__init__(f"no exchange rate for {currency}")


@dataclass(frozen=True, slots=True)
class Exchange:
    """Base units for one unit of each currency that takes part; all are 1 where there is only one currency.

    `target` is the currency in which credit is granted: the order's, without an order the account's.
    """

    is_single: bool
    account: Decimal
    group: Decimal
    policy: Decimal
    target: Decimal
    target_currency: str

    def of_fact(self, name: str) -> Decimal:
        """Base units for one unit of a fact; 1 where the fact is not money."""
        if self.is_single or not is_money(name):
            return ONE
        return self.group if name.startswith("group.") else self.account

    def of_literal(self, name: str) -> Decimal:
        """Base units for one unit of a literal that stands against a fact; 1 where the fact is not money."""
        if self.is_single or not is_money(name):
            return ONE
        return self.policy

    def to_target(self, base_units: Decimal) -> Decimal:
        """An amount in base units in the target currency, rounded down to its minor unit; at least 0."""
        places = minor_unit(self.target_currency)
        if base_units <= 0:
            return Decimal(0)
        whole = EXACT.divide_int(base_units.scaleb(places, EXACT), self.target)
        return whole.scaleb(-places, EXACT)


def is_money(name: str) -> bool:
    """Whether a fact is an amount of money. What a table puts out is money by its name."""
    if name.startswith(TABLE_GROUP):
        return type_by_name(name) is FactType.MONEY
    fact = CATALOGUE.get(name)
    return fact is not None and fact.type is FactType.MONEY


def exchange_of(policy_currency: str, needs_policy_rate: bool, facts: Facts) -> Exchange:
    """The exchange of one check. Raises MissingRate, also for a currency that no comparison would have reached:
    whether a check can be decided must not depend on the order of its rules."""
    target = facts.request.currency if facts.request else facts.currency
    group = facts.group_currency or facts.currency
    policy = policy_currency if needs_policy_rate else facts.currency
    if target == group == policy == facts.currency:
        return _single(target)
    account, group_rate, policy_rate, target_rate = (
        _rate(currency, facts) for currency in (facts.currency, group, policy, target)
    )
    return Exchange(False, account, group_rate, policy_rate, target_rate, target)


@cache
def _single(currency: str) -> Exchange:
    return Exchange(True, ONE, ONE, ONE, ONE, currency)


def _rate(currency: str, facts: Facts) -> Decimal:
    try:
        return facts.rates[currency].per_unit
    except KeyError:
        raise MissingRate(currency) from None


def per_unit(base_units: Decimal, rate: Decimal) -> Decimal:
    """Base units in a currency, to 28 significant digits: for amounts that are shown."""
    return RATIO.divide(base_units, rate)
