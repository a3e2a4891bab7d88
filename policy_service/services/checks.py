"""The check of an order or a quote: one transaction, from the lock on the account to the written decision."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from policy_service.domain.actors import Actor
from policy_service.domain.days import Moment, rfc3339
from policy_service.domain.documents import CheckRequest
from policy_service.domain.errors import CreditPolicyError, Invalid, OrderBelongsToAnotherCustomer
from policy_service.domain.ids import new_id
from policy_service.domain.money import ZERO, money_text
from policy_service.domain.order_states import AGREED
from policy_service.domain.outcomes import CheckKind, Outcome
from policy_service.services.accounts import Account, account_and_policy
from policy_service.services.facts import Known, Question, gather
from policy_service.services.facts.accounts import limit_in_force
from policy_service.services.facts.gather import overdue_invoices
from policy_service.services.facts.rates import Exchange
from policy_service.services.facts.statements import OWN_ORDER
from policy_service.services.policies import ActivePolicy
from policy_service.services.records import Holding, Reservation, request_document, state_of, write_decision
from policy_service.services.release_forecast import predicted_release
from policy_service.services.situations import OrderSituation
from rules.brakes import braked
from rules.codec import facts_document, near_miss_document, offer_document, text_document, verdict_document
from rules.decide import decide, engine_error_verdict, near_misses
from rules.facts import Facts
from rules.offer_messages import nothing_would_pass
from rules.offers import Offers, counter_offers
from rules.verdict import Verdict

_log = logging.getLogger(__name__)
_RETRIED = ("40001", "40P01")


def check(
    session: Session, actor: Actor, request: CheckRequest, moment: Moment, base_currency: str
) -> dict[str, Any]:
    """Decide, and for an approved order reserve what is granted; the record of the decision.

    Raises CustomerNotFound, NoActivePolicy, UnknownCurrency, NoExchangeRate, OrderBelongsToAnotherCustomer, Invalid.
    When a fact cannot be gathered for any other cause, the answer is hold: it fails closed.
    """
    started = time.perf_counter()
    _refuse_nonsense(request)
    look = look_at(session, request, moment, base_currency)
    verdict = decide(look.policy.compiled, look.known.facts) if look.is_known else look.held_unseen
    holding = Holding(base_currency, _predicted(session, request, verdict, look))
    return record_decision(session, actor, request, look, verdict, holding, moment, started)


@dataclass(frozen=True, slots=True)
class Look:
    """What a decision on a request rests on: the account, locked for an order, the policy in force, and the facts."""

    account: Account
    policy: ActivePolicy
    known: Known

    @property
    def is_known(self) -> bool:
        """Whether the facts could be gathered."""
        return self.known.standing is not None

    @property
    def held_unseen(self) -> Verdict:
        """The verdict where they could not."""
        return braked(engine_error_verdict(), self.known.facts)


def look_at(session: Session, request: CheckRequest, moment: Moment, base_currency: str) -> Look:
    """Look at a request, with the account locked for an order until the transaction ends.

    Raises what `check` does. Where the facts cannot be gathered, the transaction may have begun anew.
    """
    account, policy, known = _known(session, request, moment, base_currency)
    return Look(account, policy, known or _nothing_known(session, account, request, moment))


def glance_at(session: Session, request: CheckRequest, moment: Moment, base_currency: str, *, lock: bool) -> Look:
    """Look at a request in the transaction of something else, which is never begun anew for it.

    Raises what `check` does, and whatever else goes wrong.
    """
    account, policy = account_and_policy(session, request.customer_id, moment.now, lock=lock)
    return Look(account, policy, gather(session, _question(account, policy, request, moment, base_currency)))


def record_decision(
    session: Session,
    actor: Actor,
    request: CheckRequest,
    look: Look,
    verdict: Verdict,
    holding: Holding,
    moment: Moment,
    started: float,
    more: Mapping[str, Any] = MappingProxyType({}),
) -> dict[str, Any]:
    """Write what was decided on what was looked at, reserve what is granted; the record, with `more` in it."""
    policy, known = look.policy, look.known
    reservation = _reservation(request, verdict, known, policy, moment)
    record = {
        **more,
        "decision_id": new_id(moment.now),
        "kind": request.kind,
        "subject_id": request.subject_id,
        "customer_id": request.customer_id,
        "decided_at": rfc3339(moment.now),
        "valid_until": _valid_until(request, verdict, policy, moment),
        "request": request_document(request, known.facts.request),
        "facts": facts_document(known.facts),
        "policy": {"version": policy.number, "content_hash": policy.content_hash},
        "verdict": verdict_document(verdict, known.facts),
        "near_misses": [near_miss_document(miss, known.facts) for miss in near_misses(policy.compiled, known.facts)],
        **_offers_document(_offers(session, policy, verdict, known), request.currency),
        "exposure": _exposure_document(request, verdict, known),
        "reservation": _reservation_document(reservation, known.exchange),
        "caller": actor.as_document(),
    }
    write_decision(session, request, verdict, record, reservation, known, holding, moment, started)
    return record


def _known(
    session: Session, request: CheckRequest, moment: Moment, base_currency: str
) -> tuple[Account, ActivePolicy, Known | None]:
    """The account, locked for an order; the policy in force; and the facts, None where gathering them failed."""
    account, policy = _account(session, request, moment)
    try:
        known = gather(session, _question(account, policy, request, moment, base_currency))
    except CreditPolicyError:
        raise
    except DBAPIError as error:
        if error.connection_invalidated or getattr(error.orig, "sqlstate", None) in _RETRIED:
            raise
        _log.exception("facts of customer %s could not be gathered", request.customer_id)
        session.rollback()
        return _account(session, request, moment)[0], policy, None
    except Exception:
        _log.exception("facts of customer %s could not be gathered", request.customer_id)
        return account, policy, None
    _refuse_foreign_order(request, known)
    return account, policy, known


def _refuse_foreign_order(request: CheckRequest, known: Known) -> None:
    own = known.own_order
    if own is not None and own["customer_id"] != request.customer_id:
        raise OrderBelongsToAnotherCustomer
    if own is not None and own["currency"] != request.currency and state_of(own) in AGREED:
        raise Invalid.field("/currency", f"the order is confirmed in {own['currency']}; cancel it first")


def _account(session: Session, request: CheckRequest, moment: Moment) -> tuple[Account, ActivePolicy]:
    """Only what reserves needs the lock: a quote never waits."""
    reserves = request.kind is CheckKind.ORDER
    return account_and_policy(session, request.customer_id, moment.now, lock=reserves)


def _question(
    account: Account, policy: ActivePolicy, request: CheckRequest, moment: Moment, base_currency: str
) -> Question:
    document = policy.policy
    return Question(
        account=account.customer,
        topmost=account.topmost,
        day=moment.day,
        instant=moment.now,
        base_currency=base_currency,
        settings=document.settings,
        policy_currency=document.currency if document.has_money_literals else None,
        request=request,
        freeze=account.freeze,
        stop=account.stop,
    )


def _nothing_known(session: Session, account: Account, request: CheckRequest, moment: Moment) -> Known:
    """Only what the order holds: what it reserved before is given up, and what was confirmed stays, here too."""
    own = request.subject_id if request.kind is CheckKind.ORDER else None
    own_order = session.connection().execute(OWN_ORDER, {"own_order": own, "instant": moment.now}).scalar()
    facts = Facts(
        day=moment.day,
        currency=account.customer.currency,
        values={"order.kind": request.kind.value},
        freeze=account.freeze,
        stop=account.stop,
    )
    limit = limit_in_force(account.customer, moment.day)
    return Known(facts, Exchange(account.customer.currency), None, limit, own_order)


def _refuse_nonsense(request: CheckRequest) -> None:
    if request.prepaid_amount > request.amount:
        raise Invalid.field("/prepaid_amount", "is more than the amount of the order")


def _valid_until(request: CheckRequest, verdict: Verdict, policy: ActivePolicy, moment: Moment) -> str | None:
    """Until when the answer may be relied on; None where there is nothing to rely on."""
    if not verdict.outcome.is_approval:
        return None
    settings = policy.policy.settings
    if request.kind is CheckKind.QUOTE:
        return rfc3339(moment.now + timedelta(days=settings.quote_valid_days))
    return rfc3339(moment.now + timedelta(minutes=settings.reservation_ttl_minutes))


def _reservation(
    request: CheckRequest, verdict: Verdict, known: Known, policy: ActivePolicy, moment: Moment
) -> Reservation | None:
    """What an approved order reserves: its credit beyond what an earlier confirmation of it already holds."""
    if request.kind is not CheckKind.ORDER or verdict.granted is None:
        return None
    own = known.own_order
    held = Decimal(own["held"]) if own and own["currency"] == request.currency else ZERO
    minutes = policy.policy.settings.reservation_ttl_minutes
    return Reservation(
        amount=max(ZERO, verdict.granted.credit_amount - held),
        currency=request.currency,
        expires_at=moment.now + timedelta(minutes=minutes),
    )


def _reservation_document(reservation: Reservation | None, exchange: Exchange) -> dict[str, Any] | None:
    if reservation is None:
        return None
    amount = exchange.bring(reservation.amount, reservation.currency)
    return {
        "amount": money_text(amount, exchange.currency),
        "currency": exchange.currency,
        "status": "pending",
        "expires_at": rfc3339(reservation.expires_at),
    }


def _offers(session: Session, policy: ActivePolicy, verdict: Verdict, known: Known) -> Offers:
    """What would be approved instead; nothing where the facts could not be gathered."""
    standing = known.standing
    if standing is None:
        return Offers((), nothing_would_pass(verdict))
    can_be_paid = verdict.outcome is not Outcome.APPROVE and bool(
        known.facts.values.get("receivables.overdue_invoice_count")
    )
    overdue = overdue_invoices(session, standing.gathered) if can_be_paid else []
    return counter_offers(policy.compiled, verdict, OrderSituation(known.facts, standing, overdue))


def _offers_document(offers: Offers, currency: str) -> dict[str, Any]:
    return {
        "counter_offers": [offer_document(offer, currency) for offer in offers.found],
        "no_counter_offer_reason": text_document(offers.reason),
    }


def _predicted(session: Session, request: CheckRequest, verdict: Verdict, look: Look) -> date | None:
    """When a held order is expected to pass by itself."""
    if request.kind is not CheckKind.ORDER or verdict.outcome is not Outcome.HOLD:
        return None
    return predicted_release(session, look.policy, look.known)


def _exposure_document(request: CheckRequest, verdict: Verdict, known: Known) -> dict[str, Any]:
    """Exposure before and after, in the account's currency: with what is granted, else with what was asked for."""
    currency, limit = known.exchange.currency, known.limit.amount
    document: dict[str, Any] = {
        "limit": None if limit is None else money_text(limit, currency),
        "before": None,
        "after": None,
        "available_after": None,
        "currency": currency,
    }
    if known.exposure_before is None:
        return document
    after = known.exposure_before + _credit(request, verdict, known)
    document["before"] = money_text(known.exposure_before, currency)
    document["after"] = money_text(after, currency)
    document["available_after"] = None if limit is None else money_text(limit - after, currency)
    return document


def _credit(request: CheckRequest, verdict: Verdict, known: Known) -> Decimal:
    if verdict.granted is not None:
        return known.exchange.bring(verdict.granted.credit_amount, request.currency)
    asked = known.facts.values.get("order.credit_amount", ZERO)
    return asked if isinstance(asked, Decimal) else ZERO
