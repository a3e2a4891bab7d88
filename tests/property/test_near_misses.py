"""The index that picks rules which may be near misses leaves none out."""

from __future__ import annotations

from random import Random

from hypothesis import HealthCheck, given, settings

from rules.decide import near_misses
from rules.engine import compile_policy
from rules.exchange import MissingRate
from rules.look_up import AmbiguousTable
from rules.near_misses import NearMiss, near_miss
from rules.reference import Reference, decide_by_reference
from tests.property.policies import SEEDS
from tests.property.policies import facts as random_facts
from tests.property.policies import policy as random_policy


def test_near_misses_are_those_that_a_look_at_every_rule_finds() -> None:
    found = 0

    @settings(max_examples=120, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(SEEDS)
    def both_agree(random: Random) -> None:
        nonlocal found
        policy = random_policy(random)
        compiled = compile_policy(policy)
        for _ in range(20):
            facts = random_facts(random, policy)
            try:
                reference = Reference(policy, facts)
            except (MissingRate, AmbiguousTable):
                assert near_misses(compiled, facts) == ()
                continue
            expected: list[NearMiss] = []
            verdict = decide_by_reference(policy, facts)
            _, seen = compiled.fired(compiled.see(facts))
            for rule in reference.rules:
                if rule.code not in verdict.fired and rule.is_in_force(seen.kind, facts.day):
                    miss = near_miss(rule, seen, policy.settings.near_miss_ratio)
                    expected += [miss] if miss else []
            assert list(near_misses(compiled, facts)) == expected, (policy.tree, facts)
            found += len(expected)

    both_agree()
    assert found >= 100, "near misses must be found, or nothing was shown"
