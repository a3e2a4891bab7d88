"""The explanation of a decision, from its record and the text of the policy that decided."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import lru_cache
from typing import Any

from sqlalchemy.orm import Session

from policy_service.db.models import Decision, PolicyVersion
from policy_service.services.decisions import get_decision
from rules.audiences import Audience
from rules.document import Policy, load_policy
from rules.explain import Explanation, Point, explain
from rules.findings import PolicyError
from rules.texts import Language


def explain_decision(session: Session, decision_id: str, audience: Audience, language: Language) -> dict[str, Any]:
    """The explanation of a decision as the API answers it. Raises DecisionNotFound."""
    decision = get_decision(session, decision_id)
    return {"decision_id": decision.id, **explanation_document(explanation_of(session, decision, audience, language))}


def explanation_of(session: Session, decision: Decision, audience: Audience, language: Language) -> Explanation:
    """The explanation of a decision that was read already."""
    return explain(json.loads(decision.record), _policy_of(session, decision), audience, language)


def explanation_document(explanation: Explanation) -> dict[str, Any]:
    """An explanation as JSON; what a point does not have is left out."""
    return {
        **asdict(explanation),
        "points": [_point(point) for point in explanation.points],
        "near_misses": [_point(point) for point in explanation.near_misses],
        "counter_offers": [asdict(offer) for offer in explanation.counter_offers],
    }


def _point(point: Point) -> dict[str, Any]:
    return {name: value for name, value in asdict(point).items() if value is not None}


def _policy_of(session: Session, decision: Decision) -> Policy | None:
    """The policy that decided; None where its text is gone or no longer loads."""
    if decision.policy_version is None:
        return None
    version = session.get(PolicyVersion, decision.policy_version)
    return _loaded(version.source) if version else None


@lru_cache(maxsize=8)
def _loaded(source: str) -> Policy | None:
    """Loading takes some 20 ms, and explanations of one version come together."""
    try:
        return load_policy(source)
    except PolicyError:
        return None
