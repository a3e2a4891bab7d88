"""Messages with facts in them: `{receivables.overdue_amount}` is looked up and formatted for the language.

Placeholders are names of facts and nothing else: those of the catalogue, what the tables of the policy put out, and
flags. `{{` and `}}` stand for the braces themselves.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rules.audiences import NOT_FOR, Audience, may_know
from rules.catalogue import CATALOGUE, FactCurrency, FactType
from rules.facts import Facts
from rules.formats import kind_of, show_as
from rules.reader import Node
from rules.texts import Language, LaterText, Text
from rules.values import FLAG_GROUP

_TOKEN = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+")
_FLAG = re.compile(r"flag\.[a-z][a-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class Placeholder:
    """Where the value of a fact goes, and how it is written."""

    fact: str
    kind: FactType | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", kind_of(self.fact))


Part = str | Placeholder


@dataclass(frozen=True, slots=True)
class Template:
    """A message in both languages. `fixed` is the whole message where it has no placeholder."""

    en: tuple[Part, ...]
    zh: tuple[Part, ...]
    fixed: Text | None

    @property
    def facts(self) -> frozenset[str]:
        """The facts that it tells."""
        return frozenset(part.fact for part in (*self.en, *self.zh) if isinstance(part, Placeholder))


def read_template(node: Node, audience: Audience = Audience.CONTROLLER) -> Template:
    """A message, `{en, zh}` or plain. Notes placeholders that are no facts, or not for the audience."""
    text = node.text()
    en = _parts(node, text.en, audience)
    zh = en if text.zh == text.en else _parts(node, text.zh, audience)
    is_fixed = not any(isinstance(part, Placeholder) for part in (*en, *zh))
    fixed = Text("".join(map(str, en)), "".join(map(str, zh))) if is_fixed else None
    return Template(en, zh, fixed)


def fixed_template(text: Text) -> Template:
    """A message without placeholders."""
    return Template((text.en,), (text.zh,), text)


def _parts(node: Node, text: str, audience: Audience) -> tuple[Part, ...]:
    parts: list[Part] = []
    for match in _TOKEN.finditer(text):
        token, name = match[0], match[1]
        if name is not None:
            parts.append(_placeholder(node, name, audience))
        elif token in ("{", "}"):
            node.fault(
                "bad_placeholder",
                Text(f"has a lone {token!r}; write it twice to show it", f"含有单独的 {token!r}；要显示它请写两个"),
            )
        else:
            parts.append({"{{": "{", "}}": "}"}.get(token, token))
    return tuple(parts)


def _placeholder(node: Node, name: str, audience: Audience) -> Placeholder:
    if name not in CATALOGUE and name not in node.source.facts and not _FLAG.fullmatch(name):
        node.fault(
            "bad_placeholder", Text(f"{{{name}}} is not in the catalogue of facts", f"{{{name}}} 不在事实目录中")
        )
    elif not may_know(audience, name):
        code, why = NOT_FOR[audience]
        node.fault(code, Text(f"{{{name}}} {why.en}", f"{{{name}}} {why.zh}"))
    return Placeholder(name)


def fill(template: Template, facts: Facts, values: Mapping[str, Any] | None = None) -> Text:
    """The message with the values of the facts in it, put together when it is read.

    `values` are those that the rules saw, with flags and what the tables put out; left out, those of `facts`.
    """
    if template.fixed is not None:
        return template.fixed
    known = facts.values if values is None else values

    def make() -> Text:
        return Text(_fill(template.en, facts, known, Language.EN), _fill(template.zh, facts, known, Language.ZH))

    return LaterText(make)


def _fill(parts: tuple[Part, ...], facts: Facts, known: Mapping[str, Any], language: Language) -> str:
    return "".join(part if isinstance(part, str) else _look_up(part, facts, known, language) for part in parts)


def _look_up(place: Placeholder, facts: Facts, known: Mapping[str, Any], language: Language) -> str:
    value = known.get(place.fact)
    if value is None and place.fact.startswith(FLAG_GROUP):
        value = False  # a flag that nobody raised
    return show_as(place.kind, value, currency_of(place.fact, facts), language)


def currency_of(name: str, facts: Facts) -> str:
    """The currency of a money fact: the account's, or for `group.` facts the group's."""
    fact = CATALOGUE.get(name)
    if fact is not None and fact.currency is FactCurrency.GROUP:
        return facts.group_currency or facts.currency
    return facts.currency
