"""Held orders as they are looked up and read."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from policy_service.db.models import Hold
from policy_service.domain.days import rfc3339
from policy_service.domain.documents import CheckRequest, OrderLine
from policy_service.domain.errors import HoldNotFound
from policy_service.domain.holds import HoldStatus
from policy_service.domain.money import money_text
from policy_service.domain.outcomes import Authority, CheckKind
from policy_service.services.decisions import get_decision


def get_hold(session: Session, decision_id: str) -> Hold:
    """The hold that a decision opened, as it is now. Raises HoldNotFound."""
    hold = session.get(Hold, decision_id, populate_existing=True)
    if hold is None:
        raise HoldNotFound(f"No order was held under the decision {decision_id!r}.")
    return hold


def list_holds(
    session: Session,
    *,
    limit: int = 50,
    after: str | None = None,
    status: HoldStatus | None = None,
    customer_id: str | None = None,
    authority: Authority | None = None,
) -> list[Hold]:
    """Holds, the oldest first, those after the decision `after`; only the ones that match what is given."""
    wanted = select(Hold).order_by(Hold.decision_id).limit(limit)
    if after is not None:
        wanted = wanted.where(Hold.decision_id > after)
    matches = {Hold.status: status, Hold.customer_id: customer_id, Hold.authority: authority}
    for column, value in matches.items():
        if value is not None:
            wanted = wanted.where(column == value)
    return list(session.scalars(wanted))


def give_up_hold(session: Session, customer_id: str, order_id: str, by: str | None, now: datetime) -> None:
    """Close the open hold of an order that is cancelled or closed: there is nothing left to release."""
    open_hold = select(Hold).where(
        Hold.customer_id == customer_id, Hold.order_id == order_id, Hold.status == HoldStatus.OPEN
    )
    for hold in session.scalars(open_hold.with_for_update()):
        hold.status, hold.resolved_at, hold.resolved_by = HoldStatus.SUPERSEDED, now, by
    session.flush()


def held_request(session: Session, hold: Hold) -> CheckRequest:
    """What was asked when the order was held, with the terms as they counted."""
    request = json.loads(get_decision(session, hold.decision_id).record)["request"]
    return CheckRequest(
        kind=CheckKind.ORDER,
        subject_id=hold.order_id,
        customer_id=hold.customer_id,
        amount=Decimal(request["amount"]),
        currency=request["currency"],
        payment_terms_days=request["payment_terms_days"],
        prepaid_amount=Decimal(request["prepaid_amount"]),
        order_date=_day(request["order_date"]),
        requested_ship_date=_day(request["requested_ship_date"]),
        order_type=request["order_type"],
        channel=request["channel"],
        lines=tuple(
            OrderLine(line["sku"], Decimal(line["quantity"]), Decimal(line["amount"])) for line in request["lines"]
        ),
    )


def hold_summary(hold: Hold) -> dict[str, Any]:
    """What is held, and whose authority it waits for."""
    return {
        "decision_id": hold.decision_id,
        "order_id": hold.order_id,
        "customer_id": hold.customer_id,
        "amount": money_text(hold.amount, hold.currency),
        "currency": hold.currency,
        "authority": hold.authority,
    }


def hold_document(hold: Hold) -> dict[str, Any]:
    """A hold as the API shows it."""
    return {
        **hold_summary(hold),
        "rule_codes": hold.rule_codes,
        "status": hold.status,
        "opened_at": rfc3339(hold.opened_at),
        "checked_at": rfc3339(hold.checked_at),
        "releasable": hold.releasable_since is not None,
        "releasable_since": _instant(hold.releasable_since),
        "fallen_rule_codes": hold.fallen_codes,
        "predicted_release_on": hold.predicted_release_on.isoformat() if hold.predicted_release_on else None,
        "escalated_at": _instant(hold.escalated_at),
        "first_release": first_release_document(hold),
        "resolved_at": _instant(hold.resolved_at),
        "resolved_by": hold.resolved_by,
        "resolution_decision_id": hold.resolution_decision_id,
    }


def first_release_document(hold: Hold) -> dict[str, Any] | None:
    """The first of two releases; None where there was none."""
    if hold.first_release_at is None:
        return None
    return {
        "by": hold.first_release_by,
        "on_behalf_of": hold.first_release_for,
        "note": hold.first_release_note,
        "at": rfc3339(hold.first_release_at),
    }


def _instant(instant: datetime | None) -> str | None:
    return rfc3339(instant) if instant else None


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
