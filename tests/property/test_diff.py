"""The diff of two policies never keeps quiet about a check that comes out milder, or stricter."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings

from policy_service.domain.money import Rate
from policy_service.domain.outcomes import Outcome
from rules.diff import PolicyDiff, diff
from rules.document import Policy, policy_from_tree
from rules.facts import Facts, Request
from rules.findings import PolicyError
from rules.reference import decide_by_reference
from rules.texts import Language
from rules.verdict import Verdict
from tests.property.policies import DAY, FACTS, RATES, SEEDS
from tests.property.policies import _value as random_value
from tests.property.policies import facts as random_facts
from tests.property.policies import policy as random_policy

Tree = dict[str, Any]

PAIRS = 150
CHECKS_OF_A_PAIR = 40


def _changed(random: Random, policy: Policy) -> Policy:
    """A version of the policy with one to three edits, such as people make."""
    for _ in range(20):
        tree = copy.deepcopy(dict(policy.tree))
        donor = random_policy(random)
        for _ in range(random.choice((1, 1, 2, 3))):
            random.choice(_EDITS)(random, tree, donor)
        try:
            return policy_from_tree(tree)
        except PolicyError:
            continue
    return policy


def _a_rule(random: Random, tree: Tree) -> Tree:
    rule: Tree = random.choice(tree["rules"])
    return rule


def _donated(random: Random, donor: Policy) -> Tree:
    rule: Tree = copy.deepcopy(random.choice(donor.tree["rules"]))
    return rule


def _all_clauses(condition: Tree) -> list[Tree]:
    if "fact" in condition:
        return [condition]
    return [clause for members in condition.values() for member in members for clause in _all_clauses(member)]


def _edit_clause(random: Random, tree: Tree, _donor: Policy) -> None:
    clause = random.choice(_all_clauses(_a_rule(random, tree)["when"]))
    if random.random() < 0.3:
        clause["if_missing"] = not clause.get("if_missing", False)
    elif random.random() < 0.5:
        clause["op"] = random.choice(("lt", "le", "gt", "ge", "eq", "ne"))
    elif isinstance(clause.get("value"), list):
        random.shuffle(clause["value"])
    else:
        clause["value"] = random.choice(("50.00", "100.00", "0.5", "3.0", 1, 3, 30, True, "A", "stop"))


def _edit_group(random: Random, tree: Tree, _donor: Policy) -> None:
    rule = _a_rule(random, tree)
    rule["when"] = {random.choice(("all", "any", "none")): [rule["when"], *random.choice(([], [rule["when"]]))]}


def _add_clause(random: Random, tree: Tree, donor: Policy) -> None:
    rule = _a_rule(random, tree)
    clause = random.choice(_all_clauses(_donated(random, donor)["when"]))
    rule["when"] = {random.choice(("all", "any")): [rule["when"], clause]}


def _edit_effect(random: Random, tree: Tree, _donor: Policy) -> None:
    effect = random.choice(_a_rule(random, tree)["then"])
    values: dict[str, tuple[Any, ...]] = {
        "authority": ("controller", "manager", "director"),
        "days": (0, 15, 30, {"fact": "customer.standard_terms_days", "times": "0.5"}),
        "amount": ("0.00", "50.00", "1000.00", {"fact": "exposure.after", "times": "2", "plus": "-50.00"}),
        "percent": (0, 30, 100),
        "rules": tuple([rule["code"]] for rule in tree["rules"][:3]),
        "severity": (1, 5),
        "name": ("watched", "strange"),
    }
    for name in effect.keys() & values.keys():
        effect[name] = random.choice(values[name])


def _other_effects(random: Random, tree: Tree, donor: Policy) -> None:
    rule, donated = _a_rule(random, tree), _donated(random, donor)
    rule["then"] = random.choice(([*rule["then"], *donated["then"]], donated["then"], rule["then"][:1]))
    for effect in rule["then"]:
        if "rules" in effect:
            effect["rules"] = [each["code"] for each in random.sample(tree["rules"], min(2, len(tree["rules"])))]


def _other_condition(random: Random, tree: Tree, donor: Policy) -> None:
    _a_rule(random, tree)["when"] = _donated(random, donor)["when"]


def _scope(random: Random, tree: Tree, _donor: Policy) -> None:
    rule = _a_rule(random, tree)
    edits: dict[str, tuple[Any, ...]] = {
        "enabled": (True, False),
        "applies_to": (["order"], ["quote"], ["order", "quote"]),
        "priority": (1, 50, 100, 200),
        "valid_from": ("2026-01-01", DAY.isoformat(), "2027-01-01"),
        "valid_to": ("2026-01-01", DAY.isoformat(), "2027-01-01"),
    }
    name = random.choice(list(edits))
    rule[name] = random.choice(edits[name])


def _rules(random: Random, tree: Tree, donor: Policy) -> None:
    listed = tree["rules"]
    match random.choice(("drop", "add", "shuffle")):
        case "drop" if len(listed) > 1:
            listed.remove(random.choice(listed))
        case "add":
            listed.insert(random.randint(0, len(listed)), {**_donated(random, donor), "code": "NEW"})
        case _:
            random.shuffle(listed)


def _settings(random: Random, tree: Tree, _donor: Policy) -> None:
    tree["settings"]["max_rate_age_days"] = random.choice((0, 7, 8))
    if random.random() < 0.2:
        tree["currency"] = random.choice(("CNY", "USD"))


def _tables(random: Random, tree: Tree, _donor: Policy) -> None:
    if not tree["tables"]:
        return
    table = random.choice(tree["tables"])
    rows = table["rows"]
    match random.choice(("drop", "double", "shuffle", "output", "output", "output", "cell", "cell", "policy")):
        case "drop" if len(rows) > 1:
            rows.remove(random.choice(rows))
        case "double":
            rows.append(copy.deepcopy(random.choice(rows)))
        case "shuffle":
            random.shuffle(rows)
        case "output":
            name = random.choice(table["outputs"])
            random.choice(rows)["then"][name] = random.choice(rows)["then"][name]
        case "cell":
            place = random.randrange(len(table["inputs"]))
            random.choice(rows)["when"][place] = random.choice([None, random.choice(rows)["when"][place]])
        case "policy":
            table["hit_policy"] = random.choice(("first", "collect", "unique"))
        case _:
            pass


_EDITS: tuple[Callable[[Random, Tree, Policy], None], ...] = (
    _edit_clause,
    _edit_clause,
    _edit_group,
    _add_clause,
    _edit_effect,
    _edit_effect,
    _other_effects,
    _other_condition,
    _scope,
    _scope,
    _rules,
    _settings,
    _tables,
    _tables,
    _tables,
)


def _facts(random: Random, before: Policy, after: Policy) -> Facts:
    """Facts as a live check has them: only what can be missing is missing, terms are not negative, and every currency
    that takes part has a rate, since a check without one is refused before it is decided."""
    facts = random_facts(random, random.choice((before, after)))
    values = {fact.name: random_value(random, fact) for fact in FACTS if not fact.can_be_missing}
    rates = facts.rates
    if rates or before.currency != after.currency:
        rates = {code: Rate(Decimal(pair[0]), DAY) for code, pair in RATES.items()} | dict(rates)
    values |= facts.values
    values["customer.standard_terms_days"] = max(0, int(values["customer.standard_terms_days"]))
    return replace(facts, values=values, rates=rates)


def _goes(before: Verdict, after: Verdict) -> tuple[bool, bool]:
    """Whether a verdict became stricter, and whether it became milder, in any respect."""
    if before.outcome is not after.outcome:
        is_stricter = after.outcome.severity > before.outcome.severity
        return is_stricter, not is_stricter
    steps = []
    if before.outcome is Outcome.HOLD and before.authority and after.authority:
        steps.append(after.authority.rank - before.authority.rank)
    if before.granted is not None and after.granted is not None:
        steps.append(before.granted.payment_terms_days - after.granted.payment_terms_days)
        steps.append(int(before.granted.credit_amount.compare(after.granted.credit_amount)))
    return any(step > 0 for step in steps), any(step < 0 for step in steps)


def _wrong(changes: PolicyDiff, before: Verdict, after: Verdict) -> str | None:
    """What the diff should have told and did not."""
    is_stricter, is_milder = _goes(before, after)
    if is_stricter and not changes.is_tightening:
        return "stricter, and no tightening"
    return "milder, and no loosening" if is_milder and not changes.is_loosening else None


def test_a_check_that_comes_out_milder_is_never_without_a_loosening() -> None:
    """Nor one that comes out stricter without a tightening; and most pairs are not just called both."""
    seen = {"stricter": 0, "milder": 0, "one way only": 0, "neutral": 0}

    @settings(max_examples=PAIRS, deadline=None, suppress_health_check=list(HealthCheck))
    @given(SEEDS)
    def pairs_are_told(random: Random) -> None:
        before = random_policy(random)
        after = _changed(random, before)
        changes = diff(before, after)
        seen["one way only"] += changes.is_tightening is not changes.is_loosening
        seen["neutral"] += not changes.is_tightening and not changes.is_loosening
        for _ in range(CHECKS_OF_A_PAIR):
            facts = _facts(random, before, after)
            verdicts = decide_by_reference(before, facts), decide_by_reference(after, facts)
            wrong = _wrong(changes, *verdicts)
            assert wrong is None, (wrong, before.tree, after.tree, facts, changes.as_document(Language.EN))
            seen["stricter"] += _goes(*verdicts)[0]
            seen["milder"] += _goes(*verdicts)[1]

    pairs_are_told()
    assert min(seen.values()) > PAIRS // 20, "each must happen, or nothing was shown"


def _small_condition(random: Random, depth: int = 1) -> Tree:
    if depth < 3 and random.random() < 0.3:
        members = [_small_condition(random, depth + 1) for _ in range(random.randint(1, 2))]
        return {random.choice(("all", "any", "none")): members}
    name, ops, values = random.choice(
        (
            ("customer.is_new", ("eq", "ne"), (True,)),
            ("customer.order_count", ("lt", "ge", "eq"), (1, 2, 3)),
            ("flag.watched", ("eq",), (True, False)),
            ("flag.strange", ("eq", "ne"), (True, False)),
            ("table.TERMS.most_days", ("lt", "ge"), (15, 30)),
        )
    )
    return {
        "fact": name,
        "op": random.choice(ops),
        "value": random.choice(values),
        "if_missing": random.random() < 0.5,
    }


def _small_effect(random: Random) -> Tree:
    return random.choice(
        (
            {"effect": "reject"},
            {"effect": "hold", "authority": random.choice(("controller", "director"))},
            {"effect": "cap_terms", "days": random.choice((0, 15, 30, {"fact": "table.TERMS.most_days"}))},
            {"effect": "require_prepayment", "percent": {"fact": "table.TERMS.most_days"}},
            {"effect": "exempt", "rules": random.sample(("A", "B", "C", "D"), random.randint(1, 2))},
            {"effect": "exempt", "rules": random.sample(("A", "B", "C", "D"), 1)},
            {"effect": "flag", "name": random.choice(("watched", "strange"))},
            {"effect": "warn"},
        )
    )


def _small_rule(random: Random, code: str) -> Tree:
    return {
        "code": code,
        "when": _small_condition(random),
        "then": [_small_effect(random) for _ in range(random.choice((1, 1, 2)))],
        "priority": random.choice((1, 2)),
        "enabled": random.random() < 0.9,
        "applies_to": random.choice((["order"], ["order", "quote"])),
    }


def _small_row(random: Random) -> Tree:
    cell = random.choice((None, {"lt": 2}, {"ge": 2}, {"eq": 0}))
    return {"when": [cell], "then": {"most_days": random.choice((0, 15, 30, None))}}


def _small_tree(random: Random) -> Tree:
    """Four rules that set aside, flag and cap, on two facts and a table: all that can come between rules."""
    table = {"code": "TERMS", "hit_policy": "first", "inputs": ["customer.order_count"], "outputs": ["most_days"]}
    return {
        "schema": 1,
        "name": "small",
        "currency": "CNY",
        "tables": [{**table, "rows": [_small_row(random) for _ in range(random.randint(1, 3))]}],
        "rules": [_small_rule(random, code) for code in "ABCD"],
    }


def _small_edit(random: Random, tree: Tree) -> None:
    rules, rows = tree["rules"], tree["tables"][0]["rows"]
    place = random.randrange(len(rules))
    fresh = _small_rule(random, rules[place]["code"])
    match random.choice(("rule", "row", "row", "swap", "part", "part", "part")):
        case "rule":
            rules[place] = fresh
        case "row":
            rows[random.randrange(len(rows))] = _small_row(random)
        case "swap":
            random.shuffle(rules)
        case _:
            part = random.choice(list(fresh))
            rules[place][part] = fresh[part]


def _small_pair(random: Random) -> tuple[Policy, Policy]:
    while True:
        tree = _small_tree(random)
        edited = copy.deepcopy(tree)
        for _ in range(random.choice((1, 1, 2))):
            _small_edit(random, edited)
        try:
            return policy_from_tree(tree), policy_from_tree(edited)
        except PolicyError:
            continue


def _all_small_facts() -> list[Facts]:
    request = Request(Decimal(1000), "CNY", 60)
    return [
        Facts(DAY, "CNY", {"order.kind": kind, "customer.is_new": is_new, "customer.order_count": count}, request)
        for kind in ("order", "quote")
        for is_new in (True, False)
        for count in range(4)
    ]


def test_rules_that_lean_on_each_other_are_followed_in_every_case() -> None:
    """Exemptions of exemptions, flags read both ways, tables: small policies, and all the facts there are."""
    seen = {"one way only": 0, "moved": 0}

    @settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
    @given(SEEDS)
    def pairs_are_told(random: Random) -> None:
        before, after = _small_pair(random)
        changes = diff(before, after)
        seen["one way only"] += changes.is_tightening is not changes.is_loosening
        for facts in _all_small_facts():
            verdicts = decide_by_reference(before, facts), decide_by_reference(after, facts)
            wrong = _wrong(changes, *verdicts)
            assert wrong is None, (wrong, before.tree, after.tree, facts, changes.as_document(Language.EN))
            seen["moved"] += any(_goes(*verdicts))

    pairs_are_told()
    assert min(seen.values()) > 50, "each must happen, or nothing was shown"


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(SEEDS)
def test_a_policy_does_not_differ_from_itself(random: Random) -> None:
    """Nor from one that is read again; every random policy can be compared with every other."""
    policy, other = random_policy(random), random_policy(random)
    assert diff(policy, policy_from_tree(copy.deepcopy(dict(policy.tree)))).changes == ()
    assert diff(policy, other).changes
