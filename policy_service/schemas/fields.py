"""Fields that take a value as it must be or refuse it: nothing is coerced, cut or rounded on the way in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from marshmallow import ValidationError, fields

from policy_service.domain.currencies import MINOR_UNITS
from policy_service.domain.days import EARLIEST_DAY, LATEST_DAY, rfc3339
from policy_service.domain.money import MONEY_PATTERN, minor_unit, money_text, parse_money, plain
from policy_service.schemas.base import document_currency
from policy_service.schemas.faults import message
from rules.texts import Text

T = TypeVar("T")

LONGEST_ID = 100
LARGEST_TERMS_DAYS = 3650

_DECIMAL = re.compile(MONEY_PATTERN)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_CONTROL_BUT_LINES = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_REFUSALS: dict[str, str | list[Any] | dict[Any, Any]] = {
    "required": [message("required")],
    "null": [message("null")],
    "invalid": [message("list")],
}


def fault(key: str, /, **values: object) -> ValidationError:
    """The refusal of one field."""
    return ValidationError([message(key, **values)])


class _Described(fields.Field[T]):
    """A field with a description in every language and its JSON schema; not given, an optional one is None."""

    default_error_messages = _REFUSALS

    def __init__(self, about: Text, json_schema: Mapping[str, Any], **options: Any) -> None:
        if not options.get("required") and not options.get("dump_only"):
            options.setdefault("load_default", None)
        described = {"description": about.en, "x-description-zh": about.zh}
        super().__init__(metadata={**json_schema, **described}, **options)


class Id(_Described[str]):
    """1 to 100 printable characters."""

    def __init__(self, about: Text, **options: Any) -> None:
        super().__init__(about, {"type": "string", "minLength": 1, "maxLength": LONGEST_ID}, **options)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if not isinstance(value, str):
            raise fault("string")
        if not is_id(value):
            raise fault("id")
        return value


def is_id(text: str) -> bool:
    """Whether `text` can be an id."""
    return 1 <= len(text) <= LONGEST_ID and text.isprintable()


class Words(_Described[str]):
    """Text without control characters; several lines where that is allowed."""

    def __init__(self, about: Text, *, longest: int, lines: bool = False, **options: Any) -> None:
        super().__init__(about, {"type": "string", "minLength": 1, "maxLength": longest}, **options)
        self.longest = longest
        self.forbidden = _CONTROL_BUT_LINES if lines else _CONTROL

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if not isinstance(value, str):
            raise fault("string")
        if not value.strip():
            raise fault("blank")
        if len(value) > self.longest:
            raise fault("too_long", limit=self.longest)
        if self.forbidden.search(value):
            raise fault("control_characters")
        return value


class CurrencyCode(_Described[str]):
    """An ISO 4217 code."""

    def __init__(self, about: Text, **options: Any) -> None:
        super().__init__(about, {"type": "string", "pattern": "^[A-Z]{3}$", "examples": ["CNY"]}, **options)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if not isinstance(value, str):
            raise fault("string")
        if value not in MINOR_UNITS:
            raise fault("unknown_currency")
        return value


class Money(_Described[Decimal]):
    """An amount in the currency of its document: a decimal string within the currency's minor unit."""

    def __init__(self, about: Text, *, positive: bool = False, **options: Any) -> None:
        schema = {"type": "string", "pattern": f"^{MONEY_PATTERN}$", "examples": ["1250.00"]}
        super().__init__(about, schema, **options)
        self.positive = positive

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Decimal:
        currency = document_currency.get()
        found = _decimals(value)
        if currency is None:  # The document is refused for that; here it is too early to say what is wrong.
            return _above_zero(Decimal(value), wanted=self.positive)
        if found > minor_unit(currency):
            raise fault("money_decimals", found=found, currency=currency, allowed=minor_unit(currency))
        return _above_zero(parse_money(value, currency), wanted=self.positive)

    def _serialize(self, value: Decimal | None, *_: Any, **__: Any) -> str | None:
        if value is None:
            return None
        currency = document_currency.get()
        return plain(value) if currency is None else money_text(value, currency)


class Exact(_Described[Decimal]):
    """A number that is no money, such as a quantity or a rate: a decimal string."""

    def __init__(self, about: Text, *, decimals: int, positive: bool = False, **options: Any) -> None:
        schema = {"type": "string", "pattern": rf"^[0-9]{{1,15}}(\.[0-9]{{1,{decimals}}})?$", "examples": ["7.15"]}
        super().__init__(about, schema, **options)
        self.decimals, self.positive = decimals, positive

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Decimal:
        found = _decimals(value)
        if found > self.decimals:
            raise fault("decimals", found=found, allowed=self.decimals)
        return _above_zero(Decimal(value), wanted=self.positive)

    def _serialize(self, value: Decimal | None, *_: Any, **__: Any) -> str | None:
        return None if value is None else plain(value)


def _decimals(value: Any) -> int:
    """How many decimals a decimal string has."""
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
        raise fault("decimal")
    return len(value.partition(".")[2])


def _above_zero(value: Decimal, *, wanted: bool) -> Decimal:
    if wanted and not value:
        raise fault("positive")
    return value


