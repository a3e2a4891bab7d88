"""What one request works with: its session, its instant, its language, its id."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

from flask import current_app, g, request
from sqlalchemy.orm import Session

from policy_service.config import Config
from policy_service.domain.actors import Actor
from policy_service.domain.days import Moment
from policy_service.wiring import EXTENSION, Wiring
from rules.texts import Language

T = TypeVar("T")

_LANGUAGES = frozenset(Language)
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One call of an operation: who calls, when, in which language, and what was sent (body or query)."""

    session: Session
    actor: Actor
    moment: Moment
    language: Language
    config: Config
    sent: T


def wiring() -> Wiring:
    """The wiring of this application."""
    return cast(Wiring, current_app.extensions[EXTENSION])


def session() -> Session:
    """The one session of this request, opened when it is first asked for."""
    if "api_session" not in g:
        g.api_session = wiring().sessions()
    return cast(Session, g.api_session)


def close_session(_error: BaseException | None = None) -> None:
    """Give the connection back. What was not committed is gone."""
    opened = g.pop("api_session", None)
    if opened is not None:
        opened.close()


def moment() -> Moment:
    """The instant of this request with its business day, the same wherever it is asked for."""
    if "api_moment" not in g:
        g.api_moment = Moment.at(wiring().now(), wiring().config.timezone)
    return cast(Moment, g.api_moment)


def actor() -> Actor:
    """Who calls; only after authentication."""
    return cast(Actor, g.api_actor)


def language() -> Language:
    """The language of the answer: what `Accept-Language` prefers of ours, else English."""
    if "api_language" not in g:
        g.api_language = next(_wanted_languages(), Language.EN)
    return cast(Language, g.api_language)


def _wanted_languages() -> Iterator[Language]:
    """Ours among those that the caller reads, the best first; `zh-CN` is `zh`."""
    for wanted, quality in request.accept_languages:
        primary = wanted.partition("-")[0].lower()
        if quality > 0 and primary in _LANGUAGES:
            yield Language(primary)


def request_id() -> str:
    """The caller's `X-Request-Id` where it is a plain one, else a new one."""
    if "api_request_id" not in g:
        given = request.headers.get("X-Request-Id", "")
        g.api_request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
    return cast(str, g.api_request_id)
