"""What is said of an order after its check."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from policy_service.schemas.base import DocumentSchema
from policy_service.schemas.fields import Id, Money
from rules.texts import Text


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The decision under which an order is confirmed."""

    decision_id: str


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """Goods of an order that left, worth `amount` in the currency of the order."""

    delivery_id: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class OrderEnd:
    """The end of an order: there is nothing to say beside which."""


class ConfirmOrderSchema(DocumentSchema[Confirmation]):
    """The confirmation of an order."""

    makes = Confirmation

    decision_id = Id(Text("Decision that approved the order", "批准该订单的决定"), required=True)


class DeliverOrderSchema(DocumentSchema[DeliveryReport]):
    """A delivery of an order, or of a part of it."""

    makes = DeliveryReport

    delivery_id = Id(Text("Delivery, unique within the order", "交货编号，在订单内唯一"), required=True)
    amount = Money(
        Text("What was delivered, in the currency of the order, above 0", "交货金额，以订单币种计，大于 0"),
        positive=True,
        required=True,
    )


class EndOrderSchema(DocumentSchema[OrderEnd]):
    """The closing or cancelling of an order."""

    makes = OrderEnd


CONFIRMATION = ConfirmOrderSchema()
DELIVERY = DeliverOrderSchema()
ORDER_END = EndOrderSchema()
