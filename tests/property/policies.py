"""Random policies and facts, dense in what goes wrong: equal boundaries, missing facts, several currencies.

Everything comes from one `random.Random`, so a seed is a counterexample.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import hypothesis.strategies as st

from policy_service.domain.money import Rate
from rules.catalogue import CATALOGUE, Fact, FactType
from rules.conditions import Op, operators_of
from rules.document import Policy, policy_from_tree
from rules.effects import EffectKind
from rules.facts import Facts, FactValue, Request
from rules.findings import PolicyError
from rules.values import comparable_with

DAY = date(2026, 11, 23)

SEEDS = st.integers(0, 2**64 - 1).map(Random)
"""A source of randomness for one example."""

NAMES = (
    "order.kind",
    "order.credit_amount",
    "order.terms_extension_days",
    "customer.status",
    "customer.segment",
    "customer.country",
    "customer.customer_class",
    "customer.is_new",
    "customer.paid_invoice_count",
    "customer.order_count",
    "customer.standard_terms_days",
    "customer.credit_limit",
    "customer.limit_days_left",
    "exposure.after",
    "exposure.utilisation_after",
    "group.credit_limit",
    "group.after",
    "receivables.oldest_overdue_days",
    "receivables.on_time_rate",
    "receivables.average_days_late",
    "volume.spike_ratio",
    "signals.landlord",
    "signals.worst_severity",
)
FACTS = [CATALOGUE[name] for name in NAMES]

# Few values, so that literals, facts and products of both meet exactly: 50 USD at 2 is 100 CNY is 1000 JPY at 0.1.
LITERALS: dict[FactType, tuple[Any, ...]] = {
    FactType.MONEY: ("0.00", "50.00", "100.00", "100.01", "99.99", "200", "1000.00", "-100.00"),
    FactType.RATIO: ("0", "0.5", "0.50", "0.9", "1", "3.0", "30"),
    FactType.NUMBER: ("0", "0.5", "1", "3.0", "15", "30"),
    FactType.DAYS: (-1, 0, 1, 3, 30, 60),
    FactType.COUNT: (0, 1, 2, 3),
    FactType.LEVEL: (1, 2, 3, 4, 5),
    FactType.BOOLEAN: (True, False),
    FactType.TEXT: ("A", "NO", "retail", "", "é"),
}
RATES = {"CNY": ("1", "1"), "USD": ("2", "7.1234"), "JPY": ("0.1", "0.047613")}
FLAGS = ("watched", "strange", "small_order")


def policy(random: Random) -> Policy:
    """A policy that loads. Flags that wait for themselves are tried again, in the end without flags."""
    tables = [_table(random, f"T{number}") for number in range(random.choice((0, 0, 1, 2)))]
    kit = Kit(_outputs(tables), random.random() < 0.4)
    for _ in range(4):
        try:
            return policy_from_tree(_policy(random, tables, kit))
        except PolicyError as error:
            if {finding.code for finding in error.findings} != {"flag_cycle"}:
                raise
    return policy_from_tree(_policy(random, tables, Kit(kit.outputs, with_flags=False)))


@dataclass(frozen=True)
class Kit:
    """What conditions are made of beside the catalogue: the outputs of the tables, and perhaps flags."""

    outputs: list[Fact]
    with_flags: bool


def _policy(random: Random, tables: list[dict[str, Any]], kit: Kit) -> dict[str, Any]:
    size = random.choice((1, 3, 6, 10, 10, 20, 70))
    codes = [f"R{number}" for number in range(size)]
    return {
        "schema": 1,
        "name": "random",
        "currency": random.choice(("CNY", "CNY", "USD", "JPY")),
        "settings": {"max_rate_age_days": random.choice((7, 7, 7, 0))},
        "tables": tables,
        "rules": [_rule(random, code, codes, kit) for code in codes],
    }


_OUTPUTS: dict[str, tuple[Any, ...]] = {
    "grade": ("A", "NO", "retail", None),
    "most_days": (0, 30, 60, None),
    "factor": ("0", "0.5", "1", "3.0"),
    "most_amount": ("50.00", "100.00", "1000.00"),
    "points": (0, 1, 2),
    "is_odd": (True, False),
}
"""Outputs of each type, by a name that tells it."""


def _table(random: Random, code: str) -> dict[str, Any]:
    inputs = random.sample(FACTS, random.randint(1, 3))
    outputs = random.sample(list(_OUTPUTS), random.randint(1, 3))
    rows = [
        {
            "when": [_cell(random, fact) for fact in inputs],
            "then": {name: random.choice(_OUTPUTS[name]) for name in outputs},
        }
        for _ in range(random.randint(1, 6))
    ]
    return {
        "code": code,
        "hit_policy": random.choice(("first", "first", "first", "collect", "collect", "unique")),
        "inputs": [fact.name for fact in inputs],
        "outputs": outputs,
        "rows": rows,
    }


def _cell(random: Random, fact: Fact) -> Any:
    if random.random() < 0.3:
        return None
    tests: dict[str, Any] = {}
    for op in random.sample(operators_of(fact.type), random.choice((1, 1, 2))):
        tests[op.value] = True if op.asks_presence else _literals(random, fact, op)
    return tests


def _outputs(tables: list[dict[str, Any]]) -> list[Fact]:
    """The outputs as facts, as the loader types them."""
    rule = {"code": "R0", "when": {"fact": "customer.is_new", "op": "is_present"}, "then": [{"effect": "warn"}]}
    tree = {"schema": 1, "name": "tables", "currency": "CNY", "tables": tables, "rules": [rule]}
    return list(policy_from_tree(tree).table_facts.values())


def _rule(random: Random, code: str, codes: list[str], kit: Kit) -> dict[str, Any]:
    effects = [_effect(random, codes, kit) for _ in range(random.choice((1, 1, 2, 3)))]
    rule: dict[str, Any] = {"code": code, "when": _condition(random, 1, kit), "then": effects}
    if random.random() < 0.1:
        rule["enabled"] = random.random() < 0.3
    if random.random() < 0.2:
        rule["applies_to"] = random.choice((["order"], ["quote"], ["quote", "order"]))
    if random.random() < 0.3:
        rule["priority"] = random.choice((1, 100, 200))
    if random.random() < 0.1:
        rule["valid_from"] = (DAY + timedelta(days=random.choice((-5, 0, 1)))).isoformat()
    if random.random() < 0.1:
        rule["valid_to"] = (DAY + timedelta(days=random.choice((1, 2, 5)))).isoformat()
    elif random.random() < 0.1 and "valid_from" not in rule:
        rule["valid_to"] = (DAY + timedelta(days=random.choice((-1, 0)))).isoformat()
    return rule


def _condition(random: Random, depth: int, kit: Kit) -> dict[str, Any]:
    if random.random() < (0.75 if depth == 1 else 0.25) and depth < 4:
        kind = random.choice(("all", "all", "any", "none"))
        count = 30 if random.random() < 0.01 else random.randint(1, 3)
        return {kind: [_condition(random, depth + 1, kit) for _ in range(count)]}
    return _clause(random, kit)


def _clause(random: Random, kit: Kit) -> dict[str, Any]:
    if kit.with_flags and random.random() < 0.2:
        return {"fact": f"flag.{random.choice(FLAGS)}", "op": "eq", "value": random.random() < 0.6}
    fact = random.choice(kit.outputs if kit.outputs and random.random() < 0.3 else FACTS)
    op = random.choice(operators_of(fact.type))
    clause: dict[str, Any] = {"fact": fact.name, "op": op.value}
    if op.asks_presence:
        return clause
    clause["value"] = _operand(random, fact, op, kit)
    if random.random() < 0.6:
        clause["if_missing"] = random.random() < 0.5
    return clause


def _operand(random: Random, fact: Fact, op: Op, kit: Kit) -> Any:
    if op.takes_one and random.random() < 0.3:
        return _field(random, comparable_with(fact), kit)
    return _literals(random, fact, op)


def _literals(random: Random, fact: Fact, op: Op) -> Any:
    if op in (Op.IN, Op.NOT_IN):
        return [_literal(random, fact) for _ in range(random.randint(1, 3))]
    if op is Op.BETWEEN:
        return [_literal(random, fact), _literal(random, fact)]
    return _literal(random, fact)


def _literal(random: Random, fact: Fact) -> Any:
    if fact.choices:
        return random.choice(fact.choices)
    return random.choice([literal for literal in LITERALS[fact.type] if literal != ""])


def _field(random: Random, kinds: frozenset[FactType], kit: Kit) -> dict[str, Any]:
    outputs = [each for each in kit.outputs if each.type in kinds and not each.is_list]
    fact = random.choice([each for each in FACTS if each.type in kinds] + outputs)
    field: dict[str, Any] = {"fact": fact.name}
    if fact.type.is_number and random.random() < 0.5:
        field["times"] = random.choice(("0.5", "2", "1.10", "-1", "0", 10))
    if fact.type.is_number and random.random() < 0.3:
        field["plus"] = _literal(random, fact)
    return field


def _effect(random: Random, codes: list[str], kit: Kit) -> dict[str, Any]:
    kind = random.choice([each for each in EffectKind if kit.with_flags or each is not EffectKind.FLAG])
    effect: dict[str, Any] = {"effect": kind.value}
    match kind:
        case EffectKind.HOLD if random.random() < 0.6:
            effect["authority"] = random.choice(("controller", "manager", "director"))
        case EffectKind.CAP_TERMS:
            effect["days"] = _number(random, random.choice((0, 15, 30, 60)), kit)
        case EffectKind.CAP_CREDIT:
            amount = random.choice(("0.00", "50.00", "333.33", "1000.00"))
            effect["amount"] = _field(random, frozenset({FactType.MONEY}), kit) if random.random() < 0.3 else amount
        case EffectKind.REQUIRE_PREPAYMENT:
            effect["percent"] = _number(random, random.choice((0, 30, "33.3", 100)), kit)
        case EffectKind.ALERT:
            effect["severity"] = _number(random, random.randint(1, 5), kit)
        case EffectKind.FLAG:
            effect["name"] = random.choice(FLAGS)
        case EffectKind.EXEMPT:
            effect["rules"] = random.sample(codes, min(len(codes), random.randint(1, 3)))
        case _:
            pass
    if random.random() < 0.3:
        effect["message"] = {
            "en": f"{{{random.choice(NAMES)}}} {{{{as seen}}}}",
            "zh": f"见 {{{random.choice(NAMES)}}}",
        }
    return effect


def _number(random: Random, literal: Any, kit: Kit) -> Any:
    countable = frozenset(kind for kind in FactType if kind.is_number and kind is not FactType.MONEY)
    return _field(random, countable, kit) if random.random() < 0.2 else literal


def facts(random: Random, policy: Policy) -> Facts:
    """Facts of one check, now and then with a rate too old, or one that is missing."""
    currency, group, order = (random.choice((policy.currency, "CNY", "USD")) for _ in range(3))
    values: dict[str, FactValue] = {}
    for fact in FACTS:
        if random.random() < 0.8:
            values[fact.name] = _value(random, fact)
    which = random.choice((0, 0, 1))
    age = random.choice((0, 0, 0, 0, 7, 8))
    rates = {code: Rate(Decimal(pair[which]), DAY - timedelta(days=age)) for code, pair in RATES.items()}
    if random.random() < 0.02:
        del rates[random.choice(list(rates))]
    if currency == group == order == policy.currency:
        rates = {}
    return Facts(DAY, currency, values, _request(random, order), random.choice((group, None)), rates)


def _value(random: Random, fact: Fact) -> FactValue:
    literal = random.choice(fact.choices or LITERALS[fact.type])
    return Decimal(literal) if fact.type.is_decimal else literal


def _request(random: Random, currency: str) -> Request | None:
    if random.random() < 0.1:
        return None
    amount = Decimal(random.choice(("100.00", "333.00", "1000.00", "2500.00")))
    return Request(
        amount=amount,
        currency=currency,
        payment_terms_days=random.choice((0, 15, 30, 60)),
        prepaid_amount=random.choice((Decimal(0), Decimal(100), amount)),
        invoiced_amount=random.choice((Decimal(0), Decimal(0), Decimal(100), amount * 2)),
    )
