"""Open holds checked again: when money comes in, a limit or an invoice changes, or another policy is in force.

A hold that the policy would approve by now is marked releasable, or, where the policy's setting `auto_release` says
so, released. What goes wrong with a hold never undoes the change that caused the look.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, aliased

from policy_service.db.models import Customer, Hold
from policy_service.domain.actors import SYSTEM
from policy_service.domain.days import Moment
from policy_service.domain.documents import CheckRequest
from policy_service.domain.event_kinds import EventKind
from policy_service.domain.holds import HoldStatus
from policy_service.domain.outcomes import Outcome
from policy_service.services.checks import Look, glance_at, record_decision
from policy_service.services.held_orders import held_request
from policy_service.services.hold_events import tell_of_hold
from policy_service.services.policies import active_policy
from policy_service.services.recheck_jobs import defer_recheck
from policy_service.services.records import Holding
from policy_service.services.release_forecast import predicted_release
from rules.decide import decide
from rules.verdict import Verdict

_MOST_AT_ONCE = 20
_UNDONE_BY_DATABASE = ("40001", "40P01")

_log = logging.getLogger(__name__)


def recheck_holds_of(session: Session, customer_id: str, moment: Moment) -> None:
    """Check the open holds of a customer again, after something about it changed, in the same transaction.

    Where these are many a job does it, and so it does for others in its group, whose accounts are not locked here.
    """
    member, itself = aliased(Customer), aliased(Customer)
    of_group = (
        select(Hold.customer_id, Hold.base_currency, func.count().label("holds"))
        .join(member, member.id == Hold.customer_id)
        .join(itself, (itself.id == member.id) | (itself.group_id == member.group_id))
        .where(Hold.status == HoldStatus.OPEN, itself.id == customer_id)
        .group_by(Hold.customer_id, Hold.base_currency)
    )
    later = set()
    for row in session.execute(of_group).all():
        if row.customer_id == customer_id and row.holds <= _MOST_AT_ONCE:
            recheck_open_holds(session, [customer_id], moment, row.base_currency)
        else:
            later.add(row.customer_id)
    defer_recheck(session, later)


def recheck_open_holds(session: Session, customer_ids: Collection[str], moment: Moment, base_currency: str) -> None:
    """Check the open holds of these customers again, the oldest first. Raises NoActivePolicy."""
    wanted = (
        select(Hold)
        .where(Hold.status == HoldStatus.OPEN, Hold.customer_id.in_(customer_ids))
        .order_by(Hold.customer_id, Hold.decision_id)
        .execution_options(populate_existing=True)
    )
    holds = session.scalars(wanted).all()
    if not holds:
        return
    releases = active_policy(session, moment.now).policy.settings.auto_release
    for hold in holds:
        _recheck_safely(session, hold, moment, base_currency, releases=releases)


def _recheck_safely(session: Session, hold: Hold, moment: Moment, base_currency: str, *, releases: bool) -> None:
    decision_id = hold.decision_id
    try:
        with session.begin_nested():
            _recheck(session, hold, moment, base_currency, releases=releases)
    except DBAPIError as error:
        if error.connection_invalidated or getattr(error.orig, "sqlstate", None) in _UNDONE_BY_DATABASE:
            raise
        _log.exception("the hold %s could not be checked again", decision_id)
    except Exception:
        _log.exception("the hold %s could not be checked again", decision_id)


def _recheck(session: Session, hold: Hold, moment: Moment, base_currency: str, *, releases: bool) -> None:
    """Only a release needs the lock on the account: what it grants is reserved."""
    started, request = time.perf_counter(), held_request(session, hold)
    look = glance_at(session, request, moment, base_currency, lock=releases)
    session.refresh(hold)
    if hold.status != HoldStatus.OPEN:
        return
    verdict = decide(look.policy.compiled, look.known.facts)
    if releases and verdict.outcome is Outcome.APPROVE:
        _release(session, hold, request, look, verdict, moment, started)
    else:
        _mark(session, hold, look, verdict, moment)


def _mark(session: Session, hold: Hold, look: Look, verdict: Verdict, moment: Moment) -> None:
    passes = verdict.outcome.is_approval
    still = {reason.rule_code for reason in verdict.reasons}
    hold.checked_at = moment.now
    hold.releasable_since = (hold.releasable_since or moment.now) if passes else None
    hold.fallen_codes = [code for code in hold.rule_codes if code not in still]
    hold.predicted_release_on = None if passes else predicted_release(session, look.policy, look.known)
    session.flush()


def _release(
    session: Session,
    hold: Hold,
    request: CheckRequest,
    look: Look,
    verdict: Verdict,
    moment: Moment,
    started: float,
) -> None:
    """An approval without conditions goes out by itself; conditions are for a person to agree to."""
    holding = Holding(hold.base_currency, closes_as=HoldStatus.RELEASED, closed_by=SYSTEM.user)
    more = {"releases": hold.decision_id, "resolution": {"kind": "auto_release", "of": hold.decision_id}}
    record = record_decision(session, SYSTEM, request, look, verdict, holding, moment, started, more)
    session.refresh(hold)
    told = {"resolution_decision_id": record["decision_id"], "by": SYSTEM.user, "automatic": True}
    tell_of_hold(session, SYSTEM, EventKind.HOLD_RELEASED, hold, told, None, moment.now)
