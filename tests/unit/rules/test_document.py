"""Policy documents: what they must and may hold, and what every fault is answered with."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from policy_service.domain.outcomes import CheckKind
from rules.document import Settings, policy_from_tree
from rules.texts import Text
from tests.unit.rules.documents import ALWAYS, faults, policy, rule, tree


def test_a_policy_without_settings_has_the_defaults() -> None:
    assert policy().settings == Settings(1440, 30, Decimal("0.10"), True, 7, "new_customers", 30, False)


def test_settings_are_typed() -> None:
    settings = policy(
        settings={
            "reservation_ttl_minutes": 60,
            "credit_horizon_days": 0,
            "near_miss_ratio": "0.05",
            "net_unapplied_payments": False,
            "max_rate_age_days": 1,
            "require_verified_prepayment": "always",
            "quote_valid_days": 14,
            "auto_release": True,
        }
    ).settings
    assert settings == Settings(60, 0, Decimal("0.05"), False, 1, "always", 14, True)


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("reservation_ttl_minutes", 0, "out_of_range"),
        ("reservation_ttl_minutes", "60", "wrong_type"),
        ("credit_horizon_days", -1, "out_of_range"),
        ("near_miss_ratio", 0.1, "wrong_type"),
        ("near_miss_ratio", "1.1", "out_of_range"),
        ("net_unapplied_payments", "yes", "wrong_type"),
        ("max_rate_age_days", True, "wrong_type"),
        ("require_verified_prepayment", "sometimes", "not_allowed"),
        ("quote_valid_days", 0, "out_of_range"),
        ("auto_release", "yes", "wrong_type"),
        ("colour", "red", "unknown_member"),
    ],
)
def test_a_faulty_setting_is_refused(name: str, value: Any, code: str) -> None:
    (finding,) = faults(tree(settings={name: value}))
    assert (finding.path, finding.code) == (f"/settings/{name}", code)


def test_an_unknown_member_is_answered_with_those_allowed() -> None:
    (finding,) = faults(tree(rule(prioriti=1)))
    assert finding.path == "/rules/0/prioriti"
    assert "priority" in finding.message.en
    assert "允许" in finding.message.zh
    assert "priority" in finding.message.zh


@pytest.mark.parametrize("name", ["schema", "name", "currency", "rules"])
def test_the_head_of_a_document_is_required(name: str) -> None:
    document = tree()
    del document[name]
    (finding,) = faults(document)
    assert (finding.path, finding.code) == ("", "missing_member")
    assert repr(name) in finding.message.en


@pytest.mark.parametrize("name", ["code", "when", "then"])
def test_a_rule_needs_a_code_a_condition_and_effects(name: str) -> None:
    incomplete = rule()
    del incomplete[name]
    (finding,) = faults(tree(incomplete))
    assert (finding.path, finding.code) == ("/rules/0", "missing_member")


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (None, "wrong_type"),
        ([], "wrong_type"),
        ("text", "wrong_type"),
        (tree(schema=2), "out_of_range"),
        (tree(schema="1"), "wrong_type"),
        (tree(schema=True), "wrong_type"),
        (tree(name=""), "wrong_length"),
        (tree(name=7), "wrong_type"),
        (tree(currency="XXQ"), "unknown_currency"),
        (tree(currency="cny"), "unknown_currency"),
        (tree(tables={}), "wrong_type"),
        (tree(extra=1), "unknown_member"),
        ({**tree(), "rules": []}, "wrong_length"),
        ({**tree(), "rules": {}}, "wrong_type"),
        (tree("rule"), "wrong_type"),  # type: ignore[arg-type]
        (tree(rule(code="small")), "wrong_type"),
        (tree(rule(code="1A")), "wrong_type"),
        (tree(rule(code="A" * 65)), "wrong_type"),
        (tree(rule(code="ENGINE_ERROR")), "reserved_code"),
        (tree(rule(code="FX_RATE_TOO_OLD")), "reserved_code"),
        (tree(rule(), rule()), "duplicate_code"),
        (tree(rule(title={"en": "only"})), "missing_member"),
        (tree(rule(title={"en": "a", "zh": "b", "fr": "c"})), "unknown_member"),
        (tree(rule(title=5)), "wrong_type"),
        (tree(rule(title="x" * 201)), "wrong_length"),
        (tree(rule(enabled="yes")), "wrong_type"),
        (tree(rule(enabled=1)), "wrong_type"),
        (tree(rule(applies_to=[])), "wrong_length"),
        (tree(rule(applies_to="order")), "wrong_type"),
        (tree(rule(applies_to=["invoice"])), "not_allowed"),
        (tree(rule(priority=-1)), "out_of_range"),
        (tree(rule(priority=1.5)), "wrong_type"),
        (tree(rule(valid_from="2026-02-30")), "wrong_type"),
        (tree(rule(valid_from="20260101")), "wrong_type"),
        (tree(rule(valid_from="1969-12-31")), "wrong_type"),
        (tree(rule(valid_to=20260101)), "wrong_type"),
        (tree(rule(valid_from="2026-01-02", valid_to="2026-01-01")), "bad_period"),
        ({**tree(), "rules": [{**rule(), "then": []}]}, "wrong_length"),
        ({**tree(), "rules": [{**rule(), "then": "hold"}]}, "wrong_type"),
    ],
)
def test_a_faulty_document_is_refused(document: object, code: str) -> None:
    assert code in {finding.code for finding in faults(document)}


def test_faults_of_all_parts_are_told_at_once() -> None:
    document = tree(rule(priority="x"), rule(then_="y", code="B"), currency="?", settings={"a": 1}, cases=[{}])
    assert {finding.path for finding in faults(document)} == {
        "/rules/0/priority",
        "/rules/1/then_",
        "/currency",
        "/settings/a",
        "/cases/0",
    }


def test_a_text_is_given_once_or_in_both_languages() -> None:
    plain, both = policy(rule(title="same"), rule(title={"en": "one", "zh": "一"}, code="B")).rules
    assert plain.title == Text("same", "same")
    assert both.title == Text("one", "一")


def test_a_rule_without_a_title_is_called_by_its_code() -> None:
    assert policy(rule(code="NO_TITLE")).rules[0].title == Text.same("NO_TITLE")


def test_a_rule_says_when_it_is_in_force() -> None:
    (made,) = policy(rule(valid_from="2026-01-01", valid_to="2026-01-31", applies_to=["quote"])).rules
    days = [date(2025, 12, 31), date(2026, 1, 1), date(2026, 1, 31), date(2026, 2, 1)]
    assert [made.is_in_force(CheckKind.QUOTE, day) for day in days] == [False, True, True, False]
    assert not made.is_in_force(CheckKind.ORDER, days[1])
    assert not policy(rule(enabled=False)).rules[0].is_in_force(CheckKind.ORDER, days[1])


def test_the_tree_is_the_document_as_given_and_later_changes_do_not_reach_it() -> None:
    document = tree(rule())
    made = policy_from_tree(document)
    assert made.tree == tree(rule())
    document["name"] = "changed"
    document["rules"][0]["code"] = "CHANGED"
    assert made.tree == tree(rule())


def test_a_tree_too_deep_for_anyone_is_refused() -> None:
    deep: Any = "bottom"
    for _ in range(10_000):
        deep = [deep]
    assert {finding.code for finding in faults({**tree(), "extra": deep})} == {"too_deep"}


def test_flags_that_wait_for_themselves_are_a_cycle() -> None:
    first = rule({"fact": "flag.b", "op": "eq", "value": True}, {"effect": "flag", "name": "a"}, code="A")
    second = rule({"fact": "flag.a", "op": "eq", "value": True}, {"effect": "flag", "name": "b"}, code="B")
    (finding,) = faults(tree(first, second))
    assert (finding.code, finding.path) in {("flag_cycle", "/rules/0"), ("flag_cycle", "/rules/1")}
    assert "A -> B -> A" in finding.message.en or "B -> A -> B" in finding.message.en


def test_a_rule_that_exempts_the_raiser_of_its_own_flag_is_a_cycle() -> None:
    raiser = rule(ALWAYS, {"effect": "flag", "name": "a"}, code="RAISER")
    exempter = rule(
        {"fact": "flag.a", "op": "eq", "value": True}, {"effect": "exempt", "rules": ["RAISER"]}, code="EXEMPTER"
    )
    assert [finding.code for finding in faults(tree(raiser, exempter))] == ["flag_cycle"]


def test_a_disabled_rule_closes_no_cycle() -> None:
    loop = rule({"fact": "flag.a", "op": "eq", "value": True}, {"effect": "flag", "name": "a"}, enabled=False)
    assert not policy(loop).rules[0].enabled
