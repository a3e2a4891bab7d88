"""Problems, and the state of the service."""

from __future__ import annotations

from marshmallow import fields

from api.schemas.base import AnswerSchema
from api.schemas.fields import anything, number, text


class FieldErrorSchema(AnswerSchema):
    """One fault in what was sent."""

    pointer = text("RFC 6901 pointer to the field", "字段的 RFC 6901 指针")
    message = text("What is wrong with it", "错在哪里")


class ProblemSchema(AnswerSchema):
    """An error (RFC 9457)."""

    type = text("Where the kind of error is explained", "错误类型的说明地址", format="uri-reference")
    title = text("Kind of error", "错误种类")
    status = number("HTTP status", "HTTP 状态码")
    detail = text("What happened", "具体情况")
    code = text("Stable name of the condition", "固定的错误代码")
    errors = fields.List(fields.Nested(FieldErrorSchema), metadata={"description": "Every fault of what was sent"})


class HealthSchema(AnswerSchema):
    """The process answers."""

    status = text("ok", "ok")


class ReadinessSchema(AnswerSchema):
    """The service can decide."""

    status = text("ready", "ready")
    checks = anything(
        "Each thing that is needed", "各项所需条件", {"type": "object", "additionalProperties": {"type": "boolean"}}
    )
