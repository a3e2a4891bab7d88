"""What a request of the panel works with: the session, the clock, the person."""

from __future__ import annotations

from typing import cast

from flask import Flask, current_app, g
from sqlalchemy.orm import Session

from policy_service.domain.days import Moment
from policy_service.wiring import EXTENSION, Wiring


def wiring(app: Flask | None = None) -> Wiring:
    """The wiring of `app`, else of the application that serves this request."""
    return cast(Wiring, (app or current_app).extensions[EXTENSION])


def db_session() -> Session:
    """The one session of this request, closed at its end. What is to stay must be committed by the view."""
    if "admin_session" not in g:
        g.admin_session = wiring().sessions()
    return cast(Session, g.admin_session)


def moment() -> Moment:
    """The instant of this request, with its business day: the same wherever it is asked for."""
    if "admin_moment" not in g:
        g.admin_moment = Moment.at(wiring().now(), wiring().config.timezone)
    return cast(Moment, g.admin_moment)


def close_session(_error: BaseException | None) -> None:
    """Give the connection back, without committing."""
    session = g.pop("admin_session", None)
    if session is not None:
        session.close()
