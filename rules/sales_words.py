"""What sales are told of a decision: the messages, as far as they rest on nothing that stays inside.

An effect may bring a `sales_message`. Where it does not, the message serves, unless the rule rests on field reports
or flags, directly or through a table: then only what was decided is said, not why.
"""

from __future__ import annotations

from collections.abc import Iterator

from rules.audiences import Audience, may_know
from rules.brakes import EMERGENCY_STOP, ORDERS_FROZEN
from rules.default_messages import what_it_does
from rules.effects import EffectKind
from rules.recorded import Item, Recorded, facts_read
from rules.texts import Text
from rules.values import TABLE_GROUP, Field

_ASK = Text("Please ask credit control about this customer", "请就该客户询问信控部门")
_BRAKES = {
    ORDERS_FROZEN: Text("All orders are held at present", "目前所有订单均已暂停"),
    EMERGENCY_STOP: Text("Orders of this customer are not accepted at present", "目前不接受该客户的订单"),
}
"""What is said of a brake; why somebody pulled it stays inside."""


def sales_texts(decision: Recorded) -> Iterator[str]:
    """Reasons and warnings, then exemptions that may be told."""
    for reason in decision.reasons:
        yield _text(reason, decision)
    for item in decision.verdict["exempted"]:
        if not _is_exemption_internal(item, decision):
            yield decision.said(item["message"])


def _text(reason: Item, decision: Recorded) -> str:
    effect = decision.effect_of(reason)
    if effect is not None and effect.sales_message is not None:
        return decision.filled(effect.sales_message)
    if reason["rule_code"] in _BRAKES:
        return decision.said(_BRAKES[reason["rule_code"]])
    if any(_is_internal(name, decision) for name in decision.facts_behind(reason)):
        return _neutral(reason, decision)
    return decision.said(reason["message"])


def _neutral(reason: Item, decision: Recorded) -> str:
    """What an effect does, without why; nothing of it where its very number rests on what stays inside."""
    numbers = [effect.number for effect in decision.effects_behind(reason)]
    is_secret = any(isinstance(number, Field) and _is_internal(number.fact, decision) for number in numbers)
    if is_secret or reason["effect"] == EffectKind.WARN:
        return decision.said(_ASK)
    what = what_it_does(EffectKind(reason["effect"]), reason["parameters"], decision.currency)
    return decision.said(Text(f"Decided by credit control: {what.en}", f"信控部门决定：{what.zh}"))


def _is_exemption_internal(item: Item, decision: Recorded) -> bool:
    """Whether the rule that exempts, or the one that is exempted, rests on what stays inside."""
    rules = [decision.rules[code] for code in (item["by"], item["rule_code"]) if code in decision.rules]
    read = {name for rule in rules for name in facts_read(rule)}
    told = {name for rule in rules for effect in rule.then if effect.message for name in effect.message.facts}
    return len(rules) < 2 or any(_is_internal(name, decision) for name in read | told)


def _is_internal(name: str, decision: Recorded) -> bool:
    """Whether a fact stays inside: also what a table makes of such facts, or a table that cannot be read any more."""
    if not name.startswith(TABLE_GROUP):
        return not may_know(Audience.SALES, name)
    tables = decision.policy.tables if decision.policy else ()
    inputs = next((table.inputs for table in tables if name in table.facts), None)
    return inputs is None or any(_is_internal(each, decision) for each in inputs)
