"""Customers and their credit accounts."""

from __future__ import annotations

from dataclasses import fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select, text
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
from policy_service.domain.errors import CurrencyInUse, CustomerNotFound, Invalid, ParentCycle
from policy_service.services.audit import record_event
from policy_service.services.brakes_in_force import shown_customer_status
from policy_service.services.facts.exposure import exposure_rows
from policy_service.services.facts.statements import FAR_FUTURE
from policy_service.services.holds_recheck import recheck_holds_of

_TEMPORARY = ("temporary_limit_amount", "temporary_limit_from", "temporary_limit_to")

_TREE = text("""
WITH RECURSIVE up(id, parent_id) AS (
    SELECT id, parent_id FROM customers WHERE id = :id
    UNION SELECT c.id, c.parent_id FROM customers c JOIN up ON c.id = up.parent_id
), down(id) AS (
    SELECT id FROM up WHERE parent_id IS NULL
    UNION SELECT c.id FROM customers c JOIN down ON c.parent_id = down.id
)
SELECT (SELECT id FROM up WHERE parent_id IS NULL) AS topmost, array_agg(id ORDER BY id) AS members FROM down
""")

_SET_GROUP = text("""
UPDATE customers SET group_id = :group WHERE id = ANY(:members) AND group_id IS DISTINCT FROM :group
""")


def put_customer(
    session: Session, actor: Actor, customer_id: str, document: CustomerDocument, moment: Moment
) -> tuple[Customer, bool]:
    """Write a customer whole; the second value says whether it is new. The same document again changes nothing.

    Raises Invalid (parent unknown), ParentCycle, CurrencyInUse.
    """
    customer = session.get(Customer, customer_id, with_for_update={"key_share": True}, populate_existing=True)
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
    _check_parent(session, customer_id, document.parent_id, old_parent)
    for name, value in wanted.items():
        setattr(customer, name, value)
    customer.revision += 1
    customer.updated_at = moment.now
    session.add(customer)
    session.flush()
    if document.parent_id != old_parent:
        _regroup(session, customer_id, old_parent)
        session.refresh(customer)
    action = "customer.created" if created else "customer.changed"
    record_event(session, actor, action, "customer", customer_id, {"changes": changes}, moment.now)
    session.flush()
    if not created:
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


def _check_parent(session: Session, customer_id: str, parent_id: str | None, old_parent: str | None) -> None:
    if parent_id is None or parent_id == old_parent:
        return
    if parent_id == customer_id:
        raise ParentCycle.field("/parent_id", "a customer cannot be its own parent")
    if session.get(Customer, parent_id) is None:
        raise Invalid.field("/parent_id", f"no customer has the id {parent_id!r}")
    above: str | None = parent_id
    while above is not None:
        if above == customer_id:
            raise ParentCycle.field("/parent_id", f"{parent_id!r} is below this customer")
        above = session.scalar(select(Customer.parent_id).where(Customer.id == above))


def _regroup(session: Session, customer_id: str, old_parent: str | None) -> None:
    """Bring `group_id` up to date in the tree that the customer joined and in the one it left."""
    for start in filter(None, (customer_id, old_parent)):
        tree = session.execute(_TREE, {"id": start}).one()
        group = tree.topmost if len(tree.members) > 1 else None
        session.execute(_SET_GROUP, {"group": group, "members": tree.members})
