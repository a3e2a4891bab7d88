"""One decision told to three audiences: what each reads, and what it must never read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from rules.audiences import Audience, may_know
from rules.catalogue import CATALOGUE
from rules.codec import facts_document, verdict_document
from rules.decide import decide, engine_error_verdict
from rules.document import Policy, policy_from_tree
from rules.engine import compile_policy
from rules.explain import Explanation, explain
from rules.facts import Brake, Facts, FactValue
from rules.granting import Grant
from rules.texts import Language
from rules.verdict import Verdict
from tests.property.policies import SEEDS
from tests.property.policies import facts as random_facts
from tests.property.policies import policy as random_policy
from tests.unit.rules.documents import ALWAYS, DAY, Tree, asked, facts, faults, policy, rule, tree

OVERDUE = {"fact": "receivables.undisputed_overdue_amount", "op": "gt", "value": "100.00"}
SPIKE = {"fact": "volume.spike_ratio", "op": "gt", "value": "2", "if_missing": False}
SIGNAL = {"fact": "signals.landlord", "op": "ge", "value": 2, "if_missing": False}
OVER = {"fact": "exposure.after", "op": "gt", "value": {"fact": "customer.credit_limit"}, "if_missing": False}
LATE: dict[str, FactValue | None] = {"receivables.undisputed_overdue_amount": "150.00"}


def record_of(verdict: Verdict, seen: Facts, **members: Any) -> dict[str, Any]:
    """The parts of a record that an explanation reads."""
    request = seen.request
    return {
        "kind": str(seen.values.get("order.kind", "order")),
        "subject_id": "SO-1",
        "request": {
            "currency": request.currency if request else seen.currency,
            "payment_terms_days": request.payment_terms_days if request else None,
            "counted_prepaid_amount": format(request.prepaid_amount, "f") if request else None,
        },
        "facts": facts_document(seen),
        "verdict": verdict_document(verdict, seen),
        **members,
    }


def told(
    audience: Audience, made: Policy, seen: Facts, language: Language = Language.EN, **members: Any
) -> Explanation:
    """The explanation of what a policy says of facts."""
    return explain(record_of(decide(compile_policy(made), seen), seen, **members), made, audience, language)


def texts(explanation: Explanation) -> list[str]:
    """What the points say."""
    return [point.text for point in explanation.points]


def everything_said(explanation: Explanation) -> str:
    """Every word of an explanation."""
    points = (*explanation.points, *explanation.near_misses)
    parts = [explanation.headline, explanation.granted or ""]
    parts += [part for point in points for part in (point.text, point.rule_code or "", *(point.clauses or ()))]
    return "\n".join((*parts, *(offer.text for offer in explanation.counter_offers)))


def test_a_controller_reads_the_rule_its_message_and_its_arithmetic() -> None:
    clause = {"fact": "receivables.overdue_amount", "op": "gt", "value": "100.00"}
    made = policy(rule({"all": [clause]}, "reject", code="LATE", title={"en": "Overdue", "zh": "逾期"}))
    seen = facts({"receivables.overdue_amount": "150.00"})
    explanation = told(Audience.CONTROLLER, made, seen)
    assert explanation.headline == "Order SO-1 is rejected."
    (point,) = explanation.points
    assert (point.text, point.rule_code, point.effect) == ("Overdue: rejected", "LATE", "reject")
    assert point.clauses == ("Overdue CNY 150.00 is more than CNY 100.00: yes (distance CNY 50.00)",)
    (point,) = told(Audience.CONTROLLER, made, seen, Language.ZH).points
    assert point.clauses == ("逾期金额 CNY 150.00 大于 CNY 100.00：是（相差 CNY 50.00）",)


@pytest.mark.parametrize(
    ("clause", "values", "en", "zh"),
    [
        (
            {"fact": "receivables.on_time_rate", "op": "between", "value": ["0.5", "0.9"], "if_missing": False},
            {"receivables.on_time_rate": "0.6"},
            "On-time rate 60% is between 50% and 90%: yes (distance 10%)",
            "准时率 60% 介于 50% 至 90%：是（相差 10%）",
        ),
        (
            {"fact": "customer.segment", "op": "in", "value": ["retail", "key"], "if_missing": False},
            {"customer.segment": "key"},
            "Segment key is one of retail, key: yes",
            "客户分群 key 属于 retail、key：是",
        ),
        (
            {"fact": "customer.credit_limit", "op": "is_missing"},
            {},
            "Credit limit is not known: yes",
            "信用额度 未知：是",
        ),
        (
            {"fact": "receivables.oldest_overdue_days", "op": "gt", "value": 3, "if_missing": True},
            {},
            "Oldest overdue unknown is more than 3 days: yes",
            "最长逾期天数 未知 大于 3 天：是",
        ),
    ],
)
def test_every_kind_of_clause_is_a_sentence(
    clause: Tree, values: dict[str, FactValue | None], en: str, zh: str
) -> None:
    for language, expected in zip(Language, (en, zh), strict=True):
        (point,) = told(Audience.CONTROLLER, policy(rule(clause, "hold")), facts(values), language).points
        assert point.clauses == (expected,)


def test_groups_are_said_before_their_clauses() -> None:
    new = {"fact": "customer.is_new", "op": "eq", "value": True}
    made = policy(rule({"all": [OVERDUE, {"any": [SPIKE, {"none": [new]}]}]}, "hold"))
    (point,) = told(Audience.CONTROLLER, made, facts({**LATE, "customer.is_new": False})).points
    assert point.clauses is not None
    assert point.clauses[1:] == (
        "any of: Spike ratio unknown is more than 200%: no",
        "any of: none of: New customer no is yes: no",
    )


def test_a_near_miss_is_for_the_controller_alone() -> None:
    miss = {
        "rule_code": "CAP",
        "fact": "exposure.utilisation_after",
        "op": "gt",
        "value": "0.96",
        "threshold": "1",
        "distance": "0.04",
    }
    made = policy(rule(SIGNAL, "hold"))
    explanations = [told(audience, made, facts(), near_misses=[miss]) for audience in Audience]
    assert [point.text for point in explanations[0].near_misses] == ["Utilisation after 96% is 4% away from 100%"]
    assert [explanation.near_misses for explanation in explanations[1:]] == [(), ()]


def test_sales_read_the_message_unless_the_rule_rests_on_field_reports_or_flags() -> None:
    made = policy(
        rule(OVERDUE, {"effect": "hold", "message": "Late"}, code="OPEN"),
        rule(SIGNAL, {"effect": "hold", "authority": "manager", "message": "The landlord says so"}, code="CLOSED"),
        rule(SPIKE, {"effect": "warn", "message": "Signals: {signals.score}"}, code="TOLD"),
        rule(SPIKE, {"effect": "flag", "name": "strange"}, code="RAISES"),
        rule(
            {"fact": "flag.strange", "op": "eq", "value": True}, {"effect": "cap_terms", "days": 30}, code="FLAGGED"
        ),
    )
    seen = facts({**LATE, "signals.landlord": 3, "signals.score": 3, "volume.spike_ratio": "3"}, asked())
    assert texts(told(Audience.SALES, made, seen)) == [
        "Late",
        "Decided by credit control: held for the credit manager",
        "Decided by credit control: payment terms of at most 30 days",
        "Please ask credit control about this customer",
    ]
    assert texts(told(Audience.SALES, made, seen, Language.ZH))[1] == "信控部门决定：暂停，待信用经理处理"


def test_sales_read_their_own_message_where_there_is_one() -> None:
    effect = {"effect": "hold", "message": "The landlord says so", "sales_message": "Ask for a bank guarantee"}
    made = policy(rule(SIGNAL, effect))
    assert texts(told(Audience.SALES, made, facts({"signals.landlord": 3}))) == ["Ask for a bank guarantee"]


def test_a_number_that_is_a_field_report_is_not_told_to_sales() -> None:
    effects = [{"effect": "cap_terms", "days": 40}, {"effect": "cap_terms", "days": {"fact": "signals.landlord"}}]
    said = texts(told(Audience.SALES, policy(rule(ALWAYS, *effects)), facts({"signals.landlord": 4}, asked())))
    assert said == ["A: payment terms of at most 40 days", "Please ask credit control about this customer"]


def test_a_table_that_reads_field_reports_is_as_secret_as_they_are() -> None:
    def grades(fact: str, *tests: Any) -> Tree:
        rows = [{"when": [test], "then": {"grade": "D"}} for test in tests]
        return {"code": "RISK", "hit_policy": "first", "inputs": [fact], "outputs": ["grade"], "rows": rows}

    clause = {"fact": "table.RISK.grade", "op": "eq", "value": "D", "if_missing": False}
    graded = rule(clause, {"effect": "hold", "message": "Grade {table.RISK.grade}"})
    seen = facts({"signals.landlord": 3, "customer.order_count": 3})
    secret = policy(graded, tables=[grades("signals.landlord", {"ge": 2})])
    assert texts(told(Audience.SALES, secret, seen)) == ["Decided by credit control: held for the credit controller"]
    plain = policy(graded, tables=[grades("customer.order_count", {"ge": 2})])
    assert texts(told(Audience.SALES, plain, seen)) == ["Grade D"]


def test_an_exemption_is_told_to_sales_only_where_neither_rule_is_secret() -> None:
    def made(clause: Tree) -> Policy:
        return policy(
            rule(ALWAYS, {"effect": "exempt", "rules": ["HELD"], "message": "Trusted"}, code="TRUST", priority=1),
            rule(clause, "hold", code="HELD"),
        )

    seen = facts({**LATE, "signals.landlord": 3})
    assert texts(told(Audience.SALES, made(OVERDUE), seen)) == ["Trusted"]
    assert texts(told(Audience.SALES, made(SIGNAL), seen)) == []
    assert [point.effect for point in told(Audience.CONTROLLER, made(SIGNAL), seen).points] == ["exempt"]


@pytest.mark.parametrize(
    ("when", "values", "en", "zh"),
    [
        (
            OVERDUE,
            LATE,
            "Please settle the overdue amount of CNY 150.00 (as of November 23, 2026) first.",
            "请先结清逾期款项 CNY 150.00（截至2026年11月23日）。",
        ),
        (
            OVER,
            {"exposure.after": "900", "customer.credit_limit": "800"},
            "The order exceeds the credit available at present.",
            "该订单超出目前可用的信用额度。",
        ),
        (
            SIGNAL,
            {"signals.landlord": 4},
            "We are reviewing the order and will come back to you.",
            "我们正在审核该订单，随后与您联系。",
        ),
    ],
)
def test_a_customer_is_told_the_cause_as_far_as_it_knows_it(
    when: Tree, values: dict[str, FactValue | None], en: str, zh: str
) -> None:
    made = policy(rule({"all": [when]}, "hold"))
    assert texts(told(Audience.CUSTOMER, made, facts(values))) == [en]
    assert texts(told(Audience.CUSTOMER, made, facts(values), Language.ZH)) == [zh]


def test_an_overdue_amount_that_did_not_stop_the_order_is_not_asked_for() -> None:
    made = policy(rule({"all": [SIGNAL, {"none": [OVERDUE]}]}, "hold"))
    seen = facts({"signals.landlord": 4, "receivables.undisputed_overdue_amount": "80.00"})
    assert texts(told(Audience.CUSTOMER, made, seen)) == ["We are reviewing the order and will come back to you."]


def test_a_rejected_customer_is_not_promised_a_review() -> None:
    made = policy(rule(SIGNAL, "reject"))
    explanation = told(Audience.CUSTOMER, made, facts({"signals.landlord": 4}))
    assert explanation.headline == "We cannot accept your order SO-1 at present."
    assert texts(explanation) == ["Please contact us about the order."]


def test_a_customer_is_told_the_conditions_as_granted() -> None:
    made = policy(
        rule(SIGNAL, {"effect": "require_prepayment", "percent": 30}, code="PREPAY"),
        rule(ALWAYS, {"effect": "cap_terms", "days": 45}, code="SHORT"),
        rule(SIGNAL, {"effect": "cap_terms", "days": 15}, code="SHORTER"),
        rule(SIGNAL, {"effect": "warn", "message": "Watch"}, code="WARN"),
    )
    explanation = told(Audience.CUSTOMER, made, facts({"signals.landlord": 4}, asked("1000.00", 60)))
    assert explanation.headline == "We can accept your order SO-1 on these conditions."
    assert texts(explanation) == ["CNY 300.00 is to be paid before delivery.", "Payment is due within 15 days."]
    assert explanation.granted == "CNY 300.00 before delivery, CNY 700.00 on credit with terms of 15 days"


def test_a_customer_reads_its_own_message_where_there_is_one() -> None:
    effect = {
        "effect": "reject",
        "message": "inside",
        "customer_message": {"en": "Open: {receivables.open_amount}", "zh": "未清：{receivables.open_amount}"},
    }
    seen = facts({"signals.landlord": 4, "receivables.open_amount": "2500"})
    assert texts(told(Audience.CUSTOMER, policy(rule(SIGNAL, effect)), seen, Language.ZH)) == ["未清：CNY 2,500.00"]


def test_several_effects_of_one_kind_each_bring_their_own_message() -> None:
    effects = [{"effect": "warn", "message": name, "customer_message": f"{name}!"} for name in ("one", "two")]
    assert texts(told(Audience.CUSTOMER, policy(rule(ALWAYS, *effects)), facts())) == ["one!", "two!"]


def test_offers_reach_the_customer_in_our_words_and_only_about_its_order() -> None:
    message = {"en": "Reported by the landlord", "zh": "房东报告"}
    changes: tuple[dict[str, Any], ...] = (
        {"amount": "500.00"},
        {"payment_terms_days": 15},
        {"payment_terms_days": 0},
        {"prepaid_amount": "300.00"},
        {"pay_invoices": ["INV-1", "INV-2"]},
        {"customer_class": "A"},
        {},
    )
    offers = [{"changes": each, "outcome": "approve", "message": message} for each in changes]
    offers.append({"changes": {"amount": "900.00"}, "outcome": "hold", "message": message})
    made = policy(rule(SIGNAL, "hold"))
    seen = facts({"signals.landlord": 4}, asked(currency="CNY"))
    assert [offer.text for offer in told(Audience.CUSTOMER, made, seen, counter_offers=offers).counter_offers] == [
        "It can be accepted with an amount of CNY 500.00.",
        "It can be accepted with payment terms of 15 days.",
        "It can be accepted with payment before delivery.",
        "It can be accepted if CNY 300.00 is paid before delivery.",
        "It can be accepted after payment of INV-1, INV-2.",
    ]
    chinese = told(Audience.CUSTOMER, made, seen, Language.ZH, counter_offers=offers).counter_offers
    assert chinese[0].text == "金额改为 CNY 500.00，即可接受。"
    assert {offer.text for offer in told(Audience.SALES, made, seen, counter_offers=offers).counter_offers} == {
        "Reported by the landlord"
    }


@pytest.mark.parametrize("language", Language)
def test_an_engine_error_an_old_rate_and_a_brake_are_explained_to_everyone(language: Language) -> None:
    made = policy(rule(SIGNAL, "hold"))
    compiled = compile_policy(made)
    old = facts({}, asked(currency="USD"), rates={"CNY": "1", "USD": "7"}, rates_of=DAY.replace(year=2025))
    until = datetime(2026, 12, 1, tzinfo=UTC)
    frozen = replace(facts({}, asked()), freeze=Brake("rumours about the bank", until))
    stopped = replace(facts({}, asked()), stop=Brake("the owner has fled"))
    cases = [
        (record_of(engine_error_verdict("boom"), facts()), "ENGINE_ERROR"),
        (record_of(decide(compiled, old), old), "FX_RATE_TOO_OLD"),
        (record_of(decide(compiled, frozen), frozen), "ORDERS_FROZEN"),
        (record_of(decide(compiled, stopped), stopped), "EMERGENCY_STOP"),
    ]
    for record, code in cases:
        controller, sales, customer = (explain(record, made, audience, language) for audience in Audience)
        assert controller.points[0].rule_code == code
        assert sales.points
        (point,) = customer.points
        assert point.text
        for secret in (code, "boom", "rumours", "fled"):
            assert secret not in everything_said(sales) + everything_said(customer)


def test_without_the_policy_the_words_of_the_record_serve() -> None:
    made = policy(
        rule(OVERDUE, {"effect": "hold", "message": "Late"}, code="OPEN"),
        rule(SIGNAL, {"effect": "hold", "message": "The landlord says so"}, code="CLOSED"),
    )
    seen = facts({**LATE, "signals.landlord": 3})
    record = record_of(decide(compile_policy(made), seen), seen)
    for gone in (None, policy(rule(code="ANOTHER"))):
        assert texts(explain(record, gone, Audience.CONTROLLER, Language.EN)) == ["Late", "The landlord says so"]
        assert texts(explain(record, gone, Audience.SALES, Language.EN)) == [
            "Late",
            "Decided by credit control: held for the credit controller",
        ]
        assert len(explain(record, gone, Audience.CUSTOMER, Language.EN).points) == 2


def test_a_hold_that_was_released_keeps_its_cause_from_the_customer() -> None:
    made = policy(rule(OVERDUE, "hold"))
    seen = facts(LATE, asked())
    held = decide(compile_policy(made), seen)
    released = replace(
        held, outcome=type(held.outcome)("approve"), authority=None, granted=Grant(seen.request).granted()
    )
    explanation = explain(record_of(released, seen), made, Audience.CUSTOMER, Language.EN)
    assert explanation.points == ()
    assert explanation.granted == "CNY 1,000.00 on credit with terms of 60 days"


@pytest.mark.parametrize(
    ("member", "name", "code"),
    [
        ("customer_message", "signals.landlord", "not_for_customers"),
        ("customer_message", "volume.spike_ratio", "not_for_customers"),
        ("customer_message", "customer.customer_class", "not_for_customers"),
        ("customer_message", "customer.strategic_value", "not_for_customers"),
        ("customer_message", "receivables.on_time_rate", "not_for_customers"),
        ("customer_message", "exposure.after", "not_for_customers"),
        ("customer_message", "flag.strange", "not_for_customers"),
        ("customer_message", "nothing.at_all", "bad_placeholder"),
        ("sales_message", "signals.score", "not_for_sales"),
        ("sales_message", "flag.strange", "not_for_sales"),
    ],
)
def test_what_is_not_for_an_audience_is_refused_when_the_policy_is_read(member: str, name: str, code: str) -> None:
    found = faults(tree(rule(ALWAYS, {"effect": "warn", member: f"so: {{{name}}}"})))
    assert [finding.code for finding in found] == [code]
    assert found[0].path == f"/rules/0/then/0/{member}"
    assert name in found[0].message.en


@pytest.mark.parametrize("name", ["order.amount", "receivables.overdue_amount", "customer.standard_terms_days"])
def test_what_the_customer_knows_itself_may_be_said(name: str) -> None:
    policy(rule(ALWAYS, {"effect": "warn", "customer_message": f"{{{name}}}", "sales_message": f"{{{name}}}"}))


def test_who_may_know_less_never_knows_more() -> None:
    for name in CATALOGUE:
        assert may_know(Audience.CONTROLLER, name)
        assert may_know(Audience.SALES, name) or not may_know(Audience.CUSTOMER, name)


_MARK = 987_654
"""Stands in for every signal and every score, so that it is seen where it comes through."""


def _marked(seen: Facts) -> Facts:
    secret: dict[str, FactValue] = {
        "signals.landlord": _MARK,
        "signals.worst_severity": _MARK,
        "volume.spike_ratio": Decimal(_MARK),
        "receivables.on_time_rate": Decimal(_MARK),
    }
    return replace(seen, values={**seen.values, **secret})


def _renamed(node: Any) -> Any:
    """A policy whose codes cannot stand in a sentence by chance."""
    if isinstance(node, Mapping):
        return {key: _renamed(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_renamed(item) for item in node]
    return f"CODE_{node}" if isinstance(node, str) and re.fullmatch(r"R[0-9]+", node) else node


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(SEEDS)
def test_a_customer_never_reads_a_code_a_signal_or_the_name_of_a_fact(random: Random) -> None:
    made = policy_from_tree(_renamed(random_policy(random).tree))
    compiled = compile_policy(made)
    for _ in range(10):
        seen = _marked(random_facts(random, made))
        record = record_of(decide(compiled, seen), seen)
        for language in Language:
            said = everything_said(explain(record, made, Audience.CUSTOMER, language))
            assert "CODE_" not in said
            assert str(_MARK) not in said.replace(",", "")
            assert not [name for name in CATALOGUE if name in said]
            assert "ENGINE_ERROR" not in said
            assert "FX_RATE" not in said


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(SEEDS)
def test_sales_never_read_a_signal_and_controllers_read_every_reason(random: Random) -> None:
    made = random_policy(random)
    compiled = compile_policy(made)
    for _ in range(10):
        seen = random_facts(random, made)
        secret = dict.fromkeys(("signals.landlord", "signals.worst_severity"), _MARK)
        seen = replace(seen, values={**seen.values, **secret})
        verdict = decide(compiled, seen)
        record = record_of(verdict, seen)
        sales = everything_said(explain(record, made, Audience.SALES, Language.EN))
        assert str(_MARK) not in sales.replace(",", "")
        controller = explain(record, made, Audience.CONTROLLER, Language.ZH)
        expected = [reason.message.zh for reason in (*verdict.reasons, *verdict.warnings)]
        assert texts(controller)[: len(expected)] == expected
