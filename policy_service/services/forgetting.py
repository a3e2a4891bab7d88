"""What need not be kept for ever."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

IDEMPOTENCY_RECORDS_KEPT_FOR = timedelta(hours=24)

_FORGET = text("""
DELETE FROM idempotency_records WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM idempotency_records WHERE created_at <= :before
    ORDER BY created_at LIMIT :limit FOR UPDATE SKIP LOCKED
)) RETURNING 1
""")


def forget_idempotency_records(session: Session, now: datetime, limit: int) -> int:
    """Delete answers to POSTs that are too old to be given again, at most `limit` of them; how many."""
    values = {"before": now - IDEMPOTENCY_RECORDS_KEPT_FOR, "limit": limit}
    return len(session.connection().execute(_FORGET, values).all())
