"""The solver answers what trying every value answers, and what it finds is true."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import product
from random import Random
from types import MappingProxyType
from typing import Any

from hypothesis import given, settings

from rules.catalogue import CATALOGUE, Fact, FactType
from rules.conditions import Clause, Condition, Group, GroupKind, Op, clauses, operators_of
from rules.predicates import COMPARE
from rules.solve import Undecided, find_witness
from rules.values import Field, comparable_with, flag_fact
from tests.property.policies import SEEDS

LISTED = replace(CATALOGUE["customer.customer_class"], name="table.T.grade", choices=("A", "B", "C"), is_list=True)
SCORES = replace(CATALOGUE["customer.order_count"], name="table.T.score", can_be_missing=True, is_list=True)
FACTS: Mapping[str, Fact] = MappingProxyType(
    {
        fact.name: fact
        for fact in (
            *(
                CATALOGUE[name]
                for name in (
                    "order.line_count",
                    "customer.order_count",
                    "receivables.oldest_overdue_days",
                    "customer.tenure_days",
                    "signals.worst_severity",
                    "receivables.on_time_rate",
                    "receivables.average_days_late",
                    "exposure.after",
                    "customer.credit_limit",
                    "customer.status",
                    "customer.customer_class",
                    "customer.country",
                    "customer.region",
                    "customer.is_new",
                )
            ),
            flag_fact("watched"),
            LISTED,
            SCORES,
        )
    }
)
LITERALS: Mapping[FactType, tuple[Any, ...]] = {
    FactType.MONEY: tuple(map(Decimal, ("-1.00", "0.00", "1.00", "2.00"))),
    FactType.RATIO: tuple(map(Decimal, ("0.5", "0.9", "1"))),
    FactType.NUMBER: tuple(map(Decimal, ("0", "1", "2"))),
    FactType.DAYS: (-1, 0, 1, 2),
    FactType.COUNT: (-1, 0, 1, 2),
    FactType.LEVEL: (0, 1, 2, 5, 6),
    FactType.BOOLEAN: (True, False),
    FactType.TEXT: ("A", "B", "other"),
}


def fact_of(name: str) -> Fact:
    return FACTS[name]


def a_condition(random: Random, names: list[str], depth: int = 1) -> Condition:
    if random.random() < (0.8 if depth == 1 else 0.35) and depth < 4:
        members = tuple(a_condition(random, names, depth + 1) for _ in range(random.randint(1, 4)))
        return Group(random.choice(tuple(GroupKind)), members)
    fact = FACTS[random.choice(names)]
    op = random.choice(operators_of(fact.type))
    if op.asks_presence:
        return Clause(fact.name, op)
    literals = fact.choices or LITERALS[fact.type]
    if op.takes_one:
        operand = random.choice(literals)
        others = [name for name in names if _is_comparable(fact, FACTS[name])]
        if others and random.random() < 0.4:
            operand = _field(random, FACTS[random.choice(others)])
    elif op is Op.BETWEEN:
        operand = (random.choice(literals), random.choice(literals))
    else:
        operand = tuple(random.choices(literals, k=random.randint(1, 3)))
    return Clause(fact.name, op, operand, random.choice((True, False, None)))


def _is_comparable(fact: Fact, other: Fact) -> bool:
    return not fact.is_list and not other.is_list and other.type in comparable_with(fact)


def _field(random: Random, fact: Fact) -> Field:
    if not fact.type.is_number:
        return Field(fact.name)
    times = Decimal(random.choice(("1", "1", "0.5", "2", "0", "-1")))
    return Field(fact.name, times, Decimal(random.choice((0, 0, 1, -1))))


def holds(condition: Condition, values: Mapping[str, Any]) -> bool:
    """As plainly as it can be said."""
    if isinstance(condition, Group):
        held = [holds(member, values) for member in condition.members]
        return {"all": all(held), "any": any(held), "none": not any(held)}[condition.kind]
    value: Any = values[condition.fact]
    operand: Any = condition.operand
    if condition.op.asks_presence:
        return (value is None) is (condition.op is Op.IS_MISSING)
    if isinstance(operand, Field):
        other = values[operand.fact]
        is_number = FACTS[operand.fact].type.is_number
        operand = (
            Fraction(other) * Fraction(operand.times) + Fraction(operand.plus)
            if is_number and other is not None
            else other
        )
    if value is None or operand is None:
        return condition.if_missing is True
    combine = all if condition.op in (Op.NE, Op.NOT_IN) else any
    return combine(COMPARE[condition.op](item, operand) for item in (value if isinstance(value, tuple) else (value,)))


def values_of(name: str) -> Iterable[Any]:
    """More values than the clauses can tell apart, but for what is drawn from other facts."""
    fact = FACTS[name]
    found = _values_of_one(fact)
    if fact.is_list:
        found = [
            tuple(item for item, is_in in zip(found, chosen, strict=True) if is_in)
            for chosen in product((0, 1), repeat=len(found))
        ]
        found = [item for item in found if item]
    return [*found, None] if fact.can_be_missing else found


def _values_of_one(fact: Fact) -> list[Any]:
    if fact.type is FactType.BOOLEAN:
        return [True, False]
    if fact.type is FactType.TEXT:
        return list(fact.choices or ("A", "B", "other", "C", "D"))
    if fact.type.is_decimal:
        return (
            [Decimal(number) / 20 for number in range(-60, 70, 5)]
            if fact.type is not FactType.RATIO
            else [Decimal(n) / 20 for n in (0, 10, 14, 18, 19, 20, 30)]
        )
    least, most = {FactType.COUNT: (0, 5), FactType.LEVEL: (1, 5)}.get(fact.type, (-4, 5))
    return list(range(least, most + 1))


def is_possible(fact: Fact, value: Any) -> bool:
    if value is None:
        return fact.can_be_missing
    if isinstance(value, tuple):
        return fact.is_list and bool(value) and all(is_possible(replace(fact, is_list=False), item) for item in value)
    if fact.type.is_number:
        is_of_type = isinstance(value, Decimal if fact.type.is_decimal else int)
        least = {FactType.COUNT: 0, FactType.LEVEL: 1}.get(fact.type) if fact.group != "table" else None
        return is_of_type and (least is None or value >= least) and (fact.type is not FactType.LEVEL or value <= 5)
    return not fact.choices or value in fact.choices


@settings(max_examples=1500, deadline=None)
@given(SEEDS)
def test_a_witness_is_true_and_where_there_is_none_trying_every_value_finds_none(random: Random) -> None:
    names = random.sample(sorted(FACTS), k=random.choice((1, 2, 2, 3)))
    asked = [a_condition(random, names) for _ in range(random.choice((1, 1, 2)))]
    try:
        found = find_witness(*asked, fact_of=fact_of)
    except Undecided:
        return
    if found is not None:
        assert all(is_possible(FACTS[name], value) for name, value in found.items()), (asked, found)
        assert all(holds(condition, found) for condition in asked), (asked, found)
        return
    used = sorted({name for condition in asked for clause in clauses(condition) for name in clause.facts})
    for values in product(*map(values_of, used)):
        assert not all(holds(condition, dict(zip(used, values, strict=True))) for condition in asked), (asked, values)
