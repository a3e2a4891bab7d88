"""What comes from outside the ledgers: orders placed elsewhere, field reports, exchange rates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from marshmallow import ValidationError, validates_schema

from policy_service.domain.documents import FieldReportDocument, HistoryStatus, OrderHistoryDocument, SourceChannel
from policy_service.schemas.base import DocumentSchema
from policy_service.schemas.faults import message
from policy_service.schemas.fields import CurrencyCode, Day, Exact, Id, Money, OneOf, Whole, Words
from rules.catalogue import SIGNAL_CATEGORIES
from rules.texts import Text


class OrderHistorySchema(DocumentSchema[OrderHistoryDocument]):
    """An order placed elsewhere: counts for volume, never for exposure."""

    makes = OrderHistoryDocument

    customer_id = Id(Text("Customer", "客户编号"), required=True)
    amount = Money(Text("Amount of the order, above 0", "订单金额，大于 0"), positive=True, required=True)
    currency = CurrencyCode(Text("ISO 4217 code", "币种代码"), required=True)
    order_date = Day(Text("Day of the order", "订单日期"), required=True)
    status = OneOf(
        Text("What became of it; a cancelled one does not count", "订单状态；已取消的不计"),
        HistoryStatus,
        load_default=HistoryStatus.CONFIRMED,
    )


class FieldReportSchema(DocumentSchema[FieldReportDocument]):
    """What someone saw at a customer: about the business, never about private life."""

    makes = FieldReportDocument

    customer_id = Id(Text("Customer", "客户编号"), required=True)
    observed_on = Day(Text("Day of the observation", "观察日期"), required=True)
    category = OneOf(Text("What it is about", "类别"), SIGNAL_CATEGORIES, required=True)
    severity = Whole(
        Text("From 1 (note) to 5 (act now)", "从 1（记录）到 5（立即处理）"), lowest=1, highest=5, required=True
    )
    source_channel = OneOf(Text("Where it was heard or seen", "信息来源"), SourceChannel, required=True)
    note = Words(Text("What was seen", "所见所闻"), longest=4000, lines=True, required=True)
    reported_by = Words(Text("Who reports it", "报告人"), longest=100, required=True)
    valid_until = Day(Text("Last day on which it counts", "有效期末日"))

    @validates_schema(skip_on_field_errors=True)
    def _in_order(self, document: dict[str, Any], **_: Any) -> None:
        until = document["valid_until"]
        if until is not None and until < document["observed_on"]:
            raise ValidationError({"valid_until": [message("day_order", other="observed_on")]})


@dataclass(frozen=True, slots=True)
class RateDocument:
    """The exchange rate of a day: units of the base currency for one unit."""

    rate: Decimal
    as_of: date


class FxRateSchema(DocumentSchema[RateDocument]):
    """The exchange rate of a day."""

    makes = RateDocument

    rate = Exact(
        Text("Units of the base currency for one unit, above 0", "一单位兑本位币的数额，大于 0"),
        decimals=15,
        positive=True,
        required=True,
    )
    as_of = Day(Text("First day on which it holds", "生效日"), required=True)


ORDER_HISTORY = OrderHistorySchema()
FIELD_REPORT = FieldReportSchema()
FX_RATE = FxRateSchema()
