"""Which rule waits for which: a rule that reads a flag is decided after all that settles that flag.

That is every rule which raises the flag, and every rule which could exempt one of those, since an exempted rule
raises nothing. Rules then fall into tiers, and each tier is decided with the flags of the tiers before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from rules.conditions import clauses
from rules.rule import Rule
from rules.texts import Text
from rules.values import FLAG_GROUP

Graph = Mapping[int, set[int]]
"""For each rule, by its position, the positions of those it waits for."""


def flags_read(rule: Rule) -> Iterator[str]:
    """The names of the flags in the conditions of a rule."""
    for clause in clauses(rule.when):
        for fact in clause.facts:
            if fact.startswith(FLAG_GROUP):
                yield fact.removeprefix(FLAG_GROUP)


def flags_raised(rule: Rule) -> Iterator[str]:
    """The names of the flags among the effects of a rule."""
    return (effect.flag for effect in rule.then if effect.flag)


def flags_named(rules: Iterable[Rule]) -> frozenset[str]:
    """Every flag that a rule raises or reads, as the fact that it is."""
    return frozenset(f"{FLAG_GROUP}{name}" for rule in rules for name in (*flags_raised(rule), *flags_read(rule)))


def tiers_of(rules: Sequence[Rule]) -> list[list[Rule]]:
    """The rules by tier, the first waiting for nothing. Raises CycleError."""
    graph = _waits_for(rules)
    tier: dict[int, int] = {}
    for position in TopologicalSorter(graph).static_order():
        tier[position] = max((tier[before] + 1 for before in graph[position]), default=0)
    count = max(tier.values(), default=0) + 1
    return [[rule for rule in rules if tier[rule.position] == number] for number in range(count)]


def find_cycle(rules: Sequence[Rule]) -> tuple[Rule, Text] | None:
    """A rule that waits for itself, and the way round; None when there is none."""
    by_position = {rule.position: rule for rule in rules}
    try:
        TopologicalSorter(_waits_for(rules)).prepare()
    except CycleError as error:
        circle = [by_position[position] for position in reversed(error.args[1])]
        way = " -> ".join(rule.code for rule in circle)
        return circle[0], Text(f"waits for itself by its flags: {way}", f"标记形成循环：{way}")
    return None


def _waits_for(rules: Sequence[Rule]) -> Graph:
    raisers: dict[str, list[Rule]] = {}
    exempters: dict[str, list[Rule]] = {}
    for rule in rules:
        for flag in flags_raised(rule):
            raisers.setdefault(flag, []).append(rule)
        for code in (code for effect in rule.then for code in effect.rules):
            exempters.setdefault(code, []).append(rule)
    return {
        rule.position: {
            before
            for flag in flags_read(rule)
            for raiser in raisers.get(flag, ())
            for before in _settled_by(raiser, exempters)
        }
        for rule in rules
    }


def _settled_by(raiser: Rule, exempters: Mapping[str, list[Rule]]) -> set[int]:
    """The rule, those that may exempt it, those that may exempt these, and so on."""
    found: set[int] = set()
    waiting = [raiser]
    while waiting:
        rule = waiting.pop()
        if rule.position not in found:
            found.add(rule.position)
            waiting.extend(exempters.get(rule.code, ()))
    return found
