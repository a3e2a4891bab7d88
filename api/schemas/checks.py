"""What a check answers, and what is kept of it."""

from __future__ import annotations

from marshmallow import fields

from api.schemas.base import AnswerSchema
from api.schemas.common import ProblemSchema
from api.schemas.fields import (
    FACT_VALUE,
    anything,
    instant,
    iso_currency,
    many,
    money,
    next_cursor,
    number,
    one,
    text,
    texts,
    yes_no,
)
from policy_service.domain.outcomes import Authority, CheckKind, Outcome

_FREE_FORM = {"type": "object", "additionalProperties": True}


class RequestedSchema(AnswerSchema):
    """What was asked for, in the order's currency."""

    amount = money("Amount of the order", "订单金额")
    credit_amount = money("Credit that is asked for; null where facts are missing", "申请的赊销额", null=True)
    payment_terms_days = number("Payment terms asked for", "申请账期（天）", null=True)
    currency = iso_currency()


class GrantedSchema(AnswerSchema):
    """What is granted, in the order's currency."""

    credit_amount = money("Credit granted", "批准的赊销额")
    prepayment_amount = money("To be paid before delivery", "发货前须付")
    payment_terms_days = number("Payment terms granted", "批准的账期（天）")
    currency = iso_currency()


class ExposureOfCheckSchema(AnswerSchema):
    """Exposure around the check, in the account's currency."""

    limit = money("Limit in force", "现行额度", null=True)
    before = money("Exposure without this order", "不含本单的敞口", null=True)
    after = money("Exposure with the credit granted (or asked for)", "含本单的敞口", null=True)
    available_after = money("Limit less exposure after", "剩余额度", null=True)
    currency = iso_currency()


class EvidenceSchema(AnswerSchema):
    """One clause as it was seen."""

    fact = text("Fact of the catalogue", "事实名称")
    value = anything(
        "Value of the fact; null where missing, a list where a table collects",
        "事实的值；缺失为 null，决策表汇集时为列表",
        {"type": [*FACT_VALUE["type"], "array"]},
    )
    op = text("Operator", "运算符")
    threshold = anything("What it was compared with", "比较的对象", {"type": [*FACT_VALUE["type"], "array"]})
    holds = yes_no("Whether the clause holds", "该条件是否成立")
    distance = fields.Raw(
        metadata={
            **FACT_VALUE,
            "description": "How far the value is from the nearest threshold, where numbers were compared",
            "x-description-zh": "与最近阈值的距离（仅数值比较）",
        }
    )
    group = fields.List(fields.String(), metadata={"description": "`any` and `none` groups around the clause"})


class ReasonSchema(AnswerSchema):
    """One effect of one rule that fired, with its arithmetic."""

    rule_code = text("Rule", "规则代码")
    effect = text("Effect", "效果")
    message = text("What it says", "说明")
    parameters = anything("Numbers of the effect as they worked", "效果的参数", _FREE_FORM)
    evidence = many(EvidenceSchema, "Every clause of the rule", "规则的每个条件")


class ExemptedSchema(AnswerSchema):
    """A rule whose effects were removed."""

    rule_code = text("Rule", "规则代码")
    by = text("Rule that removed its effects", "豁免它的规则")
    message = text("What it says", "说明")


class NearMissSchema(AnswerSchema):
    """A rule that nearly fired."""

    rule_code = text("Rule", "规则代码")
    fact = text("Fact", "事实名称")
    op = text("Operator", "运算符")
    value = anything("Value", "值", FACT_VALUE)
    threshold = anything("Threshold", "阈值", FACT_VALUE)
    distance = anything("How far the value is from it", "与阈值的距离", FACT_VALUE)


class CounterOfferSchema(AnswerSchema):
    """A change that would be approved."""

    changes = anything("What to change", "须作的更改", _FREE_FORM)
    outcome = text("What the check would answer", "届时的结论")
    message = text("What it says", "说明")


class ReservationSchema(AnswerSchema):
    """Credit set aside, in the account's currency."""

    amount = money("Amount", "金额")
    currency = iso_currency()
    status = text("Status", "状态")
    expires_at = instant("Until when it is kept", "保留至")


class PolicyReferenceSchema(AnswerSchema):
    """The policy that decided."""

    version = number("Version", "版本")
    content_hash = text("Hash of its content", "内容哈希")


