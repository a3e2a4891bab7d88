"""The trees that customers form with their parents: locked, kept free of rings, and known by their topmost parent."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from policy_service.db.models import Customer
from policy_service.domain.errors import Invalid, ParentCycle
from policy_service.services.accounts import lock_accounts

_ANCESTORS = text("""
WITH RECURSIVE above(id, parent_id) AS (
    SELECT id, parent_id FROM customers WHERE id = :id
    UNION SELECT c.id, c.parent_id FROM customers c JOIN above ON c.id = above.parent_id
)
SELECT id FROM above
""")

_TREES = text("""
WITH RECURSIVE above(id, parent_id) AS (
    SELECT id, parent_id FROM customers WHERE id = ANY(:starts)
    UNION SELECT c.id, c.parent_id FROM customers c JOIN above ON c.id = above.parent_id
), below(id, topmost) AS (
    SELECT id, id FROM above WHERE parent_id IS NULL
    UNION SELECT c.id, below.topmost FROM customers c JOIN below ON c.parent_id = below.id
)
SELECT topmost, array_agg(id ORDER BY id) AS members FROM below GROUP BY topmost
""")

_SET_GROUP = text("""
UPDATE customers SET group_id = :group WHERE id = ANY(:members) AND group_id IS DISTINCT FROM :group
""")


def locked_for_writing(session: Session, customer_id: str, parent_id: str | None) -> Customer | None:
    """The customer, locked with the account of its group; where its parent changes, with both trees. None: a new one.

    All in id order, as checks lock theirs, so that nobody waits in a ring; and two who put each other below
    themselves at once see what the other did.
    """
    while True:
        kept = session.execute(select(Customer.parent_id).where(Customer.id == customer_id)).one_or_none()
        if kept is not None and kept.parent_id == parent_id:
            lock_accounts(session, [customer_id])
        elif kept is not None or parent_id is not None:
            _lock_trees(session, [each for each in (customer_id, parent_id) if each is not None])
        customer = session.get(Customer, customer_id, populate_existing=True)
        if customer is None or (kept is not None and customer.parent_id == kept.parent_id):
            return customer


def refuse_parent(session: Session, customer_id: str, parent_id: str) -> None:
    """Refuse a parent that is unknown, or below the customer. Raises Invalid, ParentCycle."""
    if parent_id == customer_id:
        raise ParentCycle.field("/parent_id", "a customer cannot be its own parent")
    ancestors = session.scalars(_ANCESTORS, {"id": parent_id}).all()
    if not ancestors:
        raise Invalid.field("/parent_id", f"no customer has the id {parent_id!r}")
    if customer_id in ancestors:
        raise ParentCycle.field("/parent_id", f"{parent_id!r} is below this customer")


def regroup(session: Session, customer_id: str, old_parent: str | None) -> None:
    """Bring `group_id` up to date in the tree that the customer joined and in the one it left."""
    starts = [customer_id] if old_parent is None else [customer_id, old_parent]
    for tree in session.execute(_TREES, {"starts": starts}).all():
        group = tree.topmost if len(tree.members) > 1 else None
        session.execute(_SET_GROUP, {"group": group, "members": tree.members})


def _lock_trees(session: Session, starts: Sequence[str]) -> None:
    """Lock every account of the trees that these stand in. Somebody may join while we wait: then look again."""
    locked: set[str] = set()
    while True:
        trees = session.execute(_TREES, {"starts": starts}).all()
        members = {member for tree in trees for member in tree.members}
        if members <= locked:
            return
        lock_accounts(session, members)
        locked |= members
