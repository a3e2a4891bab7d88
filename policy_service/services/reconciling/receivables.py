"""Invoices, credit notes and payments: the sums they keep, against the applications between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from policy_service.db.models import Application, Invoice, Payment
from policy_service.domain.actors import SYSTEM
from policy_service.domain.days import Moment
from policy_service.services.audit import record_event
from policy_service.services.reconciling.result import SumDifference
from policy_service.services.reconciling.statements import RECEIVABLES
from policy_service.services.settlement import refresh_settlement

_ORPHAN = "source_id"


def look_at_receivables(session: Session, customers: Sequence[str]) -> tuple[int, list[SumDifference]]:
    """How many documents these accounts have, and every kept column that does not agree."""
    row = session.execute(RECEIVABLES, {"customers": list(customers)}).one()
    return row.documents, [_difference(each) for each in row.differing or ()]


def put_receivables_right(session: Session, customers: Sequence[str], moment: Moment) -> list[SumDifference]:
    """Work the kept sums of these accounts out again. The accounts are locked."""
    found = look_at_receivables(session, customers)[1]
    wrong = sorted({each.customer_id for each in found if each.can_be_fixed})
    for customer_id in wrong:
        invoices = session.scalars(select(Invoice.id).where(Invoice.customer_id == customer_id)).all()
        payments = session.scalars(select(Payment.id).where(Payment.customer_id == customer_id)).all()
        sources = session.scalars(select(Application.source_id).where(Application.customer_id == customer_id)).all()
        refresh_settlement(session, invoices, {*invoices, *payments, *sources})
        detail = {"sums": [each.as_document() for each in found if each.customer_id == customer_id]}
        record_event(session, SYSTEM, "receivables.reconciled", "customer", customer_id, detail, moment.now)
    session.flush()
    return [replace(each, is_fixed=each.can_be_fixed) for each in found]


def _difference(row: Mapping[str, Any]) -> SumDifference:
    return SumDifference(
        kind=row["kind"],
        id=row["id"],
        customer_id=row["customer_id"],
        column=row["name"],
        kept=row["kept"],
        found=row["found"],
        can_be_fixed=row["name"] != _ORPHAN,
    )
