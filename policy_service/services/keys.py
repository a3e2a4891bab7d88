"""API keys: 256 random bits, of which only the SHA-256 is kept."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from sqlalchemy import bindparam, inspect, select
from sqlalchemy.orm import Session

from policy_service.db.models import ApiKey, User
from policy_service.domain.actors import Actor
from policy_service.domain.errors import Invalid, KeyExists, KeyNotFound, Unauthenticated, UserNotFound
from policy_service.domain.permissions import Role, Scope
from policy_service.services.audit import record_event

_PREFIX = "cp_"

# Read at every call of the API: of the bare tables, and put together once.
_KEYS, _USERS = inspect(ApiKey).local_table, inspect(User).local_table
_BY_HASH = (
    select(
        *(_KEYS.c[name] for name in ("id", "name", "scopes", "expires_at", "revoked_at", "owner")),
        _USERS.c.role,
        _USERS.c.is_active,
    )
    .outerjoin_from(_KEYS, _USERS, _USERS.c.name == _KEYS.c.owner)
    .where(_KEYS.c.key_hash == bindparam("key_hash"))
)


def create_key(
    session: Session,
    actor: Actor,
    *,
    name: str,
    scopes: frozenset[Scope],
    owner: str | None,
    expires_at: datetime | None,
    now: datetime,
) -> str:
    """Make a key and return its text, the only time it is known. Raises KeyExists, UserNotFound, Invalid."""
    if not name.strip():
        raise Invalid("A key needs a name.")
    if not scopes:
        raise Invalid("A key needs at least one scope.")
    if session.scalar(select(ApiKey.id).where(ApiKey.name == name)) is not None:
        raise KeyExists(f"An API key named {name!r} exists already.")
    if owner is not None and session.get(User, owner) is None:
        raise UserNotFound(f"No user is named {owner!r}.")
    plaintext = _PREFIX + secrets.token_urlsafe(32)
    session.add(
        ApiKey(
            name=name,
            key_hash=_hash(plaintext),
            scopes=sorted(scopes),
            owner=owner,
            created_at=now,
            expires_at=expires_at,
        )
    )
    record_event(session, actor, "key.created", "key", name, {"scopes": sorted(scopes), "owner": owner}, now)
    session.flush()
    return plaintext


def authenticate_key(session: Session, plaintext: str, now: datetime) -> Actor:
    """Who holds this key. Raises Unauthenticated when it is unknown, expired or revoked, or its owner is gone."""
    row = session.connection().execute(_BY_HASH, {"key_hash": _hash(plaintext)}).one_or_none()
    if row is None or row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= now):
        raise Unauthenticated
    if row.owner is not None and not row.is_active:
        raise Unauthenticated
    role = Role(row.role) if row.role else None
    return Actor(row.owner, row.name, row.id, role, frozenset(Scope(scope) for scope in row.scopes))


def list_keys(session: Session) -> list[ApiKey]:
    """All keys by name, the revoked ones too."""
    return list(session.scalars(select(ApiKey).order_by(ApiKey.name)))


def revoke_key(session: Session, actor: Actor, name: str, now: datetime) -> ApiKey:
    """End a key at once. Revoking it again changes nothing. Raises KeyNotFound."""
    key = session.scalar(select(ApiKey).where(ApiKey.name == name).with_for_update())
    if key is None:
        raise KeyNotFound(f"No API key is named {name!r}.")
    if key.revoked_at is None:
        key.revoked_at = now
        record_event(session, actor, "key.revoked", "key", name, {}, now)
        session.flush()
    return key


def _hash(plaintext: str) -> str:
    return hashlib.sha256(plaintext.encode()).hexdigest()
