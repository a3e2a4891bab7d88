"""Conditions that can never hold, or that always hold, seen one fact at a time.

All clauses on one fact in one group are tried on every value that makes a difference between them: each literal, a
value between each two, and missing where the fact can be missing. What needs two facts to be seen is not seen here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import ROUND_FLOOR, Decimal
from enum import Enum
from itertools import pairwise

from policy_service.domain.money import EXACT
from rules.catalogue import Fact, FactType
from rules.conditions import Clause, Condition, GroupKind, Op
from rules.facts import FactValue
from rules.predicates import COMPARE
from rules.values import Field, fact_named


class Reach(Enum):
    """How often a condition can hold."""

    NEVER = 0
    SOMETIMES = 1
    ALWAYS = 2


_BOUNDS: dict[FactType, tuple[int, int | None]] = {FactType.COUNT: (0, None), FactType.LEVEL: (1, 5)}


def reach_of(condition: Condition) -> Reach:
    """Of a clause, or of clauses on one fact side by side in a group; groups inside a group are asked themselves."""
    if isinstance(condition, Clause):
        return _reach(GroupKind.ALL, (condition,))
    side_by_side = [group for group in _by_fact(condition.members) if len(group) > 1]
    decisive = Reach.NEVER if condition.kind is GroupKind.ALL else Reach.ALWAYS
    if any(_reach(condition.kind, group) is decisive for group in side_by_side):
        return Reach.NEVER if condition.kind is GroupKind.NONE else decisive
    return Reach.SOMETIMES


def _by_fact(members: Sequence[Condition]) -> list[list[Clause]]:
    groups: dict[str, list[Clause]] = {}
    for member in members:
        if isinstance(member, Clause):
            groups.setdefault(member.fact, []).append(member)
    return list(groups.values())


def _reach(kind: GroupKind, clauses: Sequence[Clause]) -> Reach:
    fact = fact_named(clauses[0].fact)
    if any(isinstance(clause.operand, Field) for clause in clauses):
        return Reach.SOMETIMES
    combine = all if kind is GroupKind.ALL else any
    answers = {combine(_holds_on(clause, value) for clause in clauses) for value in _values(fact, clauses)}
    if len(answers) > 1:
        return Reach.SOMETIMES
    return Reach.ALWAYS if True in answers else Reach.NEVER


def _holds_on(clause: Clause, value: FactValue | None) -> bool:
    if clause.op.asks_presence:
        return (value is None) is (clause.op is Op.IS_MISSING)
    if value is None:
        return clause.if_missing is True
    return COMPARE[clause.op](value, clause.operand)


def _values(fact: Fact, clauses: Sequence[Clause]) -> Iterator[FactValue | None]:
    """Values of which at least one stands for any value that the fact can have."""
    if fact.can_be_missing:
        yield None
    literals = {literal for clause in clauses for literal in clause.literals}
    if fact.type is FactType.BOOLEAN:
        yield from (True, False)
    elif fact.choices:
        yield from fact.choices
    elif fact.type is FactType.TEXT:
        yield from literals
        yield "".join(map(str, literals)) + "-"
    else:
        yield from _numbers(fact.type, sorted(Decimal(literal) for literal in literals))


def _numbers(kind: FactType, literals: Sequence[Decimal]) -> Iterator[Decimal]:
    least, most = _BOUNDS.get(kind, (None, None))
    around = [literals[0] - 1, *literals, literals[-1] + 1] if literals else [Decimal(1)]
    between = (_between(kind, low, high) for low, high in pairwise(around))
    for number in (*around, *between):
        if (least is None or number >= least) and (most is None or number <= most):
            yield number


def _between(kind: FactType, low: Decimal, high: Decimal) -> Decimal:
    """A value between two others; for whole numbers the lower one where there is none."""
    middle = EXACT.multiply(EXACT.add(low, high), Decimal("0.5"))
    return middle if kind.is_decimal else middle.to_integral_value(ROUND_FLOOR)
