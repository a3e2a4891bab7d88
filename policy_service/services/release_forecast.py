"""On which day a held order is expected to pass by itself, because the customer pays what it owes."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date

from sqlalchemy.orm import Session

from policy_service.services.facts import Known
from policy_service.services.facts.assemble import Standing
from policy_service.services.facts.forecast import ExpectedPayment, expected_payments, facts_on
from policy_service.services.facts.gather import open_invoices
from policy_service.services.policies import ActivePolicy
from rules.brakes import stops_everything
from rules.decide import outcome_of

_MOST_DAYS = 60
"""Days of payment that are looked at, so that a customer with thousands of invoices holds up no check."""

_log = logging.getLogger(__name__)


def predicted_release(session: Session, policy: ActivePolicy, known: Known) -> date | None:
    """The first day of payment on which the policy approves; None where not even paying everything helps.

    Never raises for trouble of its own: an order is decided whether or not that day is known. The method and its
    limits are in docs/holds.md.
    """
    standing = known.standing
    if standing is None or stops_everything(known.facts):
        return None
    invoices = open_invoices(session, standing.gathered)
    try:
        return _first_day(policy, standing, expected_payments(standing, invoices))
    except Exception:
        _log.exception("the release of a held order could not be predicted")
        return None


def _first_day(policy: ActivePolicy, standing: Standing, payments: Sequence[ExpectedPayment]) -> date | None:
    days = sorted({payment.day for payment in payments if payment.day is not None})

    def passes(day: date) -> bool:
        return outcome_of(policy.compiled, facts_on(standing, payments, day)).is_approval

    if not days or not passes(days[-1]):
        return None
    return next((day for day in days[:_MOST_DAYS] if passes(day)), None)
