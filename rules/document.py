"""Policy documents: YAML or JSON text, or a parsed tree, as typed, frozen objects.

A document is loaded whole or not at all: `PolicyError` lists every fault of shape and type, each with its path,
its line, what is wrong and what is allowed. What a document of the right shape may still get wrong is told by
`rules.lint`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any

import rfc8785

from policy_service.domain.currencies import MINOR_UNITS
from rules.case_document import Case, read_case
from rules.catalogue import Fact
from rules.chain import chain_fault
from rules.findings import Finding, PolicyError
from rules.reader import Node
from rules.rule import Rule, read_rule
from rules.source import Position, Source, plain_tree, read_source
from rules.tables import Table, has_money, read_tables
from rules.texts import Text
from rules.values import fact_named

PREPAYMENT_RULES = ("new_customers", "always", "never")


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a policy, with the values that hold where it says nothing."""

    reservation_ttl_minutes: int = 1440
    credit_horizon_days: int = 30
    near_miss_ratio: Decimal = Decimal("0.10")
    net_unapplied_payments: bool = True
    max_rate_age_days: int = 7
    require_verified_prepayment: str = "new_customers"
    quote_valid_days: int = 30
    auto_release: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy document.

    `tree` is the document as given, in plain JSON types: the same for YAML and JSON of the same policy.
    `content_hash` is the SHA-256 of its canonical JSON (RFC 8785).
    """

    name: str
    currency: str
    settings: Settings
    tables: tuple[Table, ...]
    table_facts: Mapping[str, Fact] = field(repr=False)
    rules: tuple[Rule, ...]
    cases: tuple[Case, ...]
    tree: Mapping[str, Any] = field(repr=False)
    content_hash: str
    has_money_literals: bool
    positions: Mapping[str, Position] = field(repr=False, compare=False)

    def fact(self, name: str) -> Fact:
        """The fact of that name: of the catalogue, a flag, or an output of a table. Raises KeyError."""
        return fact_named(name, self.table_facts)


def load_policy(source: str) -> Policy:
    """The policy of a YAML or JSON text. Raises PolicyError."""
    return _load(read_source(source))


def policy_from_tree(tree: object) -> Policy:
    """The policy of a parsed JSON document. Raises PolicyError, without lines."""
    return _load(Source(tree))


def _load(source: Source) -> Policy:
    tree = plain_tree(source.tree, source)
    if source.findings:
        raise PolicyError(_in_order(source.findings))
    policy = _read_policy(Node(tree, "", source))
    if source.findings:
        raise PolicyError(_in_order(source.findings))
    return policy


def _in_order(findings: list[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda finding: (finding.line or 0, finding.column or 0))


def _read_policy(node: Node) -> Policy:
    members = node.members(("schema", "name", "currency", "rules"), ("settings", "tables", "cases"))
    if "schema" in members:
        members["schema"].integer(1, 1)
    tables = read_tables(members["tables"]) if "tables" in members else ()
    rules = _read_rules(members["rules"]) if "rules" in members else ()
    return Policy(
        name=members["name"].string(200) if "name" in members else "",
        currency=_read_currency(members["currency"]) if "currency" in members else "",
        settings=_read_settings(members["settings"]) if "settings" in members else Settings(),
        tables=tables,
        table_facts=node.source.facts,
        rules=rules,
        cases=_read_cases(members.get("cases"), rules),
        tree=node.value if isinstance(node.value, dict) else {},
        content_hash=_content_hash(node),
        has_money_literals=has_money(tables) or any(rule.enabled and rule.has_money_literals for rule in rules),
        positions=node.source.positions,
    )


def _content_hash(node: Node) -> str:
    if node.source.findings:
        return ""
    canonical = rfc8785.dumps(node.value)  # type: ignore[arg-type]
    return f"sha256:{hashlib.sha256(canonical).hexdigest()}"


def _read_currency(node: Node) -> str:
    currency = node.string(3)
    if currency and currency not in MINOR_UNITS:
        node.fault(
            "unknown_currency", Text("must be an ISO 4217 code, such as CNY", "须为 ISO 4217 币种代码，如 CNY")
        )
    return currency


def _read_settings(node: Node) -> Settings:
    members = node.members((), tuple(setting.name for setting in fields(Settings)))
    return Settings(**{name: _read_setting(name, member) for name, member in members.items()})


def _read_setting(name: str, node: Node) -> Any:
    match name:
        case "net_unapplied_payments" | "auto_release":
            return node.boolean()
        case "require_verified_prepayment":
            return node.choice(PREPAYMENT_RULES)
        case "near_miss_ratio":
            return _read_share(node)
        case "reservation_ttl_minutes":
            return node.integer(1, 525_600)
        case "quote_valid_days":
            return node.integer(1, 3650)
        case _:
            return node.integer(0, 3650)


def _read_share(node: Node) -> Decimal:
    share = node.decimal("0.10")
    if not 0 <= share <= 1:
        node.fault("out_of_range", Text("must be from 0 to 1", "须在 0 到 1 之间"))
    return share


def _read_rules(node: Node) -> tuple[Rule, ...]:
    rules = tuple(read_rule(item, place) for place, item in enumerate(node.items()))
    seen: set[str] = set()
    for rule in rules:
        if rule.code and rule.code in seen:
            code = node.child(rule.position, None).child("code", None)
            code.fault(
                "duplicate_code", Text(f"{rule.code} is used by a rule above", f"{rule.code} 已被上面的规则使用")
            )
        seen.add(rule.code)
    fault = chain_fault([rule for rule in rules if rule.enabled])
    if fault is not None:
        node.child(fault.rule.position, None).fault(fault.code, fault.message)
    return rules


def _read_cases(node: Node | None, rules: tuple[Rule, ...]) -> tuple[Case, ...]:
    if node is None:
        return ()
    codes = frozenset(rule.code for rule in rules)
    return tuple(read_case(item, codes) for item in node.items(at_least=0))
