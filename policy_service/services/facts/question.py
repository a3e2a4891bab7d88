"""Of whom, for which day, and for which order facts are asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from policy_service.db.models import Customer
from policy_service.domain.documents import CheckRequest
from policy_service.domain.outcomes import CheckKind
from rules.document import Settings
from rules.facts import Brake


@dataclass(frozen=True, slots=True)
class Question:
    """Of whom, for which day, and for which order the facts are asked.

    `topmost` is the topmost parent of the group, None for a customer without parent or child. `settings` and
    `policy_currency` come from the policy that will read the facts; the currency only where it has money literals.
    `freeze` and `stop` are the brakes in force.
    """

    account: Customer
    topmost: Customer | None
    day: date
    instant: datetime
    base_currency: str
    settings: Settings
    policy_currency: str | None = None
    request: CheckRequest | None = None
    freeze: Brake | None = None
    stop: Brake | None = None

    @property
    def horizon(self) -> date:
        """The last day that the dynamic check counts."""
        return self.day + timedelta(days=self.settings.credit_horizon_days)

    @property
    def own_order(self) -> str | None:
        """The order whose own amounts are left out; None for a quote."""
        return self.request.subject_id if self.request and self.request.kind is CheckKind.ORDER else None

    @property
    def ships_in_horizon(self) -> bool:
        """Whether the dynamic check counts the order: it ships within the credit horizon, or nobody knows when."""
        ship = self.request.requested_ship_date if self.request else None
        return ship is None or ship <= self.horizon
