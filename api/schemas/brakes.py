"""The emergency brakes as they are read."""

from __future__ import annotations

from api.schemas.base import AnswerSchema
from api.schemas.fields import instant, text, yes_no


class FreezeStateSchema(AnswerSchema):
    """Whether every order is held."""

    frozen = yes_no("Whether orders are frozen", "订单是否冻结")
    reason = text("Why", "原因", null=True)
    by = text("Who froze them", "冻结人", null=True)
    at = instant("When they were frozen", "冻结时间", null=True)
    until = instant("When that ends by itself", "自动结束时间", null=True)


class StopInForceSchema(AnswerSchema):
    """An emergency stop of a customer."""

    reason = text("Why", "原因")
    by = text("Who stopped the customer", "停止人")
    at = instant("When", "停止时间")
    until = instant("When that ends by itself; null: not by itself", "自动结束时间；不会自动结束为 null", null=True)
