"""An order under check as counter-offers are searched for it: how the facts would be if it were another one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from policy_service.domain.money import ZERO
from policy_service.services.facts.assemble import Gathered, Standing, facts_asking, standing_of
from rules.facts import Facts, Request
from rules.invoices_to_pay import OverdueInvoice


@dataclass(frozen=True, slots=True)
class OrderSituation:
    """What is known of a customer, from which the facts are made as those of the check were."""

    facts: Facts
    standing: Standing
    overdue: Sequence[OverdueInvoice]

    @property
    def least_amount(self) -> Decimal:
        """What was said to be prepaid, or is invoiced: an order cannot be for less."""
        gathered = self._gathered
        asked = gathered.question.request
        return max(asked.prepaid_amount if asked else ZERO, gathered.order_invoiced)

    @property
    def needs_recorded_payment(self) -> bool:
        """Whether only payments that are recorded count as prepaid."""
        return self._gathered.counts_recorded_only

    def asking(self, request: Request) -> Facts:
        """The facts if this were asked for. A prepayment that has to be recorded is a payment not applied yet."""
        gathered = self._gathered
        more = request.prepaid_amount - gathered.order_paid
        if gathered.counts_recorded_only and more > 0:
            return facts_asking(standing_of(gathered.with_recorded_prepayment(more, request.currency)), request)
        return facts_asking(self.standing, request)

    def paying(self, invoices: Sequence[OverdueInvoice]) -> Facts:
        """The facts if these invoices were paid in full today."""
        paid = set(invoices)
        left = [invoice for invoice in self.overdue if invoice not in paid]
        gathered = self._gathered.with_paid(invoices, left)
        return facts_asking(standing_of(gathered), gathered.request)

    @property
    def _gathered(self) -> Gathered:
        return self.standing.gathered
