"""Events and webhooks as they are read."""

from __future__ import annotations

from api.schemas.base import AnswerSchema
from api.schemas.fields import anything, instant, many, next_cursor, number, text, yes_no
from policy_service.domain.event_kinds import EventKind

_PAYLOAD = {"type": "object", "additionalProperties": True}
_KINDS = {"type": ["array", "null"], "items": {"type": "string", "enum": [kind.value for kind in EventKind]}}


class EventSchema(AnswerSchema):
    """Something that happened. Webhooks send the same document."""

    id = text("Of the event; the same in every answer and every delivery", "事件编号；每次读取和投递都相同")
    kind = text("What happened", "发生了什么", enum=[kind.value for kind in EventKind])
    subject_id = text(
        "To what: the id of the decision, order, policy version or alert", "对象：决定、订单、政策版本或提醒的编号"
    )
    occurred_at = instant("When", "时间")
    payload = anything("What is known of it", "具体内容", _PAYLOAD)


class EventListSchema(AnswerSchema):
    """A page of the feed."""

    items = many(EventSchema, "Events, the oldest first", "事件，最早在前")
    next_cursor = text("`cursor` for what comes next; there is always one", "后续内容的 cursor；始终给出")


class WebhookSchema(AnswerSchema):
    """An address that events are sent to."""

    id = number("Number", "编号")
    url = text("Address", "地址")
    kinds = anything("The kinds that are sent; null: all", "发送的事件种类；全部为 null", _KINDS)
    status = text("State of the deliveries", "投递状态", enum=["active", "failing", "disabled"])
    created_by = text("Who added it", "添加人")
    created_at = instant("When it was added", "添加时间")
    last_delivered_at = instant("When a message was last taken", "最近一次成功投递的时间", null=True)
    failing_since = instant("Since when messages are not taken", "从何时起投递失败", null=True)
    next_attempt_at = instant("Not before then is it tried again", "最早重试时间", null=True)
    last_error = text("Why the last message was not taken", "最近一次失败的原因", null=True)
    is_behind = yes_no("Whether there are events that it has not got", "是否还有未送达的事件")


class NewWebhookSchema(WebhookSchema):
    """A new webhook, with its secret."""

    secret = text("Key of the signatures; shown this once", "签名密钥；仅此一次显示")


class WebhookListSchema(AnswerSchema):
    """A page of webhooks."""

    items = many(WebhookSchema, "Webhooks", "webhook 列表")
    next_cursor = next_cursor()
