"""What is answered of held orders, and of who may release them."""

from __future__ import annotations

from marshmallow import fields

from api.schemas.base import AnswerSchema
from api.schemas.fields import day, instant, iso_currency, many, money, next_cursor, number, one, text, texts, yes_no
from policy_service.domain.holds import HoldStatus
from policy_service.domain.outcomes import Authority
from policy_service.schemas.holds import DelegationSchema


def _authority(en: str, zh: str) -> fields.String:
    return text(en, zh, enum=[authority.value for authority in Authority])


class FirstReleaseSchema(AnswerSchema):
    """The first of two releases."""

    by = text("Who released", "放行人")
    on_behalf_of = text("Whose authority it was, where that was lent", "被代行人（如为代行）", null=True)
    note = text("Why", "原因")
    at = instant("When", "时间")


class HoldSchema(AnswerSchema):
    """A held order."""

    decision_id = text("Decision that held it", "作出暂停的决定")
    order_id = text("Order", "订单编号")
    customer_id = text("Customer", "客户编号")
    amount = money("Amount of the order", "订单金额")
    currency = iso_currency()
    authority = _authority("Who may release it, or anybody above", "可放行的权限（或更高）")
    rule_codes = texts("Rules that gave the reasons", "给出理由的规则")
    status = text("What became of it", "状态", enum=[status.value for status in HoldStatus])
    opened_at = instant("When it was held", "暂停时间")
    checked_at = instant("When it was last checked again", "最近重新检查时间")
    releasable = yes_no("Whether the policy would approve it by now", "按现况政策是否会批准")
    releasable_since = instant("Since when", "自何时起", null=True)
    fallen_rule_codes = texts("Rules that no longer speak against it", "不再构成理由的规则")
    predicted_release_on = day(
        "When it is expected to pass by itself; null where no payment helps, or it would pass now",
        "预计自行通过的日期；付款无济于事或现已可通过时为 null",
        null=True,
    )
    escalated_at = instant("When more authority was asked for", "上报时间", null=True)
    first_release = one(FirstReleaseSchema, null=True)
    resolved_at = instant("When it was closed", "结束时间", null=True)
    resolved_by = text("Who released or rejected it", "放行或拒绝人", null=True)
    resolution_decision_id = text("Decision that closed it", "结束它的决定", null=True)


class HoldListSchema(AnswerSchema):
    """A page of holds, the oldest first."""

    items = many(HoldSchema, "Holds", "暂停的订单")
    next_cursor = next_cursor()


class ReleaseAuthoritySchema(AnswerSchema):
    """What an authority releases."""

    authority = _authority("Authority", "权限")
    amount = money(
        "Largest order, in the base currency; null: any", "可放行的最大订单金额（本位币）；null 为不限", null=True
    )


class ReleaseAuthoritiesSchema(AnswerSchema):
    """Who releases what."""

    currency = iso_currency("Base currency", "本位币")
    authorities = many(ReleaseAuthoritySchema, "From the lowest to the highest", "由低到高")
    dual_release_above = money(
        "Above this two persons release; null: never", "超过此金额须两人放行；null 为不需要", null=True
    )


class StoredDelegationSchema(DelegationSchema):
    """Authority that is lent."""

    id = number("Its number", "编号")
    delegator = text("Whose authority it is", "授权人")
    created_at = instant("When it was lent", "授权时间")
    revoked_at = instant("When it was withdrawn", "撤回时间", null=True)
    revoked_by = text("Who withdrew it", "撤回人", null=True)


class DelegationListSchema(AnswerSchema):
    """A page of delegations, the oldest first."""

    items = many(StoredDelegationSchema, "Delegations", "授权")
    next_cursor = next_cursor()