class Day(_Described[date]):
    """A day of the calendar, `YYYY-MM-DD`."""

    def __init__(self, about: Text, **options: Any) -> None:
        super().__init__(about, {"type": "string", "format": "date", "examples": ["2026-11-23"]}, **options)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> date:
        if not isinstance(value, str) or not _DAY.fullmatch(value):
            raise fault("day")
        try:
            day = date.fromisoformat(value)
        except ValueError:
            raise fault("day") from None
        if not EARLIEST_DAY <= day <= LATEST_DAY:
            raise fault("day_range", earliest=EARLIEST_DAY, latest=LATEST_DAY)
        return day

    def _serialize(self, value: date | None, *_: Any, **__: Any) -> str | None:
        return None if value is None else value.isoformat()


class Instant(_Described[datetime]):
    """An instant, RFC 3339 with its offset: `2026-11-24T08:00:00Z`."""

    def __init__(self, about: Text, **options: Any) -> None:
        schema = {"type": "string", "format": "date-time", "examples": ["2026-11-24T08:00:00Z"]}
        super().__init__(about, schema, **options)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> datetime:
        if not isinstance(value, str) or not _INSTANT.fullmatch(value):
            raise fault("instant")
        try:
            instant = datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            raise fault("instant") from None
        if not EARLIEST_DAY <= instant.date() <= LATEST_DAY:
            raise fault("day_range", earliest=EARLIEST_DAY, latest=LATEST_DAY)
        return instant

    def _serialize(self, value: datetime | None, *_: Any, **__: Any) -> str | None:
        return None if value is None else rfc3339(value)


class LongText(_Described[str]):
    """A text of any length, as it is; whoever reads it says what is wrong with it."""

    def __init__(self, about: Text, **options: Any) -> None:
        super().__init__(about, {"type": "string"}, **options)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if not isinstance(value, str):
            raise fault("string")
        return value


class Tree(_Described[Mapping[str, Any]]):
    """A JSON object of any shape; whoever reads it says what is wrong with it."""

    def __init__(self, about: Text, **options: Any) -> None:
        super().__init__(about, {"type": "object", "additionalProperties": True}, **options)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            raise fault("object")
        return value


class AsSent(_Described[Any]):
    """Any JSON value, as it is; whoever reads it says what is wrong with it."""

    def __init__(self, about: Text, json_schema: Mapping[str, Any]) -> None:
        super().__init__(about, json_schema, allow_none=True)


class Whole(_Described[int]):
    """A whole JSON number; "30", 30.0 and true are not."""

    def __init__(self, about: Text, *, lowest: int, highest: int, **options: Any) -> None:
        super().__init__(about, {"type": "integer", "minimum": lowest, "maximum": highest}, **options)
        self.lowest, self.highest = lowest, highest

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> int:
        if type(value) is not int or not self.lowest <= value <= self.highest:
            raise fault("integer", lowest=self.lowest, highest=self.highest)
        return value


class YesNo(_Described[bool]):
    """true or false."""

    def __init__(self, about: Text, **options: Any) -> None:
        super().__init__(about, {"type": "boolean"}, **options)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> bool:
        if not isinstance(value, bool):
            raise fault("boolean")
        return value


class OneOf(_Described[str]):
    """One of a list of words; made into the enumeration where one is given."""

    def __init__(self, about: Text, choices: Iterable[str] | type[StrEnum], **options: Any) -> None:
        self.enumeration = choices if isinstance(choices, type) else str
        self.choices = [str(choice) for choice in choices]
        optional = not options.get("required") and options.get("load_default") is None
        super().__init__(
            about, {"type": "string", "enum": [*self.choices, None] if optional else self.choices}, **options
        )

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if not isinstance(value, str) or value not in self.choices:
            raise fault("choice", choices=", ".join(self.choices))
        return self.enumeration(value)

    def _serialize(self, value: str | None, *_: Any, **__: Any) -> str | None:
        return None if value is None else str(value)


class Names(_Described[Mapping[str, str]]):
    """Names under which others know a thing: `{"erp": "10023"}`."""

    largest = 50

    def __init__(self, about: Text, **options: Any) -> None:
        schema = {
            "type": "object",
            "maxProperties": self.largest,
            "propertyNames": {"minLength": 1, "maxLength": LONGEST_ID},
            "additionalProperties": {"type": "string", "minLength": 1, "maxLength": LONGEST_ID},
        }
        super().__init__(about, schema, **options)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Mapping[str, str]:
        if not isinstance(value, dict):
            raise fault("object")
        if len(value) > self.largest:
            raise fault("too_many_items", limit=self.largest)
        wrong = {
            name: [message("id")]
            for name, known_as in value.items()
            if not (is_id(name) and isinstance(known_as, str) and is_id(known_as))
        }
        if wrong:
            raise ValidationError(wrong)
        return value


class Several(fields.List[T]):
    """A list of documents of one kind."""

    default_error_messages = _REFUSALS

    def __init__(self, about: Text, item: fields.Field[T], *, at_most: int, **options: Any) -> None:
        described = {"maxItems": at_most, "description": about.en, "x-description-zh": about.zh}
        super().__init__(item, metadata=described, **options)
        self.at_most = at_most

    def _deserialize(self, value: Any, *rest: Any, **options: Any) -> Any:
        if isinstance(value, list) and len(value) > self.at_most:
            raise fault("too_many_items", limit=self.at_most)
        return tuple(super()._deserialize(value, *rest, **options))
