"""Rules wait for the flags that they read, and for all that could still take those flags back."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rules.chain import MAX_TIERS, chain_fault, tiers_of
from rules.components import components
from rules.reader import Node
from rules.rule import Rule, read_rule
from rules.source import Source
from tests.unit.rules.documents import ALWAYS, faults, policy, rule, tree

SEEDS = st.integers(0, 2**64 - 1).map(Random)


def on_flags(*names: str) -> Any:
    """A condition on flags."""
    return {"any": [{"fact": f"flag.{name}", "op": "eq", "value": True} for name in names]}


def flag(name: str) -> Any:
    """Raises a flag."""
    return {"effect": "flag", "name": name}


def exempt(*codes: str) -> Any:
    """Takes the effects of rules away."""
    return {"effect": "exempt", "rules": list(codes)}


def settled_by(raiser: Rule, rules: Sequence[Rule], found: set[int]) -> set[int]:
    """The rule, those that may exempt it, those that may exempt these, and so on: as it is said, and slowly."""
    if raiser.position not in found:
        found.add(raiser.position)
        for other in rules:
            if raiser.code in other.exempts:
                settled_by(other, rules, found)
    return found


def waits_for(reader: Rule, rules: Sequence[Rule]) -> set[int]:
    """All that must be decided before a rule."""
    read = {name.removeprefix("flag.") for probe in reader.probes for name in probe.clause.facts}
    raisers = [other for other in rules if read & set(other.raises)]
    return set().union(*(settled_by(raiser, rules, set()) for raiser in raisers))


def slow_tiers(rules: Sequence[Rule]) -> list[list[int]] | None:
    """The positions by tier, one tier after the other; None where some rules wait for ever."""
    decided: dict[int, int] = {}
    while len(decided) < len(rules):
        ready = [
            rule.position for rule in rules if rule.position not in decided and waits_for(rule, rules) <= set(decided)
        ]
        if not ready:
            return None
        tier = max(decided.values(), default=-1) + 1
        decided |= dict.fromkeys(ready, tier)
    return [
        [position for position in sorted(decided) if decided[position] == tier]
        for tier in range(max(decided.values()) + 1)
    ]


def some_rules(random: Random) -> tuple[Rule, ...]:
    """A few rules that read flags, raise them, and exempt each other."""
    count = random.randint(1, 8)
    names, codes = "abcd", [f"R{number}" for number in range(count)]

    def few(pool: Sequence[str]) -> list[str]:
        return random.sample(pool, random.choice([0, 0, 1, 1, min(2, len(pool))]))

    def one(code: str) -> Any:
        read, effects = few(names), [flag(name) for name in few(names)]
        effects += [exempt(*chosen)] if (chosen := few(codes)) else []
        return rule(on_flags(*read) if read else ALWAYS, *effects, code=code)

    return tuple(read_rule(Node(one(code), "", Source()), place) for place, code in enumerate(codes))


@given(SEEDS)
def test_tiers_are_those_that_going_through_the_rules_again_and_again_gives(random: Random) -> None:
    rules = some_rules(random)
    expected = slow_tiers(rules)
    assert (chain_fault(rules) is None) is (expected is not None)
    if expected is not None:
        assert [[each.position for each in tier] for tier in tiers_of(rules)] == expected


@given(SEEDS)
def test_a_circle_is_told_as_a_way_on_which_each_rule_waits_for_the_next(random: Random) -> None:
    rules = some_rules(random)
    fault = chain_fault(rules)
    if fault is not None:
        way = fault.message.en.removeprefix("waits for itself by its flags: ").split(" -> ")
        assert (fault.code, way[0], way[-1]) == ("flag_cycle", fault.rule.code, fault.rule.code)
        by_code = {each.code: each for each in rules}
        for reader, before in pairwise(way):
            assert by_code[before].position in waits_for(by_code[reader], rules)


@given(st.dictionaries(st.integers(0, 9), st.sets(st.integers(0, 9)), max_size=10))
def test_components_come_after_what_they_depend_on(edges: dict[int, set[int]]) -> None:
    graph = {node: edges.get(node, set()) for node in range(10)}
    found = components(graph)
    assert sorted(node for component in found for node in component) == list(range(10))
    seen: set[int] = set()
    for component in found:
        seen |= set(component)
        assert set().union(*(graph[node] for node in component)) <= seen
        assert all(set(component) <= _reached(graph, node) for node in component)


def _reached(graph: dict[int, set[int]], start: int) -> set[int]:
    found, waiting = {start}, [start]
    while waiting:
        new = graph[waiting.pop()] - found
        found |= new
        waiting += new
    return found


def test_rules_that_exempt_each_other_are_no_circle_unless_a_flag_closes_it() -> None:
    ring = [rule(ALWAYS, flag("a"), exempt(f"R{(place + 1) % 3}"), code=f"R{place}") for place in range(3)]
    reader = rule(on_flags("a"), exempt("OTHER"), code="READER")
    made = policy(*ring, reader)
    assert [[each.code for each in tier] for tier in tiers_of(made.rules)] == [["R0", "R1", "R2"], ["READER"]]
    closing = rule(on_flags("a"), exempt("R1"), code="READER")
    (fault,) = faults(tree(*ring, closing))
    assert (fault.code, fault.path) == ("flag_cycle", "/rules/3")
    assert fault.message.en == "waits for itself by its flags: READER -> READER"


def test_a_flag_that_nobody_raises_is_waited_for_by_nobody() -> None:
    made = policy(rule(on_flags("ghost"), flag("a"), code="A"), rule(on_flags("a"), code="B"))
    assert [[each.code for each in tier] for tier in tiers_of(made.rules)] == [["A"], ["B"]]


def test_a_chain_may_be_long_but_not_endless() -> None:
    links = [rule(on_flags(f"f{n}"), flag(f"f{n + 1}"), code=f"R{n}") for n in range(MAX_TIERS + 1)]
    assert len(tiers_of(policy(*links[:-1]).rules)) == MAX_TIERS
    (fault,) = faults(tree(*links))
    assert (fault.code, fault.path) == ("too_deep", f"/rules/{MAX_TIERS}")
    assert fault.message.en == f"waits for a chain of more than {MAX_TIERS - 1} flags"
