"""Problems, and the state of the service."""

from __future__ import annotations

from marshmallow import fields

from api.schemas.base import AnswerSchema
from api.schemas.fields import anything, many, number, text, texts, yes_no

_FREE_FORM = {"type": "object", "additionalProperties": True}


class FieldErrorSchema(AnswerSchema):
    """One fault in what was sent."""

    pointer = text("RFC 6901 pointer to the field", "字段的 RFC 6901 指针")
    message = text("What is wrong with it", "错在哪里")


class FindingSchema(AnswerSchema):
    """One fault of a policy document."""

    level = text("An error bars the policy, a warning does not", "严重程度", enum=["error", "warning"])
    code = text("Stable name of the fault", "固定的问题代码")
    path = text("RFC 6901 pointer into the policy document", "政策文档内的 RFC 6901 指针")
    line = number("Line of the source, from 1; null for a document", "原文行号，从 1 起；无原文为 null", null=True)
    column = number("Column, from 1", "列号，从 1 起", null=True)
    message = text("What is wrong, and what is allowed", "错在哪里，允许什么")


class DecidingClauseSchema(AnswerSchema):
    """A clause that let a rule fire, or kept it from firing."""

    rule_code = text("Rule", "规则代码")
    fired = yes_no("Whether the rule fired", "规则是否触发")
    clause = text("The clause with its value and threshold, in words", "条件及其数值与阈值的说明")


class CaseResultSchema(AnswerSchema):
    """How a case of a policy went."""

    name = text("Name of the case", "用例名称")
    passed = yes_no("Whether it came out as expected", "是否通过")
    expected = anything("What the case expects", "期望", _FREE_FORM)
    got = anything("What came of it", "实际", _FREE_FORM)
    differences = texts("What differs", "差异")
    decided_by = many(DecidingClauseSchema, "The clauses that made it come out so", "导致该结果的条件")


class ProblemSchema(AnswerSchema):
    """An error (RFC 9457)."""

    type = text("Where the kind of error is explained", "错误类型的说明地址", format="uri-reference")
    title = text("Kind of error", "错误种类")
    status = number("HTTP status", "HTTP 状态码")
    detail = text("What happened", "具体情况")
    code = text("Stable name of the condition", "固定的错误代码")
    errors = fields.List(fields.Nested(FieldErrorSchema), metadata={"description": "Every fault of what was sent"})
    lint = fields.List(fields.Nested(FindingSchema), metadata={"description": "Every fault of a policy"})
    cases = fields.List(fields.Nested(CaseResultSchema), metadata={"description": "How the cases of a policy went"})


class HealthSchema(AnswerSchema):
    """The process answers."""

    status = text("ok", "ok")


class ReadinessSchema(AnswerSchema):
    """The service can decide."""

    status = text("ready", "ready")
    checks = anything(
        "Each thing that is needed", "各项所需条件", {"type": "object", "additionalProperties": {"type": "boolean"}}
    )
