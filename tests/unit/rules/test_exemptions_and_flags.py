"""Rules that act on rules: exemptions take effects away, flags let others fire."""

from __future__ import annotations

from typing import Any

from policy_service.domain.outcomes import Outcome
from rules.texts import Text
from rules.verdict import Verdict
from tests.unit.rules.documents import ALWAYS, asked, decided, facts, rule


def effect(kind: str, **members: Any) -> dict[str, Any]:
    """One effect."""
    return {"effect": kind, **members}


def said_by(verdict: Verdict) -> list[str]:
    """The codes of all rules that a verdict mentions, for whatever reason."""
    told = [item.rule_code for item in (*verdict.reasons, *verdict.warnings)]
    alerted = [item.rule_code for item in verdict.alerts]
    return told + alerted + [item.rule_code for item in verdict.exempted]


def test_an_exempted_rule_fires_and_has_no_effect() -> None:
    rules = [
        rule(ALWAYS, "reject", effect("warn"), effect("alert", severity=1), effect("flag", name="x"), code="A"),
        rule(ALWAYS, effect("exempt", rules=["A", "B"]), code="TRUST"),
        rule({"fact": "customer.is_new", "op": "eq", "value": True}, "hold", code="B"),
    ]
    verdict = decided(rules, facts(request=asked()))
    assert verdict.outcome is Outcome.APPROVE
    assert said_by(verdict) == ["A"]
    assert verdict.flags == ()
    assert verdict.fired == ("A", "TRUST")
    (exempted,) = verdict.exempted
    assert (exempted.rule_code, exempted.by) == ("A", "TRUST")


def test_an_exempted_rule_exempts_nothing_where_it_was_exempted_first() -> None:
    rules = [
        rule(ALWAYS, "hold", code="HELD"),
        rule(ALWAYS, effect("exempt", rules=["TRUST"]), code="DISTRUST", priority=1),
        rule(ALWAYS, effect("exempt", rules=["HELD"]), code="TRUST", priority=2),
    ]
    verdict = decided(rules, facts())
    assert verdict.outcome is Outcome.HOLD
    assert [item.rule_code for item in verdict.exempted] == ["TRUST"]


def test_an_exemption_once_made_stands() -> None:
    rules = [
        rule(ALWAYS, "hold", code="HELD"),
        rule(ALWAYS, effect("exempt", rules=["HELD"]), "warn", code="TRUST", priority=1),
        rule(ALWAYS, effect("exempt", rules=["TRUST"]), code="DISTRUST", priority=2),
    ]
    verdict = decided(rules, facts())
    assert verdict.outcome is Outcome.APPROVE
    assert verdict.warnings == ()
    assert {item.rule_code: item.by for item in verdict.exempted} == {"TRUST": "DISTRUST", "HELD": "TRUST"}


def test_the_first_exemption_by_priority_is_the_one_named() -> None:
    rules = [
        rule(ALWAYS, effect("exempt", rules=["HELD"]), code="LATE", priority=9),
        rule(
            ALWAYS,
            effect("exempt", rules=["HELD"], message={"en": "trusted", "zh": "可信"}),
            code="EARLY",
            priority=1,
        ),
        rule(ALWAYS, "hold", code="HELD"),
    ]
    (exempted,) = decided(rules, facts()).exempted
    assert (exempted.by, exempted.message) == ("EARLY", Text("trusted", "可信"))


def test_an_exemption_without_a_message_names_both_rules() -> None:
    rules = [
        rule(ALWAYS, "hold", code="HELD", title={"en": "Held", "zh": "暂停"}),
        rule(ALWAYS, effect("exempt", rules=["HELD"]), code="TRUST", title={"en": "Trust", "zh": "信任"}),
    ]
    (exempted,) = decided(rules, facts()).exempted
    assert exempted.message == Text("Trust: sets aside “Held”", "信任：豁免“暂停”")


def test_a_flag_makes_rules_fire_in_the_same_check() -> None:
    rules = [
        rule({"fact": "flag.second", "op": "eq", "value": True}, "hold", code="LAST", priority=1),
        rule({"fact": "flag.first", "op": "eq", "value": True}, effect("flag", name="second"), code="MIDDLE"),
        rule(ALWAYS, effect("flag", name="first"), code="FIRST", priority=200),
        rule({"fact": "flag.third", "op": "eq", "value": False}, "warn", code="NOT_RAISED"),
    ]
    verdict = decided(rules, facts())
    assert verdict.fired == ("LAST", "MIDDLE", "NOT_RAISED", "FIRST")
    assert verdict.flags == ("second", "first")
    assert verdict.reasons[0].evidence[0].value is True


def test_a_flag_of_an_exempted_rule_is_not_raised() -> None:
    rules = [
        rule(ALWAYS, effect("flag", name="strange"), code="RAISER"),
        rule(ALWAYS, effect("exempt", rules=["RAISER"]), code="TRUST", priority=200),
        rule({"fact": "flag.strange", "op": "eq", "value": True}, "hold", code="HELD"),
    ]
    verdict = decided(rules, facts())
    assert verdict.outcome is Outcome.APPROVE
    assert verdict.flags == ()


def test_exemptions_go_by_priority_also_where_flags_decide_who_fires() -> None:
    rules = [
        rule(ALWAYS, effect("flag", name="strange"), code="RAISER"),
        rule(ALWAYS, effect("exempt", rules=["RAISER"]), code="TRUST", priority=200),
        rule(ALWAYS, effect("flag", name="watched"), code="WATCHER"),
        rule(
            {"fact": "flag.watched", "op": "eq", "value": True},
            effect("exempt", rules=["TRUST"]),
            code="DISTRUST",
            priority=1,
        ),
        rule({"fact": "flag.strange", "op": "eq", "value": True}, "hold", code="HELD"),
    ]
    verdict = decided(rules, facts())
    assert verdict.flags == ("strange", "watched")
    assert verdict.outcome is Outcome.HOLD
