"""Facts and verdicts as JSON: exact on the way there and back, and in the shapes of the API."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
import rfc8785

from rules.catalogue import CATALOGUE
from rules.codec import fact_text, facts_document, facts_from_document, in_language, verdict_document
from rules.facts import FactValue
from rules.texts import Language
from tests.unit.rules.documents import ALWAYS, asked, decided, facts, rule

RATES = {"CNY": "1", "USD": "7.123456789", "JPY": "0.047"}


def test_facts_survive_the_way_to_json_and_back() -> None:
    seen = facts(
        {
            "order.kind": "order",
            "customer.credit_limit": "50000",
            "volume.baseline_30d": "1234.567890123456789012345678",
            "receivables.on_time_rate": "0.3333333333333333333333333333",
            "receivables.oldest_overdue_days": 0,
            "customer.is_new": False,
            "customer.limit_days_left": -3,
            "group.after": "100.5",
        },
        asked("99.95", 30, prepaid="1.5", invoiced="2", currency="USD"),
        group_currency="JPY",
        rates=RATES,
    )
    stored = json.loads(json.dumps(facts_document(seen)))
    again = facts_from_document(stored)
    assert again == seen
    assert {name: type(value) for name, value in again.values.items()} == {
        name: type(value) for name, value in seen.values.items()
    }
    assert facts_document(again) == stored


def test_facts_are_written_as_the_api_writes_them() -> None:
    seen = facts(
        {
            "customer.credit_limit": "50000",
            "group.credit_limit": "7000",
            "receivables.on_time_rate": "0.750",
            "customer.is_new": True,
            "receivables.oldest_overdue_days": 3,
        },
        asked("100", 30),
        group_currency="JPY",
    )
    assert facts_document(seen) == {
        "day": "2026-11-23",
        "currency": "CNY",
        "group_currency": "JPY",
        "values": {
            "customer.credit_limit": "50000.00",
            "customer.is_new": True,
            "group.credit_limit": "7000",
            "receivables.oldest_overdue_days": 3,
            "receivables.on_time_rate": "0.75",
        },
        "request": {
            "amount": "100.00",
            "currency": "CNY",
            "payment_terms_days": 30,
            "prepaid_amount": "0.00",
            "invoiced_amount": "0.00",
        },
    }


def test_facts_without_request_group_and_rates_say_nothing_of_them() -> None:
    assert facts_document(facts()).keys() == {"day", "currency", "values"}
    assert facts_from_document(facts_document(facts())) == facts()


def test_money_with_more_decimals_than_its_currency_is_kept_whole() -> None:
    seen = facts({"volume.baseline_30d": "10.005"})
    assert facts_document(seen)["values"] == {"volume.baseline_30d": "10.005"}


@pytest.mark.parametrize(
    ("name", "value", "currency", "text"),
    [
        ("customer.credit_limit", Decimal("10.005"), "CNY", "10.00"),
        ("customer.credit_limit", Decimal("10"), "JPY", "10"),
        ("customer.credit_limit", Decimal("1E+3"), "KWD", "1000.000"),
        ("receivables.on_time_rate", Decimal("0.950"), "CNY", "0.95"),
        ("receivables.dso", Decimal("30.00"), "CNY", "30"),
        ("customer.order_count", 3, "CNY", 3),
        ("customer.is_new", False, "CNY", False),
        ("customer.segment", "retail", "CNY", "retail"),
        ("customer.credit_limit", None, "CNY", None),
    ],
)
def test_one_value_as_the_api_writes_it(name: str, value: FactValue | None, currency: str, text: object) -> None:
    written = fact_text(name, value, currency)
    assert written == text
    assert type(written) is type(text)


def test_a_verdict_is_written_in_the_shapes_of_the_api() -> None:
    rules = [
        rule(
            {"fact": "customer.paid_invoice_count", "op": "lt", "value": 3},
            {"effect": "require_prepayment", "percent": 30, "message": {"en": "Prepay", "zh": "预付"}},
            {"effect": "alert", "severity": 2, "message": {"en": "Look", "zh": "请看"}},
            {"effect": "flag", "name": "small"},
            code="PREPAY",
        ),
        rule(ALWAYS, "hold", code="HELD", title={"en": "Held", "zh": "暂停"}),
        rule(ALWAYS, {"effect": "exempt", "rules": ["HELD"]}, code="TRUST", title={"en": "Trust", "zh": "信任"}),
        rule(ALWAYS, {"effect": "warn", "message": {"en": "Note", "zh": "注意"}}, code="NOTE"),
    ]
    seen = facts({"customer.paid_invoice_count": 1, "customer.status": "active"}, asked("12500.00", 60))
    document = verdict_document(decided(rules, seen), seen, Language.ZH)
    always = {"fact": "customer.status", "value": "active", "op": "ne", "threshold": "stop", "holds": True}
    assert document == {
        "outcome": "approve_with_conditions",
        "reasons": [
            {
                "rule_code": "PREPAY",
                "effect": "require_prepayment",
                "message": "预付",
                "parameters": {"percent": "30"},
                "evidence": [
                    {
                        "fact": "customer.paid_invoice_count",
                        "value": 1,
                        "op": "lt",
                        "threshold": 3,
                        "holds": True,
                        "distance": 2,
                    }
                ],
            }
        ],
        "warnings": [
            {"rule_code": "NOTE", "effect": "warn", "message": "注意", "parameters": {}, "evidence": [always]}
        ],
        "exempted": [{"rule_code": "HELD", "by": "TRUST", "message": "信任：豁免“暂停”"}],
        "alerts": [{"rule_code": "PREPAY", "severity": 2, "message": "请看"}],
        "flags": ["small"],
        "tables": [],
        "fired": ["PREPAY", "HELD", "TRUST", "NOTE"],
        "granted": {
            "credit_amount": "8750.00",
            "prepayment_amount": "3750.00",
            "payment_terms_days": 60,
            "currency": "CNY",
        },
        "authority": None,
    }


def test_the_stored_form_has_both_languages_and_canonical_json() -> None:
    seen = facts({"exposure.after": "2"}, asked())
    verdict = decided(rule({"fact": "exposure.after", "op": "gt", "value": "1.50"}), seen)
    stored = verdict_document(verdict, seen)
    assert stored["reasons"][0]["message"] == {
        "en": "A: held for the credit controller",
        "zh": "A：暂停，待信控专员处理",
    }
    assert stored["granted"] is None
    assert stored["authority"] == "controller"
    again = json.loads(rfc8785.dumps(stored))
    assert again == stored
    assert in_language(again, Language.EN) == verdict_document(verdict, seen, Language.EN)


def test_evidence_tells_money_in_the_minor_unit_and_lists_as_lists() -> None:
    when = {
        "all": [
            {"fact": "exposure.after", "op": "in", "value": ["2.00", "3.5"]},
            {"any": [{"fact": "receivables.on_time_rate", "op": "lt", "value": "0.50", "if_missing": True}]},
            {"fact": "customer.credit_limit", "op": "is_missing"},
        ]
    }
    seen = facts({"exposure.after": "2"})
    evidence = verdict_document(decided(rule(when), seen), seen)["reasons"][0]["evidence"]
    assert evidence == [
        {
            "fact": "exposure.after",
            "value": "2.00",
            "op": "in",
            "threshold": ["2.00", "3.50"],
            "holds": True,
            "distance": "0.00",
        },
        {
            "fact": "receivables.on_time_rate",
            "value": None,
            "op": "lt",
            "threshold": "0.5",
            "holds": True,
            "group": ["all", "any"],
        },
        {"fact": "customer.credit_limit", "value": None, "op": "is_missing", "threshold": None, "holds": True},
    ]


def test_a_cap_of_credit_is_told_as_money() -> None:
    seen = facts(request=asked("1000", 30, currency="JPY"), currency="JPY")
    verdict = decided(rule(ALWAYS, {"effect": "cap_credit", "amount": "500"}), seen, currency="JPY")
    assert verdict_document(verdict, seen)["reasons"][0]["parameters"] == {"amount": "500"}


def test_every_fact_of_the_catalogue_has_a_value_that_survives() -> None:
    values: dict[str, FactValue | None] = {}
    for fact in CATALOGUE.values():
        if fact.type.is_decimal:
            values[fact.name] = "1.25"
        elif fact.type.is_number:
            values[fact.name] = 2
        else:
            values[fact.name] = fact.choices[0] if fact.choices else (True if fact.type == "boolean" else "x")
    seen = facts(values)
    assert len(seen.values) == len(CATALOGUE)
    assert facts_from_document(json.loads(json.dumps(facts_document(seen)))) == seen
