"""The matcher with its bits and indexes answers what plain recursion over the document answers."""

from __future__ import annotations

from random import Random

from hypothesis import HealthCheck, given, settings

from rules.codec import facts_document, facts_from_document, verdict_document
from rules.decide import ENGINE_ERROR, decide
from rules.engine import compile_policy
from rules.exchange import MissingRate
from rules.look_up import AmbiguousTable
from rules.reference import Reference, decide_by_reference
from rules.verdict import Evidence, Verdict
from tests.property.policies import SEEDS
from tests.property.policies import facts as random_facts
from tests.property.policies import policy as random_policy

POLICIES = 270
CHECKS_OF_A_POLICY = 80


def test_decide_answers_what_the_reference_answers() -> None:
    """At least 20,000 checks, each with every reason, message and number."""
    checks = 0
    fired = 0
    outcomes: set[str] = set()

    @settings(max_examples=POLICIES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(SEEDS)
    def policies_agree(random: Random) -> None:
        nonlocal checks, fired
        policy = random_policy(random)
        compiled = compile_policy(policy)
        for _ in range(CHECKS_OF_A_POLICY):
            facts = random_facts(random, policy)
            expected = decide_by_reference(policy, facts)
            got = decide(compiled, facts)
            assert got == expected, (policy.tree, facts)
            checks += 1
            fired += len(got.fired)
            outcomes.add(got.outcome)

    policies_agree()
    assert checks >= 20_000
    assert fired >= checks, "rules must fire, or nothing was shown"
    assert outcomes == {"approve", "approve_with_conditions", "hold", "reject"}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(SEEDS)
def test_evidence_says_of_each_clause_what_the_reference_says(random: Random) -> None:
    """Also where the amount compared with had to be rounded to be shown."""
    policy = random_policy(random)
    compiled = compile_policy(policy)
    for _ in range(20):
        facts = random_facts(random, policy)
        try:
            reference = Reference(policy, facts)
        except (MissingRate, AmbiguousTable):
            continue
        for reason in _without_service_reasons(decide(compiled, facts)):
            rule = next(rule for rule in policy.rules if rule.code == reason[0])
            clauses = [probe.clause for probe in rule.probes]
            assert [item.holds for item in reason[1]] == [reference.clause_holds(clause) for clause in clauses]
            assert [item.fact for item in reason[1]] == [clause.fact for clause in clauses]


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(SEEDS)
def test_a_stored_check_replays_to_the_same_verdict(random: Random) -> None:
    """Facts survive the way to JSON and back, and the verdict on them is the same document."""
    policy = random_policy(random)
    compiled = compile_policy(policy)
    for _ in range(10):
        facts = random_facts(random, policy)
        again = facts_from_document(facts_document(facts))
        assert again == facts
        assert verdict_document(decide(compiled, again), again) == verdict_document(decide(compiled, facts), facts)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(SEEDS)
def test_only_a_missing_rate_or_two_rows_of_a_unique_table_stop_a_decision(random: Random) -> None:
    """ENGINE_ERROR is not a way out of a hard case."""
    policy = random_policy(random)
    compiled = compile_policy(policy)
    for _ in range(10):
        facts = random_facts(random, policy)
        try:
            Reference(policy, facts)
        except (MissingRate, AmbiguousTable):
            continue
        assert ENGINE_ERROR not in {reason.rule_code for reason in decide(compiled, facts).reasons}


def _without_service_reasons(verdict: Verdict) -> list[tuple[str, tuple[Evidence, ...]]]:
    return [
        (reason.rule_code, reason.evidence)
        for reason in (*verdict.reasons, *verdict.warnings)
        if reason.rule_code not in ("ENGINE_ERROR", "FX_RATE_TOO_OLD")
    ]
