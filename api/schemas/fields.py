"""Short ways to describe the fields of answers. Every field is always there; some can be null."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from rules.texts import Text

FACT_VALUE: dict[str, Any] = {"type": ["string", "integer", "boolean", "null"]}


def _metadata(about: Text, more: Mapping[str, Any]) -> dict[str, Any]:
    return {"description": about.en, "x-description-zh": about.zh, **more}


def text(en: str, zh: str, *, null: bool = False, **more: Any) -> fields.String:
    """A string."""
    return fields.String(required=True, allow_none=null, metadata=_metadata(Text(en, zh), more))


def money(en: str, zh: str, *, null: bool = False) -> fields.String:
    """Money, as a decimal string with the decimals of its currency; below zero where more is used than there is."""
    return text(en, zh, null=null, pattern=r"^-?[0-9]+(\.[0-9]+)?$", examples=["8750.00"])


def decimal(en: str, zh: str, *, null: bool = False) -> fields.String:
    """A ratio, an average or a rate as a decimal string."""
    return text(en, zh, null=null, pattern=r"^-?[0-9]+(\.[0-9]+)?$", examples=["0.75"])


def iso_currency(en: str = "ISO 4217 code", zh: str = "币种代码") -> fields.String:
    """A currency."""
    return text(en, zh, pattern="^[A-Z]{3}$", examples=["CNY"])


def day(en: str, zh: str, *, null: bool = False) -> fields.String:
    """A day."""
    return text(en, zh, null=null, format="date", examples=["2026-11-23"])


def instant(en: str, zh: str, *, null: bool = False) -> fields.String:
    """An instant, RFC 3339 in UTC."""
    return text(en, zh, null=null, format="date-time", examples=["2026-11-23T08:15:00.000000Z"])


def number(en: str, zh: str, *, null: bool = False) -> fields.Integer:
    """A whole number."""
    return fields.Integer(required=True, allow_none=null, metadata=_metadata(Text(en, zh), {}))


def yes_no(en: str, zh: str, *, null: bool = False) -> fields.Boolean:
    """true or false."""
    return fields.Boolean(required=True, allow_none=null, metadata=_metadata(Text(en, zh), {}))


def anything(en: str, zh: str, schema: Mapping[str, Any]) -> fields.Raw:
    """A value with a JSON schema of its own."""
    return fields.Raw(required=True, metadata=_metadata(Text(en, zh), schema))


def one(schema: type[Schema], *, null: bool = False) -> fields.Nested:
    """A document in the document."""
    return fields.Nested(schema, required=True, allow_none=null)


def many(schema: type[Schema], en: str, zh: str) -> fields.List[Any]:
    """A list of documents."""
    return fields.List(fields.Nested(schema), required=True, metadata=_metadata(Text(en, zh), {}))


def texts(en: str, zh: str) -> fields.List[str]:
    """A list of strings."""
    return fields.List(fields.String(), required=True, metadata=_metadata(Text(en, zh), {}))


def next_cursor() -> fields.String:
    """Where the list goes on."""
    return text("`cursor` of the next page; null at the end", "下一页的 cursor；末页为 null", null=True)
