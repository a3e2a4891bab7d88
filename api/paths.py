"""Ids in paths. An id may have a slash in it (`SO/2026/17`), which a caller sends as `%2F`.

WSGI hands over the path already decoded, where such a slash looks like any other. So it is taken from the raw path
and stands, until the id is read, as a private character that no id can have.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote_to_bytes

from werkzeug.routing import BaseConverter

from policy_service.domain.errors import NotFound
from policy_service.schemas import refusal
from policy_service.schemas.fields import LONGEST_ID, is_id

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_SLASH = "\uf02f"
_ENCODED_SLASH = re.compile("%2f", re.IGNORECASE)
_RAW_PATHS = ("RAW_URI", "REQUEST_URI")


class EncodedSlashes:
    """WSGI middleware that keeps `%2F` apart from `/`, where the server tells the raw path."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        raw = next((environ[name] for name in _RAW_PATHS if name in environ), "").partition("?")[0]
        if raw.startswith("/") and _ENCODED_SLASH.search(raw) and not environ.get("SCRIPT_NAME"):
            path = _ENCODED_SLASH.sub(quote(_SLASH), raw)
            environ["PATH_INFO"] = unquote_to_bytes(path).decode("latin-1")
        return self._application(environ, start_response)


class IdConverter(BaseConverter):
    """`<id:customer_id>`: one segment of the path."""

    regex = "[^/]+"

    def to_python(self, value: str) -> str:
        """The id with its slashes."""
        return value.replace(_SLASH, "/")

    def to_url(self, value: Any) -> str:
        """The id as a segment."""
        return quote(str(value), safe="")


class NumberConverter(BaseConverter):
    """`<number:version>`: a whole number that a database column has room for."""

    regex = "[1-9][0-9]{0,8}"

    def to_python(self, value: str) -> int:
        """The number."""
        return int(value)


CONVERTERS: dict[str, type[BaseConverter]] = {"id": IdConverter, "number": NumberConverter}

PARAMETER_SCHEMAS: dict[type[BaseConverter], dict[str, Any]] = {
    IdConverter: {"type": "string", "minLength": 1, "maxLength": LONGEST_ID},
    NumberConverter: {"type": "integer", "minimum": 1, "maximum": 999_999_999},
}


def check_ids(method: str, parameters: dict[str, Any]) -> None:
    """Refuse what cannot be an id. Raises NotFound for a read, DocumentRefused for a write."""
    for name, value in parameters.items():
        if isinstance(value, str) and not is_id(value):
            raise NotFound if method == "GET" else refusal(f"/{name}", "id")
