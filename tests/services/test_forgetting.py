"""What need not be kept is deleted, and nothing that is still promised."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from policy_service.db.models import ApiKey, IdempotencyRecord
from policy_service.domain.actors import SYSTEM
from policy_service.domain.permissions import Scope
from policy_service.services.forgetting import forget_idempotency_records
from policy_service.services.keys import create_key
from tests.conftest import NOW


def test_answers_are_forgotten_a_day_after_they_were_given_some_at_a_time(db_session: Session) -> None:
    create_key(db_session, SYSTEM, name="shop", scopes=frozenset({Scope.CHECK}), owner=None, expires_at=None, now=NOW)
    key_id = db_session.scalars(select(ApiKey.id)).one()
    day, instant = timedelta(days=1), timedelta(microseconds=1)
    for name, age in {"old": 2 * day, "just over": day, "just under": day - instant, "new": instant}.items():
        db_session.add(
            IdempotencyRecord(
                api_key_id=key_id,
                method="POST",
                path="/check-order",
                idempotency_key=name,
                request_sha256="0" * 64,
                status=200,
                body="{}",
                content_type="application/json",
                created_at=NOW - age,
            )
        )
    db_session.flush()
    assert [forget_idempotency_records(db_session, NOW, 1) for _ in range(3)] == [1, 1, 0]
    left = db_session.scalars(select(IdempotencyRecord.idempotency_key)).all()
    assert sorted(left) == ["just under", "new"]
