"""Short ways to write policies and facts for the tests of the rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from policy_service.domain.money import Rate
from rules.catalogue import CATALOGUE
from rules.decide import decide
from rules.document import Policy, policy_from_tree
from rules.engine import compile_policy
from rules.facts import Facts, FactValue, Request
from rules.findings import Finding, PolicyError
from rules.reference import decide_by_reference
from rules.verdict import Verdict

DAY = date(2026, 11, 23)
ALWAYS: dict[str, Any] = {"fact": "customer.status", "op": "ne", "value": "stop", "if_missing": True}

Tree = dict[str, Any]


def rule(when: Any = ALWAYS, *then: Any, code: str = "A", **members: Any) -> Tree:
    """A rule; effects may be given by name alone. Without effects it holds."""
    effects = [{"effect": effect} if isinstance(effect, str) else effect for effect in then or ("hold",)]
    return {"code": code, "when": when, "then": effects, **members}


def tree(*rules: Tree, **members: Any) -> Tree:
    """A policy document in CNY."""
    return {"schema": 1, "name": "test", "currency": "CNY", "rules": list(rules or (rule(),)), **members}


def policy(*rules: Tree, **members: Any) -> Policy:
    """The policy of such a document."""
    return policy_from_tree(tree(*rules, **members))


def faults(document: object) -> list[Finding]:
    """The findings of a document that must not load."""
    try:
        policy_from_tree(document)
    except PolicyError as error:
        return list(error.findings)
    raise AssertionError("the document loads")


def facts(
    values: Mapping[str, FactValue | None] | None = None,
    request: Request | None = None,
    *,
    currency: str = "CNY",
    group_currency: str | None = None,
    rates: Mapping[str, str] | None = None,
    rates_of: date = DAY,
) -> Facts:
    """Facts of DAY; decimals may be given as texts, rates as texts of base units."""
    given = {name: _typed(name, value) for name, value in (values or {}).items() if value is not None}
    known = {code: Rate(Decimal(rate), rates_of) for code, rate in (rates or {}).items()}
    return Facts(DAY, currency, given, request, group_currency, known)


def _typed(name: str, value: FactValue) -> FactValue:
    return Decimal(value) if CATALOGUE[name].type.is_decimal else value


def asked(
    amount: str = "1000.00", terms: int = 60, *, prepaid: str = "0", invoiced: str = "0", currency: str = "CNY"
) -> Request:
    """A request for an order."""
    return Request(Decimal(amount), currency, terms, Decimal(prepaid), Decimal(invoiced))


def decided(rules: Tree | Sequence[Tree], seen: Facts, **members: Any) -> Verdict:
    """The verdict of a policy of these rules; the engine and the reference must agree on it."""
    listed = [rules] if isinstance(rules, dict) else rules
    made = policy(*listed, **members)
    verdict = decide(compile_policy(made), seen)
    assert verdict == decide_by_reference(made, seen)
    return verdict
