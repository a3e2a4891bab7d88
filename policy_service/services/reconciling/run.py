"""Look at every account, some thousand at a time; put right what does not agree, where that is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from policy_service.db.models import Customer
from policy_service.domain.days import Moment
from policy_service.services.accounts import lock_accounts
from policy_service.services.reconciling.groups import look_at_groups, put_groups_right
from policy_service.services.reconciling.orders import look_at_orders, put_orders_right
from policy_service.services.reconciling.receivables import look_at_receivables, put_receivables_right
from policy_service.services.reconciling.result import Reconciliation

_AT_ONCE = 5000

# The statements look at thousands of accounts: one plan for any number of them would be a bad one, and so would be
# sorting them on disk.
_FOR_MANY = text(
    "SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('work_mem', '64MB', true)"
)

Watch = Callable[[Sequence[list[str]]], Iterable[list[str]]]


def reconcile(session: Session, moment: Moment, fix: bool = False, watch: Watch = iter) -> Reconciliation:
    """Prove that rows, movements and documents agree, for every order, invoice, payment and group.

    With `fix` the rows follow the documents: what differs is looked at again under the lock of its accounts, every
    correction of an order is a movement, and every change is audited. `watch` may follow the groups of accounts.
    """
    session.execute(_FOR_MANY)
    found = Reconciliation(accounts=session.scalar(select(func.count()).select_from(Customer)) or 0)
    for customers in watch(_customers(session)):
        orders, movements, buckets = look_at_orders(session, customers)
        documents, sums = look_at_receivables(session, customers)
        found.orders += orders
        found.movements += movements
        found.documents += documents
        found.buckets += buckets
        found.sums += sums
    found.sums += look_at_groups(session)
    if fix and not found.holds:
        _put_right(session, found, moment)
    return found


def _put_right(session: Session, found: Reconciliation, moment: Moment) -> None:
    """All accounts that differ are locked at once, in id order, as checks lock theirs: nobody waits in a ring."""
    customers = sorted({each.customer_id for each in found.differences})
    lock_accounts(session, customers)
    found.buckets = put_orders_right(session, customers, moment)
    found.sums = [*put_receivables_right(session, customers, moment), *put_groups_right(session, moment)]


def _customers(session: Session) -> list[list[str]]:
    ids = session.scalars(select(Customer.id).order_by(Customer.id)).all()
    return [list(ids[start : start + _AT_ONCE]) for start in range(0, len(ids), _AT_ONCE)]
