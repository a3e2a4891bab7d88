"""Writing a decision: the record, the order it belongs to, what it reserves, and the alerts, in one go."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from policy_service.db.models import Alert
from policy_service.domain.canonical import canonical_json, sha256_hex
from policy_service.domain.days import Moment
from policy_service.domain.documents import CheckRequest
from policy_service.domain.errors import OrderBelongsToAnotherCustomer
from policy_service.domain.money import ZERO, money_text
from policy_service.domain.outcomes import CheckKind
from policy_service.services.facts import Known, credit_amount
from rules.facts import Request
from rules.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Reservation:
    """Credit set aside for an approved order, in the order's currency, until it is confirmed or expires."""

    amount: Decimal
    currency: str
    expires_at: datetime


_DECISION = """
INSERT INTO decisions (id, kind, subject_id, customer_id, outcome, amount, currency, rule_codes, policy_version,
                       decided_at, took_microseconds, sha256, record)
VALUES (:decision_id, :kind, :subject_id, :customer_id, :outcome, :amount, :currency, :rule_codes,
        :policy_version, :now, :took, :sha256, :record)
"""

_QUOTE = text(_DECISION)

# A confirmed order keeps what was confirmed until the next confirmation; any other takes what is asked for now.
_ORDER = text(f"""
WITH decision AS ({_DECISION}),
moved AS (
    INSERT INTO movements (customer_id, order_id, from_bucket, to_bucket, amount, currency, cause, cause_id,
                           business_on, recorded_at)
    SELECT :customer_id, :subject_id, m.*, :decision_id, :day, :now
    FROM (VALUES
        (CAST('reserved' AS text), CAST(NULL AS text), CAST(:released AS numeric), CAST(:released_currency AS text),
         CAST(:release_cause AS text)),
        (NULL, 'reserved', :reserved, :currency, 'check')
    ) m(from_bucket, to_bucket, amount, currency, cause)
    WHERE m.amount > 0
)
INSERT INTO orders AS o (id, customer_id, source, status, amount, currency, order_date, requested_ship_date,
                         reserved, reserved_until, open_orders, open_deliveries, pending_decision_id, updated_at)
VALUES (:subject_id, :customer_id, 'check', 'unconfirmed', :amount, :currency, :order_date, :ship_date,
        :reserved, :expires_at, 0, 0, :pending_id, :now)
ON CONFLICT (id) DO UPDATE SET
    source = 'check', reserved = excluded.reserved, reserved_until = excluded.reserved_until,
    pending_decision_id = excluded.pending_decision_id, updated_at = excluded.updated_at,
    status = CASE WHEN :keep THEN o.status ELSE excluded.status END,
    amount = CASE WHEN :keep THEN o.amount ELSE excluded.amount END,
    currency = CASE WHEN :keep THEN o.currency ELSE excluded.currency END,
    order_date = CASE WHEN :keep THEN o.order_date ELSE excluded.order_date END,
    requested_ship_date = CASE WHEN :keep THEN o.requested_ship_date ELSE excluded.requested_ship_date END
WHERE o.customer_id = excluded.customer_id
RETURNING o.id
""")


def write_decision(
    session: Session,
    request: CheckRequest,
    verdict: Verdict,
    record: Mapping[str, Any],
    reservation: Reservation | None,
    known: Known,
    moment: Moment,
    started: float,
) -> None:
    """Write the decision and all that follows from it. Raises OrderBelongsToAnotherCustomer."""
    written = canonical_json(record)
    values = {
        "decision_id": record["decision_id"],
        "kind": request.kind,
        "subject_id": request.subject_id,
        "customer_id": request.customer_id,
        "outcome": verdict.outcome,
        "amount": request.amount,
        "currency": request.currency,
        "rule_codes": _rule_codes(verdict),
        "policy_version": record["policy"]["version"],
        "now": moment.now,
        "took": round((time.perf_counter() - started) * 1_000_000),
        "sha256": sha256_hex(written),
        "record": written,
    }
    connection = session.connection()
    if request.kind is CheckKind.QUOTE:
        connection.execute(_QUOTE, values)
    else:
        values |= _order_values(request, reservation, known, moment, record)
        if connection.execute(_ORDER, values).first() is None:
            raise OrderBelongsToAnotherCustomer
    _raise_alerts(session, request, verdict, record["decision_id"], moment)


def _rule_codes(verdict: Verdict) -> list[str]:
    """What decisions are searched by: the rules that fired, and the codes under which the service itself decides."""
    told = (reason.rule_code for reason in (*verdict.reasons, *verdict.warnings))
    return list(dict.fromkeys((*verdict.fired, *told)))


def _raise_alerts(
    session: Session, request: CheckRequest, verdict: Verdict, decision_id: str, moment: Moment
) -> None:
    if not verdict.alerts:
        return
    session.add_all(
        Alert(
            raised_at=moment.now,
            rule_code=alert.rule_code,
            severity=alert.severity,
            customer_id=request.customer_id,
            decision_id=decision_id,
            message={"en": alert.message.en, "zh": alert.message.zh},
        )
        for alert in verdict.alerts
    )
    session.flush()


def _order_values(
    request: CheckRequest,
    reservation: Reservation | None,
    known: Known,
    moment: Moment,
    record: Mapping[str, Any],
) -> dict[str, Any]:
    """A pending reservation of an earlier check is given up; the new one, if any, takes its place."""
    own = known.own_order
    return {
        "day": moment.day,
        "released": Decimal(own["reserved"]) if own else ZERO,
        "released_currency": own["currency"] if own else request.currency,
        "release_cause": "expiry" if own and own["has_expired"] else "check",
        "reserved": reservation.amount if reservation else ZERO,
        "expires_at": reservation.expires_at if reservation else None,
        "pending_id": record["decision_id"] if reservation else None,
        "order_date": request.order_date or moment.day,
        "ship_date": request.requested_ship_date,
        "keep": bool(own and own["is_confirmed"]),
    }


def request_document(request: CheckRequest, counted: Request | None) -> dict[str, Any]:
    """What was asked, as the record keeps it: with the terms and the prepayment as they counted."""
    return {
        "amount": money_text(request.amount, request.currency),
        "currency": request.currency,
        "credit_amount": _credit_text(counted),
        "payment_terms_days": counted.payment_terms_days if counted else request.payment_terms_days,
        "prepaid_amount": money_text(request.prepaid_amount, request.currency),
        "counted_prepaid_amount": money_text(counted.prepaid_amount, request.currency) if counted else None,
        "order_date": request.order_date.isoformat() if request.order_date else None,
        "requested_ship_date": request.requested_ship_date.isoformat() if request.requested_ship_date else None,
        "order_type": request.order_type,
        "channel": request.channel,
        "lines": [
            {
                "sku": line.sku,
                "quantity": format(line.quantity, "f"),
                "amount": money_text(line.amount, request.currency),
            }
            for line in request.lines
        ],
    }


def _credit_text(counted: Request | None) -> str | None:
    return money_text(credit_amount(counted), counted.currency) if counted else None
