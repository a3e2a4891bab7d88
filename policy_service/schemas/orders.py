"""What is said of an order after its check."""

from __future__ import annotations

from dataclasses import dataclass

from policy_service.schemas.base import DocumentSchema
from policy_service.schemas.fields import Id
from rules.texts import Text


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The decision under which an order is confirmed."""

    decision_id: str


class ConfirmOrderSchema(DocumentSchema[Confirmation]):
    """The confirmation of an order."""

    makes = Confirmation

    decision_id = Id(Text("Decision that approved the order", "批准该订单的决定"), required=True)


CONFIRMATION = ConfirmOrderSchema()