class CheckAnswerSchema(AnswerSchema):
    """The answer of a check."""

    decision_id = text("Decision", "决定编号")
    kind = text("Order or quote", "订单或报价", enum=[kind.value for kind in CheckKind])
    order_id = fields.String(metadata={"description": "Order", "x-description-zh": "订单编号"})
    quote_id = fields.String(metadata={"description": "Quote", "x-description-zh": "报价编号"})
    customer_id = text("Customer", "客户编号")
    outcome = text("Outcome, the worst of all reasons", "结论", enum=[outcome.value for outcome in Outcome])
    requested = one(RequestedSchema)
    granted = one(GrantedSchema, null=True)
    exposure = one(ExposureOfCheckSchema)
    reasons = many(ReasonSchema, "All reasons, never only the first", "全部理由")
    warnings = many(ReasonSchema, "Warnings", "警告")
    exempted = many(ExemptedSchema, "Rules whose effects were removed", "被豁免的规则")
    near_misses = many(NearMissSchema, "Rules that nearly fired", "接近触发的规则")
    counter_offers = many(CounterOfferSchema, "Changes that would be approved", "可获批的更改")
    no_counter_offer_reason = fields.String(
        metadata={"description": "Why there is no counter-offer", "x-description-zh": "没有替代方案的原因"}
    )
    reservation = one(ReservationSchema, null=True)
    releases = fields.String(
        metadata={"description": "Held decision that it releases", "x-description-zh": "所放行的决定"}
    )
    rejects = fields.String(
        metadata={"description": "Held decision that it rejects", "x-description-zh": "所拒绝的决定"}
    )
    policy = one(PolicyReferenceSchema)
    decided_at = instant("When it was decided", "决定时间")
    valid_until = instant("Until when an approval can be relied on", "有效期至", null=True)


class CallerSchema(AnswerSchema):
    """Who asked."""

    user = text("Person", "人员", null=True)
    key = text("API key", "API 密钥", null=True)
    role = text("Role of the person", "角色", null=True)


class DecisionSchema(CheckAnswerSchema):
    """A decision with all that it was based on."""

    request = anything("What was asked", "请求内容", _FREE_FORM)
    facts = anything("All facts as seen", "所见的全部事实", _FREE_FORM)
    authority = text(
        "Who may release a hold", "谁可放行", null=True, enum=[*(authority.value for authority in Authority), None]
    )
    resolution = fields.Raw(
        metadata={
            **_FREE_FORM,
            "description": "Who released or rejected a held order, why and with which authority",
            "x-description-zh": "何人放行或拒绝、原因及权限",
        }
    )
    caller = one(CallerSchema)
    sha256 = text("SHA-256 of the canonical record", "规范记录的 SHA-256", pattern="^[0-9a-f]{64}$")
    took_microseconds = number("Time taken", "耗时（微秒）")


class DecisionSummarySchema(AnswerSchema):
    """A decision in a list."""

    decision_id = text("Decision", "决定编号")
    kind = text("Order or quote", "订单或报价", enum=[kind.value for kind in CheckKind])
    order_id = fields.String(metadata={"description": "Order", "x-description-zh": "订单编号"})
    quote_id = fields.String(metadata={"description": "Quote", "x-description-zh": "报价编号"})
    customer_id = text("Customer", "客户编号")
    outcome = text("Outcome", "结论", enum=[outcome.value for outcome in Outcome])
    amount = money("Amount of the order", "订单金额")
    currency = iso_currency()
    rule_codes = texts("Rules that fired", "触发的规则")
    policy_version = number("Policy version", "政策版本", null=True)
    decided_at = instant("When it was decided", "决定时间")
    sha256 = text("SHA-256 of the canonical record", "规范记录的 SHA-256")


class DecisionListSchema(AnswerSchema):
    """A page of decisions, the newest first."""

    items = many(DecisionSummarySchema, "Decisions", "决定")
    next_cursor = next_cursor()


class BatchItemSchema(AnswerSchema):
    """The answer to one check of a batch, or why it was refused."""

    status = number("HTTP status that the check alone would have", "该检查单独提交时的 HTTP 状态码")
    answer = fields.Nested(CheckAnswerSchema, metadata={"description": "Where it is 200"})
    problem = fields.Nested(ProblemSchema, metadata={"description": "Where it is not"})


class BatchAnswerSchema(AnswerSchema):
    """The answers of a batch."""

    answers = many(BatchItemSchema, "One for each check, in its order", "逐项答复，与所提交的顺序相同")
