"""Which rule waits for which: a rule that reads a flag is decided after all that settles that flag.

That is every rule which raises the flag, and every rule which could exempt one of those, since an exempted rule
raises nothing. Rules then fall into tiers, and each tier is decided with the flags of the tiers before it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from rules.components import Graph, components
from rules.conditions import clauses
from rules.rule import Rule
from rules.texts import Text
from rules.values import FLAG_GROUP

MAX_TIERS = 1000
_MOST_SHOWN = 30
_RULE, _SETTLED, _FLAG = "rule", "settled", "flag"

_Node = tuple[str, int | str]
"""A rule as it fires or not, a rule as it is settled whether that counts, or a flag: by position, or by name."""


def flags_read(rule: Rule) -> Iterator[str]:
    """The names of the flags in the conditions of a rule."""
    for clause in clauses(rule.when):
        for fact in clause.facts:
            if fact.startswith(FLAG_GROUP):
                yield fact.removeprefix(FLAG_GROUP)


def flags_named(rules: Iterable[Rule]) -> frozenset[str]:
    """Every flag that a rule raises or reads, as the fact that it is."""
    return frozenset(f"{FLAG_GROUP}{name}" for rule in rules for name in (*rule.raises, *flags_read(rule)))


def tiers_of(rules: Sequence[Rule]) -> list[list[Rule]]:
    """The rules by tier, the first waiting for nothing; for rules in whose chain there is no fault."""
    graph = _waits_for(rules)
    numbers = _tiers(graph, components(graph))
    tiers: list[list[Rule]] = [[] for _ in range(max(numbers.values(), default=0) + 1)]
    for rule in rules:
        tiers[numbers[_RULE, rule.position]].append(rule)
    return tiers


class ChainFault(NamedTuple):
    """A rule that waits for itself, or for too many."""

    code: str
    rule: Rule
    message: Text


def chain_fault(rules: Sequence[Rule]) -> ChainFault | None:
    """What is wrong with the chain of flags; None where nothing is."""
    by_position: dict[int | str, Rule] = {rule.position: rule for rule in rules}
    graph = _waits_for(rules)
    found = components(graph)
    for component in found:
        if len(component) > 1 and any(kind == _RULE for kind, _ in component):
            circle = [by_position[position] for position in _circle(graph, component)]
            way = " -> ".join(
                [*(rule.code for rule in circle[:_MOST_SHOWN]), *(["…"] if circle[_MOST_SHOWN:] else [])]
            )
            text = Text(f"waits for itself by its flags: {way}", f"标记形成循环：{way}")
            return ChainFault("flag_cycle", circle[0], text)
    for (kind, position), number in _tiers(graph, found).items():
        if kind == _RULE and number >= MAX_TIERS:
            text = Text(f"waits for a chain of more than {MAX_TIERS - 1} flags", f"标记链超过 {MAX_TIERS - 1} 个")
            return ChainFault("too_deep", by_position[position], text)
    return None


def _waits_for(rules: Sequence[Rule]) -> dict[_Node, list[_Node]]:
    """A rule waits for the flags that it reads, a flag until all that raise it are settled, and a rule is settled
    when it is decided and all that may exempt it are settled. What nobody raises is waited for by nobody."""
    raised: dict[str, list[Rule]] = {}
    exempters: dict[str, list[Rule]] = {}
    for rule in rules:
        for flag in dict.fromkeys(rule.raises):
            raised.setdefault(flag, []).append(rule)
        for code in dict.fromkeys(rule.exempts):
            exempters.setdefault(code, []).append(rule)
    graph: dict[_Node, list[_Node]] = {
        (_FLAG, flag): [(_SETTLED, rule.position) for rule in raisers] for flag, raisers in raised.items()
    }
    for rule in rules:
        graph[_RULE, rule.position] = [(_FLAG, flag) for flag in dict.fromkeys(flags_read(rule)) if flag in raised]
        settled_before = [(_SETTLED, other.position) for other in exempters.get(rule.code, ())]
        graph[_SETTLED, rule.position] = [(_RULE, rule.position), *settled_before]
    return graph


def _tiers(graph: Graph[_Node], ordered: Sequence[Sequence[_Node]]) -> dict[_Node, int]:
    """For each node the tier after which it is known; a rule comes one after the flags that it reads."""
    tiers: dict[_Node, int] = {}
    for component in ordered:
        before = [tiers[other] + (node[0] == _RULE) for node in component for other in graph[node] if other in tiers]
        tiers.update(dict.fromkeys(component, max(before, default=0)))
    return tiers


def _circle(graph: Graph[_Node], component: Sequence[_Node]) -> list[int | str]:
    """The positions of rules on a shortest way from the first rule of a component back to it."""
    first = min((node for node in component if node[0] == _RULE), key=lambda node: node[1])
    came_from: dict[_Node, _Node] = {}
    waiting = deque([first])
    while first not in came_from:
        node = waiting.popleft()
        for other in graph[node]:
            if other not in came_from:
                came_from[other] = node
                waiting.append(other)
    way = [first, came_from[first]]
    while way[-1] != first:
        way.append(came_from[way[-1]])
    return [position for kind, position in reversed(way) if kind == _RULE]
