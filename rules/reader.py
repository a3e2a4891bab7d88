"""Reading a tree strictly: every node knows its place, and every fault is noted, not only the first.

After a fault a reader goes on with a harmless value; whoever loads a document must not use it when
`source.findings` holds anything.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import islice
from typing import TypeVar

from policy_service.domain.days import EARLIEST_DAY, LATEST_DAY
from rules.source import Source, pointer
from rules.texts import Text

DECIMAL = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_EPOCH = date(1970, 1, 1)
MAX_INTEGER = 10**15
_MOST_LISTED = 30

_E = TypeVar("_E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the tree, where it stands, and the source that collects the faults."""

    value: object
    path: str
    source: Source

    def fault(self, code: str, message: Text) -> None:
        """Note a fault here."""
        self.source.fault(code, self.path, message)

    def child(self, key: str | int, value: object) -> Node:
        """The node below, under `key`."""
        return Node(value, pointer(self.path, key), self.source)

    def members(self, required: Iterable[str], optional: Iterable[str] = ()) -> dict[str, Node]:
        """The members of a mapping that are there and allowed. Notes those that are missing or unknown."""
        if not isinstance(self.value, dict):
            self._wrong_type("a mapping", "映射")
            return {}
        allowed = [*required, *optional]
        for name in required:
            if name not in self.value:
                self.fault("missing_member", Text(f"{name!r} is required", f"缺少必需的 {name!r}"))
        found = {name: self.child(name, member) for name, member in self.value.items()}
        for name, member in found.items():
            if name not in allowed:
                member.fault("unknown_member", _unknown(name, allowed))
        return {name: found[name] for name in allowed if name in found}

    def items(self, at_least: int = 1, at_most: int = 5000) -> list[Node]:
        """The items of a list of `at_least` to `at_most`."""
        if not isinstance(self.value, list):
            self._wrong_type("a list", "列表")
            return []
        if not at_least <= len(self.value) <= at_most:
            count = str(at_least) if at_least == at_most else f"{at_least} to {at_most}"
            self.fault("wrong_length", Text(f"must have {count} items", f"须有 {count} 项"))
        return [self.child(place, item) for place, item in enumerate(self.value[:at_most])]

    def string(self, at_most: int = 2000) -> str:
        """A text of 1 to `at_most` characters."""
        if isinstance(self.value, str) and 1 <= len(self.value) <= at_most:
            return self.value
        if isinstance(self.value, str):
            self.fault("wrong_length", Text(f"must have 1 to {at_most} characters", f"须有 1 到 {at_most} 个字符"))
        elif self.value is None or isinstance(self.value, dict | list):
            self._wrong_type("a text", "文本")
        else:
            self._wrong_type("a text; put it in quotes", "文本，请加引号")
        return ""

    def text(self, at_most: int = 2000) -> Text:
        """A text in both languages: `{en, zh}`, or one plain text for both."""
        if not isinstance(self.value, dict):
            return Text.same(self.string(at_most))
        members = self.members(("en", "zh"))
        en, zh = (members[name].string(at_most) if name in members else "" for name in ("en", "zh"))
        return Text(en, zh)

    def boolean(self) -> bool:
        """`true` or `false`."""
        if not isinstance(self.value, bool):
            self._wrong_type("true or false", "true 或 false")
        return self.value is True

    def integer(self, least: int = -MAX_INTEGER, most: int = MAX_INTEGER) -> int:
        """A whole number from `least` to `most`, written without quotes."""
        if not isinstance(self.value, int) or isinstance(self.value, bool):
            self._wrong_type("a whole number without quotes, such as 30", "不带引号的整数，如 30")
            return least
        if not least <= self.value <= most:
            en, zh = f"from {least} to {most}", f"在 {least} 到 {most} 之间"
            if least == most:
                en, zh = str(least), f"为 {least}"
            shown = _shown(self.value)
            self.fault("out_of_range", Text(f"must be {en}; not {shown}", f"须{zh}；而不是 {shown}"))
        return self.value

    def decimal(self, example: str = "0.95") -> Decimal:
        """An exact decimal, written as a quoted text."""
        if isinstance(self.value, str) and DECIMAL.fullmatch(self.value):
            return Decimal(self.value)
        self._wrong_type(f'a decimal in quotes, such as "{example}"', f'带引号的小数，如 "{example}"')
        return Decimal(0)

    def number(self) -> Decimal:
        """An exact decimal: a quoted text, or a whole number without quotes."""
        if isinstance(self.value, int) and not isinstance(self.value, bool):
            return Decimal(self.integer())
        return self.decimal()

    def choice(self, choices: Collection[str]) -> str:
        """One of `choices`."""
        if isinstance(self.value, str) and self.value in choices:
            return self.value
        few, shown = listed(choices), _shown(self.value)
        self.fault("not_allowed", Text(f"must be one of: {few}; not {shown}", f"须为其一：{few}；而不是 {shown}"))
        return next(iter(choices))

    def enumeration(self, kind: type[_E]) -> _E:
        """A member of the enumeration `kind`."""
        return kind(self.choice([member.value for member in kind]))

    def code(self) -> str:
        """A code in capitals, such as OVERDUE_BLOCK."""
        return self._matching(_CODE, "a code in capitals, such as OVERDUE_BLOCK", "大写代码，如 OVERDUE_BLOCK")

    def name(self) -> str:
        """A name in small letters, such as watch_closely."""
        return self._matching(_NAME, "a name in small letters, such as watch_closely", "小写名称，如 watch_closely")

    def _matching(self, pattern: re.Pattern[str], en: str, zh: str) -> str:
        if isinstance(self.value, str) and pattern.fullmatch(self.value):
            return self.value
        self._wrong_type(en, zh)
        return ""

    def day(self) -> date:
        """A date, YYYY-MM-DD."""
        if isinstance(self.value, str) and _DAY.fullmatch(self.value):
            try:
                found = date.fromisoformat(self.value)
            except ValueError:
                found = date.min
            if EARLIEST_DAY <= found <= LATEST_DAY:
                return found
        self._wrong_type(
            f"a date from {EARLIEST_DAY} to {LATEST_DAY}, such as 2026-01-31",
            f"{EARLIEST_DAY} 到 {LATEST_DAY} 之间的日期，如 2026-01-31",
        )
        return _EPOCH

    def _wrong_type(self, en: str, zh: str) -> None:
        shown = _shown(self.value)
        self.fault("wrong_type", Text(f"must be {en}; not {shown}", f"须为{zh}；而不是 {shown}"))


def listed(names: Iterable[str]) -> str:
    """The names for a message, or the first of them: a document must not make its faults longer than itself."""
    few = list(islice(names, _MOST_LISTED + 1))
    return ", ".join([*few[:_MOST_LISTED], "…"] if len(few) > _MOST_LISTED else few)


def _shown(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case dict():
            return "{...}"
        case list():
            return "[...]"
        case str():
            return f'"{value[:40]}"'
    return str(value)[:40]


def _unknown(name: str, allowed: Iterable[str]) -> Text:
    few = listed(allowed)
    return Text(f"{name!r} is not known here; allowed: {few}", f"此处不认识 {name!r}；允许：{few}")
