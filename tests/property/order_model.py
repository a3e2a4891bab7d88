"""One account and its orders as docs/glossary.md describes them, in whole yuan and plain Python: no SQL, no service.

What it does is written out of the words alone, so that the service can be held to it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

LIMIT = 2000
TTL = timedelta(minutes=60)


@dataclass
class ModelDecision:
    """An order decision. `granted` is None where it was held."""

    id: str
    at: datetime
    amount: int
    prepaid: int
    terms: int
    granted: int | None
    invoiced_before: int
    reserved: int = 0

    @property
    def until(self) -> datetime:
        """The first instant at which its reservation counts no more."""
        return self.at + TTL


@dataclass
class ModelOrder:
    """What an order holds. `covered` is what deliveries beyond the open orders were covered with so far."""

    id: str
    reserved: int = 0
    open_orders: int = 0
    open_deliveries: int = 0
    covered: int = 0
    state: str = "unconfirmed"
    is_expired: bool = False
    pending: ModelDecision | None = None
    confirmed: ModelDecision | None = None
    decisions: list[ModelDecision] = field(default_factory=list)
    deliveries: dict[str, int] = field(default_factory=dict)

    @property
    def held(self) -> int:
        """What the confirmed decision holds."""
        return self.open_orders + self.open_deliveries

    def reserved_at(self, now: datetime) -> int:
        """What counts as reserved at an instant."""
        return self.reserved if self.pending and now < self.pending.until else 0


@dataclass
class ModelInvoice:
    """An invoice, and what it took from the buckets of its order."""

    id: str
    order_id: str | None
    amount: int
    posted: bool
    written_at: datetime
    from_deliveries: int = 0
    from_orders: int = 0

    @property
    def beyond_buckets(self) -> int:
        """What it adds to exposure on top of what it took."""
        return self.amount - self.from_deliveries - self.from_orders


@dataclass
class ModelSource:
    """A payment or a credit note, and the invoices it is applied to."""

    id: str
    order_id: str | None
    amount: int
    pays: dict[str, int]
    in_effect: bool = True


@dataclass
class Model:
    """The account."""

    orders: dict[str, ModelOrder] = field(default_factory=dict)
    invoices: dict[str, ModelInvoice] = field(default_factory=dict)
    payments: dict[str, ModelSource] = field(default_factory=dict)
    credit_notes: dict[str, ModelSource] = field(default_factory=dict)

    def buckets(self, now: datetime) -> dict[str, int]:
        """The exposure document at an instant."""
        found = {
            "reserved": sum(order.reserved_at(now) for order in self.orders.values()),
            "open_orders": sum(order.open_orders for order in self.orders.values()),
            "open_deliveries": sum(order.open_deliveries for order in self.orders.values()),
            "open_items": self._open_items(),
        }
        total = sum(found.values())
        return {"limit": LIMIT, **found, "total": total, "available": LIMIT - total}

    def _open_items(self) -> int:
        posted = [invoice for invoice in self.invoices.values() if invoice.posted]
        applied = {invoice.id: self._applied(invoice.id) for invoice in posted}
        owed = sum(max(0, invoice.amount - applied[invoice.id]) for invoice in posted)
        overpaid = sum(max(0, applied[invoice.id] - invoice.amount) for invoice in posted)
        notes = sum(self._rest(note) for note in self.credit_notes.values() if note.in_effect)
        return owed - overpaid - notes - self._nettable()

    def _applied(self, invoice_id: str) -> int:
        sources = (*self.payments.values(), *self.credit_notes.values())
        return sum(source.pays.get(invoice_id, 0) for source in sources if source.in_effect)

    def _rest(self, source: ModelSource) -> int:
        return source.amount - sum(
            amount for invoice_id, amount in source.pays.items() if self.invoices[invoice_id].posted
        )

    def _nettable(self) -> int:
        """Money without an order is netted; that of an order only against what its invoices add to exposure."""
        payments = [payment for payment in self.payments.values() if payment.in_effect]
        netted = sum(self._rest(payment) for payment in payments if payment.order_id is None)
        for order_id in {payment.order_id for payment in payments} - {None}:
            beyond = sum(invoice.beyond_buckets for invoice in self.posted_of(order_id))
            netted += min(self._rest_for(order_id), beyond)
        return netted

    def _rest_for(self, order_id: str | None) -> int:
        """What was paid for an order and is not applied to an invoice."""
        return sum(
            self._rest(each) for each in self.payments.values() if each.in_effect and each.order_id == order_id
        )

    def posted_of(self, order_id: str | None) -> list[ModelInvoice]:
        """The posted invoices of an order."""
        return [each for each in self.invoices.values() if each.posted and each.order_id == order_id]

    def invoiced(self, order_id: str) -> int:
        """What is invoiced under an order."""
        return sum(invoice.amount for invoice in self.posted_of(order_id))

    def paid_for(self, order_id: str) -> int:
        """What was received for an order, applied or not."""
        return sum(each.amount for each in self.payments.values() if each.in_effect and each.order_id == order_id)

    def check(self, order_id: str, decision_id: str, now: datetime, asked: tuple[int, int, int]) -> ModelDecision:
        """`asked` is amount, prepaid as claimed, and terms: approved where the exposure after it fits the limit."""
        order = self.orders.setdefault(order_id, ModelOrder(order_id))
        amount, claimed, terms = asked
        prepaid = max(claimed, self.paid_for(order_id))
        decision = ModelDecision(decision_id, now, amount, prepaid, terms, None, self.invoiced(order_id))
        credit = self.credit_now(order_id, decision)
        order.reserved, order.pending = 0, None
        if self.buckets(now)["total"] - order.held + credit <= LIMIT:
            decision.granted = credit
            decision.reserved = max(0, credit - order.held)
            order.reserved, order.pending = decision.reserved, decision
        if order.state not in ("confirmed", "closed"):
            order.state = "cancelled" if order.state == "cancelled" and decision.granted is None else "unconfirmed"
        order.is_expired = False
        order.decisions.append(decision)
        return decision

    def credit_now(self, order_id: str, decision: ModelDecision) -> int:
        """The credit amount of what a decision was asked for, with what is invoiced by now."""
        if decision.terms == 0:
            return 0
        return max(0, decision.amount - decision.prepaid - self.invoiced(order_id))

    def confirm(self, order_id: str, decision: ModelDecision, now: datetime) -> str | None:
        """Reserved becomes open orders, as far as it is not invoiced by then; the code of a refusal, if any."""
        order = self.orders[order_id]
        if decision.granted is None:
            return "decision_not_approved"
        if order.confirmed is decision and order.state == "confirmed":
            return None
        if order.pending is None and order.state in ("closed", "cancelled"):
            return "order_wrong_state"
        if order.pending is not decision:
            return "decision_superseded"
        if order.is_expired or now >= decision.until or self._was_looked_past(decision):
            return "reservation_expired"
        surplus = max(0, order.held + order.reserved - self.credit_now(order_id, decision))
        order.open_orders += order.reserved
        order.reserved, order.pending, order.confirmed = 0, None, decision
        released = min(surplus, order.open_orders)
        order.open_orders -= released
        late = min(released, max(0, self.invoiced(order_id) - decision.invoiced_before))
        self._take_late(order_id, late)
        self._take_late(order_id, self._lowered_by_earlier(order_id, decision))
        order.state = "confirmed"
        return None

    def _newest_first(self, order_id: str) -> list[ModelInvoice]:
        by_id = sorted(self.posted_of(order_id), key=lambda each: each.id)
        return sorted(by_id, key=lambda each: each.written_at, reverse=True)

    def _take_late(self, order_id: str, late: int) -> None:
        """Invoices that could not take when they were written; the newest first."""
        for invoice in self._newest_first(order_id):
            taken = min(late, invoice.beyond_buckets)
            invoice.from_orders += taken
            late -= taken

    def _lowered_by_earlier(self, order_id: str, decision: ModelDecision) -> int:
        """What invoices known to the check took from its credit amount: voided, they give it back to open orders."""
        invoices = self.posted_of(order_id)
        beyond = sum(invoice.beyond_buckets for invoice in invoices)
        taken = self.invoiced(order_id) - beyond
        whole = 0 if decision.terms == 0 else decision.amount - decision.prepaid
        lowered = whole - self.credit_now(order_id, decision) - taken
        return max(0, min(beyond - self._rest_for(order_id), lowered))

    def deliver(self, order_id: str, delivery_id: str, amount: int) -> str | None:
        """Open orders become open deliveries; what exceeds them and is not covered comes on top."""
        order = self.orders[order_id]
        if delivery_id in order.deliveries:
            return None if order.deliveries[delivery_id] == amount else "delivery_differs"
        if order.state != "confirmed":
            return "order_wrong_state"
        order.deliveries[delivery_id] = amount
        excess = max(0, amount - order.open_orders)
        order.open_orders -= amount - excess
        covered = min(excess, max(0, self._cover(order_id) - order.covered))
        order.covered += covered
        order.open_deliveries += amount - covered
        return None

    def _cover(self, order_id: str) -> int:
        """What is paid or invoiced ahead of the goods: it counts in open items, or is settled, already."""
        invoices = self.posted_of(order_id)
        beyond = sum(invoice.beyond_buckets for invoice in invoices)
        return sum(invoice.from_orders for invoice in invoices) + max(beyond, self._rest_for(order_id))

    def uncover(self, order_id: str | None) -> None:
        """Goods whose cover is gone count after all."""
        order = self.orders.get(order_id) if order_id else None
        if order is not None and order_id is not None:
            amount = max(0, order.covered - self._cover(order_id))
            order.covered -= amount
            order.open_orders -= min(amount, order.open_orders)
            order.open_deliveries += amount

    def end(self, order_id: str, step: str) -> str | None:
        """Close: the undelivered rest is released. Cancel: all that is not invoiced is."""
        order = self.orders[order_id]
        if step == "close" and order.state not in ("confirmed", "closed"):
            return "order_wrong_state"
        order.reserved, order.pending, order.open_orders = 0, None, 0
        order.state = "closed"
        if step == "cancel":
            order.open_deliveries = order.covered = 0
            order.state = "cancelled"
        return None

    def expire(self, now: datetime) -> int:
        """Release what has run out; how many reservations did."""
        ran_out = [
            order
            for order in self.orders.values()
            if order.pending and not order.is_expired and order.pending.until <= now
            if order.reserved or order.state == "unconfirmed"
        ]
        for order in ran_out:
            order.reserved, order.is_expired = 0, True
        return len(ran_out)

    def write_invoice(
        self, invoice_id: str, order_id: str | None, amount: int, now: datetime, *, posted: bool
    ) -> None:
        """Give back what it took, then take: from open deliveries first, then from open orders."""
        known = self.invoices.get(invoice_id)
        if known is not None and (known.order_id, known.amount, known.posted) == (order_id, amount, posted):
            return
        if known is not None and known.order_id in self.orders:
            self._give_back(self.orders[known.order_id], known)
        invoice = ModelInvoice(invoice_id, order_id, amount, posted, now)
        self.invoices[invoice_id] = invoice
        order = self.orders.get(order_id) if order_id and posted else None
        if order is not None:
            invoice.from_deliveries = min(amount, order.open_deliveries)
            invoice.from_orders = min(amount - invoice.from_deliveries, order.open_orders)
            order.open_deliveries -= invoice.from_deliveries
            order.open_orders -= invoice.from_orders
        for each in {order_id, known.order_id if known else None}:
            if known is not None:
                self._take_what_is_free(each)
            self.uncover(each)

    def _take_what_is_free(self, order_id: str | None) -> None:
        """Others of the order take what an invoice gave back, but for what payments for the order may have paid."""
        order = self.orders.get(order_id) if order_id else None
        if order is None or order_id is None:
            return
        invoices = self._newest_first(order_id)
        left = sum(invoice.beyond_buckets for invoice in invoices) - self.paid_for(order_id)
        for invoice in invoices:
            waiting = max(0, min(left, invoice.beyond_buckets))
            from_deliveries = min(waiting, order.open_deliveries)
            from_orders = min(waiting - from_deliveries, order.open_orders)
            left -= from_deliveries + from_orders
            invoice.from_deliveries += from_deliveries
            invoice.from_orders += from_orders
            order.open_deliveries -= from_deliveries
            order.open_orders -= from_orders

    def _was_looked_past(self, decision: ModelDecision) -> bool:
        """Whether a decision was already taken at an instant at which this reservation counted no more."""
        return any(each.at >= decision.until for order in self.orders.values() for each in order.decisions)

    def _give_back(self, order: ModelOrder, invoice: ModelInvoice) -> None:
        """To each bucket what was taken from it, unless the order gave that up meanwhile."""
        if order.state in ("confirmed", "closed"):
            order.open_deliveries += invoice.from_deliveries
        if order.state == "confirmed":
            order.open_orders += invoice.from_orders

    def write_payment(self, payment: ModelSource) -> None:
        """In place of what was written before; a returned one stays returned."""
        known = self.payments.get(payment.id)
        self.payments[payment.id] = payment
        if known is not None:
            payment.in_effect = known.in_effect
        for each in {payment.order_id, known.order_id if known else None}:
            self.uncover(each)

    def return_payment(self, payment_id: str) -> None:
        """What it paid is open again."""
        self.payments[payment_id].in_effect = False
        self.uncover(self.payments[payment_id].order_id)
