"""What lint says is so: what it calls dead never counts, and what it does not call a gap is none."""

from __future__ import annotations

import copy
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings

from rules.catalogue import CATALOGUE
from rules.decide import ENGINE_ERROR
from rules.document import Policy, policy_from_tree
from rules.facts import Facts
from rules.findings import Finding
from rules.lint import lint
from rules.reference import decide_by_reference
from rules.tables import HitPolicy
from rules.verdict import Verdict
from tests.property.policies import FACTS, LITERALS, SEEDS
from tests.property.policies import facts as random_facts
from tests.property.policies import policy as random_policy

CHECKS = 15
DENSE = ("customer.status", "customer.paid_invoice_count", "receivables.oldest_overdue_days", "exposure.after")
EFFECTS: tuple[dict[str, Any], ...] = (
    {"effect": "reject"},
    {"effect": "hold"},
    {"effect": "hold", "authority": "manager"},
    {"effect": "cap_terms", "days": 15},
    {"effect": "cap_terms", "days": 30},
    {"effect": "cap_terms", "days": {"fact": "customer.standard_terms_days"}},
    {"effect": "no_terms_extension"},
    {"effect": "cap_credit", "amount": "100.00"},
    {"effect": "require_prepayment", "percent": 30},
    {"effect": "flag", "name": "watched"},
    {"effect": "exempt", "rules": ["R1"]},
    {"effect": "exempt", "rules": ["R1", "R2"]},
)


def dense_policy(random: Random) -> Policy:
    """A few rules on a few facts with a few literals, so that they hide and contradict each other."""
    rules: list[dict[str, Any]] = [
        {
            "code": f"R{number}",
            "enabled": random.random() < 0.9,
            "priority": random.choice((1, 2)),
            "applies_to": random.choice((["order"], ["order", "quote"], ["quote", "order"])),
            "when": _condition(random, 1),
            "then": random.sample(EFFECTS, random.choice((1, 1, 2))),
        }
        for number in range(random.randint(2, 6))
    ]
    inputs = random.sample(DENSE, 2)
    table = {
        "code": "T",
        "hit_policy": random.choice(("first", "unique")),
        "inputs": inputs,
        "outputs": ["grade"],
        "rows": [{"when": [_cell(random, name) for name in inputs], "then": {"grade": "A"}} for _ in range(4)],
    }
    codes = {rule["code"] for rule in rules}
    for rule in rules:
        for effect in rule["then"]:
            if not codes.issuperset(effect.get("rules", ())):
                rule["then"] = [{"effect": "hold"}]
    tree = {"schema": 1, "name": "dense", "currency": "CNY", "tables": [table], "rules": rules}
    return policy_from_tree(copy.deepcopy(tree))


def _condition(random: Random, depth: int) -> dict[str, Any]:
    if depth < 3 and random.random() < 0.4:
        return {random.choice(("all", "any", "none")): [_condition(random, depth + 1) for _ in range(2)]}
    op, value = random.choice(list(_test(random, name := random.choice(DENSE)).items()))
    if op.startswith("is_"):
        return {"fact": name, "op": op}
    return {"fact": name, "op": op, "value": value, "if_missing": random.random() < 0.5}


def _cell(random: Random, name: str) -> dict[str, Any] | None:
    return None if random.random() < 0.2 else _test(random, name)


def _test(random: Random, name: str) -> dict[str, Any]:
    fact = CATALOGUE[name]
    if fact.choices:
        return {random.choice(("eq", "ne")): random.choice(fact.choices)}
    if random.random() < 0.1:
        return {"is_missing": True}
    return {random.choice(("lt", "le", "gt", "ge", "eq")): random.choice(LITERALS[fact.type])}


def whole_facts(random: Random, policy: Policy) -> Facts:
    """Facts of which only those are missing that can be, and no terms below 0 days."""
    found = random_facts(random, policy)
    values = dict(found.values)
    for fact in FACTS:
        if not fact.can_be_missing and fact.name not in values:
            literal = random.choice(fact.choices or LITERALS[fact.type])
            values[fact.name] = Decimal(literal) if fact.type.is_decimal else literal
    values["customer.standard_terms_days"] = max(0, int(values["customer.standard_terms_days"]))
    return replace(found, values=values)


