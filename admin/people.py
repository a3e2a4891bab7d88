"""Who is signed in: read from the database at every request, so that what changed there counts at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from flask import Flask, session
from flask_login import LoginManager, current_user, login_user

from admin.context import db_session, moment
from policy_service.db.models import User
from policy_service.domain.actors import Actor
from policy_service.domain.permissions import Role
from policy_service.services.users import find_user
from rules.texts import Language

LONGEST_SESSION = timedelta(hours=12)
"""However busy a session is, after this long the password is asked for again."""

_SIGNED_IN_AT = "signed_in_at"


@dataclass(frozen=True, slots=True)
class Person:
    """The person at the screen."""

    name: str
    role: Role
    language: Language | None
    session_epoch: int

    # What Flask-Login asks of a user. Whoever is inactive is never loaded.
    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        """What the session keeps: it stops fitting when all sessions of the person are ended."""
        return f"{self.session_epoch}:{self.name}"

    @property
    def actor(self) -> Actor:
        """The person as the one who acts."""
        return Actor(user=self.name, role=self.role)


def install_people(app: Flask) -> None:
    """Let Flask-Login find the person of a request."""
    manager = LoginManager()
    # Addresses change behind proxies and on the move; the cookie is signed, and no one is "remembered".
    manager.session_protection = None
    manager.user_loader(_load)
    manager.init_app(app, add_context_processor=False)


def person() -> Person | None:
    """Who is signed in, if anyone."""
    return cast(Person, current_user._get_current_object()) if current_user.is_authenticated else None


def begin_session(user: User) -> None:
    """Sign `user` in, in a session that shares nothing with the one before."""
    session.clear()
    session.permanent = True
    session[_SIGNED_IN_AT] = moment().now.isoformat()
    login_user(_person(user))


def _load(session_id: str) -> Person | None:
    user = find_user(db_session(), session_id.partition(":")[2])
    if user is None or not user.is_active or _is_too_long():
        return None
    found = _person(user)
    return found if found.get_id() == session_id else None


def _is_too_long() -> bool:
    return moment().now - datetime.fromisoformat(session[_SIGNED_IN_AT]) > LONGEST_SESSION


def _person(user: User) -> Person:
    return Person(
        name=user.name,
        role=Role(user.role),
        language=Language(user.language) if user.language else None,
        session_epoch=user.session_epoch,
    )
