"""`Idempotency-Key`: a POST that is sent again gets the answer it got, and does nothing a second time.

The answer is stored in the transaction of the effect, so there is never one without the other. A lock that lasts as
long as that transaction tells a second caller that the first is still running.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import request
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from api import errors, transactions
from api.context import actor, language, moment
from api.faults import IdempotencyKeyInvalid, IdempotencyKeyReused, RequestInProgress
from api.replies import Reply
from policy_service.db.models import IdempotencyRecord
from policy_service.domain.errors import Invalid, NotFound
from policy_service.services.forgetting import IDEMPOTENCY_RECORDS_KEPT_FOR as KEPT_FOR

REPLAYED = "Idempotent-Replayed"

_LONGEST_KEY = 255
_PRINTABLE = range(0x20, 0x7F)


@dataclass(frozen=True, slots=True)
class Claim:
    """One use of an idempotency key: by which API key, on which address, with which body."""

    api_key_id: int
    method: str
    path: str
    key: str
    request_sha256: str

    @property
    def lock(self) -> int:
        """The number of the advisory lock: 64 bits, signed, of a hash."""
        name = json.dumps([self.api_key_id, self.method, self.path, self.key])
        return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)

    @property
    def identity(self) -> dict[str, int | str]:
        """The primary key of its record."""
        return {
            "api_key_id": self.api_key_id,
            "method": self.method,
            "path": self.path,
            "idempotency_key": self.key,
        }


def claim(body: bytes) -> Claim | None:
    """What this request claims, where it has an `Idempotency-Key`. Raises IdempotencyKeyInvalid."""
    key = request.headers.get("Idempotency-Key")
    if key is None or request.method != "POST":
        return None
    if not 1 <= len(key) <= _LONGEST_KEY or any(ord(character) not in _PRINTABLE for character in key):
        raise IdempotencyKeyInvalid
    key_id = actor().key_id
    assert key_id is not None  # noqa: S101  (operations with a body are open to API keys only)
    return Claim(key_id, request.method, request.path, key, hashlib.sha256(body).hexdigest())


def once(claim: Claim, work: Callable[[Session], Reply]) -> Reply:
    """Do `work` and keep its answer, or give the answer that was kept.

    What was not found or made no sense is an answer too, kept after its effect is undone. All other errors are not.
    Raises RequestInProgress, IdempotencyKeyReused.
    """

    def first(session: Session) -> Reply:
        if not _lock(session, claim):
            raise RequestInProgress
        kept = _kept(session, claim, moment().now)
        if kept is not None:
            return kept
        reply = work(session)
        if not _keep(session, claim, reply, moment().now):
            raise RequestInProgress
        return reply

    try:
        return transactions.run(first)
    except IdempotencyKeyReused:
        raise
    except (NotFound, Invalid) as refusal:
        problem = errors.problem_of(refusal, language())
        reply = Reply(problem.text(language()), problem.status, content_type=errors.MIMETYPE)
        transactions.run(lambda session: _lock(session, claim) and _keep(session, claim, reply, moment().now))
        return reply


def look_up(claim: Claim) -> Reply | None:
    """The answer that was kept, if any. Raises IdempotencyKeyReused."""
    return transactions.run(lambda session: _kept(session, claim, moment().now), commit=False)


def keep(claim: Claim, reply: Reply) -> None:
    """Keep the answer to work that was done in parts; of two that are given at once, one."""
    transactions.run(lambda session: _keep(session, claim, reply, moment().now))


def _lock(session: Session, claim: Claim) -> bool:
    return bool(session.scalar(select(func.pg_try_advisory_xact_lock(claim.lock))))


def _kept(session: Session, claim: Claim, now: datetime) -> Reply | None:
    record = session.get(IdempotencyRecord, tuple(claim.identity.values()), populate_existing=True)
    if record is None or record.created_at <= now - KEPT_FOR:
        return None
    if record.request_sha256 != claim.request_sha256:
        raise IdempotencyKeyReused
    return Reply(record.body, record.status, {REPLAYED: "true"}, record.content_type)


def _keep(session: Session, claim: Claim, reply: Reply, now: datetime) -> bool:
    """Write the record, over an old one; False where another request was quicker."""
    values = {
        "request_sha256": claim.request_sha256,
        "status": int(reply.status),
        "body": reply.body,
        "content_type": reply.content_type,
        "created_at": now,
    }
    written = session.execute(
        insert(IdempotencyRecord)
        .values(**claim.identity, **values)
        .on_conflict_do_update(
            index_elements=list(claim.identity),
            set_=values,
            where=IdempotencyRecord.created_at <= now - KEPT_FOR,
        )
        .returning(IdempotencyRecord.status)
    )
    return written.first() is not None
