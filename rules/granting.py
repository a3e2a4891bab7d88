"""What is left of a request after everything that cuts it. All amounts are in the order's currency.

Every cut is held against the request alone, not against the other cuts: one that would take nothing from the request
cuts nothing. Of those that cut, the hardest counts. With terms of 0 days there is no credit that could be cut.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from policy_service.domain.money import EXACT, ZERO, round_up
from rules.facts import Request
from rules.verdict import Granted


@dataclass(slots=True)
class Grant:
    """A request, and how far it has been cut. Without a request every cut is taken to cut."""

    request: Request | None
    is_cut: bool = False
    terms_days: int | None = None
    credit_cap: Decimal | None = None
    in_advance: Decimal = ZERO

    @property
    def not_invoiced(self) -> Decimal:
        """What of the order has no invoice yet."""
        return max(ZERO, self.request.amount - self.request.invoiced_amount) if self.request else ZERO

    @property
    def requested_credit(self) -> Decimal:
        """What of the order would be owed after delivery."""
        if self.request is None or self.request.payment_terms_days == 0:
            return ZERO
        return max(ZERO, self.not_invoiced - self.request.prepaid_amount)

    def cap_terms(self, days: int) -> bool:
        """Allow at most `days`; whether that cuts the request."""
        if self.request is not None and days >= self.request.payment_terms_days:
            return False
        self.terms_days = days if self.terms_days is None else min(days, self.terms_days)
        self.is_cut = True
        return True

    def cap_credit(self, amount: Decimal) -> bool:
        """Allow credit of at most `amount`; whether that cuts the request."""
        if self.request is not None and amount >= self.requested_credit:
            return False
        self.credit_cap = amount if self.credit_cap is None else min(amount, self.credit_cap)
        self.is_cut = True
        return True

    def require_prepayment(self, percent: Decimal) -> bool:
        """Have `percent` of the order paid in advance, rounded up; whether that cuts the request.

        What was prepaid counts.
        """
        if self.request is not None:
            share = EXACT.multiply(self.request.amount, percent).scaleb(-2, EXACT)
            required = round_up(share, self.request.currency)
            if max(ZERO, self.not_invoiced - required) >= self.requested_credit:
                return False
            self.in_advance = max(self.in_advance, required)
        self.is_cut = True
        return True

    def granted(self) -> Granted | None:
        """What is granted; None without a request."""
        request = self.request
        if request is None:
            return None
        terms = request.payment_terms_days if self.terms_days is None else self.terms_days
        credit = min(self.requested_credit, max(ZERO, self.not_invoiced - self.in_advance))
        if self.credit_cap is not None:
            credit = min(credit, self.credit_cap)
        if terms == 0:
            credit = ZERO
        prepayment = self.not_invoiced - credit if request.payment_terms_days > 0 else ZERO
        return Granted(credit, prepayment, terms, request.currency)
