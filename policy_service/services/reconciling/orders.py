"""Orders: the buckets of the row, the sum of its movements, and what its documents say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from policy_service.db.models import Movement, Order
from policy_service.domain.actors import SYSTEM
from policy_service.domain.days import Moment
from policy_service.domain.money import ZERO, plain
from policy_service.services.audit import record_event
from policy_service.services.order_buckets import Bucket
from policy_service.services.reconciling.result import BucketDifference
from policy_service.services.reconciling.statements import ORDERS

_CAUSE = "reconcile"
_OPEN = (Bucket.OPEN_ORDERS, Bucket.OPEN_DELIVERIES)
_Row = Mapping[str, Any]


def look_at_orders(session: Session, customers: Sequence[str]) -> tuple[int, int, list[BucketDifference]]:
    """How many orders and movements these accounts have, and every bucket that does not agree."""
    orders, movements, rows = _differing(session, customers)
    return orders, movements, [difference for row in rows for difference in _differences(row)]


def put_orders_right(session: Session, customers: Sequence[str], moment: Moment) -> list[BucketDifference]:
    """Bring rows and movements to what the documents say: every correction is a movement. The accounts are locked."""
    found: list[BucketDifference] = []
    for row in _differing(session, customers)[2]:
        differences = list(_differences(row))
        if all(_can_be_fixed(each) for each in differences):
            differences = [_settle(each) for each in differences]
            _put_right(session, row, differences, moment)
        found += differences
    session.flush()
    return found


def _differing(session: Session, customers: Sequence[str]) -> tuple[int, int, list[_Row]]:
    row = session.execute(ORDERS, {"customers": list(customers)}).one()
    return row.orders, row.movements, row.differing or []


def _differences(row: _Row) -> Iterator[BucketDifference]:
    for bucket in Bucket:
        kept, moved, told = (Decimal(row[f"{side}_{bucket}"]) for side in ("kept", "moved", "told"))
        if not kept == moved == told:
            yield BucketDifference(
                order_id=row["order_id"],
                customer_id=row["customer_id"],
                currency=row["currency"],
                bucket=bucket,
                kept=kept,
                by_movements=moved,
                by_documents=told if row["is_known"] and told >= ZERO else None,
                documents=tuple(f"{gap['cause']} {gap['cause_id']}" for gap in _gaps(row, bucket)),
            )


def _gaps(row: _Row, bucket: Bucket) -> list[_Row]:
    if bucket not in _OPEN:
        return []
    return [gap for gap in row["gaps"] or () if Decimal(gap[bucket]) != ZERO]


def _can_be_fixed(difference: BucketDifference) -> bool:
    return difference.by_documents is not None


def _settle(difference: BucketDifference) -> BucketDifference:
    return replace(difference, is_fixed=True)


def _put_right(session: Session, row: _Row, differences: Iterable[BucketDifference], moment: Moment) -> None:
    """A movement for each document that its movements contradict; then the row follows."""
    order = session.get(Order, row["order_id"], populate_existing=True) if row["is_kept"] else None
    for difference in differences:
        bucket, told = Bucket(difference.bucket), difference.by_documents or ZERO
        for cause_id, amount in _corrections(row, difference):
            session.add(_movement(row, bucket, amount, cause_id, moment))
        if order is not None:
            setattr(order, bucket, told)
            order.updated_at = moment.now
    detail = {
        "customer_id": row["customer_id"],
        "currency": row["currency"],
        "buckets": {each.bucket: _plain_sides(each) for each in differences},
    }
    record_event(session, SYSTEM, "order.reconciled", "order", row["order_id"], detail, moment.now)


def _corrections(row: _Row, difference: BucketDifference) -> list[tuple[str, Decimal]]:
    """What is to be moved, and the document that it is moved for."""
    bucket = Bucket(difference.bucket)
    gaps = _gaps(row, bucket) if row["is_kept"] else []
    corrections = [(f"{gap['cause']} {gap['cause_id']}", Decimal(gap[bucket])) for gap in gaps]
    rest = (difference.by_documents or ZERO) - difference.by_movements - sum((each for _, each in corrections), ZERO)
    decision = row["pending_decision_id"] if bucket is Bucket.RESERVED else None
    corrections.append((f"check {decision}" if decision else f"order {row['order_id']}", rest))
    return [(cause_id, amount) for cause_id, amount in corrections if amount]


def _movement(row: _Row, bucket: Bucket, amount: Decimal, cause_id: str, moment: Moment) -> Movement:
    return Movement(
        customer_id=row["customer_id"],
        order_id=row["order_id"],
        from_bucket=None if amount > ZERO else bucket,
        to_bucket=bucket if amount > ZERO else None,
        amount=abs(amount),
        currency=row["currency"],
        cause=_CAUSE,
        cause_id=cause_id,
        business_on=moment.day,
        recorded_at=moment.now,
    )


def _plain_sides(difference: BucketDifference) -> dict[str, str]:
    sides = {
        "kept": difference.kept,
        "by_movements": difference.by_movements,
        "by_documents": difference.by_documents or ZERO,
    }
    return {name: plain(amount) for name, amount in sides.items()}
