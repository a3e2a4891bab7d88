"""What was applied to what, and what that leaves open on each document.

An application is in effect from the later of its two documents' dates until either is undone: the payment
returned, the credit note or the invoice voided. Invoices and payments keep the sum as it stands from `state_from`
on, the last day on which anything changes; checks read that sum, questions about earlier days read the applications.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from policy_service.db.models import Application
from policy_service.domain.documents import Allocation

# A void document's applications never were, from the day of the voiding on; least() and greatest() skip nulls.
_EFFECTS = text("""
UPDATE applications a
SET effective_from = greatest(i.invoice_date, s.dated), effective_until = least(i.undone, s.undone)
FROM (SELECT id, invoice_date, CASE WHEN status = 'void' THEN voided_on END AS undone FROM invoices) i,
     (SELECT id, 'payment' AS source, received_on AS dated, returned_on AS undone FROM payments
      UNION ALL
      SELECT id, 'credit_note', invoice_date, CASE WHEN status = 'void' THEN voided_on END FROM invoices) s
WHERE i.id = a.invoice_id AND s.source = a.source AND s.id = a.source_id
  AND (a.invoice_id = ANY(:invoices) OR a.source_id = ANY(:sources))
""")

_INVOICES = text("""
UPDATE invoices i
SET applied = coalesce(n.applied, 0), settled_on = n.settled_on,
    settled_by_payment = coalesce(n.settled_by_payment, false),
    state_from = greatest(i.invoice_date, n.last_change)
FROM (
    SELECT i.id, sum(r.amount) FILTER (WHERE r.counts) AS applied,
           min(r.effective_from) FILTER (WHERE r.counts AND r.total >= i.amount) AS settled_on,
           bool_or(r.source = 'payment') FILTER (WHERE r.counts) AS settled_by_payment,
           max(greatest(r.effective_from, r.effective_until)) AS last_change
    FROM invoices i LEFT JOIN (
        SELECT *, effective_until IS NULL AS counts,
               sum(amount) FILTER (WHERE effective_until IS NULL)
                   OVER (PARTITION BY invoice_id ORDER BY effective_from, id) AS total
        FROM applications WHERE invoice_id = ANY(:invoices)
    ) r ON r.invoice_id = i.id
    WHERE i.id = ANY(:invoices) AND i.type = 'invoice' GROUP BY i.id
) n WHERE n.id = i.id
""")

_SOURCES = """
UPDATE {table} s
SET applied = coalesce(n.applied, 0), state_from = greatest(s.{dated}, n.last_change)
FROM (
    SELECT s.id, sum(a.amount) FILTER (WHERE a.effective_until IS NULL) AS applied,
           max(greatest(a.effective_from, a.effective_until)) AS last_change
    FROM {table} s LEFT JOIN applications a ON a.source = '{source}' AND a.source_id = s.id
    WHERE s.id = ANY(:sources) {only} GROUP BY s.id
) n WHERE n.id = s.id
"""
_PAYMENTS = text(_SOURCES.format(table="payments", dated="received_on", source="payment", only=""))
_CREDIT_NOTES = text(
    _SOURCES.format(table="invoices", dated="invoice_date", source="credit_note", only="AND s.type = 'credit_note'")
)


def replace_applications(
    session: Session,
    *,
    customer_id: str,
    source: str,
    source_id: str,
    allocations: Sequence[Allocation],
    dated: date,
) -> set[str]:
    """Write what a payment or credit note is applied to, in place of what was there; the invoices this touches."""
    before = session.scalars(
        delete(Application)
        .where(Application.source == source, Application.source_id == source_id)
        .returning(Application.invoice_id)
    ).all()
    session.add_all(
        Application(
            customer_id=customer_id,
            invoice_id=allocation.invoice_id,
            source=source,
            source_id=source_id,
            amount=allocation.amount,
            effective_from=dated,
        )
        for allocation in allocations
    )
    session.flush()
    return {*before, *(allocation.invoice_id for allocation in allocations)}


def refresh_settlement(session: Session, invoices: Iterable[str], sources: Iterable[str] = ()) -> None:
    """Bring the kept sums of these invoices and sources, and of all that are applied to each other, up to date."""
    touched_invoices, touched_sources = set(invoices), set(sources)
    touched_sources |= set(
        session.scalars(select(Application.source_id).where(Application.invoice_id.in_(touched_invoices)))
    )
    touched_invoices |= set(
        session.scalars(select(Application.invoice_id).where(Application.source_id.in_(touched_sources)))
    )
    names = {"invoices": sorted(touched_invoices), "sources": sorted(touched_sources)}
    for statement in (_EFFECTS, _INVOICES, _PAYMENTS, _CREDIT_NOTES):
        session.execute(statement, names)
