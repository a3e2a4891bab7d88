"""Keys and people."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from policy_service.db.models import ApiKey, AuditEvent, User
from policy_service.domain.actors import SYSTEM
from policy_service.domain.errors import Invalid, KeyExists, KeyNotFound, Unauthenticated, UserExists, UserNotFound
from policy_service.domain.permissions import Role, Scope
from policy_service.services.keys import authenticate_key, create_key, list_keys, revoke_key
from policy_service.services.users import create_user, end_sessions, sign_in
from tests.conftest import NOW, PASSWORD


def test_a_key_is_known_by_its_hash_alone(db_session: Session, make_key: Callable[..., str]) -> None:
    plaintext = make_key("check", "data:read")
    actor = authenticate_key(db_session, plaintext, NOW)
    assert actor.scopes == {Scope.CHECK, Scope.DATA_READ}
    assert actor.user is None
    stored = db_session.execute(text("SELECT api_keys::text FROM api_keys")).scalar_one()
    events = db_session.execute(text("SELECT string_agg(e::text, '') FROM audit_events e")).scalar_one()
    assert plaintext not in stored + events
    assert plaintext[3:] not in stored + events


def test_a_key_acts_for_its_owner_until_the_owner_is_gone(
    db_session: Session, make_key: Callable[..., str], make_user: Callable[..., str]
) -> None:
    plaintext = make_key("holds", owner=make_user(Role.MANAGER, "mei"))
    actor = authenticate_key(db_session, plaintext, NOW)
    assert (actor.user, actor.role) == ("mei", Role.MANAGER)
    db_session.get_one(User, "mei").is_active = False
    db_session.flush()
    with pytest.raises(Unauthenticated):
        authenticate_key(db_session, plaintext, NOW)


def test_a_key_ends_at_its_expiry_and_at_its_revocation(db_session: Session, make_key: Callable[..., str]) -> None:
    expiring = make_key("check", expires_at=NOW + timedelta(hours=1))
    assert authenticate_key(db_session, expiring, NOW)
    with pytest.raises(Unauthenticated):
        authenticate_key(db_session, expiring, NOW + timedelta(hours=1))
    name = list_keys(db_session)[0].name
    revoked_at = revoke_key(db_session, SYSTEM, name, NOW).revoked_at
    assert revoke_key(db_session, SYSTEM, name, NOW + timedelta(days=1)).revoked_at == revoked_at
    with pytest.raises(Unauthenticated):
        authenticate_key(db_session, expiring, NOW)


def test_a_key_needs_a_name_of_its_own_a_scope_and_a_known_owner(
    db_session: Session, make_key: Callable[..., str]
) -> None:
    make_key("check")
    name = db_session.scalars(select(ApiKey.name)).one()

    def create(name: str, scopes: frozenset[Scope], owner: str | None = None) -> str:
        return create_key(db_session, SYSTEM, name=name, scopes=scopes, owner=owner, expires_at=None, now=NOW)

    one = frozenset({Scope.CHECK})
    with pytest.raises(KeyExists):
        create(name, one)
    with pytest.raises(UserNotFound):
        create("other", one, "nobody")
    with pytest.raises(Invalid):
        create("other", frozenset())
    with pytest.raises(Invalid):
        create(" ", one)
    with pytest.raises(KeyNotFound):
        revoke_key(db_session, SYSTEM, "unknown", NOW)


def test_signing_in_needs_the_right_password(db_session: Session, make_user: Callable[..., str]) -> None:
    name = make_user(Role.CONTROLLER)
    assert sign_in(db_session, name, PASSWORD, NOW).user is not None
    assert sign_in(db_session, name, PASSWORD + " ", NOW).user is None
    assert sign_in(db_session, "nobody", PASSWORD, NOW).user is None
    assert PASSWORD not in db_session.get_one(User, name).password_hash


def test_five_wrong_passwords_lock_the_account_for_15_minutes(
    db_session: Session, make_user: Callable[..., str]
) -> None:
    name = make_user(Role.CONTROLLER)
    results = [sign_in(db_session, name, "wrong wrong", NOW) for _ in range(5)]
    assert [result.locked_until is not None for result in results] == [False] * 4 + [True]
    assert sign_in(db_session, name, PASSWORD, NOW + timedelta(minutes=14)).user is None
    assert sign_in(db_session, name, PASSWORD, NOW + timedelta(minutes=15)).user is not None
    events = select(AuditEvent.action).where(AuditEvent.subject_id == name).order_by(AuditEvent.id)
    actions = db_session.scalars(events).all()
    assert actions == ["user.created", "user.locked", "user.signed_in"]


def test_a_good_password_forgets_the_wrong_ones_before_it(db_session: Session, make_user: Callable[..., str]) -> None:
    name = make_user(Role.CONTROLLER)
    for password in ["wrong wrong"] * 4 + [PASSWORD] + ["wrong wrong"] * 4:
        sign_in(db_session, name, password, NOW)
    assert sign_in(db_session, name, PASSWORD, NOW).user is not None


def test_users_need_a_name_of_their_own_and_a_password_of_8(
    db_session: Session, make_user: Callable[..., str]
) -> None:
    name = make_user(Role.SALES)
    with pytest.raises(UserExists):
        create_user(db_session, SYSTEM, name=name, role=Role.SALES, password=PASSWORD, now=NOW)
    for bad_name, password in (("new", "1234567"), ("", PASSWORD), ("new\n", PASSWORD), ("x" * 101, PASSWORD)):
        with pytest.raises(Invalid):
            create_user(db_session, SYSTEM, name=bad_name, role=Role.SALES, password=password, now=NOW)


def test_ending_sessions_raises_the_epoch(db_session: Session, make_user: Callable[..., str]) -> None:
    name = make_user(Role.SALES)
    end_sessions(db_session, SYSTEM, name, NOW)
    assert db_session.get_one(User, name).session_epoch == 1
    with pytest.raises(UserNotFound):
        end_sessions(db_session, SYSTEM, "nobody", NOW)
