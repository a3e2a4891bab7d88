"""What a sales system asks before it confirms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from marshmallow import fields

from policy_service.domain.documents import CheckRequest, OrderLine
from policy_service.domain.outcomes import CheckKind
from policy_service.schemas.base import DocumentSchema, read
from policy_service.schemas.faults import refusal
from policy_service.schemas.fields import (
    LARGEST_TERMS_DAYS,
    AsSent,
    CurrencyCode,
    Day,
    Exact,
    Id,
    Money,
    Several,
    Whole,
    Words,
)
from rules.texts import Text

LARGEST_BATCH = 500


class OrderLineSchema(DocumentSchema[OrderLine]):
    """A line of an order."""

    makes = OrderLine

    sku = Id(Text("Article", "物料编号"), required=True)
    quantity = Exact(Text("Quantity, in the article's unit", "数量，按物料单位"), decimals=6, required=True)
    amount = Money(Text("Amount of the line", "行金额"), required=True)


class _CheckSchema(DocumentSchema[CheckRequest]):
    customer_id = Id(Text("Customer", "客户编号"), required=True)
    amount = Money(Text("Amount of the order, above 0", "订单金额，大于 0"), positive=True, required=True)
    currency = CurrencyCode(Text("ISO 4217 code of all amounts", "所有金额的币种代码"), required=True)
    payment_terms_days = Whole(
        Text("Payment terms in days; left out, the account's standard terms", "账期（天）；不填则为账户的标准账期"),
        lowest=0,
        highest=LARGEST_TERMS_DAYS,
    )
    prepaid_amount = Money(Text("What is paid before delivery", "发货前已付金额"), load_default=Decimal(0))
    order_date = Day(Text("Day of the order; left out, the business day", "订单日期；不填则为业务日"))
    requested_ship_date = Day(Text("Day on which the goods are wanted", "要求发货日"))
    order_type = Words(Text("Type, as the sales system names it", "订单类型，按销售系统的叫法"), longest=100)
    channel = Words(Text("Channel, as the sales system names it", "渠道，按销售系统的叫法"), longest=100)
    lines = Several(
        Text("Lines of the order", "订单行"), fields.Nested(OrderLineSchema), at_most=1000, load_default=()
    )


class OrderCheckSchema(_CheckSchema):
    """An order under check."""

    makes = partial(CheckRequest, CheckKind.ORDER)

    order_id = Id(Text("Order", "订单编号"), required=True, attribute="subject_id")


class QuoteCheckSchema(_CheckSchema):
    """A quote under check."""

    makes = partial(CheckRequest, CheckKind.QUOTE)

    quote_id = Id(Text("Quote", "报价编号"), required=True, attribute="subject_id")


@dataclass(frozen=True, slots=True)
class CheckBatch:
    """Several checks, each as it was sent: one that is refused leaves the others alone."""

    checks: Sequence[Any]


class CheckBatchSchema(DocumentSchema[CheckBatch]):
    """Orders and quotes under check, told apart by `order_id` and `quote_id`."""

    makes = CheckBatch

    checks = Several(
        Text("Each as the body of check-order or check-quote", "每项与 check-order 或 check-quote 的请求体相同"),
        AsSent(Text("Order or quote", "订单或报价"), {"type": "object", "additionalProperties": True}),
        at_most=LARGEST_BATCH,
        required=True,
    )


ORDER_CHECK = OrderCheckSchema()
QUOTE_CHECK = QuoteCheckSchema()
CHECK_BATCH = CheckBatchSchema()


def read_check(document: object) -> CheckRequest:
    """The order or quote that a document stands for, by the id that it has. Raises DocumentRefused."""
    if not isinstance(document, dict):
        raise refusal("", "object")
    if ("order_id" in document) == ("quote_id" in document):
        raise refusal("", "exactly_one", names="order_id, quote_id")
    return read(ORDER_CHECK if "order_id" in document else QUOTE_CHECK, document)
