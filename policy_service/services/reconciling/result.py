"""What a reconciliation found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from policy_service.domain.money import plain


@dataclass(frozen=True, slots=True)
class BucketDifference:
    """One bucket of an order, in `currency`: what the row keeps, what its movements and its documents add up to.

    `documents` names those that disagree with their own movements: `invoice INV-1`, `confirm <decision>`.
    `by_documents` is None where they contradict each other or the order is gone: that is never put right by itself.
    """

    order_id: str
    customer_id: str
    currency: str
    bucket: str
    kept: Decimal
    by_movements: Decimal
    by_documents: Decimal | None
    documents: tuple[str, ...] = ()
    is_fixed: bool = False

    def as_document(self) -> dict[str, Any]:
        """As JSON: amounts are decimal strings."""
        amounts = {name: getattr(self, name) for name in ("kept", "by_movements", "by_documents")}
        return {**asdict(self), **{name: None if value is None else plain(value) for name, value in amounts.items()}}


@dataclass(frozen=True, slots=True)
class SumDifference:
    """A kept column of an invoice, credit note, payment, application or customer, and what it should be.

    `can_be_fixed` is False for a ring of parents, and for an application whose payment or credit note is gone.
    """

    kind: str
    id: str
    customer_id: str
    column: str
    kept: str | None
    found: str | None
    can_be_fixed: bool = True
    is_fixed: bool = False

    def as_document(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


@dataclass(slots=True)
class Reconciliation:
    """How much was looked at, and every difference that was found."""

    accounts: int = 0
    orders: int = 0
    movements: int = 0
    documents: int = 0
    buckets: list[BucketDifference] = field(default_factory=list)
    sums: list[SumDifference] = field(default_factory=list)

    @property
    def differences(self) -> Iterator[BucketDifference | SumDifference]:
        """All of them, those that were put right too."""
        yield from self.buckets
        yield from self.sums

    @property
    def holds(self) -> bool:
        """Whether everything agrees now: nothing was found, or all that was found has been put right."""
        return all(each.is_fixed for each in self.differences)

    def as_document(self) -> dict[str, Any]:
        """The whole as JSON."""
        return {
            "holds": self.holds,
            "accounts": self.accounts,
            "orders": self.orders,
            "movements": self.movements,
            "documents": self.documents,
            "buckets": [each.as_document() for each in self.buckets],
            "sums": [each.as_document() for each in self.sums],
        }
