"""Rules that nearly fired: one clause alone kept them from it, and by little.

A rule is a near miss when it did not fire, would fire if a single comparison of numbers came out the other way, and
the value lies within `near_miss_ratio` of the threshold. In nested groups it is the clause that decides; of several
that would do, the nearest is told. A threshold of 0 has nothing near it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from policy_service.domain.money import EXACT, RATIO
from rules.conditions import Clause, Condition, GroupKind
from rules.distances import Distance, distance
from rules.document import Policy
from rules.facts import FactValue
from rules.predicates import Seen, evidence
from rules.rule import Rule
from rules.values import Field
from rules.verdict import Evidence

_MARGIN = Decimal("1.0001")
"""What a quotient is widened by before it picks candidates, which are then looked at exactly."""


class NearMiss(NamedTuple):
    """A rule that nearly fired, and the clause that kept it from firing."""

    rule_code: str
    fact: str
    op: str
    value: FactValue
    threshold: Decimal | int
    distance: Decimal | int


def near_miss(rule: Rule, seen: Seen, ratio: Decimal) -> NearMiss | None:
    """The near miss of a rule that did not fire; None where it was not near."""
    looks = evidence(rule.probes, seen)
    best: NearMiss | None = None
    nearest = Decimal(0)
    for clause in _deciding(rule.when, iter(looks))[1]:
        far = distance(clause)
        if far is None or not far.is_within(ratio):
            continue
        relative = _relative(far)
        if best is None or relative < nearest:
            value: Any = clause.value
            best = NearMiss(rule.code, clause.fact, clause.op, value, far.threshold, far.amount)
            nearest = relative
    return best


def _relative(far: Distance) -> Decimal:
    return RATIO.divide(Decimal(far.amount), abs(Decimal(far.threshold)))


def _deciding(condition: Condition, looks: Iterator[Evidence]) -> tuple[bool, list[Evidence]]:
    """Whether a condition holds, and the clauses of which each alone, coming out the other way, would turn that.

    The looks at its clauses come in the order of the document. One walk, however long the condition is.
    """
    if isinstance(condition, Clause):
        clause = next(looks)
        return clause.holds, [clause]
    members = [_deciding(member, looks) for member in condition.members]
    decided = [clauses for holds, clauses in members if holds is not (condition.kind is GroupKind.ALL)]
    holds = bool(decided) is (condition.kind is GroupKind.ANY)
    if not decided:
        return holds, [clause for _, clauses in members for clause in clauses]
    return holds, decided[0] if len(decided) == 1 else []


class NearMisses:
    """Looks for the near misses of a policy.

    For every fact the literals that rules compare it with are kept in order: only rules near by are looked at.
    """

    def __init__(self, policy: Policy) -> None:
        self._ratio = policy.settings.near_miss_ratio
        self._rules = sorted((rule for rule in policy.rules if rule.enabled), key=lambda rule: rule.order)
        self._always: set[int] = set()
        by_fact: dict[str, list[tuple[Decimal, int]]] = {}
        for number, rule in enumerate(self._rules):
            for probe in rule.probes:
                if isinstance(probe.clause.operand, Field):
                    self._always.add(number)
                for literal in _numbers(probe.clause):
                    by_fact.setdefault(probe.fact, []).append((literal, number))
        self._literals = {fact: _columns(pairs) for fact, pairs in by_fact.items()}
        self._factors = (1 - self._ratio, RATIO.divide(_MARGIN, 1 - self._ratio)) if self._ratio < 1 else None

    def of(self, seen: Seen, fired: Collection[str]) -> tuple[NearMiss, ...]:
        """The near misses of one check, by priority; `fired` has the codes of the rules that fired."""
        day, kind = seen.facts.day, seen.kind
        return tuple(
            found
            for rule in self._candidates(seen)
            if rule.code not in fired and rule.is_in_force(kind, day)
            if (found := near_miss(rule, seen, self._ratio)) is not None
        )

    def _candidates(self, seen: Seen) -> Sequence[Rule]:
        """The rules that may be near misses, by priority. Literals of another currency are near who knows what."""
        if self._factors is None or not seen.exchange.is_single:
            return self._rules
        numbers = set(self._always)
        for fact, (literals, rules) in self._literals.items():
            value = seen.known.get(fact)
            if value is not None and not isinstance(value, tuple):
                low, high = sorted(EXACT.multiply(Decimal(value), factor) for factor in self._factors)
                numbers.update(rules[bisect_left(literals, low) : bisect_right(literals, high)])
        return [self._rules[number] for number in sorted(numbers)]


def _columns(pairs: list[tuple[Decimal, int]]) -> tuple[list[Decimal], list[int]]:
    pairs.sort()
    return [literal for literal, _ in pairs], [number for _, number in pairs]


def _numbers(clause: Clause) -> Iterator[Decimal]:
    for literal in clause.literals:
        if isinstance(literal, Decimal | int) and not isinstance(literal, bool):
            yield Decimal(literal)
