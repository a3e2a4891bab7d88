"""Messages with facts in them: `{receivables.overdue_amount}` is looked up and formatted for the language.

Placeholders are names of the catalogue and nothing else. `{{` and `}}` stand for the braces themselves.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from policy_service.domain.money import EXACT, minor_unit, plain
from rules.catalogue import CATALOGUE, FactCurrency, FactType
from rules.facts import Facts, FactValue
from rules.reader import Node
from rules.texts import Language, Text

_TOKEN = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+")
_UNKNOWN = Text("unknown", "未知")
_YES = Text("yes", "是")
_NO = Text("no", "否")
_TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Placeholder:
    """Where the value of a fact goes."""

    fact: str


Part = str | Placeholder


@dataclass(frozen=True, slots=True)
class Template:
    """A message in both languages. `fixed` is the whole message where it has no placeholder."""

    en: tuple[Part, ...]
    zh: tuple[Part, ...]
    fixed: Text | None


def read_template(node: Node) -> Template:
    """A message, `{en, zh}` or plain. Notes placeholders that the catalogue does not know."""
    text = node.text()
    en = _parts(node, text.en)
    zh = en if text.zh == text.en else _parts(node, text.zh)
    is_fixed = not any(isinstance(part, Placeholder) for part in (*en, *zh))
    fixed = Text("".join(map(str, en)), "".join(map(str, zh))) if is_fixed else None
    return Template(en, zh, fixed)


def fixed_template(text: Text) -> Template:
    """A message without placeholders."""
    return Template((text.en,), (text.zh,), text)


def _parts(node: Node, text: str) -> tuple[Part, ...]:
    parts: list[Part] = []
    for match in _TOKEN.finditer(text):
        token, name = match[0], match[1]
        if name is not None:
            parts.append(_placeholder(node, name))
        elif token in ("{", "}"):
            node.fault(
                "bad_placeholder",
                Text(f"has a lone {token!r}; write it twice to show it", f"含有单独的 {token!r}；要显示它请写两个"),
            )
        else:
            parts.append({"{{": "{", "}}": "}"}.get(token, token))
    return tuple(parts)


def _placeholder(node: Node, name: str) -> Placeholder:
    if name not in CATALOGUE:
        node.fault(
            "bad_placeholder", Text(f"{{{name}}} is not in the catalogue of facts", f"{{{name}}} 不在事实目录中")
        )
    return Placeholder(name)


def fill(template: Template, facts: Facts) -> Text:
    """The message with the values of the facts in it."""
    if template.fixed is not None:
        return template.fixed
    return Text(_fill(template.en, facts, Language.EN), _fill(template.zh, facts, Language.ZH))


def _fill(parts: tuple[Part, ...], facts: Facts, language: Language) -> str:
    return "".join(part if isinstance(part, str) else _look_up(part.fact, facts, language) for part in parts)


def _look_up(name: str, facts: Facts, language: Language) -> str:
    return show(name, facts.values.get(name), currency_of(name, facts), language)


def currency_of(name: str, facts: Facts) -> str:
    """The currency of a money fact: the account's, or for `group.` facts the group's."""
    fact = CATALOGUE.get(name)
    if fact is not None and fact.currency is FactCurrency.GROUP:
        return facts.group_currency or facts.currency
    return facts.currency


def show(name: str, value: FactValue | None, currency: str, language: Language) -> str:
    """The value of a fact for a person: money with its code, ratios as percent, days with their unit."""
    if value is None:
        return _UNKNOWN.in_language(language)
    if isinstance(value, bool):
        return (_YES if value else _NO).in_language(language)
    if isinstance(value, Decimal):
        return _show_decimal(CATALOGUE[name].type, value, currency)
    if isinstance(value, int) and CATALOGUE[name].type is FactType.DAYS:
        return show_days(value, language)
    return str(value)


def _show_decimal(kind: FactType, value: Decimal, currency: str) -> str:
    if kind is FactType.MONEY:
        return show_money(value, currency)
    if kind is FactType.RATIO:
        return f"{plain(_to_tenths(value * 100))}%"
    return plain(_to_tenths(value))


def _to_tenths(value: Decimal) -> Decimal:
    return value.quantize(_TENTH, rounding=ROUND_HALF_EVEN, context=EXACT)


def show_money(amount: Decimal, currency: str) -> str:
    """`CNY 12,500.00`: the code, and the amount in groups of three with the currency's decimals."""
    return f"{currency} {amount:,.{minor_unit(currency)}f}"


def show_days(days: int, language: Language) -> str:
    """`1 day`, `30 days`, `30 天`."""
    if language is Language.ZH:
        return f"{days} 天"
    return f"{days} day" if abs(days) == 1 else f"{days} days"
