"""Cases of a policy document: facts, and what the policy is expected to make of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from policy_service.domain.outcomes import Outcome
from rules.catalogue import CATALOGUE
from rules.facts import FactValue
from rules.reader import Node
from rules.texts import Text
from rules.values import TEXT_AT_MOST, read_literal


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a case expects; None or empty where it says nothing of it."""

    outcome: Outcome | None = None
    fired: tuple[str, ...] = ()
    not_fired: tuple[str, ...] = ()
    credit_amount: Decimal | None = None
    prepayment_amount: Decimal | None = None
    payment_terms_days: int | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """Facts in the policy's currency, those not listed missing, and what is expected of them.

    `day` is the day of the check, where the case gives one.
    """

    name: Text
    facts: Mapping[str, FactValue]
    expect: Expectation
    day: date | None = None


def read_case(node: Node, codes: frozenset[str]) -> Case:
    """One item of `cases`; `codes` are those of the policy's rules."""
    members = node.members(("name", "facts", "expect"), ("day",))
    return Case(
        name=members["name"].text(200) if "name" in members else Text.same(""),
        facts=_read_facts(members["facts"]) if "facts" in members else {},
        expect=_read_expectation(members["expect"], codes) if "expect" in members else Expectation(),
        day=members["day"].day() if "day" in members else None,
    )


def _read_facts(node: Node) -> dict[str, FactValue]:
    if not isinstance(node.value, dict):
        node.members(())
        return {}
    found: dict[str, FactValue] = {}
    for name, value in node.value.items():
        member = node.child(name, value)
        fact = CATALOGUE.get(name)
        if fact is None:
            member.fault("unknown_fact", Text(f"{name!r} is not in the catalogue", f"目录中没有 {name!r}"))
        else:
            found[name] = read_literal(member, fact)
    return found


def _read_expectation(node: Node, codes: frozenset[str]) -> Expectation:
    members = node.members((), ("outcome", "fired", "not_fired", "granted"))
    if isinstance(node.value, dict) and not members:
        node.fault("wrong_length", Text("must expect something", "须写明期望"))
    granted = members["granted"].members((), _GRANTED) if "granted" in members else {}
    return Expectation(
        outcome=members["outcome"].enumeration(Outcome) if "outcome" in members else None,
        fired=_read_codes(members.get("fired"), codes),
        not_fired=_read_codes(members.get("not_fired"), codes),
        credit_amount=_read_amount(granted.get("credit_amount")),
        prepayment_amount=_read_amount(granted.get("prepayment_amount")),
        payment_terms_days=granted["payment_terms_days"].integer(0, 3650)
        if "payment_terms_days" in granted
        else None,
    )


_GRANTED = ("credit_amount", "prepayment_amount", "payment_terms_days")


def _read_amount(node: Node | None) -> Decimal | None:
    return node.decimal("100.00") if node is not None else None


def _read_codes(node: Node | None, codes: frozenset[str]) -> tuple[str, ...]:
    if node is None:
        return ()
    found = []
    for item in node.items(at_least=0):
        code = item.string(TEXT_AT_MOST)
        if code and code not in codes:
            item.fault("unknown_rule", Text(f"no rule has the code {code!r}", f"没有代码为 {code!r} 的规则"))
        found.append(code)
    return tuple(found)
