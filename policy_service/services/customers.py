"""Customers and their credit accounts."""

from __future__ import annotations

from dataclasses import fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from policy_service.db.models import Customer
from policy_service.domain.actors import Actor
from policy_service.domain.days import Moment
from policy_service.domain.documents import (
    CustomerDocument,
    CustomerStatus,
    Grade,
    SettlementMode,
    TemporaryLimit,
)
from policy_service.domain.errors import CurrencyInUse, CustomerNotFound
from policy_service.services.audit import record_event
from policy_service.services.brakes_in_force import shown_customer_status
from policy_service.services.customer_groups import locked_for_writing, refuse_parent, regroup
from policy_service.services.facts.exposure import exposure_rows
from policy_service.services.facts.statements import FAR_FUTURE
from policy_service.services.holds_recheck import recheck_holds_of

_TEMPORARY = ("temporary_limit_amount", "temporary_limit_from", "temporary_limit_to")


def put_customer(
    session: Session,
    actor: Actor,
    customer_id: str,
    document: CustomerDocument,
    moment: Moment,
    *,
    rechecks: bool = True,
) -> tuple[Customer, bool]:
    """Write a customer whole; the second value says whether it is new. The same document again changes nothing.

    Open holds are checked again, unless the caller has that done later.

    Raises Invalid (parent unknown), ParentCycle, CurrencyInUse.
    """
    customer = locked_for_writing(session, customer_id, document.parent_id)
    created = customer is None
    if customer is None:
        customer = Customer(id=customer_id, revision=0, created_at=moment.now)
    elif document.currency != customer.currency:
        _refuse_currency_in_use(session, customer_id, moment)
    wanted = _columns(document)
    changes = {
        name: {"from": None if created else _plain(getattr(customer, name)), "to": _plain(value)}
        for name, value in wanted.items()
        if created or getattr(customer, name) != value
    }
    if not changes:
        return customer, False
    old_parent = None if created else customer.parent_id
    if document.parent_id is not None and document.parent_id != old_parent:
        refuse_parent(session, customer_id, document.parent_id)
    for name, value in wanted.items():
        setattr(customer, name, value)
    customer.revision += 1
    customer.updated_at = moment.now
    session.add(customer)
    session.flush()
    if document.parent_id != old_parent:
        regroup(session, customer_id, old_parent)
        session.refresh(customer)
    action = "customer.created" if created else "customer.changed"
    record_event(session, actor, action, "customer", customer_id, {"changes": changes}, moment.now)
    session.flush()
    if rechecks and not created:
        recheck_holds_of(session, customer_id, moment)
    return customer, created


def get_customer(session: Session, customer_id: str) -> Customer:
    """One customer. Raises CustomerNotFound."""
    customer = session.get(Customer, customer_id)
    if customer is None:
        raise CustomerNotFound(f"No customer has the id {customer_id!r}.")
    return customer


def list_customers(
    session: Session,
    now: datetime,
    *,
    limit: int = 50,
    after: str | None = None,
    status: CustomerStatus | None = None,
    customer_class: Grade | None = None,
    currency: str | None = None,
    parent_id: str | None = None,
) -> list[Customer]:
    """Customers by id, those after `after`; only the ones that match what is given, the status as it is at `now`."""
    wanted = select(Customer).order_by(Customer.id).limit(limit)
    if after is not None:
        wanted = wanted.where(Customer.id > after)
    matches = {
        shown_customer_status(now): status,
        Customer.customer_class: customer_class,
        Customer.currency: currency,
        Customer.parent_id: parent_id,
    }
    for column, value in matches.items():
        if value is not None:
            wanted = wanted.where(column == value)
    return list(session.scalars(wanted))


def customer_document(customer: Customer) -> CustomerDocument:
    """The customer as it was written."""
    limit = None
    if customer.temporary_limit_amount is not None and customer.temporary_limit_from and customer.temporary_limit_to:
        limit = TemporaryLimit(
            customer.temporary_limit_amount, customer.temporary_limit_from, customer.temporary_limit_to
        )
    stored = {
        each.name: getattr(customer, each.name) for each in fields(CustomerDocument) if each.name != "temporary_limit"
    }
    stored["status"] = CustomerStatus(customer.status)
    stored["settlement_mode"] = SettlementMode(customer.settlement_mode)
    for name in ("customer_class", "strategic_value"):
        stored[name] = Grade(stored[name]) if stored[name] else None
    return CustomerDocument(temporary_limit=limit, **stored)


def _columns(document: CustomerDocument) -> dict[str, Any]:
    columns = {each.name: getattr(document, each.name) for each in fields(document) if each.name != "temporary_limit"}
    limit = document.temporary_limit
    values = (limit.amount, limit.from_day, limit.to_day) if limit else (None, None, None)
    return {**columns, "external_ids": dict(document.external_ids), **dict(zip(_TEMPORARY, values, strict=True))}


def _plain(value: Any) -> Any:
    """A column as an event records it."""
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, date) else value


def _refuse_currency_in_use(session: Session, customer_id: str, moment: Moment) -> None:
    """An account with anything open cannot change its currency: its limit would mean something else."""
    buckets, open_items = exposure_rows(session, [customer_id], FAR_FUTURE, moment.now, None)
    amounts = [Decimal(value) for row in (*buckets, *open_items) for name, value in row.items() if _is_amount(name)]
    if any(amounts):
        raise CurrencyInUse


def _is_amount(name: str) -> bool:
    return name not in ("currency", "own", "in_horizon")