def place(finding: Finding) -> list[str]:
    return finding.path.split("/")[1:]


def without_effect(policy: Policy, rule: int, effect: int | None) -> Policy:
    """The policy with an effect, or a whole rule, taken back."""
    tree = copy.deepcopy(dict(policy.tree))
    if effect is None:
        tree["rules"][rule]["enabled"] = False
    else:
        del tree["rules"][rule]["then"][effect]
    return policy_from_tree(tree)


def consequences(verdict: Verdict) -> tuple[Any, ...]:
    return verdict.outcome, verdict.granted, verdict.authority, set(verdict.flags)


def is_engine_error(verdict: Verdict) -> bool:
    return any(reason.rule_code == ENGINE_ERROR for reason in verdict.reasons)


Checks = list[tuple[Facts, Verdict]]


def check(policy: Policy, finding: Finding, checks: Checks) -> None:
    """One finding on the facts of some checks and what came of them."""
    keys = place(finding)
    if keys[0] == "tables":
        if finding.code == "hidden_row":
            code = policy.tables[int(keys[1])].code
            hits = [hit for _, verdict in checks for hit in verdict.tables if hit.table == code]
            assert not any(int(keys[3]) in hit.rows for hit in hits)
        return
    rule = policy.rules[int(keys[1])]
    is_whole = keys[2:] == ["when"]
    match finding.code:
        case "hidden_rule":
            check_change(without_effect(policy, rule.position, None), checks)
        case "contradictory_effects" if finding.level == "warning":
            check_change(without_effect(policy, rule.position, int(keys[3])), checks)
        case "useless_exemption":
            other = rule.then[int(keys[3])].rules[int(keys[5])]
            assert not any({rule.code, other} <= set(verdict.fired) for _, verdict in checks)
        case "never_holds" | "never_in_force" if is_whole or finding.code == "never_in_force":
            assert not any(rule.code in verdict.fired for _, verdict in checks)
        case "always_holds" if is_whole:
            for facts, verdict in checks:
                assert (rule.code in verdict.fired) is rule.is_in_force(str(facts.values["order.kind"]), facts.day)
        case _:
            pass


def check_change(other: Policy, checks: Checks) -> None:
    """The other policy answers the same."""
    for facts, verdict in checks:
        answer = decide_by_reference(other, facts)
        assert is_engine_error(answer) or consequences(answer) == consequences(verdict), other.tree


def check_tables(policy: Policy, findings: tuple[Finding, ...], verdict: Verdict) -> None:
    """What is not said of a table is not so."""
    said = {(finding.code, int(place(finding)[1])) for finding in findings if place(finding)[0] == "tables"}
    for table in policy.tables:
        if table.hit_policy is HitPolicy.UNIQUE and ("table_overlap", table.position) not in said:
            assert not any(f"table {table.code} is unique" in reason.message.en for reason in verdict.reasons)
        hit = next((hit for hit in verdict.tables if hit.table == table.code), None)
        if hit is not None and table.hit_policy is not HitPolicy.COLLECT and not hit.rows:
            assert ("table_gap", table.position) in said


def test_what_lint_says_is_so() -> None:
    seen: Counter[str] = Counter()

    @settings(max_examples=400, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(SEEDS)
    def findings_are_true(random: Random) -> None:
        policy = dense_policy(random) if random.random() < 0.95 else random_policy(random)
        findings = lint(policy)
        seen.update(finding.code for finding in findings)
        asked = [whole_facts(random, policy) for _ in range(CHECKS)]
        checks = [(facts, decide_by_reference(policy, facts)) for facts in asked]
        for _, verdict in checks:
            check_tables(policy, findings, verdict)
        decided = [(facts, verdict) for facts, verdict in checks if not is_engine_error(verdict)]
        for finding in findings:
            check(policy, finding, decided)

    findings_are_true()
    assert seen.keys() >= {
        "hidden_rule",
        "contradictory_effects",
        "never_holds",
        "always_holds",
        "useless_exemption",
        "hidden_row",
        "table_gap",
        "table_overlap",
    }
