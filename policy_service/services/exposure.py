"""The exposure of a customer, and the facts of a customer, as others read them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from policy_service.domain.days import Moment
from policy_service.domain.errors import NoActivePolicy
from policy_service.domain.money import money_text
from policy_service.services.accounts import read_braked_account
from policy_service.services.facts import Known, Question, gather, instant_of
from policy_service.services.policies import active_policy
from rules.document import Settings
from rules.facts import Facts

_BUCKETS = ("reserved", "open_orders", "open_deliveries", "open_items", "total")


def customer_facts(session: Session, customer_id: str, day: date, moment: Moment, base_currency: str) -> Facts:
    """Every fact of a customer as of `day`, without an order. Raises CustomerNotFound, NoExchangeRate."""
    return _known(session, customer_id, day, moment, base_currency).facts


def exposure_document(session: Session, customer_id: str, moment: Moment, base_currency: str) -> dict[str, Any]:
    """Limit, buckets, total and what is available, as decimal strings in the account's currency."""
    facts = _known(session, customer_id, moment.day, moment, base_currency).facts

    def amount(name: str) -> str | None:
        value = facts.values.get(name)
        return money_text(value, facts.currency) if isinstance(value, Decimal) else None

    return {
        "customer_id": customer_id,
        "currency": facts.currency,
        "limit": amount("customer.credit_limit"),
        **{name: amount(f"exposure.{name}") for name in _BUCKETS},
        "available": amount("exposure.available"),
    }


def _known(session: Session, customer_id: str, day: date, moment: Moment, base_currency: str) -> Known:
    account = read_braked_account(session, customer_id, moment.now)
    question = Question(
        account=account.customer,
        topmost=account.topmost,
        day=day,
        instant=instant_of(day, moment.now, moment.day),
        base_currency=base_currency,
        settings=_settings(session, moment),
        freeze=account.freeze,
        stop=account.stop,
    )
    return gather(session, question)


def _settings(session: Session, moment: Moment) -> Settings:
    """Those of the policy in force; without one, the settings that hold where a policy says nothing."""
    try:
        return active_policy(session, moment.now).policy.settings
    except NoActivePolicy:
        return Settings()
