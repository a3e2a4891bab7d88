"""What the policy says, in words that have one meaning only."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from rules.catalogue import CATALOGUE
from rules.document import load_policy, policy_from_tree
from rules.naming import name_of
from rules.texts import Text
from rules.words import condition_text, effect_text, row_text, rule_text
from tests.conftest import REPOSITORY
from tests.unit.rules.documents import ALWAYS, policy, rule, tree

OVERDUE = {"fact": "receivables.overdue_amount", "op": "gt", "value": "100.00"}
LATE = {"fact": "receivables.oldest_overdue_days", "op": "gt", "value": 3, "if_missing": False}
HALF = {
    "fact": "exposure.after",
    "op": "gt",
    "value": {"fact": "customer.credit_limit", "times": "0.5"},
    "if_missing": True,
}


def words(when: Any) -> Text:
    made = policy(rule(when))
    return condition_text(made.rules[0].when, made)


def effect(document: dict[str, Any]) -> Text:
    made = policy(rule(ALWAYS, document, code="A"), rule(ALWAYS, code="B"), rule(ALWAYS, code="C"))
    return effect_text(made.rules[0].then[0], made)


def test_groups_inside_groups_stand_in_brackets() -> None:
    text = words({"all": [OVERDUE, {"any": [LATE, HALF]}]})
    assert text.en == (
        "overdue is more than CNY 100.00 and (oldest overdue is more than 3 days or exposure after is more than "
        "0.5 × credit limit (also when credit limit is unknown))"
    )
    assert text.zh == (
        "逾期金额大于 CNY 100.00，且（最长逾期天数大于 3 天，"
        "或下单后敞口大于 0.5 × 信用额度（信用额度未知时也成立））"
    )


def test_none_lists_what_must_not_hold() -> None:
    text = words({"none": [{"all": [OVERDUE, LATE]}, HALF]})
    assert text.en == (
        "none of (overdue is more than CNY 100.00 and oldest overdue is more than 3 days; "
        "exposure after is more than 0.5 × credit limit (also when credit limit is unknown))"
    )
    assert text.zh.startswith("以下均不成立（逾期金额大于 CNY 100.00，且最长逾期天数大于 3 天；")


@pytest.mark.parametrize(
    ("clause", "en", "zh"),
    [
        ({"fact": "customer.is_new", "op": "eq", "value": True}, "new customer is yes", "新客户为是"),
        (
            {"fact": "customer.segment", "op": "in", "value": ["retail", "A or B"], "if_missing": True},
            "segment is one of [“retail”, “A or B”] (also when unknown)",
            "客户分群属于 [“retail”、“A or B”]（未知时也成立）",
        ),
        (
            {"fact": "customer.customer_class", "op": "not_in", "value": ["A", "B"], "if_missing": False},
            "class is none of [A, B]",
            "客户等级不属于 [A、B]",
        ),
        (
            {"fact": "receivables.on_time_rate", "op": "lt", "value": "0.9525", "if_missing": False},
            "on-time rate is less than 95.25%",
            "准时率小于 95.25%",
        ),
        (
            {"fact": "customer.paid_invoice_count", "op": "between", "value": [1, 2]},
            "number of paid invoices is from 1 to 2",
            "已付清发票数介于 1 至 2（含两端）",
        ),
        ({"fact": "customer.credit_limit", "op": "is_missing"}, "credit limit is unknown", "信用额度未知"),
        ({"fact": "customer.credit_limit", "op": "is_present"}, "credit limit is known", "信用额度已知"),
        (
            {"fact": "order.payment_terms_days", "op": "ne", "value": 1},
            "requested terms are not 1 day",
            "申请账期不为 1 天",
        ),
        (
            {"fact": "exposure.after", "op": "ge", "value": "12345.678"},
            "exposure after is at least CNY 12,345.678",
            "下单后敞口不小于 CNY 12,345.678",
        ),
        (
            {"fact": "signals.landlord", "op": "le", "value": 2, "if_missing": False},
            "landlord signal is at most 2",
            "房东信号不超过 2",
        ),
        ({"fact": "flag.watched", "op": "eq", "value": False}, "flag “watched” is not raised", "标记“watched”未设置"),
        ({"fact": "flag.watched", "op": "ne", "value": False}, "flag “watched” is raised", "标记“watched”已设置"),
        (
            {
                "fact": "exposure.after",
                "op": "le",
                "value": {"fact": "customer.credit_limit", "times": "1.10", "plus": "-50.00"},
                "if_missing": False,
            },
            "exposure after is at most 1.1 × credit limit - CNY 50.00",
            "下单后敞口不超过 1.1 × 信用额度 - CNY 50.00",
        ),
        (
            {
                "fact": "group.after",
                "op": "gt",
                "value": {"fact": "group.credit_limit"},
                "if_missing": True,
            },
            "group exposure after is more than group limit (also when either is unknown)",
            "下单后集团敞口大于集团额度（任一未知时也成立）",
        ),
        (
            {
                "fact": "receivables.average_days_late",
                "op": "gt",
                "value": {"fact": "receivables.on_time_rate", "times": "30", "plus": "0.5"},
                "if_missing": False,
            },
            "average days late is more than 30 × on-time rate (100% counting as 1) + 0.5",
            "平均逾期天数大于 30 × 准时率（100% 计为 1） + 0.5",
        ),
    ],
)
def test_clauses(clause: dict[str, Any], en: str, zh: str) -> None:
    assert words(clause) == Text(en, zh)


def test_unknown_is_named_only_where_a_fact_can_be_unknown() -> None:
    assert (
        words({"fact": "customer.is_new", "op": "eq", "value": True, "if_missing": True}).en == "new customer is yes"
    )


@pytest.mark.parametrize(
    ("document", "en", "zh"),
    [
        ({"effect": "reject"}, "reject", "拒绝"),
        ({"effect": "hold", "authority": "manager"}, "hold for the credit manager", "暂停，待信用经理处理"),
        ({"effect": "cap_terms", "days": 30}, "terms of at most 30 days", "账期最多 30 天"),
        (
            {"effect": "cap_terms", "days": {"fact": "customer.standard_terms_days", "times": "0.5", "plus": 5}},
            "terms of at most 0.5 × standard terms + 5 days",
            "账期最多 0.5 × 标准账期 + 5 天",
        ),
        ({"effect": "no_terms_extension"}, "no longer terms than the standard terms", "账期不得超过标准账期"),
        ({"effect": "cap_credit", "amount": "1000.00"}, "credit of at most CNY 1,000.00", "赊销最多 CNY 1,000.00"),
        ({"effect": "require_prepayment", "percent": 30}, "30% to be paid in advance", "须预付 30%"),
        (
            {"effect": "require_prepayment", "percent": {"fact": "receivables.on_time_rate", "times": "50"}},
            "50 × on-time rate (100% counting as 1) percent to be paid in advance",
            "须预付百分之（50 × 准时率（100% 计为 1））",
        ),
        ({"effect": "warn"}, "give a warning", "给出提示"),
        ({"effect": "alert", "severity": 3}, "alert of severity 3", "发出严重度为 3 的警报"),
        ({"effect": "flag", "name": "watched"}, "raise the flag “watched”", "设置标记“watched”"),
        ({"effect": "exempt", "rules": ["B", "C"]}, "set aside the rules [B, C]", "豁免规则 [B, C]"),
    ],
)
def test_effects(document: dict[str, Any], en: str, zh: str) -> None:
    assert effect(document) == Text(en, zh)


def test_a_rule_says_when_it_is_in_force() -> None:
    made = policy(rule(OVERDUE, "reject", "warn", applies_to=["order"], valid_from="2026-01-01", enabled=False))
    assert rule_text(made.rules[0], made) == Text(
        "switched off, orders only, from 2026-01-01: "
        "if overdue is more than CNY 100.00, then: reject; give a warning",
        "已停用，仅限订单，自 2026-01-01 起：如果逾期金额大于 CNY 100.00，则：拒绝；给出提示",
    )


def test_amounts_are_in_the_currency_of_the_policy() -> None:
    made = policy(rule({"fact": "exposure.after", "op": "gt", "value": "1000"}), currency="JPY")
    assert rule_text(made.rules[0], made).en.startswith("if exposure after is more than JPY 1,000, then")


def test_rows_of_a_table_in_words() -> None:
    table = {
        "code": "CLASS",
        "hit_policy": "first",
        "inputs": ["receivables.on_time_rate", "customer.strategic_value"],
        "outputs": ["grade", "max_terms_days"],
        "rows": [
            {"when": [{"ge": "0.5", "lt": "0.95"}, {"in": ["A", "B"]}], "then": {"grade": "A", "max_terms_days": 60}},
            {"when": [None, {"is_missing": True}], "then": {"grade": "C", "max_terms_days": 1}},
            {"when": [None, None], "then": {"grade": "D", "max_terms_days": None}},
        ],
    }
    grade = {"fact": "table.CLASS.grade", "op": "eq", "value": "A"}
    made = policy_from_tree(tree(rule(grade), tables=[table]))
    first, second, third = (row_text(row, made.tables[0], made) for row in made.tables[0].rows)
    assert first == Text(
        "if (on-time rate is less than 95% and on-time rate is at least 50%) and strategic value is one of [A, B], "
        "then: grade = A, max_terms_days = 60 days",
        "如果（准时率小于 95%，且准时率不小于 50%），且战略价值属于 [A、B]，则：grade = A，max_terms_days = 60 天",
    )
    assert second.en == "if strategic value is unknown, then: grade = C, max_terms_days = 1 day"
    assert third.en == "whatever the facts are, then: grade = D, max_terms_days = unknown"
    assert condition_text(made.rules[0].when, made) == Text("grade of table CLASS is A", "表 CLASS 的 grade 为 A")


def test_no_two_facts_are_called_the_same() -> None:
    for one, other in combinations(CATALOGUE.values(), 2):
        assert name_of(one).en != name_of(other).en
        assert name_of(one).zh != name_of(other).zh


def test_different_rules_of_the_default_policy_read_differently() -> None:
    made = load_policy((REPOSITORY / "rules/packs/default.yaml").read_text("utf-8"))
    texts = [rule_text(each, made) for each in made.rules]
    assert len({text.en for text in texts}) == len({text.zh for text in texts}) == len(made.rules)
