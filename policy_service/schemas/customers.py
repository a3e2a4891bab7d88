"""Customers and their credit accounts."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from policy_service.domain.documents import (
    CustomerDocument,
    CustomerStatus,
    Grade,
    SettlementMode,
    TemporaryLimit,
)
from policy_service.schemas.base import DocumentSchema
from policy_service.schemas.faults import message
from policy_service.schemas.fields import (
    LARGEST_TERMS_DAYS,
    CurrencyCode,
    Day,
    Id,
    Money,
    Names,
    OneOf,
    Whole,
    Words,
)
from rules.texts import Text


class TemporaryLimitSchema(DocumentSchema[TemporaryLimit]):
    """A limit that overrides the base limit for some days, both ends in."""

    makes = TemporaryLimit

    amount = Money(Text("The limit of these days", "这些天的额度"), required=True)
    from_day = Day(Text("First day", "首日"), data_key="from", required=True)
    to_day = Day(Text("Last day", "末日"), data_key="to", required=True)

    @validates_schema(skip_on_field_errors=True)
    def _in_order(self, document: dict[str, Any], **_: Any) -> None:
        if document["to_day"] < document["from_day"]:
            raise ValidationError({"to": [message("day_order", other="from")]})


class CustomerSchema(DocumentSchema[CustomerDocument]):
    """A customer and its credit account, whole."""

    makes = CustomerDocument

    name = Words(Text("Name", "名称"), longest=200, required=True)
    currency = CurrencyCode(Text("ISO 4217 code of the credit account", "信用账户的币种代码"), required=True)
    credit_limit = Money(
        Text("Credit limit; null: none has been set, 0: no credit", "信用额度；null 表示未设定，0 表示不给信用")
    )
    limit_valid_until = Day(Text("Last day of the limit", "额度有效期末日"))
    temporary_limit = fields.Nested(TemporaryLimitSchema, load_default=None, allow_none=True)
    group_credit_limit = Money(Text("Limit of the group that this customer heads", "以本客户为首的集团的额度"))
    standard_terms_days = Whole(
        Text("Standard payment terms in days", "标准账期（天）"), lowest=0, highest=LARGEST_TERMS_DAYS, load_default=0
    )
    status = OneOf(
        Text("How sales may deal with the customer", "销售可如何对待该客户"),
        CustomerStatus,
        load_default=CustomerStatus.ACTIVE,
    )
    segment = Words(Text("Segment", "客户分组"), longest=100)
    customer_class = OneOf(Text("Credit class", "信用级别"), Grade)
    country = Words(Text("Country", "国家"), longest=100)
    region = Words(Text("Region", "地区"), longest=100)
    industry = Words(Text("Industry", "行业"), longest=100)
    parent_id = Id(Text("Customer that this one belongs to", "上级客户编号"))
    registered_on = Day(Text("Day of registration with us", "建档日期"))
    strategic_value = OneOf(Text("Strategic value", "战略价值"), Grade)
    substitutability = Whole(
        Text("How easily the customer can replace us: 1 hardly, 5 at once", "客户替换我方的难易：1 很难，5 随时"),
        lowest=1,
        highest=5,
    )
    settlement_mode = OneOf(
        Text("How the customer settles", "结算方式"), SettlementMode, load_default=SettlementMode.CREDIT
    )
    insured_amount = Money(Text("Amount insured", "投保金额"))
    insured_until = Day(Text("Last day of the insurance", "保险有效期末日"))
    collateral_amount = Money(Text("Value of the collateral", "担保物价值"))
    sales_owner = Words(Text("Who sells to the customer", "负责销售"), longest=100)
    external_ids = Names(Text("Names of the customer in other systems", "在其他系统中的编号"), load_default=dict)


CUSTOMER = CustomerSchema()
