"""Finding in one look which rules the facts leave possible, however many clauses stand on them.

Literals on a fact are sorted into slots: the i-th literal is slot 2i + 1, what lies between two literals is an
even slot, and on one slot every clause is either true or false. For each slot one integer says which rules the
fact's clauses leave possible, bit n for rule n. A value is brought to its slot exactly, by bisection or look-up.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import accumulate
from operator import xor
from typing import Any, NamedTuple

from policy_service.domain.money import EXACT
from rules.conditions import Clause, Op
from rules.exchange import is_money
from rules.facts import FactValue
from rules.predicates import COMPARE, Seen
from rules.values import TABLE_GROUP, Field

Conjuncts = Sequence[Sequence[Clause]]
"""For each rule, by its number, clauses on literals that must all hold for it to fire."""


def can_be_indexed(clause: Clause) -> bool:
    """Whether the clause compares its fact with literals only, or asks for its presence, and it is no list."""
    return not isinstance(clause.operand, Field) and not clause.fact.startswith(TABLE_GROUP)


def bits_set(mask: int) -> Iterator[int]:
    """The numbers of the bits that are set, from the lowest."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


class _Words(NamedTuple):
    """A text, a boolean, or what is only asked whether it is there.

    The slot of each literal (any other value is in slot 0), and the rules of each slot.
    """

    fact: str
    slots: Mapping[FactValue, int]
    masks: list[int]
    missing: int


class _Numbers(NamedTuple):
    """A number: its literals in order, and the rules of each slot. A value is in slot bisect_left + bisect_right."""

    fact: str
    literals: list[Any]
    masks: list[int]
    missing: int


class Indexes:
    """One index for every fact on which a clause stands."""

    def __init__(self, rules: Conjuncts) -> None:
        self._all = (1 << len(rules)) - 1
        self._words: list[_Words] = []
        self._numbers: list[_Numbers] = []
        self._amounts: list[_Numbers] = []
        by_fact: dict[str, dict[int, list[Clause]]] = {}
        for number, conjuncts in enumerate(rules):
            for clause in conjuncts:
                by_fact.setdefault(clause.fact, {}).setdefault(number, []).append(clause)
        for name, clauses in by_fact.items():
            self._add(name, clauses)
        self._comparable = [*self._numbers, *self._amounts]

    def _add(self, name: str, clauses: Mapping[int, Sequence[Clause]]) -> None:
        others = self._all - _bits(clauses)
        missing = others | _bits(number for number, group in clauses.items() if all(map(_holds_if_missing, group)))
        literals = list({item: None for group in clauses.values() for clause in group for item in clause.literals})
        is_number = any(isinstance(literal, Decimal | int) and not isinstance(literal, bool) for literal in literals)
        if is_number:
            literals.sort(key=Decimal)
        slots = {literal: 2 * place + 1 for place, literal in enumerate(literals)}
        masks = _masks(clauses, slots, others)
        if not is_number:
            self._words.append(_Words(name, slots, masks, missing))
        else:
            group = self._amounts if is_money(name) else self._numbers
            group.append(_Numbers(name, literals, masks, missing))

    def possible(self, seen: Seen) -> int:
        """The rules that no clause excludes, bit n for rule n. A rule without such a clause is always possible."""
        known, left = seen.known, self._all
        for fact, slots, masks, missing in self._words:
            value = known.get(fact)
            left &= missing if value is None else masks[slots.get(value, 0)]
        is_single = seen.exchange.is_single
        for fact, literals, masks, missing in self._comparable if is_single else self._numbers:
            value = known.get(fact)
            left &= missing if value is None else masks[bisect_left(literals, value) + bisect_right(literals, value)]
        return left if is_single else left & self._possible_amounts(seen)

    def _possible_amounts(self, seen: Seen) -> int:
        """Amounts in the account's or the group's currency, literals in the policy's: both in base units."""
        left = self._all
        for fact, literals, masks, missing in self._amounts:
            value = seen.known.get(fact)
            if value is None:
                left &= missing
            else:
                amount = EXACT.multiply(Decimal(value), seen.exchange.of_fact(fact))
                in_base = [EXACT.multiply(literal, seen.exchange.policy) for literal in literals]
                left &= masks[bisect_left(in_base, amount) + bisect_right(in_base, amount)]
        return left


def _holds_if_missing(clause: Clause) -> bool:
    return clause.op is Op.IS_MISSING or clause.if_missing is True


def _bits(numbers: Iterable[int]) -> int:
    return sum(1 << number for number in numbers)


def _masks(clauses: Mapping[int, Sequence[Clause]], slots: Mapping[FactValue, int], others: int) -> list[int]:
    """For each slot the possible rules. Going up the slots, a rule changes only at its own literals."""
    changes = [0] * (2 * len(slots) + 1)
    changes[0] = others
    for number, group in clauses.items():
        steps = Counter[int]()
        for clause in group:
            steps.update(dict(_steps(clause, slots)))
        held, before = 0, False
        for slot in sorted(steps):
            held += steps[slot]
            if (held == len(group)) is not before:
                changes[slot] ^= 1 << number
                before = not before
    return list(accumulate(changes, xor))


def _steps(clause: Clause, slots: Mapping[FactValue, int]) -> Iterator[tuple[int, int]]:
    """The slots from which a clause holds, with 1, and those from which it does not, with -1.

    Slots are ordered as the values in them are, so they compare as these do.
    """
    own = [slots[literal] for literal in clause.literals]
    compare = COMPARE.get(clause.op)
    other: Any = own[0] if own and not isinstance(clause.operand, tuple) else own
    if clause.op in (Op.IN, Op.NOT_IN):
        other = frozenset(own)
    before = False
    for slot in sorted({0, *own, *(place + 1 for place in own)}):
        now = compare(slot, other) if compare else clause.op is Op.IS_PRESENT
        if now is not before:
            yield slot, 1 if now else -1
        before = now
