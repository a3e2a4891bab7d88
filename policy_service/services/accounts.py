"""Credit accounts as a check needs them: locked, with the topmost parent of the group, and the policy in force."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import ARRAY, Row, Select, Text, bindparam, func, or_, select, true
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.orm import Session, aliased

from policy_service.db.models import Customer
from policy_service.domain.errors import CustomerNotFound
from policy_service.services.brakes_in_force import brake_column
from policy_service.services.policies import IN_FORCE, ActivePolicy, ready_policy
from rules.facts import Brake


@dataclass(frozen=True, slots=True)
class Account:
    """A credit account, and the topmost parent where it belongs to a group (which may be itself).

    `freeze` and `stop` are the brakes in force, where they were asked for.
    """

    customer: Customer
    topmost: Customer | None
    freeze: Brake | None = None
    stop: Brake | None = None


def lock_account(session: Session, customer_id: str) -> Account:
    """Lock the account and its group's, in id order, until the transaction ends. Raises CustomerNotFound.

    The group may change while we wait for the lock; then the locks are taken again for the new one.
    """
    return _account(session, customer_id, _LOCK, {})[0]


def lock_accounts(session: Session, customers: Collection[str]) -> None:
    """Lock several accounts and their groups', in id order, until the transaction ends. Unknown ids are left out."""
    groups = select(Customer.group_id).where(Customer.id.in_(customers), Customer.group_id.is_not(None))
    wanted = select(Customer.id).where(or_(Customer.id.in_(customers), Customer.id.in_(groups)))
    session.execute(wanted.order_by(Customer.id).with_for_update(key_share=True))


def read_account(session: Session, customer_id: str) -> Account:
    """The account without a lock. Raises CustomerNotFound."""
    return _account(session, customer_id, _READ, {})[0]


def read_braked_account(session: Session, customer_id: str, now: datetime) -> Account:
    """The account without a lock, with the brakes in force at `now`. Raises CustomerNotFound."""
    account, row = _account(session, customer_id, _READ_WITH_BRAKES, {"now": now})
    return _with_brakes_of(row, account)


def account_and_policy(
    session: Session, customer_id: str, now: datetime, *, lock: bool
) -> tuple[Account, ActivePolicy]:
    """The account, locked or not, with the brakes and the policy in force at `now`: one way to the database for all.

    Raises CustomerNotFound, NoActivePolicy.
    """
    statement = _LOCK_WITH_POLICY if lock else _READ_WITH_POLICY
    account, row = _account(session, customer_id, statement, {"now": now})
    return _with_brakes_of(row, account), ready_policy(session, row.policy_number, row.policy_hash)


def _accounts() -> Select[Any]:
    """A customer and the topmost parent of its group. Built once: putting it together costs more than running it."""
    itself, customer_id = aliased(Customer), bindparam("customer_id", type_=Text)
    group = select(itself.group_id).where(itself.id == customer_id).scalar_subquery()
    both = sql_cast(array([customer_id, group]), ARRAY(Text))
    return select(Customer.__table__).where(Customer.id == func.any(both))


def _locked(accounts: Select[Any]) -> Select[Any]:
    return accounts.order_by(Customer.id).with_for_update(key_share=True, of=Customer)


def _with_brakes(accounts: Select[Any]) -> Select[Any]:
    stop = brake_column(bindparam("customer_id", type_=Text))
    return accounts.add_columns(brake_column(None).label("freeze"), stop.label("stop"))


def _with_policy(accounts: Select[Any]) -> Select[Any]:
    found = IN_FORCE.subquery()
    return accounts.add_columns(
        found.c.number.label("policy_number"), found.c.content_hash.label("policy_hash")
    ).outerjoin(found, true())


_READ = _accounts()
_LOCK = _locked(_READ)
_READ_WITH_BRAKES = _with_brakes(_READ)
_READ_WITH_POLICY = _with_policy(_READ_WITH_BRAKES)
_LOCK_WITH_POLICY = _locked(_READ_WITH_POLICY)


def _account(
    session: Session, customer_id: str, statement: Select[Any], values: dict[str, Any]
) -> tuple[Account, Row[Any]]:
    while True:
        rows = session.connection().execute(statement, {"customer_id": customer_id, **values})
        found = {row.id: row for row in rows}
        if customer_id not in found:
            raise CustomerNotFound(f"No customer has the id {customer_id!r}.")
        row = found[customer_id]
        if row.group_id is None or row.group_id in found:
            return Account(_as_customer(row), _as_customer(found[row.group_id]) if row.group_id else None), row


def _with_brakes_of(row: Row[Any], account: Account) -> Account:
    if row.freeze is None and row.stop is None:
        return account
    return replace(account, freeze=_brake(row.freeze), stop=_brake(row.stop))


def _brake(found: dict[str, Any] | None) -> Brake | None:
    if found is None:
        return None
    until = found["until"]
    return Brake(found["reason"], datetime.fromisoformat(until).astimezone(UTC) if until else None)


def _as_customer(row: Row[Any]) -> Customer:
    """A row has the columns of a customer for attributes; loading the entity would cost as much again."""
    return cast(Customer, row)
