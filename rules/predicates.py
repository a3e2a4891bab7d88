"""What a condition says of the facts of one check: exactly, and with evidence."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from policy_service.domain.money import EXACT
from policy_service.domain.outcomes import CheckKind
from rules.conditions import Clause, Condition, GroupKind, Op, paths_and_clauses
from rules.exchange import ONE, Exchange, exchange_of, is_money, per_unit
from rules.facts import Facts, FactValue
from rules.tables import Table
from rules.values import TABLE_GROUP, Field
from rules.verdict import Evidence, TableHit


@dataclass(slots=True)
class Seen:
    """The facts of one check as conditions see them: with what tables put out, and the flags raised so far.

    `known` has the value of every fact that is not missing, a tuple where it is a list. `hits` are the tables'.
    """

    facts: Facts
    known: Mapping[str, Any]
    exchange: Exchange
    hits: tuple[TableHit, ...] = ()

    @classmethod
    def of(cls, facts: Facts, policy_currency: str, has_money_literals: bool) -> Seen:
        """The facts before any rule has fired. Raises MissingRate."""
        return cls(facts, facts.values, exchange_of(policy_currency, has_money_literals, facts))

    @property
    def kind(self) -> str:
        """Order or quote; an order where nothing else is said."""
        return str(self.facts.values.get("order.kind", CheckKind.ORDER.value))

    def with_flags(self, flags: Mapping[str, bool]) -> Seen:
        """The same facts, and flags as facts."""
        return Seen(self.facts, {**self.known, **flags}, self.exchange, self.hits)

    def with_hit(self, hit: TableHit, table: Table) -> Seen:
        """The same facts, and what a table put out."""
        found = {table.fact_name(name): value for name, value in hit.outputs.items() if value is not None}
        return Seen(self.facts, {**self.known, **found}, self.exchange, (*self.hits, hit))


COMPARE: dict[Op, Callable[[Any, Any], bool]] = {
    Op.EQ: operator.eq,
    Op.NE: operator.ne,
    Op.LT: operator.lt,
    Op.LE: operator.le,
    Op.GT: operator.gt,
    Op.GE: operator.ge,
    Op.IN: lambda value, listed: value in listed,
    Op.NOT_IN: lambda value, listed: value not in listed,
    Op.BETWEEN: lambda value, ends: ends[0] <= value <= ends[1],
}


class Probe(NamedTuple):
    """A clause made ready to be looked at. `other` is the fact on the right, where one stands there as it is.

    `compare` is None where it takes the long way: arithmetic, a question for presence, or perhaps a list.
    """

    clause: Clause
    group: tuple[str, ...]
    fact: str
    op: str
    other: str | None
    operand: FactValue | tuple[FactValue, ...] | None
    compare: Callable[[Any, Any], bool] | None
    if_missing: bool
    is_money: bool


def probes(condition: Condition) -> tuple[Probe, ...]:
    """Every clause of a condition, in the order of the document."""
    return tuple(_probe(clause, path) for path, clause in paths_and_clauses(condition))


def _probe(clause: Clause, path: tuple[str, ...]) -> Probe:
    field = clause.operand if isinstance(clause.operand, Field) else None
    needs_arithmetic = field is not None and not field.is_plain
    may_be_list = clause.fact.startswith(TABLE_GROUP)
    return Probe(
        clause=clause,
        group=path,
        fact=clause.fact,
        op=clause.op.value,
        other=field.fact if field is not None else None,
        operand=None if isinstance(clause.operand, Field) else clause.operand,
        compare=None if needs_arithmetic or may_be_list else COMPARE.get(clause.op),
        if_missing=clause.if_missing is True,
        is_money=is_money(clause.fact),
    )


def evidence(looks: Iterable[Probe], seen: Seen) -> tuple[Evidence, ...]:
    """Every clause as it was seen. One plain loop, for this is where a check spends its time."""
    known, is_single = seen.known.get, seen.exchange.is_single
    found = []
    for clause, group, fact, op, other, operand, compare, if_missing, is_amount in looks:
        value = known(fact)
        if compare is None or (is_amount and not is_single):
            threshold = _threshold(clause, seen)
            holds = clause_holds(clause, seen)
        else:
            threshold = operand if other is None else known(other)
            holds = if_missing if value is None or threshold is None else compare(value, threshold)
        found.append(_NEW(Evidence, (fact, value, op, threshold, holds, group)))
    return tuple(found)


_NEW = tuple.__new__


Predicate = Callable[[Seen], bool]


def predicate(condition: Condition) -> Predicate:
    """A condition made ready to be asked many times."""
    if isinstance(condition, Clause):
        looks = (_probe(condition, ()),)
        return lambda seen: evidence(looks, seen)[0].holds
    members = [predicate(member) for member in condition.members]
    if condition.kind is GroupKind.ALL:
        return lambda seen: all(member(seen) for member in members)
    if condition.kind is GroupKind.ANY:
        return lambda seen: any(member(seen) for member in members)
    return lambda seen: not any(member(seen) for member in members)


def clause_holds(clause: Clause, seen: Seen) -> bool:
    """Whether one clause holds. Amounts of different currencies are compared in base units, without division.

    On a list it holds when it holds for one of the values, `ne` and `not_in` when for all of them.
    """
    value = seen.known.get(clause.fact)
    if clause.op.asks_presence:
        return (value is None) is (clause.op is Op.IS_MISSING)
    operand = in_base_units(clause.operand, seen, clause.fact)
    if value is None or operand is None:
        return clause.if_missing is True
    rate = seen.exchange.of_fact(clause.fact)
    combine = all if clause.op in (Op.NE, Op.NOT_IN) else any
    lefts = (
        item if rate is ONE else EXACT.multiply(Decimal(item), rate)
        for item in (value if isinstance(value, tuple) else (value,))
    )
    return combine(COMPARE[clause.op](left, operand) for left in lefts)


def in_base_units(
    operand: FactValue | tuple[FactValue, ...] | Field | None, seen: Seen, against: str
) -> FactValue | tuple[FactValue, ...] | None:
    """The right-hand side as a number that the left one, in base units too, can be compared with."""
    if isinstance(operand, Field):
        return field_in_base_units(operand, seen)
    rate = seen.exchange.of_literal(against)
    if rate is ONE or operand is None:
        return operand
    if isinstance(operand, tuple):
        return tuple(EXACT.multiply(Decimal(item), rate) for item in operand)
    return EXACT.multiply(Decimal(operand), rate)


def field_in_base_units(field: Field, seen: Seen) -> FactValue | None:
    """The fact times something plus something; None where the fact is missing."""
    value = seen.known.get(field.fact)
    rate = seen.exchange.of_fact(field.fact)
    if value is None or (field.is_plain and rate is ONE):
        return value
    product = EXACT.multiply(EXACT.multiply(Decimal(value), rate), field.times)
    return EXACT.add(product, EXACT.multiply(field.plus, seen.exchange.of_literal(field.fact)))


def _threshold(clause: Clause, seen: Seen) -> FactValue | tuple[FactValue, ...] | None:
    """The right-hand side in the currency of the fact on the left, to 28 digits where that takes a division."""
    operand = in_base_units(clause.operand, seen, clause.fact)
    rate = seen.exchange.of_fact(clause.fact)
    if rate is ONE or operand is None:
        return operand
    if isinstance(operand, tuple):
        return tuple(per_unit(Decimal(item), rate) for item in operand)
    return per_unit(Decimal(operand), rate)
