"""Clauses as a decision recorded them, in words: value, operator, threshold, whether it holds, and by how much."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from rules.catalogue import CATALOGUE
from rules.conditions import GroupKind, Op
from rules.distances import distance
from rules.facts import Facts
from rules.formats import Shown, kind_of, show
from rules.messages import currency_of
from rules.naming import NO, YES
from rules.texts import Language, Text
from rules.values import FLAG_GROUP, flag_fact
from rules.verdict import Evidence

OPERATORS: Mapping[Op, Text] = {
    Op.EQ: Text("is", "等于"),
    Op.NE: Text("is not", "不等于"),
    Op.LT: Text("is less than", "小于"),
    Op.LE: Text("is at most", "不超过"),
    Op.GT: Text("is more than", "大于"),
    Op.GE: Text("is at least", "不低于"),
    Op.IN: Text("is one of", "属于"),
    Op.NOT_IN: Text("is none of", "不属于"),
    Op.BETWEEN: Text("is between", "介于"),
    Op.IS_MISSING: Text("is not known", "未知"),
    Op.IS_PRESENT: Text("is known", "已知"),
}
"""What stands between the value of a fact and its threshold."""

GROUPS: Mapping[GroupKind, Text] = {
    GroupKind.ALL: Text("all of", "全部满足"),
    GroupKind.ANY: Text("any of", "任一满足"),
    GroupKind.NONE: Text("none of", "均不满足"),
}
"""What stands before the clauses of a group."""

_RANGE_JOIN = Text(" and ", " 至 ")
_OWN_LABELS = {"fx.rate_age_days": Text("Age of the exchange rate", "汇率未更新天数")}


def label_of(name: str) -> Text:
    """What a fact is called: of the catalogue, a flag, a fact of the service itself, or what a table puts out."""
    if name in CATALOGUE:
        return CATALOGUE[name].label
    if name.startswith(FLAG_GROUP):
        return flag_fact(name.removeprefix(FLAG_GROUP)).label
    return _OWN_LABELS.get(name, Text.same(name))


def recorded_value(name: str, written: Any) -> Shown:
    """The value of a fact from the JSON of a record, where decimals are strings and lists are lists."""
    if isinstance(written, list):
        return tuple(_recorded(name, each) for each in written)
    value: Shown = _recorded(name, written)
    return value


def _recorded(name: str, written: Any) -> Any:
    kind = kind_of(name)
    is_decimal = kind is not None and kind.is_decimal and isinstance(written, str)
    return Decimal(written) if is_decimal else written


def recorded_clause(written: Mapping[str, Any]) -> Evidence:
    """A clause from the JSON of a record."""
    name = written["fact"]
    value, threshold = (recorded_value(name, written[member]) for member in ("value", "threshold"))
    return Evidence(name, value, written["op"], threshold, written["holds"], tuple(written.get("group", ())))


def distance_text(clause: Evidence, currency: str, language: Language) -> str:
    """How far the value is from the threshold, in the unit of the fact; nothing where there is nothing to measure."""
    far = distance(clause)
    return "" if far is None else show(clause.fact, far.amount, currency, language)


def clause_sentence(clause: Evidence, facts: Facts, language: Language) -> str:
    """`any of: Overdue CNY 150.00 is more than CNY 100.00: yes (distance CNY 50.00)`."""
    groups = [GROUPS[GroupKind(kind)] for kind in clause.group if kind != GroupKind.ALL]
    comparison = " ".join(_comparison(clause, currency_of(clause.fact, facts), language))
    holds = YES if clause.holds else NO
    far = distance_text(clause, currency_of(clause.fact, facts), language)
    if language is Language.ZH:
        before = "".join(f"{group.zh}：" for group in groups)
        return f"{before}{comparison}：{holds.zh}" + (f"（相差 {far}）" if far else "")
    before = "".join(f"{group.en}: " for group in groups)
    return f"{before}{comparison}: {holds.en}" + (f" (distance {far})" if far else "")


def _comparison(clause: Evidence, currency: str, language: Language) -> list[str]:
    op = Op(clause.op)
    parts = [label_of(clause.fact).in_language(language)]
    if clause.value is not None or not op.asks_presence:
        parts.append(show(clause.fact, clause.value, currency, language))
    parts.append(OPERATORS[op].in_language(language))
    if not op.asks_presence:
        parts.append(_threshold(clause, currency, language))
    return parts


def _threshold(clause: Evidence, currency: str, language: Language) -> str:
    if clause.op == Op.BETWEEN and isinstance(clause.threshold, tuple):
        ends = [show(clause.fact, end, currency, language) for end in clause.threshold]
        return _RANGE_JOIN.in_language(language).join(ends)
    return show(clause.fact, clause.threshold, currency, language)


def near_miss_sentence(written: Mapping[str, Any], facts: Facts, language: Language) -> str:
    """`Utilisation after 96% is 4% away from 100%`, from the JSON of a record."""
    name = written["fact"]
    label, currency = label_of(name).in_language(language), currency_of(name, facts)
    value, threshold, apart = (
        show(name, recorded_value(name, written[member]), currency, language)
        for member in ("value", "threshold", "distance")
    )
    if language is Language.ZH:
        return f"{label} {value}，距 {threshold} 相差 {apart}"
    return f"{label} {value} is {apart} away from {threshold}"
