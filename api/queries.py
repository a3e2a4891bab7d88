"""Query strings, and the paging of lists: by key, never by offset, with a cursor that callers need not understand."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from flask import request
from marshmallow import missing

from policy_service.schemas import DocumentRefused, DocumentSchema, read
from policy_service.schemas.faults import faults_of, message
from policy_service.schemas.fields import Id, Whole, fault, is_id
from rules.texts import Text

T = TypeVar("T")
Q = TypeVar("Q")

DEFAULT_LIMIT = 50
LARGEST_LIMIT = 500

OPTIONAL: dict[str, Any] = {"load_default": missing}
"""Options of a query parameter that may be left out: the default is that of the query's dataclass."""

_DIGITS = re.compile(r"[0-9]{1,9}")
_HIGHEST_NUMBER = 2**63 - 1


class Digits(Whole):
    """A whole number in a query string."""

    def _deserialize(self, value: Any, *rest: Any, **options: Any) -> int:
        number = int(value) if isinstance(value, str) and _DIGITS.fullmatch(value) else value
        return super()._deserialize(number, *rest, **options)


class Cursor(Id):
    """Where a list goes on: the id of the last item, wrapped up."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        try:
            text = base64.b64decode(str(value).encode("ascii"), altchars=b"-_", validate=True).decode()
        except ValueError:
            raise fault("cursor") from None
        if not is_id(text):
            raise fault("cursor")
        return text


class NumberCursor(Cursor):
    """The same where items have numbers."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        text = super()._deserialize(value)
        if not (text.isascii() and text.isdigit()) or int(text) > _HIGHEST_NUMBER:
            raise fault("cursor")
        return int(text)


@dataclass(frozen=True, slots=True)
class Page:
    """The page that is asked for."""

    limit: int = DEFAULT_LIMIT
    cursor: str | None = None


class PageSchema(DocumentSchema[Page]):
    """The query of a list."""

    makes: ClassVar[Callable[..., Any]] = Page

    limit = Digits(Text("Most items of one page", "每页最多条数"), lowest=1, highest=LARGEST_LIMIT, **OPTIONAL)
    cursor = Cursor(Text("`next_cursor` of the page before", "上一页的 next_cursor"), **OPTIONAL)


@dataclass(frozen=True, slots=True)
class NumberedPage:
    """The page that is asked for, of a list in the order of numbers; `cursor` is that of the last item seen."""

    limit: int = DEFAULT_LIMIT
    cursor: int = 0


class NumberedPageSchema(PageSchema):
    """The query of a list in the order of numbers."""

    makes = NumberedPage

    cursor = NumberCursor(Text("`next_cursor` of the page before", "上一页的 next_cursor"), **OPTIONAL)


def read_query(schema: DocumentSchema[Q]) -> Q:
    """The query of this request. Raises DocumentRefused, for parameters that nobody knows or that come twice too."""
    repeated = {name: message("repeated") for name, values in request.args.lists() if len(values) > 1}
    if repeated:
        raise DocumentRefused(tuple(faults_of(repeated)))
    return read(schema, request.args.to_dict())


def page_of(found: Sequence[T], limit: int, document: Callable[[T], Any], key: Callable[[T], str]) -> dict[str, Any]:
    """A page of a list, of which one item more than `limit` was looked up to know whether there is a next."""
    items = found[:limit]
    more = len(found) > limit
    return {
        "items": [document(item) for item in items],
        "next_cursor": wrapped(key(items[-1])) if more else None,
    }


def wrapped(key: str) -> str:
    """A key as a cursor."""
    return base64.urlsafe_b64encode(key.encode()).decode("ascii")
