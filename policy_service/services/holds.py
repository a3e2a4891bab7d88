"""What persons do with held orders: release them, reject them, hand them up."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from policy_service.db.models import Hold
from policy_service.domain.actors import Actor
from policy_service.domain.days import Moment
from policy_service.domain.errors import (
    CannotBeDecided,
    HighestAuthorityAsked,
    HoldNotOpen,
    HoldNowRejected,
    OrdersStopped,
    SecondPersonNeeded,
)
from policy_service.domain.event_kinds import EventKind
from policy_service.domain.holds import HOLD_USERS, HoldStatus, next_authority
from policy_service.domain.money import EXACT, money_text
from policy_service.domain.outcomes import Authority, Outcome
from policy_service.services.audit import record_event
from policy_service.services.authority import Needed, Power, power_to_release, release_limits
from policy_service.services.checks import Look, look_at, record_decision
from policy_service.services.decisions import get_decision
from policy_service.services.facts.rates import day_rates
from policy_service.services.held_orders import first_release_document, get_hold, held_request, list_holds
from policy_service.services.hold_events import tell_of_hold
from policy_service.services.holds_recheck import recheck_open_holds
from policy_service.services.persons import name_of, person_of, refuse_other_roles
from policy_service.services.records import Holding
from rules.decide import decide
from rules.releasing import refused, released
from rules.verdict import Verdict

__all__ = ["Release", "escalate_hold", "list_holds", "recheck_open_holds", "reject_hold", "release_hold"]


@dataclass(frozen=True, slots=True)
class Release:
    """A hold, and the record of the decision that released it; None while a second person has to release it too."""

    hold: Hold
    record: dict[str, Any] | None


def release_hold(
    session: Session, actor: Actor, decision_id: str, note: str, moment: Moment, base_currency: str
) -> Release:
    """Approve a held order on the facts of now, and reserve what is granted.

    The same person again gets the same answer. Raises HoldNotFound, HoldNotOpen, OrdersStopped, HoldNowRejected,
    CannotBeDecided, InsufficientAuthority, SecondPersonNeeded, PersonNeeded, RoleMayNot, NoExchangeRate.
    """
    started, person = time.perf_counter(), person_of(actor)
    refuse_other_roles(actor, HOLD_USERS)
    hold = get_hold(session, decision_id)
    request = held_request(session, hold)
    look = look_at(session, request, moment, base_currency)
    session.refresh(hold, with_for_update=True)
    if hold.status == HoldStatus.RELEASED and hold.resolved_by == person:
        return Release(hold, _resolution(session, hold))
    _need_open(hold)
    verdict = _releasable(look)
    needed = _needed(session, hold, verdict, moment, base_currency)
    limits = release_limits(session)
    power = power_to_release(session, actor, needed, limits, moment.day)
    if limits.takes_two(needed) and not _completes(session, actor, hold, power, note, moment):
        return Release(hold, None)
    holding = Holding(base_currency, closes_as=HoldStatus.RELEASED, closed_by=person)
    more = {"releases": decision_id, "resolution": _release_document(hold, power, needed, note)}
    verdict = released(verdict, look.known.facts)
    record = record_decision(session, actor, request, look, verdict, holding, moment, started, more)
    session.refresh(hold)
    told = {
        "resolution_decision_id": record["decision_id"],
        "by": person,
        "on_behalf_of": power.delegator,
        "automatic": False,
    }
    tell_of_hold(session, actor, EventKind.HOLD_RELEASED, hold, told, note, moment.now)
    return Release(hold, record)


def reject_hold(
    session: Session, actor: Actor, decision_id: str, note: str, moment: Moment, base_currency: str
) -> dict[str, Any]:
    """Reject a held order; the record of the decision. Saying no takes no authority for the amount.

    The same person or key again gets the same answer. Raises HoldNotFound, HoldNotOpen, RoleMayNot.
    """
    started, name = time.perf_counter(), name_of(actor)
    refuse_other_roles(actor, HOLD_USERS)
    hold = get_hold(session, decision_id)
    request = held_request(session, hold)
    look = look_at(session, request, moment, base_currency)
    session.refresh(hold, with_for_update=True)
    if hold.status == HoldStatus.REJECTED and hold.resolved_by == name:
        return _resolution(session, hold)
    _need_open(hold)
    verdict = decide(look.policy.compiled, look.known.facts) if look.is_known else look.held_unseen
    holding = Holding(base_currency, closes_as=HoldStatus.REJECTED, closed_by=name)
    more = {"rejects": decision_id, "resolution": {"kind": "reject", "of": decision_id, "by": name, "note": note}}
    record = record_decision(session, actor, request, look, refused(verdict), holding, moment, started, more)
    session.refresh(hold)
    told = {"resolution_decision_id": record["decision_id"], "by": name}
    tell_of_hold(session, actor, EventKind.HOLD_REJECTED, hold, told, note, moment.now)
    return record


def escalate_hold(session: Session, actor: Actor, decision_id: str, note: str | None, moment: Moment) -> Hold:
    """Ask for the authority above. What one of two released for less counts no more.

    Raises HoldNotFound, HoldNotOpen, HighestAuthorityAsked, RoleMayNot.
    """
    name = name_of(actor)
    refuse_other_roles(actor, HOLD_USERS)
    hold = get_hold(session, decision_id)
    session.refresh(hold, with_for_update=True)
    _need_open(hold)
    before, above = hold.authority, next_authority(Authority(hold.authority))
    if above is None:
        raise HighestAuthorityAsked
    hold.authority, hold.escalated_at = above, moment.now
    hold.first_release_by = hold.first_release_for = hold.first_release_at = hold.first_release_note = None
    told = {"from": before, "to": above.value, "by": name}
    tell_of_hold(session, actor, EventKind.HOLD_ESCALATED, hold, told, note, moment.now)
    return hold


def _need_open(hold: Hold) -> None:
    if hold.status != HoldStatus.OPEN:
        by = f" by {hold.resolved_by}" if hold.resolved_by else ""
        raise HoldNotOpen(f"The hold is {hold.status}{by}; a later decision counts.")


def _releasable(look: Look) -> Verdict:
    """The verdict of now, where a person may overrule it: a brake and a rejection stand."""
    if look.account.freeze is not None or look.account.stop is not None:
        raise OrdersStopped
    if not look.is_known:
        raise CannotBeDecided
    verdict = decide(look.policy.compiled, look.known.facts)
    if verdict.outcome is Outcome.REJECT:
        raise HoldNowRejected
    return verdict


def _needed(session: Session, hold: Hold, verdict: Verdict, moment: Moment, base_currency: str) -> Needed:
    """The higher of what was asked for and what the policy asks for now, for the order's amount at the day's rate."""
    asked = Authority(hold.authority)
    if verdict.authority is not None and verdict.authority.rank > asked.rank:
        asked = verdict.authority
    rate = day_rates(session, {hold.currency}, moment.day, base_currency)[hold.currency]
    return Needed(asked, EXACT.multiply(hold.amount, rate.per_unit), base_currency)


def _completes(session: Session, actor: Actor, hold: Hold, power: Power, note: str, moment: Moment) -> bool:
    """Whether this release is the second of two. The first is kept; who made it may make it again to no effect.

    Raises SecondPersonNeeded where one of the two acts for the other, or both for the same.
    """
    if hold.first_release_by is None:
        hold.first_release_by, hold.first_release_for = power.person, power.delegator
        hold.first_release_at, hold.first_release_note = moment.now, note
        detail = {"by": power.person, "on_behalf_of": power.delegator, "note": note}
        record_event(session, actor, "hold.released_first", "hold", hold.decision_id, detail, moment.now)
        session.flush()
        return False
    if hold.first_release_by == power.person:
        return False
    if power.persons & {hold.first_release_by, hold.first_release_for}:
        raise SecondPersonNeeded
    return True


def _release_document(hold: Hold, power: Power, needed: Needed, note: str) -> Mapping[str, Any]:
    """Who released what with which authority, as the record of the decision keeps it."""
    return {
        "kind": "release",
        "of": hold.decision_id,
        "by": power.person,
        "on_behalf_of": power.delegator,
        "note": note,
        "authority": needed.authority.value,
        "amount": money_text(needed.amount, needed.currency),
        "currency": needed.currency,
        "first": first_release_document(hold),
    }


def _resolution(session: Session, hold: Hold) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(get_decision(session, str(hold.resolution_decision_id)).record)
    return record
