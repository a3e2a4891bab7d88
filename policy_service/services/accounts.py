"""Credit accounts as a check needs them: locked, with the topmost parent of the group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import ARRAY, Select, Text, bindparam, func, select
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.orm import Session, aliased

from policy_service.db.models import Customer
from policy_service.domain.errors import CustomerNotFound


@dataclass(frozen=True, slots=True)
class Account:
    """A credit account, and the topmost parent where it belongs to a group (which may be itself)."""

    customer: Customer
    topmost: Customer | None


def lock_account(session: Session, customer_id: str) -> Account:
    """Lock the account and its group's, in id order, until the transaction ends. Raises CustomerNotFound.

    The group may change while we wait for the lock; then the locks are taken again for the new one.
    """
    return _load(session, customer_id, lock=True)


def read_account(session: Session, customer_id: str) -> Account:
    """The account without a lock. Raises CustomerNotFound."""
    return _load(session, customer_id, lock=False)


def _accounts() -> Select[Any]:
    """A customer and the topmost parent of its group. Built once: putting it together costs more than running it."""
    itself, customer_id = aliased(Customer), bindparam("customer_id", type_=Text)
    group = select(itself.group_id).where(itself.id == customer_id).scalar_subquery()
    both = sql_cast(array([customer_id, group]), ARRAY(Text))
    return select(Customer.__table__).where(Customer.id == func.any(both))


_READ = _accounts()
_LOCK = _READ.order_by(Customer.id).with_for_update(key_share=True, of=Customer)


def _load(session: Session, customer_id: str, *, lock: bool) -> Account:
    while True:
        rows = session.connection().execute(_LOCK if lock else _READ, {"customer_id": customer_id})
        # A row has the columns of a customer for attributes; loading the entity would cost as much again.
        found = {row.id: cast(Customer, row) for row in rows}
        customer = found.get(customer_id)
        if customer is None:
            raise CustomerNotFound(f"No customer has the id {customer_id!r}.")
        if customer.group_id is None or customer.group_id in found:
            return Account(customer, found.get(customer.group_id) if customer.group_id else None)
