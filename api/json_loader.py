"""JSON as callers send it: RFC 8259 to the letter, and nothing that two parsers could read in two ways.

Python's own loader keeps the last of duplicate members, takes NaN, passes NUL and lone surrogates on to a database
that has no room for them, and falls over deep nesting.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any, NoReturn

from api.faults import MalformedJson

DEEPEST = 50

_NO_BRACKET = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[^"\[\]{}]++', re.DOTALL)
"""A string (possessive, so that an open one is not tried again at every quote), or anything between brackets."""

_ALIKE = str.maketrans("{}", "[]")

_SUSPECT_ESCAPE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def load_json(raw: bytes) -> Any:
    """The value of a JSON text. Decimals come as Decimal. Raises MalformedJson."""
    if not raw.strip():
        raise MalformedJson("The body is empty; a JSON document was expected.")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedJson("The body is not valid UTF-8.") from None
    _refuse_depth(text)
    try:
        document = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise MalformedJson(f"{error.msg} (line {error.lineno}, column {error.colno}).") from None
    except (ValueError, ArithmeticError):
        raise MalformedJson("A number in the body is beyond all measure.") from None
    if _SUSPECT_ESCAPE.search(text):
        _refuse_unstorable(document)
    return document


def _refuse_depth(text: str) -> None:
    if text.count("[") + text.count("{") <= DEEPEST:
        return
    brackets = _NO_BRACKET.sub("", text).translate(_ALIKE)
    for _ in range(DEEPEST):  # Each time the innermost pairs go.
        brackets = brackets.replace("[]", "")
    if brackets:
        raise MalformedJson(f"The body is nested deeper than {DEEPEST} levels, or its brackets do not match.")


def _refuse_unstorable(value: Any) -> None:
    if isinstance(value, str) and _UNSTORABLE.search(value):
        raise MalformedJson("A string in the body has NUL or half of a surrogate pair in it.")
    if isinstance(value, dict):
        for name, member in value.items():
            _refuse_unstorable(name)
            _refuse_unstorable(member)
    elif isinstance(value, list):
        for item in value:
            _refuse_unstorable(item)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise MalformedJson("An object in the body names the same member twice.")
    return members


def _refuse_constant(name: str) -> NoReturn:
    raise MalformedJson(f"{name} is not JSON.")


_DECODER = json.JSONDecoder(object_pairs_hook=_members, parse_float=Decimal, parse_constant=_refuse_constant)
