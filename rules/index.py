"""Finding in one look which rules a fact leaves possible, however many clauses stand on it.

Literals on a fact are sorted into slots: the i-th literal is slot 2i + 1, what lies between two literals is an
even slot, and on one slot every clause is either true or false. For each slot one integer says which rules the
fact's clauses leave possible, bit n for rule n. A value is brought to its slot exactly, by bisection or look-up.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate
from operator import xor
from typing import Protocol

from policy_service.domain.money import EXACT
from rules.catalogue import FactType
from rules.conditions import Clause, Op
from rules.exchange import Exchange
from rules.facts import FactValue
from rules.predicates import COMPARE
from rules.values import Field, find_fact

Literal = FactValue
Conjuncts = Sequence[Sequence[Clause]]
"""For each rule, by its number, clauses on literals that must all hold for it to fire."""


class FactIndex(Protocol):
    """What the value of one fact says of all rules."""

    @property
    def fact(self) -> str:
        """The name of the fact."""

    def possible(self, value: FactValue | None, exchange: Exchange) -> int:
        """The rules that the value leaves possible, bit n for rule n."""


def can_be_indexed(clause: Clause) -> bool:
    """Whether the clause compares its fact with literals only, or asks for its presence."""
    return not isinstance(clause.operand, Field)


def build_indexes(rules: Conjuncts) -> tuple[FactIndex, ...]:
    """An index for every fact on which a clause stands."""
    by_fact: dict[str, dict[int, list[Clause]]] = {}
    for number, conjuncts in enumerate(rules):
        for clause in conjuncts:
            by_fact.setdefault(clause.fact, {}).setdefault(number, []).append(clause)
    return tuple(_build(fact, clauses, len(rules)) for fact, clauses in by_fact.items())


def _build(name: str, clauses: Mapping[int, Sequence[Clause]], rule_count: int) -> FactIndex:
    fact = find_fact(name)
    if fact is None:
        raise KeyError(name)
    literals = dict.fromkeys(
        literal for group in clauses.values() for clause in group for literal in _literals(clause)
    )
    others = (1 << rule_count) - 1 - sum(1 << number for number in clauses)
    missing = others | _bits(number for number, group in clauses.items() if all(map(_holds_if_missing, group)))
    if not fact.type.is_number:
        slots = {literal: 2 * place + 1 for place, literal in enumerate(literals)}
        return _WordIndex(name, slots, _masks(clauses, slots, others), missing)
    ordered = sorted(literals, key=Decimal)
    slots = {literal: 2 * place + 1 for place, literal in enumerate(ordered)}
    masks = _masks(clauses, slots, others)
    if fact.type is FactType.MONEY:
        return _MoneyIndex(name, [Decimal(literal) for literal in ordered], masks, missing)
    return _NumberIndex(name, ordered, masks, missing)


def _literals(clause: Clause) -> tuple[Literal, ...]:
    if isinstance(clause.operand, tuple):
        return clause.operand
    return () if clause.operand is None or isinstance(clause.operand, Field) else (clause.operand,)


def _holds_if_missing(clause: Clause) -> bool:
    return clause.op is Op.IS_MISSING or clause.if_missing is True


def _bits(numbers: Iterable[int]) -> int:
    return sum(1 << number for number in numbers)


def _masks(clauses: Mapping[int, Sequence[Clause]], slots: Mapping[Literal, int], others: int) -> list[int]:
    """For each slot the possible rules. Going up the slots, a rule changes only at its own literals."""
    changes = [0] * (2 * len(slots) + 1)
    changes[0] = others
    for number, group in clauses.items():
        own = {slots[literal] for clause in group for literal in _literals(clause)}
        before = False
        for slot in sorted({0} | own | {slot + 1 for slot in own}):
            now = all(_holds_on(clause, slot, slots) for clause in group)
            if now is not before:
                changes[slot] ^= 1 << number
            before = now
    return list(accumulate(changes, xor))


def _holds_on(clause: Clause, slot: int, slots: Mapping[Literal, int]) -> bool:
    """A clause on a slot: slots are ordered as the values in them are, so they compare as these do."""
    if clause.op.asks_presence:
        return clause.op is Op.IS_PRESENT
    own = tuple(slots[literal] for literal in _literals(clause))
    return COMPARE[clause.op](slot, own if isinstance(clause.operand, tuple) else own[0])


@dataclass(frozen=True, slots=True)
class _WordIndex:
    """Texts and booleans: a literal, or something else."""

    fact: str
    slots: Mapping[Literal, int]
    masks: list[int]
    missing: int

    def possible(self, value: FactValue | None, exchange: Exchange) -> int:
        """By look-up; a value that no clause names is in slot 0."""
        del exchange
        return self.missing if value is None else self.masks[self.slots.get(value, 0)]


@dataclass(frozen=True, slots=True)
class _NumberIndex:
    """Numbers other than money."""

    fact: str
    literals: list[Literal]
    masks: list[int]
    missing: int

    def possible(self, value: FactValue | None, exchange: Exchange) -> int:
        """By bisection."""
        del exchange
        return self.missing if value is None else self.masks[_slot(self.literals, value)]


@dataclass(frozen=True, slots=True)
class _MoneyIndex:
    """Amounts: the fact in the account's or the group's currency, the literals in the policy's."""

    fact: str
    literals: list[Decimal]
    masks: list[int]
    missing: int

    def possible(self, value: FactValue | None, exchange: Exchange) -> int:
        """By bisection; with several currencies in base units."""
        if value is None:
            return self.missing
        if exchange.is_single:
            return self.masks[_slot(self.literals, value)]
        amount = EXACT.multiply(Decimal(value), exchange.of_fact(self.fact))
        return self.masks[_slot([EXACT.multiply(literal, exchange.policy) for literal in self.literals], amount)]


def _slot(literals: Sequence[Literal], value: FactValue) -> int:
    place = bisect_left(literals, value)
    return 2 * place + (place < len(literals) and literals[place] == value)
