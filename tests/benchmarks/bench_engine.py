"""`decide` with full evidence against four other engines, on the same rules and the same facts, in one process.

Each rule is a conjunction of three tests (a country, days overdue, utilisation); five rules fire, and all engines
must name the same five. A quarter of the rules pass the first test, so that none can be left aside by country alone.

    make bench        or        python -m tests.benchmarks.bench_engine
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import rule_engine
import zen
from business_rules.actions import BaseActions, rule_action
from business_rules.engine import run_all
from business_rules.fields import FIELD_TEXT
from business_rules.variables import (
    BaseVariables,
    numeric_rule_variable,
    string_rule_variable,
)
from json_logic import jsonLogic
from rich.console import Console
from rich.table import Table

from rules.decide import decide
from rules.document import policy_from_tree
from rules.engine import compile_policy
from rules.facts import Facts
from tests.benchmarks.measure import microseconds

SIZES = (20, 200, 2000)
FIRING = 5
COUNTRY, DAYS, UTILISATION = "C0", 40, "0.85"


@dataclass(frozen=True)
class Row:
    """One rule: fires when the country is `country`, and days and utilisation are above the thresholds."""

    code: str
    country: str
    days: int
    utilisation: str


def rows(size: int) -> list[Row]:
    """The first five fire; of the others a quarter have the right country and fail on a threshold."""
    firing = [Row(f"RULE_{number}", COUNTRY, number, f"0.{40 + number}") for number in range(FIRING)]
    return firing + [_failing(number) for number in range(FIRING, size)]


def _failing(number: int) -> Row:
    code, utilisation = f"RULE_{number}", f"0.{10 + number % 70}"
    if number % 4:
        return Row(code, f"C{1 + number % 60}", number % 30, utilisation)
    return Row(code, COUNTRY, DAYS + number, utilisation)


def ours(table: list[Row]) -> Callable[[], set[str]]:
    """The whole of `decide`: verdict, messages in two languages, evidence of every clause."""
    rules = [
        {
            "code": row.code,
            "title": row.code,
            "when": {
                "all": [
                    {"fact": "customer.country", "op": "eq", "value": row.country, "if_missing": False},
                    {
                        "fact": "receivables.oldest_overdue_days",
                        "op": "gt",
                        "value": row.days,
                        "if_missing": False,
                    },
                    {
                        "fact": "exposure.utilisation_after",
                        "op": "gt",
                        "value": row.utilisation,
                        "if_missing": False,
                    },
                ]
            },
            "then": [{"effect": "hold"}],
        }
        for row in table
    ]
    policy = compile_policy(policy_from_tree({"schema": 1, "name": "bench", "currency": "CNY", "rules": rules}))
    facts = Facts(
        day=date(2026, 11, 23),
        currency="CNY",
        values={
            "customer.country": COUNTRY,
            "receivables.oldest_overdue_days": DAYS,
            "exposure.utilisation_after": Decimal(UTILISATION),
        },
    )
    return lambda: {reason.rule_code for reason in decide(policy, facts).reasons}


def zen_engine(table: list[Row]) -> Callable[[], set[str]]:
    """A decision table that collects every hit."""
    fields = ("country", "days", "utilisation")
    rules = [
        {
            "_id": row.code,
            "country": json.dumps(row.country),
            "days": f"> {row.days}",
            "utilisation": f"> {row.utilisation}",
            "code": json.dumps(row.code),
        }
        for row in table
    ]
    content = {
        "hitPolicy": "collect",
        "inputs": [{"id": name, "name": name, "field": name, "type": "expression"} for name in fields],
        "outputs": [{"id": "code", "name": "code", "field": "code", "type": "expression"}],
        "rules": rules,
    }
    graph = {
        "contentType": "application/vnd.gorules.decision",
        "nodes": [
            {"id": "in", "type": "inputNode", "name": "in", "position": {"x": 0, "y": 0}},
            {
                "id": "table",
                "type": "decisionTableNode",
                "name": "table",
                "position": {"x": 1, "y": 0},
                "content": content,
            },
            {"id": "out", "type": "outputNode", "name": "out", "position": {"x": 2, "y": 0}},
        ],
        "edges": [
            {"id": "a", "sourceId": "in", "targetId": "table", "type": "edge"},
            {"id": "b", "sourceId": "table", "targetId": "out", "type": "edge"},
        ],
    }
    decision = zen.ZenEngine().create_decision(json.dumps(graph))
    facts = {"country": COUNTRY, "days": DAYS, "utilisation": float(UTILISATION)}
    return lambda: {hit["code"] for hit in decision.evaluate(facts)["result"]}


def rule_engine_rules(table: list[Row]) -> Callable[[], set[str]]:
    """One expression for each rule."""
    rules = [
        (
            row.code,
            rule_engine.Rule(f"country == '{row.country}' and days > {row.days} and utilisation > {row.utilisation}"),
        )
        for row in table
    ]
    facts = {"country": COUNTRY, "days": DAYS, "utilisation": float(UTILISATION)}
    return lambda: {code for code, rule in rules if rule.matches(facts)}


class _Variables(BaseVariables):  # type: ignore[misc]
    @string_rule_variable  # type: ignore[untyped-decorator]
    def country(self) -> str:
        return COUNTRY

    @numeric_rule_variable  # type: ignore[untyped-decorator]
    def days(self) -> int:
        return DAYS

    @numeric_rule_variable  # type: ignore[untyped-decorator]
    def utilisation(self) -> float:
        return float(UTILISATION)


class _Actions(BaseActions):  # type: ignore[misc]
    def __init__(self) -> None:
        self.fired: set[str] = set()

    @rule_action(params={"code": FIELD_TEXT})  # type: ignore[untyped-decorator]
    def fire(self, code: str) -> None:
        self.fired.add(code)


def business_rules(table: list[Row]) -> Callable[[], set[str]]:
    """Rules as dictionaries, actions that remember what fired."""
    rules = [
        {
            "conditions": {
                "all": [
                    {"name": "country", "operator": "equal_to", "value": row.country},
                    {"name": "days", "operator": "greater_than", "value": row.days},
                    {"name": "utilisation", "operator": "greater_than", "value": float(row.utilisation)},
                ]
            },
            "actions": [{"name": "fire", "params": {"code": row.code}}],
        }
        for row in table
    ]

    def run() -> set[str]:
        actions = _Actions()
        run_all(rule_list=rules, defined_variables=_Variables(), defined_actions=actions, stop_on_first_trigger=False)
        return actions.fired

    return run


def json_logic(table: list[Row]) -> Callable[[], set[str]]:
    """One tree for each rule."""
    rules: list[tuple[str, Any]] = [
        (
            row.code,
            {
                "and": [
                    {"==": [{"var": "country"}, row.country]},
                    {">": [{"var": "days"}, row.days]},
                    {">": [{"var": "utilisation"}, float(row.utilisation)]},
                ]
            },
        )
        for row in table
    ]
    facts = {"country": COUNTRY, "days": DAYS, "utilisation": float(UTILISATION)}
    return lambda: {code for code, rule in rules if jsonLogic(rule, facts)}


CONTENDERS = {
    "decide": ours,
    "zen-engine": zen_engine,
    "rule-engine": rule_engine_rules,
    "business-rules": business_rules,
    "json-logic": json_logic,
}


def main() -> None:
    """Print the time of one decision and the ratio to ours."""
    table = Table(title="One decision, five rules firing: median microseconds (times as slow as decide)")
    table.add_column("rules", justify="right")
    for name in CONTENDERS:
        table.add_column(name, justify="right")
    for size in SIZES:
        contenders = {name: make(rows(size)) for name, make in CONTENDERS.items()}
        expected = {row.code for row in rows(size)[:FIRING]}
        for name, run in contenders.items():
            if run() != expected:
                raise SystemExit(f"{name} does not fire the same rules")
        times = microseconds(contenders)
        ratios = [f"{times[name]:,.0f} ({times[name] / times['decide']:.1f}x)" for name in CONTENDERS]
        table.add_row(str(size), *ratios)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
