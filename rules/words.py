"""Conditions, effects, rules and rows in words, for a credit controller to read back what the policy says.

Every nested group stands in brackets and every list in square ones, so that a sentence has one meaning only. Amounts
are in the policy's currency. “also when unknown” stands only where a fact can be missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from policy_service.domain.money import plain
from policy_service.domain.outcomes import CheckKind
from rules.catalogue import Fact, FactType
from rules.conditions import Clause, Condition, GroupKind, Op
from rules.default_messages import AUTHORITIES
from rules.document import Policy
from rules.effects import Effect, EffectKind
from rules.facts import FactValue
from rules.naming import is_plural, name_of, number_text, value_text
from rules.rule import Rule
from rules.tables import Row, Table
from rules.texts import Text
from rules.values import FLAG_GROUP, Field

_OPERATORS: Mapping[Op, Text] = {
    Op.EQ: Text("", "为"),
    Op.NE: Text("not", "不为"),
    Op.LT: Text("less than", "小于"),
    Op.LE: Text("at most", "不超过"),
    Op.GT: Text("more than", "大于"),
    Op.GE: Text("at least", "不小于"),
    Op.IN: Text("one of", "属于"),
    Op.NOT_IN: Text("none of", "不属于"),
    Op.BETWEEN: Text("from", "介于"),
    Op.IS_MISSING: Text("unknown", "未知"),
    Op.IS_PRESENT: Text("known", "已知"),
}
_JOINTS = {
    GroupKind.ALL: Text(" and ", "，且"),
    GroupKind.ANY: Text(" or ", "，或"),
    GroupKind.NONE: Text("; ", "；"),
}
_PLAIN_EFFECTS = {
    EffectKind.REJECT: Text("reject", "拒绝"),
    EffectKind.WARN: Text("give a warning", "给出提示"),
    EffectKind.NO_TERMS_EXTENSION: Text("no longer terms than the standard terms", "账期不得超过标准账期"),
}
_ONLY = {CheckKind.ORDER: Text("orders only", "仅限订单"), CheckKind.QUOTE: Text("quotes only", "仅限报价")}
_KINDS = {CheckKind.ORDER: Text("orders", "订单"), CheckKind.QUOTE: Text("quotes", "报价")}


def condition_text(condition: Condition, policy: Policy) -> Text:
    """A condition of a policy in words."""
    return _Words(policy).condition(condition)


def effect_text(effect: Effect, policy: Policy) -> Text:
    """What an effect does, in words."""
    return _Words(policy).effect(effect)


def rule_text(rule: Rule, policy: Policy) -> Text:
    """A rule in words: when it is in force, its condition, and all its effects."""
    words = _Words(policy)
    when = words.condition(rule.when)
    then = _joined(Text("; ", "；"), [words.effect(effect) for effect in rule.then])
    scope = _joined(Text(", ", "，"), _scope(rule))
    text = Text(f"if {when.en}, then: {then.en}", f"如果{when.zh}，则：{then.zh}")
    return Text(f"{scope.en}: {text.en}", f"{scope.zh}：{text.zh}") if scope.en else text


def row_text(row: Row, table: Table, policy: Policy) -> Text:
    """A row of a decision table in words."""
    words = _Words(policy)
    cells = [words.member(cell, GroupKind.ALL) for cell in row.cells if cell is not None]
    then = outputs_text(row.then, table, policy)
    if not cells:
        return Text(f"whatever the facts are, then: {then.en}", f"无论事实如何，则：{then.zh}")
    when = _joined(_JOINTS[GroupKind.ALL], cells)
    return Text(f"if {when.en}, then: {then.en}", f"如果{when.zh}，则：{then.zh}")


def outputs_text(outputs: Mapping[str, FactValue], table: Table, policy: Policy) -> Text:
    """What a table gives, in words; an output that is absent is unknown."""
    facts = ((name, table.facts[table.fact_name(name)]) for name in table.outputs)
    values = ((name, value_text(fact, outputs.get(name), policy.currency)) for name, fact in facts)
    return _joined(Text(", ", "，"), [Text(f"{name} = {text.en}", f"{name} = {text.zh}") for name, text in values])


def kinds_text(kinds: Iterable[CheckKind]) -> Text:
    """Orders, quotes, or both."""
    return _joined(Text(" and ", "和"), [_KINDS[kind] for kind in CheckKind if kind in set(kinds)])


def period_text(rule: Rule) -> Text:
    """The days on which a rule applies."""
    match rule.valid_from, rule.valid_to:
        case None, None:
            return Text("always", "不限日期")
        case first, None:
            return Text(f"from {first}", f"自 {first} 起")
        case None, last:
            return Text(f"up to {last}", f"至 {last} 止")
        case first, last:
            return Text(f"from {first} to {last}", f"{first} 至 {last}")


def _scope(rule: Rule) -> list[Text]:
    scope = [] if rule.enabled else [Text("switched off", "已停用")]
    if len(rule.applies_to) == 1:
        scope.append(_ONLY[rule.applies_to[0]])
    if rule.valid_from or rule.valid_to:
        scope.append(period_text(rule))
    return scope


def _joined(joint: Text, texts: Iterable[Text]) -> Text:
    listed = list(texts)
    return Text(joint.en.join(text.en for text in listed), joint.zh.join(text.zh for text in listed))


def _spaced(first: str, then: str) -> str:
    """Chinese, with a blank where it meets Latin letters and digits."""
    is_at_border = bool(first and then) and first[-1].isascii() != then[0].isascii()
    return f"{first} {then}" if is_at_border else f"{first}{then}"


@dataclass(frozen=True, slots=True)
class _Words:
    """The parts of one policy in words."""

    policy: Policy

    def condition(self, condition: Condition) -> Text:
        if isinstance(condition, Clause):
            return self._clause(condition)
        joined = _joined(
            _JOINTS[condition.kind], [self.member(member, condition.kind) for member in condition.members]
        )
        if condition.kind is GroupKind.NONE:
            return Text(f"none of ({joined.en})", f"以下均不成立（{joined.zh}）")
        return joined

    def member(self, condition: Condition, inside: GroupKind) -> Text:
        """A condition as a part of a group; `none` brings its own brackets, and separates what it lists."""
        text = self.condition(condition)
        if isinstance(condition, Clause) or condition.kind is GroupKind.NONE or inside is GroupKind.NONE:
            return text
        if len(condition.members) == 1:
            return self.member(condition.members[0], inside)
        return Text(f"({text.en})", f"（{text.zh}）")

    def effect(self, effect: Effect) -> Text:
        match effect.kind:
            case EffectKind.HOLD:
                who = AUTHORITIES[effect.authority]
                return Text(f"hold for {who.en}", f"暂停，待{who.zh}处理")
            case EffectKind.FLAG:
                return Text(f"raise the flag “{effect.flag}”", f"设置标记“{effect.flag}”")
            case EffectKind.EXEMPT:
                listed = ", ".join(effect.rules)
                return Text(f"set aside the rules [{listed}]", f"豁免规则 [{listed}]")
        return _PLAIN_EFFECTS.get(effect.kind) or self._numbered(effect)

    def _numbered(self, effect: Effect) -> Text:
        kind = _NUMBER_TYPES[effect.kind]
        if isinstance(effect.number, Field):
            number = self._field(effect.number, kind)
        else:
            number = number_text(kind, Decimal(effect.number or 0), self.policy.currency)
        match effect.kind:
            case EffectKind.CAP_TERMS:
                return Text(f"terms of at most {number.en}", f"账期最多 {number.zh}")
            case EffectKind.CAP_CREDIT:
                return Text(f"credit of at most {number.en}", f"赊销最多 {number.zh}")
            case EffectKind.REQUIRE_PREPAYMENT if isinstance(effect.number, Field):
                return Text(f"{number.en} percent to be paid in advance", f"须预付百分之（{number.zh}）")
            case EffectKind.REQUIRE_PREPAYMENT:
                return Text(f"{number.en}% to be paid in advance", f"须预付 {number.zh}%")
        return Text(f"alert of severity {number.en}", f"发出严重度为 {number.zh} 的警报")

    def _clause(self, clause: Clause) -> Text:
        fact = self.policy.fact(clause.fact)
        name, also = name_of(fact), self._also_when_unknown(clause)
        if isinstance(clause.operand, bool) and fact.name.startswith(FLAG_GROUP):
            is_raised = clause.operand is (clause.op is Op.EQ)
            raised = Text("raised", "已设置") if is_raised else Text("not raised", "未设置")
            return Text(f"{name.en} is {raised.en}{also.en}", f"{name.zh}{raised.zh}{also.zh}")
        verb = "are" if is_plural(fact) else "is"
        said, operand = _OPERATORS[clause.op], self._operand(clause, fact)
        if fact.is_list:
            verb = "in no value is" if clause.op in (Op.NE, Op.NOT_IN) else "in some value is"
        en = " ".join(part for part in (name.en, verb, said.en, operand.en) if part)
        zh = _spaced(_spaced(name.zh, said.zh), operand.zh)
        return Text(f"{en}{also.en}", f"{zh}{also.zh}")

    def _also_when_unknown(self, clause: Clause) -> Text:
        unsure = [name for name in dict.fromkeys(clause.facts) if self.policy.fact(name).can_be_missing]
        if clause.if_missing is not True or not unsure:
            return Text("", "")
        if len(unsure) == 2:
            return Text(" (also when either is unknown)", "（任一未知时也成立）")
        if unsure[0] != clause.fact:
            other = name_of(self.policy.fact(unsure[0]))
            return Text(f" (also when {other.en} is unknown)", f"（{other.zh}未知时也成立）")
        return Text(" (also when unknown)", "（未知时也成立）")

    def _operand(self, clause: Clause, fact: Fact) -> Text:
        if isinstance(clause.operand, Field):
            return self._field(clause.operand, fact.type)
        literals = [value_text(fact, literal, self.policy.currency) for literal in clause.literals]
        if clause.op in (Op.IN, Op.NOT_IN):
            listed = _joined(Text(", ", "、"), literals)
            return Text(f"[{listed.en}]", f"[{listed.zh}]")
        if clause.op is Op.BETWEEN:
            low, high = literals
            return Text(f"{low.en} to {high.en}", f"{low.zh} 至 {high.zh}（含两端）")
        return literals[0] if literals else Text("", "")

    def _field(self, field: Field, against: FactType) -> Text:
        """`0.5 × credit limit + CNY 100.00`. A ratio that stands for a plain number says how it counts."""
        fact = self.policy.fact(field.fact)
        name = name_of(fact)
        times = "" if field.times == 1 else f"{plain(field.times)} × "
        as_number = fact.type is FactType.RATIO and against is not FactType.RATIO
        plus = number_text(FactType.NUMBER if as_number else fact.type, abs(field.plus), self.policy.currency)
        sign = "-" if field.plus < 0 else "+"
        added = Text(f" {sign} {plus.en}", f" {sign} {plus.zh}") if field.plus else Text("", "")
        note = Text(" (100% counting as 1)", "（100% 计为 1）") if as_number else Text("", "")
        return Text(f"{times}{name.en}{note.en}{added.en}", f"{times}{name.zh}{note.zh}{added.zh}")


_NUMBER_TYPES = {
    EffectKind.CAP_TERMS: FactType.DAYS,
    EffectKind.CAP_CREDIT: FactType.MONEY,
    EffectKind.REQUIRE_PREPAYMENT: FactType.NUMBER,
    EffectKind.ALERT: FactType.LEVEL,
}
"""What the number of an effect counts."""
