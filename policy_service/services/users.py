"""People: passwords under argon2, lockout after wrong tries, roles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import select
from sqlalchemy.orm import Session

from policy_service.db.models import User
from policy_service.domain.actors import Actor
from policy_service.domain.errors import Invalid, UserExists, UserNotFound
from policy_service.domain.permissions import Role
from policy_service.services.audit import record_event

SHORTEST_PASSWORD = 8
_TRIES = 5
_LOCKED_FOR = timedelta(minutes=15)
_LONGEST = 100


@dataclass(frozen=True, slots=True)
class SignInResult:
    """The user who signed in, or None; and until when the account is locked, where it is.

    Not an exception: the count of wrong tries must be committed too.
    """

    user: User | None
    locked_until: datetime | None = None


def create_user(session: Session, actor: Actor, *, name: str, role: Role, password: str, now: datetime) -> User:
    """Add a person. Raises UserExists; Invalid for an empty name or a password under 8 characters."""
    if not name.strip() or not name.isprintable() or len(name) > _LONGEST:
        raise Invalid("A user name has 1 to 100 printable characters.")
    if len(password) < SHORTEST_PASSWORD:
        raise Invalid(f"A password has at least {SHORTEST_PASSWORD} characters.")
    if session.get(User, name) is not None:
        raise UserExists(f"A user named {name!r} exists already.")
    user = User(
        name=name,
        password_hash=_hasher().hash(password),
        role=role,
        is_active=True,
        failed_logins=0,
        session_epoch=0,
        created_at=now,
    )
    session.add(user)
    record_event(session, actor, "user.created", "user", name, {"role": role}, now)
    session.flush()
    return user


def sign_in(session: Session, name: str, password: str, now: datetime) -> SignInResult:
    """Check a password. Five wrong ones in a row lock the account for 15 minutes.

    An unknown name costs as long as a known one, so that nobody learns names by the clock.
    """
    user = session.scalar(select(User).where(User.name == name).with_for_update())
    if user is None:
        _matches(_decoy(), password)
        return SignInResult(None)
    if user.locked_until is not None and user.locked_until > now:
        return SignInResult(None, user.locked_until)
    actor = Actor(user=user.name, role=Role(user.role))
    if not _matches(user.password_hash, password) or not user.is_active:
        return _count_failure(session, actor, user, now)
    user.failed_logins, user.locked_until = 0, None
    record_event(session, actor, "user.signed_in", "user", user.name, {}, now)
    session.flush()
    return SignInResult(user)


def find_user(session: Session, name: str) -> User | None:
    """The user of that name, if there is one."""
    return session.get(User, name)


def list_users(session: Session) -> list[User]:
    """All users by name."""
    return list(session.scalars(select(User).order_by(User.name)))


def end_sessions(session: Session, actor: Actor, name: str, now: datetime) -> None:
    """Log a person out everywhere. Raises UserNotFound."""
    user = session.get(User, name, with_for_update=True)
    if user is None:
        raise UserNotFound(f"No user is named {name!r}.")
    user.session_epoch += 1
    record_event(session, actor, "user.sessions_ended", "user", name, {}, now)
    session.flush()


def set_language(session: Session, name: str, language: str) -> None:
    """Remember the language that a person reads."""
    user = session.get(User, name)
    if user is not None:
        user.language = language
        session.flush()


def _count_failure(session: Session, actor: Actor, user: User, now: datetime) -> SignInResult:
    user.failed_logins += 1
    if user.failed_logins >= _TRIES:
        user.failed_logins, user.locked_until = 0, now + _LOCKED_FOR
        record_event(session, actor, "user.locked", "user", user.name, {}, now)
    session.flush()
    return SignInResult(None, user.locked_until if user.locked_until and user.locked_until > now else None)


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _hasher().verify(password_hash, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _decoy() -> str:
    return _hasher().hash("the password of nobody")
