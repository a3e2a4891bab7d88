"""Decisions as they are read: the answer of a check, and all that is kept beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from policy_service.db.models import Decision
from policy_service.domain.errors import DecisionNotFound
from policy_service.domain.outcomes import CheckKind, Outcome
from rules.codec import in_language
from rules.texts import Language


def get_decision(session: Session, decision_id: str) -> Decision:
    """One decision. Raises DecisionNotFound."""
    decision = session.get(Decision, decision_id)
    if decision is None:
        raise DecisionNotFound(f"No decision has the id {decision_id!r}.")
    return decision


def list_decisions(
    session: Session,
    *,
    limit: int = 50,
    before: str | None = None,
    customer_id: str | None = None,
    subject_id: str | None = None,
    kind: CheckKind | None = None,
    outcome: Outcome | None = None,
    rule_code: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[Decision]:
    """Decisions, the newest first, those older than the id `before`; only the ones that match what is given.

    `since` is inside, `until` outside.
    """
    wanted = select(Decision).order_by(Decision.id.desc()).limit(limit)
    if before is not None:
        wanted = wanted.where(Decision.id < before)
    matches = {
        Decision.customer_id: customer_id,
        Decision.subject_id: subject_id,
        Decision.kind: kind,
        Decision.outcome: outcome,
    }
    for column, value in matches.items():
        if value is not None:
            wanted = wanted.where(column == value)
    if rule_code is not None:
        wanted = wanted.where(Decision.rule_codes.contains([rule_code]))
    if since is not None:
        wanted = wanted.where(Decision.decided_at >= since)
    if until is not None:
        wanted = wanted.where(Decision.decided_at < until)
    return list(session.scalars(wanted))


def answer(record: Mapping[str, Any], language: Language) -> dict[str, Any]:
    """What a check answers, in one language, from the record of the decision."""
    verdict, kind = in_language(record["verdict"], language), record["kind"]
    decided = {
        "decision_id": record["decision_id"],
        "kind": kind,
        f"{kind}_id": record["subject_id"],
        "customer_id": record["customer_id"],
        "outcome": verdict["outcome"],
        "requested": {
            "amount": record["request"]["amount"],
            "credit_amount": record["request"]["credit_amount"],
            "payment_terms_days": record["request"]["payment_terms_days"],
            "currency": record["request"]["currency"],
        },
        "granted": verdict["granted"],
        "exposure": record["exposure"],
        "reasons": verdict["reasons"],
        "warnings": verdict["warnings"],
        "exempted": verdict["exempted"],
        "near_misses": record["near_misses"],
        "counter_offers": in_language(record["counter_offers"], language),
        "reservation": record["reservation"],
        "policy": record["policy"],
        "decided_at": record["decided_at"],
        "valid_until": record["valid_until"],
    }
    decided |= {name: record[name] for name in ("releases", "rejects") if name in record}
    if not record["counter_offers"]:
        decided["no_counter_offer_reason"] = in_language(record["no_counter_offer_reason"], language)
    return decided


def full_answer(decision: Decision, language: Language) -> dict[str, Any]:
    """The answer, and what it was based on: request, facts as seen, caller, the hash of the record, time taken."""
    record = json.loads(decision.record)
    return {
        **answer(record, language),
        **({"resolution": record["resolution"]} if "resolution" in record else {}),
        "request": record["request"],
        "facts": record["facts"],
        "authority": record["verdict"]["authority"],
        "caller": record["caller"],
        "sha256": decision.sha256.strip(),
        "took_microseconds": decision.took_microseconds,
    }
