"""Who reads what a table puts out, and which way checks go when it puts out something else."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from policy_service.domain.money import EXACT
from rules.conditions import Condition, clauses
from rules.diffing.cases import AFTER, BEFORE, Case, has_values, in_version
from rules.diffing.pair import Pair
from rules.diffing.pulls import BOTH, NO_PULL, Pull, opposite
from rules.document import Policy
from rules.effects import Effect, EffectKind
from rules.exchange import is_money
from rules.facts import FactValue
from rules.rule import Rule
from rules.strictness import CUTS, Direction
from rules.values import Field

Outputs = Mapping[str, FactValue | None]
"""What a table puts out, by the name of the fact; None where that is missing."""

_ALL_IN_ADVANCE = Decimal(100)
_RANGES = {
    EffectKind.CAP_TERMS: (Decimal(0), None),
    EffectKind.CAP_CREDIT: (Decimal(0), None),
    EffectKind.REQUIRE_PREPAYMENT: (Decimal(0), _ALL_IN_ADVANCE),
}


@dataclass(frozen=True, slots=True)
class Move:
    """What a table put out before and puts out now, where the conditions `region` hold."""

    before: Outputs
    after: Outputs
    region: tuple[Condition, ...]


def tainted(policy: Policy, names: Collection[str]) -> frozenset[str]:
    """What other tables put out that depends on these outputs, directly or by tables between."""
    found: set[str] = set()
    for table in policy.tables:
        if any(name in names or name in found for name in table.inputs):
            found.update(table.facts)
    return frozenset(found) - frozenset(names)


def reads(rule: Rule, names: Collection[str]) -> bool:
    """Whether a rule reads one of these facts, in its condition or in an effect."""
    in_condition = any(name in names for clause in clauses(rule.when) for name in clause.facts)
    return in_condition or any(isinstance(each.number, Field) and each.number.fact in names for each in rule.then)


def pull_of_readers(pair: Pair, names: Collection[str]) -> Pull:
    """Both ways where a rule that decides something reads one of these facts, or what depends on them."""
    all_names = frozenset(names) | tainted(pair.before, names)
    return BOTH if any(reads(rule, all_names) and pair.pulls.of_effects(rule) for rule in _rules(pair)) else NO_PULL


def moved(pair: Pair, move: Move) -> Iterator[tuple[Rule, Direction, Case]]:
    """Which rules come out otherwise by a move, which way checks then go, and a case of it."""
    for rule in _rules(pair):
        if reads(rule, move.before.keys()):
            yield from _moved_rule(pair, rule, move)


def _rules(pair: Pair) -> Iterator[Rule]:
    """The rules that a table is followed to: those of the version before, on the way the table changes first."""
    return (rule for rule in pair.before.rules if rule.enabled)


def _moved_rule(pair: Pair, rule: Rule, move: Move) -> Iterator[tuple[Rule, Direction, Case]]:
    was, now = in_version(rule.when, BEFORE, move.before), in_version(rule.when, AFTER, move.after)
    given = (*move.region, has_values(BEFORE, move.before), has_values(AFTER, move.after))
    pull = pair.pulls.of_effects(rule)
    for holds, fails, way in ((now, was, pull), (was, now, opposite(pull))):
        case = pair.cases.case_between(holds, fails, *given) if way else None
        if case is not None:
            yield from ((rule, direction, case) for direction in way)
    if pull and _may_be_rounded(rule.when, move):
        yield from ((rule, direction, Case(None)) for direction in BOTH)
    directions = {_of_number(effect, move) for effect in rule.then} - {None}
    case = pair.cases.case_of(now, *given) if directions else None
    if case is not None:
        yield from ((rule, direction, case) for direction in directions if direction is not None)


def _may_be_rounded(condition: Condition, move: Move) -> bool:
    """Whether an amount of the table is compared with what it may just equal: in another currency it is rounded."""
    amounts = {name for name in move.before if is_money(name) and move.before[name] != move.after.get(name)}
    for clause in clauses(condition):
        if not amounts.isdisjoint(clause.facts):
            values = {move.before.get(clause.fact), move.after.get(clause.fact)}
            if not values.isdisjoint(clause.literals) or set(clause.facts) <= move.before.keys():
                return True
    return False


def _of_number(effect: Effect, move: Move) -> Direction | None:
    """Which way an effect goes whose number is an output; None where it stays as it is."""
    if effect.kind not in CUTS or not isinstance(effect.number, Field) or effect.number.fact not in move.before:
        return None
    was, now = (_number(effect, effect.number, outputs[effect.number.fact]) for outputs in (move.before, move.after))
    if was == now:
        return None
    is_stricter = (now > was) is (effect.kind is EffectKind.REQUIRE_PREPAYMENT)
    return Direction.TIGHTENING if is_stricter else Direction.LOOSENING


def _number(effect: Effect, field: Field, value: FactValue | None) -> Decimal:
    """The number as it works: within its range, and on the safe side where its fact is missing."""
    least, most = _RANGES[effect.kind]
    if value is None:
        return least if most is None else most
    number = max(least, EXACT.add(EXACT.multiply(Decimal(value), field.times), field.plus))
    return number if most is None else min(number, most)
