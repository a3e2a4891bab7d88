"""Customers, invoices, payments and what else the credit file holds, as they are read."""

from __future__ import annotations

from marshmallow import fields

from api.schemas.base import AnswerSchema
from api.schemas.brakes import StopInForceSchema
from api.schemas.fields import (
    FACT_VALUE,
    anything,
    day,
    decimal,
    instant,
    iso_currency,
    many,
    money,
    next_cursor,
    number,
    one,
    text,
)
from policy_service.schemas.customers import CustomerSchema
from policy_service.schemas.market import FieldReportSchema, OrderHistorySchema
from policy_service.schemas.receivables import InvoiceSchema, PaymentSchema


class StoredCustomerSchema(CustomerSchema):
    """A customer as it is stored; under an emergency stop its status is `stop`."""

    customer_id = text("Customer", "客户编号")
    stop = one(StopInForceSchema, null=True)
    revision = number("Counts the changes; the ETag", "修改次数，即 ETag")
    created_at = instant("First written", "首次写入")
    updated_at = instant("Last changed", "最近更改")


class CustomerListSchema(AnswerSchema):
    """A page of customers, by id."""

    items = many(StoredCustomerSchema, "Customers", "客户")
    next_cursor = next_cursor()


class ExposureSchema(AnswerSchema):
    """The exposure of a customer, in the account's currency."""

    customer_id = text("Customer", "客户编号")
    currency = iso_currency()
    limit = money("Limit in force; null where none has been set", "现行额度；未设定为 null", null=True)
    reserved = money("Approved, not yet confirmed", "已批未确认")
    open_orders = money("Confirmed, not yet delivered", "已确认未交货")
    open_deliveries = money("Delivered, not yet invoiced", "已交货未开票")
    open_items = money("Posted, not yet paid", "已过账未付")
    total = money("Exposure", "敞口")
    available = money("Limit less exposure; null without a limit", "可用额度；无额度为 null", null=True)


class CustomerFactsSchema(AnswerSchema):
    """Every fact of a customer as of a day."""

    customer_id = text("Customer", "客户编号")
    as_of = day("The day", "日期")
    currency = iso_currency("Currency of the money facts", "金额类事实的币种")
    facts = anything(
        "By name; null where missing", "按名称；缺失为 null", {"type": "object", "additionalProperties": FACT_VALUE}
    )


class StoredInvoiceSchema(InvoiceSchema):
    """An invoice or credit note as it is stored."""

    invoice_id = text("Invoice", "发票编号")
    updated_at = instant("Last changed", "最近更改")


class StoredPaymentSchema(PaymentSchema):
    """A payment as it is stored."""

    payment_id = text("Payment", "付款编号")
    returned_on = day("Day on which the bank took it back", "退回日期", null=True)
    updated_at = instant("Last changed", "最近更改")


class StoredOrderHistorySchema(OrderHistorySchema):
    """An order placed elsewhere, as it is stored."""

    order_id = text("Order", "订单编号")
    updated_at = instant("Last changed", "最近更改")


class StoredFieldReportSchema(FieldReportSchema):
    """A field report as it is stored."""

    field_report_id = number("Field report", "报告编号")
    created_at = instant("When it came in", "收到时间")


class StoredRateSchema(AnswerSchema):
    """The exchange rate of a day."""

    currency = iso_currency()
    base_currency = iso_currency("The base currency", "本位币")
    rate = decimal("Units of the base currency for one unit", "一单位兑本位币的数额")
    as_of = day("First day on which it holds", "生效日")
    updated_at = instant("Last changed", "最近更改")


class BilingualSchema(AnswerSchema):
    """A text in both languages."""

    en = fields.String(required=True)
    zh = fields.String(required=True)
