"""Schemas read a JSON document into a value of the domain, and write it back in the same form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from marshmallow import RAISE, Schema, ValidationError, post_load

from policy_service.domain.currencies import MINOR_UNITS
from policy_service.schemas.faults import DocumentRefused, faults_of, message

if TYPE_CHECKING:
    from collections.abc import Iterator

D = TypeVar("D")

_MOST_FAULTS = 100

document_currency: ContextVar[str | None] = ContextVar("document_currency", default=None)
"""The currency of the document that is being read or written; None where it has none, or an unknown one."""


class DocumentSchema(Schema, Generic[D]):
    """The shape of one kind of document. `makes` builds the value from its fields."""

    class Meta:
        """Unknown fields are refused, everywhere."""

        unknown = RAISE

    makes: ClassVar[Callable[..., Any]]
    error_messages: dict[str, Any] = {"unknown": message("unknown"), "type": message("object")}  # noqa: RUF012

    @post_load
    def _make(self, fields: dict[str, Any], **_: Any) -> D:
        made: D = type(self).makes(**fields)
        return made


def read(schema: DocumentSchema[D], document: object) -> D:
    """The value that a JSON document stands for. Raises DocumentRefused, naming every fault."""
    currency = document.get("currency") if isinstance(document, Mapping) else None
    with _in_currency(currency if isinstance(currency, str) and currency in MINOR_UNITS else None):
        try:
            value: D = schema.load(document)  # type: ignore[arg-type]
        except ValidationError as error:
            raise DocumentRefused(tuple(islice(faults_of(error.messages), _MOST_FAULTS))) from None
    return value


def write(schema: DocumentSchema[D], value: D, currency: str) -> dict[str, Any]:
    """The JSON document of a value, its money in `currency`."""
    with _in_currency(currency):
        document: dict[str, Any] = schema.dump(value)
    return document


@contextmanager
def _in_currency(currency: str | None) -> Iterator[None]:
    token = document_currency.set(currency)
    try:
        yield
    finally:
        document_currency.reset(token)
