"""Random credit files: the sums kept on documents, the applications, and a plain model say the same on every day."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from policy_service.domain.actors import SYSTEM
from policy_service.domain.documents import Allocation, InvoiceStatus, InvoiceType
from policy_service.services.receivables import return_payment
from tests.factories import Book, day

_DAYS = st.integers(-40, 10)
_AMOUNTS = st.integers(1, 9).map(lambda hundreds: hundreds * 100)


@dataclass
class _Paper:
    """An invoice, a credit note or a payment of the model."""

    kind: str
    amount: int
    dated: int
    due: int = 0
    undone: int | None = None
    pays: dict[int, int] = field(default_factory=dict)

    def exists(self, on: int) -> bool:
        return self.dated <= on and (self.undone is None or self.undone > on)


@st.composite
def _papers(draw: st.DrawFn) -> list[_Paper]:
    invoices = [
        _Paper("invoice", draw(_AMOUNTS), dated := draw(_DAYS), dated + draw(st.integers(0, 20)))
        for _ in range(draw(st.integers(1, 5)))
    ]
    sources = []
    for _ in range(draw(st.integers(0, 6))):
        source = _Paper(draw(st.sampled_from(["payment", "credit_note"])), draw(_AMOUNTS), draw(_DAYS))
        rest = source.amount
        for number in draw(st.lists(st.integers(0, len(invoices) - 1), unique=True, max_size=3)):
            if rest:
                source.pays[number] = draw(st.integers(1, rest // 100)) * 100
                rest -= source.pays[number]
        sources.append(source)
    for paper in invoices + sources:
        if draw(st.integers(0, 4)) == 0:
            paper.undone = draw(st.integers(paper.dated, 12))
    return invoices + sources


def _write(book: Book, papers: list[_Paper]) -> None:
    book.customer()
    for number, paper in enumerate(papers):
        pays = {f"D{invoice}": str(amount) for invoice, amount in paper.pays.items()}
        if paper.kind == "payment":
            book.payment(str(paper.amount), received=paper.dated, pays=pays, payment_id=f"D{number}")
        elif paper.kind == "credit_note":
            book.invoice(
                str(paper.amount),
                issued=paper.dated,
                due=paper.dated,
                invoice_id=f"D{number}",
                type=InvoiceType.CREDIT_NOTE,
            )
        else:
            _invoice(book, number, paper, paper.due)
    for number, paper in enumerate(papers):
        _finish(book, number, paper)


def _finish(book: Book, number: int, paper: _Paper) -> None:
    """Apply credit notes (their invoices exist now), return payments, void the rest: in a second writing."""
    if paper.kind == "payment":
        if paper.undone is not None:
            return_payment(book.session, SYSTEM, f"D{number}", day(paper.undone), book.moment)
        return
    void = {"status": InvoiceStatus.VOID, "voided_on": day(paper.undone)} if paper.undone is not None else {}
    due = paper.due if paper.kind == "invoice" else paper.dated
    _invoice(book, number, paper, due, type=InvoiceType(paper.kind), applies_to=_allocations(paper), **void)


def _invoice(book: Book, number: int, paper: _Paper, due: int, **fields: Any) -> None:
    book.invoice(str(paper.amount), issued=paper.dated, due=due, invoice_id=f"D{number}", **fields)


def _allocations(paper: _Paper) -> tuple[Allocation, ...]:
    return tuple(Allocation(f"D{invoice}", Decimal(amount)) for invoice, amount in paper.pays.items())


def _model(papers: list[_Paper], on: int) -> dict[str, object]:
    """The definitions, read aloud."""
    state: dict[str, Decimal | int | bool] = {}
    open_items = overdue = unapplied = paid_count = on_time = judged = 0
    for number, invoice in enumerate(papers):
        if invoice.kind != "invoice" or not invoice.exists(on):
            continue
        applied = sorted(
            (max(source.dated, invoice.dated), order, source.pays[number], source.kind)
            for order, source in enumerate(papers)
            if number in source.pays and source.exists(on)
        )
        total, settled_on = 0, None
        for when, _, amount, _ in applied:
            total += amount
            if settled_on is None and total >= invoice.amount:
                settled_on = when
        by_payment = any(kind == "payment" for *_, kind in applied)
        open_items += max(0, invoice.amount - total)
        unapplied += max(0, total - invoice.amount)
        late = invoice.due < on and total < invoice.amount
        overdue += invoice.amount - total if late else 0
        settled = settled_on is not None and by_payment
        paid_count += settled
        judged += settled or late
        on_time += settled and settled_on is not None and settled_on <= invoice.due
    credit_rest = 0
    for source in papers:
        if source.kind == "invoice" or not source.exists(on):
            continue
        used = sum(amount for number, amount in source.pays.items() if papers[number].exists(on))
        if source.kind == "payment":
            unapplied += source.amount - used
        else:
            credit_rest += source.amount - used
    state["exposure.open_items"] = Decimal(open_items - credit_rest - unapplied)
    state["receivables.overdue_amount"] = Decimal(overdue)
    state["receivables.unapplied_amount"] = Decimal(unapplied)
    state["customer.paid_invoice_count"] = paid_count
    if judged:
        state["receivables.on_time_rate"] = Decimal(on_time) / Decimal(judged)
    return dict(state)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(papers=_papers(), days=st.lists(st.integers(-40, 20), min_size=3, max_size=6))
def test_kept_sums_applications_and_a_plain_model_agree_on_every_day(
    book: Book, papers: list[_Paper], days: list[int]
) -> None:
    savepoint = book.session.begin_nested()
    try:
        _write(book, papers)
        kept = {on: book.facts(on) for on in days}
        for table in ("invoices", "payments"):
            book.session.execute(text(f"UPDATE {table} SET applied = 0, state_from = :never"), {"never": date.max})
        for on in days:
            assert book.facts(on) == kept[on], f"from the applications, on day {on}"
            model = _model(papers, on)
            assert {name: kept[on].get(name) for name in model} == model, f"on day {on}"
    finally:
        savepoint.rollback()
        book.session.expire_all()
