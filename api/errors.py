"""Errors as `application/problem+json` (RFC 9457). The one place where kinds of errors meet statuses."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeGuard

import structlog
from flask import Response
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from api.context import language, request_id
from api.faults import (
    BodyTooLarge,
    DatabaseUnavailable,
    InsufficientScope,
    Malformed,
    NotReady,
    PreconditionFailed,
    PreconditionMissing,
    TooBusy,
    WrongContentType,
)
from api.policy_problems import field_errors_of, members_of
from api.texts import CHINESE, sentence_in, title_in
from policy_service.domain.errors import (
    Conflict,
    CreditPolicyError,
    Forbidden,
    Invalid,
    NotFound,
    Unauthenticated,
)
from policy_service.schemas import DocumentRefused
from policy_service.services.authority import InsufficientAuthority
from rules.texts import Language

MIMETYPE = "application/problem+json"

STATUSES: dict[type[CreditPolicyError], HTTPStatus] = {
    Malformed: HTTPStatus.BAD_REQUEST,
    Unauthenticated: HTTPStatus.UNAUTHORIZED,
    Forbidden: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    PreconditionFailed: HTTPStatus.PRECONDITION_FAILED,
    BodyTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    WrongContentType: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    PreconditionMissing: HTTPStatus.PRECONDITION_REQUIRED,
    NotReady: HTTPStatus.SERVICE_UNAVAILABLE,
    DatabaseUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    TooBusy: HTTPStatus.SERVICE_UNAVAILABLE,
}

_HEADERS = {
    HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": 'Bearer realm="credit policy service"'},
    HTTPStatus.SERVICE_UNAVAILABLE: {"Retry-After": "5"},
}

# SQLSTATE: cannot serialise, deadlock; and the classes that say that the server is not there (for us).
SERIALIZATION = ("40001", "40P01")
_UNAVAILABLE = ("08", "53", "57P")

_log = structlog.get_logger("credit_policy.errors")


@dataclass(frozen=True, slots=True)
class Problem:
    """One error, ready to be sent."""

    status: HTTPStatus
    code: str
    detail: str
    errors: tuple[dict[str, str], ...] = ()
    members: Mapping[str, Any] = field(default_factory=dict)

    def text(self, language: Language) -> str:
        """The problem document."""
        document: dict[str, Any] = {
            "type": f"/docs#{self.code}",
            "title": title_in(self.status, language),
            "status": self.status.value,
            "detail": self.detail,
            "code": self.code,
        }
        if self.errors:
            document["errors"] = list(self.errors)
        return json.dumps({**document, **self.members}, ensure_ascii=False)


def status_of(kind: type[CreditPolicyError]) -> HTTPStatus:
    """The status of a kind of error: that of its nearest base in the table."""
    return next((STATUSES[base] for base in kind.__mro__ if base in STATUSES), HTTPStatus.INTERNAL_SERVER_ERROR)


def problem_of(error: CreditPolicyError, language: Language) -> Problem:
    """The problem that an error of the house stands for."""
    status, detail = status_of(type(error)), _detail(error, language)
    if not isinstance(error, Invalid):
        return Problem(status, error.code, detail)
    return Problem(status, error.code, detail, tuple(_field_errors(error, language)), members_of(error, language))


def _detail(error: CreditPolicyError, language: Language) -> str:
    """A sentence of its own: where the error only repeats the message of its field, what holds for all fields."""
    if isinstance(error, InsufficientScope | InsufficientAuthority):
        return error.text.in_language(language)
    if language is Language.ZH and error.code in CHINESE:
        return CHINESE[error.code]
    if isinstance(error, Invalid) and any(each.message == error.message for each in error.errors):
        return DocumentRefused(()).message
    return error.message


def answer_error(error: Exception) -> Response:
    """The answer to whatever went wrong. What is our own fault is logged, and told without its inside."""
    if isinstance(error, HTTPException):
        return _answer_http_exception(error)
    known = database_error(error) if isinstance(error, (DBAPIError, PoolTimeout)) else error
    problem = problem_of(known, language()) if _is_told(known) else _server_error()
    if problem.status is HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.error("request failed", request_id=request_id(), exc_info=error)
    elif problem.status > HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.warning(
            "request refused", request_id=request_id(), code=problem.code, cause=str(getattr(error, "orig", error))
        )
    return _response(problem)


def _is_told(error: Exception) -> TypeGuard[CreditPolicyError]:
    """Whether an error is a condition that concerns the caller, and no failure of ours."""
    return isinstance(error, CreditPolicyError) and status_of(type(error)) is not HTTPStatus.INTERNAL_SERVER_ERROR


def database_error(error: DBAPIError | PoolTimeout) -> Exception:
    """What an error of the database means to a caller: it cannot be reached, it is too busy, or we are wrong."""
    state = sqlstate(error)
    if state in SERIALIZATION:
        return TooBusy()
    if isinstance(error, DBAPIError) and not _is_unreachable(error, state):
        return error
    return DatabaseUnavailable()


def sqlstate(error: Exception) -> str | None:
    """The SQLSTATE of an error of PostgreSQL; None where the server said nothing."""
    return getattr(getattr(error, "orig", None), "sqlstate", None)


def _is_unreachable(error: DBAPIError, state: str | None) -> bool:
    silent = state is None and isinstance(error, (OperationalError, InterfaceError))
    return error.connection_invalidated or silent or (state or "").startswith(_UNAVAILABLE)


def _answer_http_exception(error: HTTPException) -> Response:
    """What Flask found out by itself: no such route, no such method."""
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    code = status.phrase.lower().replace(" ", "_").replace("-", "_")
    response = _response(Problem(status, code, sentence_in(status, language())))
    for name, value in error.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            response.headers.setdefault(name, value)
    return response


def _server_error() -> Problem:
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    return Problem(status, "internal_error", f"{sentence_in(status, language())} ({request_id()})")


def _field_errors(error: Invalid, language: Language) -> Iterator[dict[str, str]]:
    if isinstance(error, DocumentRefused):
        for fault in error.faults:
            yield {"pointer": fault.pointer, "message": fault.message.text.in_language(language)}
    else:
        yield from field_errors_of(error, language)


def _response(problem: Problem) -> Response:
    response = Response(problem.text(language()), problem.status, content_type=MIMETYPE)
    response.headers.update(_HEADERS.get(problem.status, {}))
    return response


def kinds_of_errors() -> Iterable[type[CreditPolicyError]]:
    """All conditions that can be answered, by code: what the documentation lists."""
    found: dict[str, type[CreditPolicyError]] = {}
    waiting: list[type[CreditPolicyError]] = [CreditPolicyError]
    while waiting:
        kind = waiting.pop()
        waiting.extend(kind.__subclasses__())
        if status_of(kind) is not HTTPStatus.INTERNAL_SERVER_ERROR:
            found.setdefault(kind.code, kind)
    return [found[code] for code in sorted(found)]
