"""Every effect: how it is read, what it does to a request, and when it is no reason."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from policy_service.domain.outcomes import Authority, Outcome
from rules.facts import FactValue
from rules.texts import Text
from rules.verdict import Alert, Granted
from tests.unit.rules.documents import ALWAYS, asked, decided, facts, faults, rule, tree

Values = dict[str, FactValue | None]
APPROVE, CONDITIONS = Outcome.APPROVE, Outcome.APPROVE_WITH_CONDITIONS


def effect(kind: str, **members: Any) -> dict[str, Any]:
    """One effect."""
    return {"effect": kind, **members}


def granted(credit: str, prepayment: str, terms: int) -> Granted:
    """What is granted, in CNY."""
    return Granted(Decimal(credit), Decimal(prepayment), terms, "CNY")


def test_without_rules_that_fire_everything_is_granted() -> None:
    never = rule({"fact": "customer.is_new", "op": "eq", "value": True}, "reject")
    verdict = decided(never, facts(request=asked("1000.00", 60, prepaid="200.00")))
    assert verdict.outcome is APPROVE
    assert verdict.granted == granted("800.00", "200.00", 60)
    assert (verdict.reasons, verdict.warnings, verdict.alerts, verdict.exempted) == ((), (), (), ())
    assert verdict.fired == ()
    assert verdict.authority is None


def test_the_worst_outcome_wins_and_every_reason_is_told() -> None:
    rules = [
        rule(ALWAYS, effect("cap_terms", days=30), code="CAP"),
        rule(ALWAYS, "reject", code="REJECT"),
        rule(ALWAYS, "hold", code="HOLD"),
    ]
    verdict = decided(rules, facts(request=asked()))
    assert verdict.outcome is Outcome.REJECT
    assert [(reason.rule_code, reason.effect) for reason in verdict.reasons] == [
        ("CAP", "cap_terms"),
        ("REJECT", "reject"),
        ("HOLD", "hold"),
    ]
    assert verdict.granted is None
    assert verdict.authority is None
    assert decided([rules[0], rules[2]], facts(request=asked())).outcome is Outcome.HOLD
    assert decided([rules[0]], facts(request=asked())).outcome is CONDITIONS


def test_a_hold_grants_nothing_and_names_the_highest_authority() -> None:
    rules = [
        rule(ALWAYS, effect("hold", authority="manager"), code="A"),
        rule(ALWAYS, effect("hold", authority="director"), code="B"),
        rule(ALWAYS, "hold", code="C"),
    ]
    verdict = decided(rules, facts(request=asked()))
    assert verdict.granted is None
    assert verdict.authority is Authority.DIRECTOR
    assert [reason.parameters for reason in verdict.reasons] == [
        {"authority": "manager"},
        {"authority": "director"},
        {"authority": "controller"},
    ]


def test_reasons_come_by_priority_and_then_by_place() -> None:
    rules = [rule(code="A"), rule(code="B", priority=5), rule(code="C"), rule(code="D", priority=200)]
    assert decided(rules, facts()).fired == ("B", "A", "C", "D")


@pytest.mark.parametrize(("days", "cuts"), [(61, False), (60, False), (59, True), (0, True)])
def test_a_cap_of_terms_cuts_only_longer_terms(days: int, cuts: bool) -> None:
    verdict = decided(rule(ALWAYS, effect("cap_terms", days=days)), facts(request=asked("1000.00", 60)))
    assert (verdict.outcome is CONDITIONS) is cuts
    assert bool(verdict.reasons) is cuts
    assert verdict.fired == ("A",)
    assert verdict.granted is not None
    assert verdict.granted.payment_terms_days == min(days, 60)


def test_terms_cut_to_zero_leave_no_credit() -> None:
    verdict = decided(rule(ALWAYS, effect("cap_terms", days=0)), facts(request=asked("1000.00", 30, prepaid="100")))
    assert verdict.granted == granted("0", "1000.00", 0)


def test_the_least_of_all_caps_of_terms_is_granted_and_each_that_cuts_is_a_reason() -> None:
    rules = [
        rule(ALWAYS, effect("cap_terms", days=days), code=code)
        for days, code in ((45, "A"), (15, "B"), (30, "C"), (90, "D"))
    ]
    verdict = decided(rules, facts(request=asked("1000.00", 60)))
    assert verdict.granted == granted("1000.00", "0.00", 15)
    assert [reason.rule_code for reason in verdict.reasons] == ["A", "B", "C"]
    assert verdict.reasons[1].parameters == {"days": 15}


def test_no_terms_extension_grants_the_standard_terms() -> None:
    seen = {"customer.standard_terms_days": 30}
    extended = decided(rule(ALWAYS, "no_terms_extension"), facts(seen, asked("1000.00", 31)))
    assert extended.granted == granted("1000.00", "0.00", 30)
    assert extended.reasons[0].parameters == {"days": 30}
    within = decided(rule(ALWAYS, "no_terms_extension"), facts(seen, asked("1000.00", 30)))
    assert within.outcome is APPROVE


def test_no_terms_extension_without_known_standard_terms_grants_none() -> None:
    verdict = decided(rule(ALWAYS, "no_terms_extension"), facts(request=asked("1000.00", 30)))
    assert verdict.granted == granted("0", "1000.00", 0)


@pytest.mark.parametrize(
    ("amount", "credit", "cuts"), [("799.99", "799.99", True), ("800.00", "800.00", False), ("0.00", "0", True)]
)
def test_a_cap_of_credit_cuts_what_would_be_owed(amount: str, credit: str, cuts: bool) -> None:
    request = asked("1000.00", 30, prepaid="200.00")
    verdict = decided(rule(ALWAYS, effect("cap_credit", amount=amount)), facts(request=request))
    assert (verdict.outcome is CONDITIONS) is cuts
    assert verdict.granted == granted(credit, str(Decimal(1000) - Decimal(credit)), 30)


def test_two_caps_that_both_cut_are_two_reasons_and_the_lower_counts() -> None:
    rules = [
        rule(ALWAYS, effect("cap_credit", amount="500.00"), code="A"),
        rule(ALWAYS, effect("cap_credit", amount="700.00"), code="B"),
        rule(ALWAYS, effect("require_prepayment", percent=20), code="C"),
    ]
    verdict = decided(rules, facts(request=asked()))
    assert [reason.rule_code for reason in verdict.reasons] == ["A", "B", "C"]
    assert verdict.granted == granted("500.00", "500.00", 60)


@pytest.mark.parametrize(
    ("percent", "prepaid", "credit", "cuts"),
    [
        (30, "0", "700.00", True),
        (30, "300.00", "700.00", False),
        (30, "299.99", "700.00", True),
        (30, "400.00", "600.00", False),
        (100, "0", "0", True),
        (0, "0", "1000.00", False),
        ("33.3", "0", "667.00", True),
    ],
)
def test_a_prepayment_counts_what_was_prepaid(percent: Any, prepaid: str, credit: str, cuts: bool) -> None:
    request = asked("1000.00", 30, prepaid=prepaid)
    verdict = decided(rule(ALWAYS, effect("require_prepayment", percent=percent)), facts(request=request))
    assert (verdict.outcome is CONDITIONS) is cuts
    assert verdict.granted == granted(credit, str(Decimal(1000) - Decimal(credit)), 30)


def test_a_required_prepayment_is_rounded_up() -> None:
    verdict = decided(rule(ALWAYS, effect("require_prepayment", percent=30)), facts(request=asked("100.01", 30)))
    assert verdict.granted == granted("70.00", "30.01", 30)
    yen = asked("101", 30, currency="JPY")
    in_yen = decided(
        rule(ALWAYS, effect("require_prepayment", percent=30)), facts(request=yen, currency="JPY"), currency="JPY"
    )
    assert in_yen.granted == Granted(Decimal(70), Decimal(31), 30, "JPY")


def test_the_largest_prepayment_counts() -> None:
    rules = [
        rule(ALWAYS, effect("require_prepayment", percent=percent), code=code)
        for percent, code in ((20, "A"), (50, "B"), (30, "C"))
    ]
    verdict = decided(rules, facts(request=asked()))
    assert verdict.granted == granted("500.00", "500.00", 60)
    assert len(verdict.reasons) == 3


def test_what_is_invoiced_is_neither_credit_nor_prepayment() -> None:
    request = asked("1000.00", 30, invoiced="400.00")
    assert decided(rule(ALWAYS, "warn"), facts(request=request)).granted == granted("600.00", "0.00", 30)
    prepaid = decided(rule(ALWAYS, effect("require_prepayment", percent=30)), facts(request=request))
    assert prepaid.granted == granted("300.00", "300.00", 30)


def test_nothing_is_left_to_cut_where_all_is_invoiced() -> None:
    request = asked("1000.00", 30, invoiced="1500.00")
    verdict = decided(
        rule(ALWAYS, effect("require_prepayment", percent=50), effect("cap_credit", amount="0.00")),
        facts(request=request),
    )
    assert verdict.outcome is APPROVE
    assert verdict.granted == granted("0", "0", 30)


def test_payment_before_delivery_has_no_credit_that_could_be_cut() -> None:
    cuts = [
        effect("cap_terms", days=0),
        effect("cap_credit", amount="0.00"),
        effect("require_prepayment", percent=100),
        effect("no_terms_extension"),
    ]
    verdict = decided(rule(ALWAYS, *cuts), facts(request=asked("1000.00", 0)))
    assert verdict.outcome is APPROVE
    assert verdict.reasons == ()
    assert verdict.granted == granted("0", "0", 0)


def test_without_a_request_every_cut_is_taken_to_cut_and_nothing_is_granted() -> None:
    cuts = [
        effect("cap_terms", days=3650),
        effect("cap_credit", amount="1.00"),
        effect("require_prepayment", percent=0),
    ]
    verdict = decided(rule(ALWAYS, *cuts), facts())
    assert verdict.outcome is CONDITIONS
    assert [reason.effect for reason in verdict.reasons] == ["cap_terms", "cap_credit", "require_prepayment"]
    assert verdict.granted is None


def test_numbers_may_come_from_facts() -> None:
    seen: Values = {
        "customer.credit_limit": "1000.00",
        "customer.standard_terms_days": 45,
        "signals.worst_severity": 3,
    }
    effects = [
        effect("cap_terms", days={"fact": "customer.standard_terms_days", "times": "0.5"}),
        effect("cap_credit", amount={"fact": "customer.credit_limit", "times": "0.333333", "plus": "0.01"}),
        effect("require_prepayment", percent={"fact": "signals.worst_severity", "times": 10}),
        effect("alert", severity={"fact": "signals.worst_severity", "plus": 1}),
    ]
    verdict = decided(rule(ALWAYS, *effects), facts(seen, asked("1000.00", 60)))
    assert verdict.granted == granted("333.34", "666.66", 22)
    assert [reason.parameters for reason in verdict.reasons] == [
        {"days": 22},
        {"amount": Decimal("333.34")},
        {"percent": Decimal(30)},
    ]
    assert verdict.alerts[0].severity == 4


def test_numbers_from_missing_facts_are_taken_on_the_safe_side() -> None:
    cases = {
        "cap_terms": ({"days": {"fact": "customer.limit_days_left"}}, {"days": 0}),
        "cap_credit": ({"amount": {"fact": "customer.credit_limit"}}, {"amount": Decimal(0)}),
        "require_prepayment": ({"percent": {"fact": "signals.worst_severity"}}, {"percent": Decimal(100)}),
    }
    for kind, (members, parameters) in cases.items():
        verdict = decided(rule(ALWAYS, effect(kind, **members)), facts(request=asked()))
        assert verdict.reasons[0].parameters == parameters
        assert verdict.granted is not None
        assert verdict.granted.credit_amount == 0
    alert = decided(rule(ALWAYS, effect("alert", severity={"fact": "signals.worst_severity"})), facts())
    assert alert.alerts[0].severity == 5


def test_numbers_from_facts_stay_within_what_makes_sense() -> None:
    seen: Values = {"customer.limit_days_left": -5, "customer.credit_limit": "100.00", "customer.order_count": 500}
    count = {"fact": "customer.order_count"}
    effects = [
        effect("cap_terms", days={"fact": "customer.limit_days_left"}),
        effect("cap_credit", amount={"fact": "customer.credit_limit", "times": "-1"}),
        effect("require_prepayment", percent=count),
        effect("alert", severity=count),
        effect("alert", severity={"fact": "customer.limit_days_left"}),
    ]
    verdict = decided(rule(ALWAYS, *effects), facts(seen, asked()))
    assert [reason.parameters for reason in verdict.reasons] == [
        {"days": 0},
        {"amount": Decimal(0)},
        {"percent": Decimal(100)},
    ]
    assert [alert.severity for alert in verdict.alerts] == [5, 1]


def test_a_warning_warns_and_does_not_change_the_outcome() -> None:
    verdict = decided(rule(ALWAYS, effect("warn", message="look")), facts(request=asked()))
    assert verdict.outcome is APPROVE
    assert verdict.reasons == ()
    (warning,) = verdict.warnings
    assert (warning.rule_code, warning.effect, warning.message) == ("A", "warn", Text.same("look"))
    assert warning.evidence[0].holds


def test_an_alert_tells_someone_and_does_not_change_the_outcome() -> None:
    verdict = decided(rule(ALWAYS, effect("alert", severity=4, message="look")), facts(request=asked()))
    assert verdict.outcome is APPROVE
    assert verdict.alerts == (Alert("A", 4, Text.same("look")),)


@pytest.mark.parametrize(
    ("kind", "members", "en", "zh"),
    [
        ("reject", {}, "Title: rejected", "标题：拒绝"),
        ("hold", {}, "Title: held for the credit controller", "标题：暂停，待信控专员处理"),
        ("hold", {"authority": "director"}, "Title: held for the director", "标题：暂停，待总监处理"),
        ("cap_terms", {"days": 1}, "Title: payment terms of at most 1 day", "标题：账期最多 1 天"),
        ("no_terms_extension", {}, "Title: payment terms of at most 0 days", "标题：账期最多 0 天"),
        ("cap_credit", {"amount": "1.5"}, "Title: credit of at most CNY 1.50", "标题：赊销最多 CNY 1.50"),
        ("require_prepayment", {"percent": "33.30"}, "Title: 33.3% to be paid in advance", "标题：须预付 33.3%"),
        ("warn", {}, "Title: please note", "标题：请注意"),
        ("alert", {"severity": 1}, "Title: please look at this", "标题：请查看"),
    ],
)
def test_an_effect_without_a_message_speaks_for_itself(kind: str, members: dict[str, Any], en: str, zh: str) -> None:
    verdict = decided(
        rule(ALWAYS, effect(kind, **members), title={"en": "Title", "zh": "标题"}), facts(request=asked())
    )
    said = [item.message for item in (*verdict.reasons, *verdict.warnings)] + [
        item.message for item in verdict.alerts
    ]
    assert said == [Text(en, zh)]


@pytest.mark.parametrize(
    ("faulty", "path", "code"),
    [
        ({}, "", "missing_member"),
        ("hold", "", "wrong_type"),
        ({"effect": "refuse"}, "/effect", "not_allowed"),
        ({"effect": "reject", "days": 3}, "/days", "unknown_member"),
        ({"effect": "hold", "authority": "boss"}, "/authority", "not_allowed"),
        ({"effect": "cap_terms"}, "", "missing_member"),
        ({"effect": "cap_terms", "days": "30"}, "/days", "wrong_type"),
        ({"effect": "cap_terms", "days": -1}, "/days", "out_of_range"),
        ({"effect": "cap_terms", "days": 3651}, "/days", "out_of_range"),
        ({"effect": "cap_terms", "days": {"fact": "customer.credit_limit"}}, "/days/fact", "wrong_type"),
        ({"effect": "cap_credit", "amount": 100}, "/amount", "wrong_type"),
        ({"effect": "cap_credit", "amount": "-1.00"}, "/amount", "out_of_range"),
        ({"effect": "cap_credit", "amount": {"fact": "customer.order_count"}}, "/amount/fact", "wrong_type"),
        ({"effect": "require_prepayment", "percent": 101}, "/percent", "out_of_range"),
        ({"effect": "require_prepayment", "percent": "-1"}, "/percent", "out_of_range"),
        ({"effect": "require_prepayment", "percent": 33.3}, "/percent", "wrong_type"),
        ({"effect": "alert", "severity": 0}, "/severity", "out_of_range"),
        ({"effect": "alert", "severity": 6}, "/severity", "out_of_range"),
        ({"effect": "alert"}, "", "missing_member"),
        ({"effect": "flag", "name": "Watch"}, "/name", "wrong_type"),
        ({"effect": "flag"}, "", "missing_member"),
        ({"effect": "exempt", "rules": []}, "/rules", "wrong_length"),
        ({"effect": "exempt", "rules": ["small"]}, "/rules/0", "wrong_type"),
        ({"effect": "exempt", "rules": "A"}, "/rules", "wrong_type"),
        ({"effect": "warn", "message": {"en": "x"}}, "/message", "missing_member"),
        ({"effect": "warn", "message": ""}, "/message", "wrong_length"),
    ],
)
def test_a_faulty_effect_is_refused_where_it_stands(faulty: Any, path: str, code: str) -> None:
    document = tree({**rule(), "then": [faulty]})
    found = {(finding.path, finding.code) for finding in faults(document)}
    assert (f"/rules/0/then/0{path}", code) in found
