"""Writing a decision: the record, the order it belongs to, what it reserves, and the alerts, in one go."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from policy_service.domain.canonical import canonical_json, sha256_hex
from policy_service.domain.days import Moment
from policy_service.domain.documents import CheckRequest
from policy_service.domain.errors import OrderBelongsToAnotherCustomer
from policy_service.domain.holds import HoldStatus
from policy_service.domain.money import ZERO, money_text
from policy_service.domain.order_states import AGREED, OrderState, after_check
from policy_service.domain.outcomes import CheckKind
from policy_service.services.alerts import raise_alert
from policy_service.services.facts import Known, credit_amount
from rules.facts import Request
from rules.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Reservation:
    """Credit set aside for an approved order, in the order's currency, until it is confirmed or expires."""

    amount: Decimal
    currency: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Holding:
    """What a decision does to the hold of its order: the open one is closed, and a held order opens another.

    `closes_as` is superseded unless a person decided, who then is `closed_by`. `base_currency` and
    `predicted_release_on` are for the new one.
    """

    base_currency: str
    predicted_release_on: date | None = None
    closes_as: HoldStatus = HoldStatus.SUPERSEDED
    closed_by: str | None = None


_DECISION = """
INSERT INTO decisions (id, kind, subject_id, customer_id, outcome, amount, currency, rule_codes, policy_version,
                       decided_at, took_microseconds, sha256, record)
VALUES (:decision_id, :kind, :subject_id, :customer_id, :outcome, :amount, :currency, :rule_codes,
        :policy_version, :now, :took, :sha256, :record)
"""

# The feed is told by the same statement: another one would be another way to the database and back.
_TOLD = """
INSERT INTO event_arrivals (kind, subject_id, payload, occurred_at)
VALUES ('decision.made', :decision_id, CAST(:told AS jsonb), :now)
"""

_QUOTE = text(f"WITH decision AS ({_DECISION}) {_TOLD}")

# A confirmed order keeps what was confirmed until the next confirmation; any other takes what is asked for now.
_ORDER = text(f"""
WITH decision AS ({_DECISION}),
told AS ({_TOLD}),
closed AS (
    UPDATE holds SET status = :closes_as, resolved_at = :now, resolved_by = :closed_by,
                     resolution_decision_id = :decision_id
    WHERE customer_id = :customer_id AND order_id = :subject_id AND status = 'open'
    RETURNING decision_id
),
held AS (
    INSERT INTO holds (decision_id, customer_id, order_id, amount, currency, base_currency, authority, rule_codes,
                       status, opened_at, checked_at, fallen_codes, predicted_release_on)
    SELECT :decision_id, :customer_id, :subject_id, :amount, :currency, :base_currency, :authority, :reason_codes,
           'open', :now, :now, '{{}}', CAST(:predicted_release_on AS date)
    FROM (SELECT count(*) FROM closed) after_closing WHERE CAST(:authority AS text) IS NOT NULL
),
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
VALUES (:subject_id, :customer_id, 'check', :state, :amount, :currency, :order_date, :ship_date,
        :reserved, :expires_at, 0, 0, :pending_id, :now)
ON CONFLICT (id) DO UPDATE SET
    source = 'check', reserved = excluded.reserved, reserved_until = excluded.reserved_until,
    pending_decision_id = excluded.pending_decision_id, updated_at = excluded.updated_at,
    status = excluded.status,
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
    holding: Holding,
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
        "told": canonical_json(_told(request, verdict, record)),
    }
    connection = session.connection()
    if request.kind is CheckKind.QUOTE:
        connection.execute(_QUOTE, values)
    else:
        values |= _order_values(request, reservation, known, moment, record)
        values |= _hold_values(verdict, holding)
        if connection.execute(_ORDER, values).first() is None:
            raise OrderBelongsToAnotherCustomer
    _raise_alerts(session, request, verdict, record["decision_id"], moment)


def _rule_codes(verdict: Verdict) -> list[str]:
    """What decisions are searched by: the rules that fired, and the codes under which the service itself decides."""
    told = (reason.rule_code for reason in (*verdict.reasons, *verdict.warnings))
    return list(dict.fromkeys((*verdict.fired, *told)))


def _told(request: CheckRequest, verdict: Verdict, record: Mapping[str, Any]) -> dict[str, Any]:
    """What the feed says of a decision: enough to act on, in the currency of the order."""
    granted = verdict.granted
    return {
        "decision_id": record["decision_id"],
        "kind": request.kind,
        f"{request.kind}_id": request.subject_id,
        "customer_id": request.customer_id,
        "outcome": verdict.outcome,
        "amount": money_text(request.amount, request.currency),
        "granted_credit_amount": money_text(granted.credit_amount, request.currency) if granted else None,
        "currency": request.currency,
        "rule_codes": _rule_codes(verdict),
        "policy_version": record["policy"]["version"],
        "valid_until": record["valid_until"],
    }


def _raise_alerts(
    session: Session, request: CheckRequest, verdict: Verdict, decision_id: str, moment: Moment
) -> None:
    for alert in verdict.alerts:
        raise_alert(
            session,
            alert.rule_code,
            alert.severity,
            alert.message,
            moment.now,
            customer_id=request.customer_id,
            decision_id=decision_id,
        )


def _order_values(
    request: CheckRequest,
    reservation: Reservation | None,
    known: Known,
    moment: Moment,
    record: Mapping[str, Any],
) -> dict[str, Any]:
    """A pending reservation of an earlier check is given up; the new one, if any, takes its place."""
    own = known.own_order
    state = after_check(state_of(own), is_approved=reservation is not None)
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
        "state": state,
        "keep": state in AGREED or state is OrderState.CANCELLED,
    }


def _hold_values(verdict: Verdict, holding: Holding) -> dict[str, Any]:
    """A hold without an authority would not be one."""
    return {
        "closes_as": holding.closes_as,
        "closed_by": holding.closed_by,
        "base_currency": holding.base_currency,
        "authority": verdict.authority,
        "reason_codes": list(dict.fromkeys(reason.rule_code for reason in verdict.reasons)),
        "predicted_release_on": holding.predicted_release_on,
    }


def state_of(own_order: Mapping[str, Any] | None) -> OrderState | None:
    """The state of the order under check as it was found; None where it was never checked here."""
    found = own_order["state"] if own_order else None
    return OrderState(found) if found else None


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
