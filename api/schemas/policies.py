"""The catalogue of facts, and policy versions."""

from __future__ import annotations

from api.schemas.base import AnswerSchema
from api.schemas.credit_file import BilingualSchema
from api.schemas.fields import anything, instant, many, next_cursor, number, one, text, texts, yes_no
from rules.catalogue import FactCurrency, FactType


class CatalogueFactSchema(AnswerSchema):
    """A fact that policies may read."""

    name = text("Name", "名称")
    group = text("The part of the name before the point", "名称中点号前的部分")
    type = text("Type", "类型", enum=[kind.value for kind in FactType])
    currency = text(
        "Whose currency a money fact is in", "金额的币种归属", null=True, enum=[*map(str, FactCurrency), None]
    )
    label = one(BilingualSchema)
    meaning = one(BilingualSchema)
    can_be_missing = yes_no("Whether it can be missing", "是否可能缺失")
    choices = texts("The values it can have; empty where any", "可取的值；不限则为空")


class CatalogueSchema(AnswerSchema):
    """The catalogue of facts."""

    items = many(CatalogueFactSchema, "Facts", "事实")
    next_cursor = next_cursor()


class PolicyVersionSummarySchema(AnswerSchema):
    """A policy version in a list."""

    version = number("Version", "版本")
    name = text("Name", "名称")
    status = text("Status now", "当前状态", enum=["draft", "submitted", "approved", "published", "retired"])
    content_hash = text("Hash of its content", "内容哈希")
    note = text("Note of its author", "备注", null=True)
    makers = texts("All who wrote in it; none of them may approve it", "全部编制人；均不得复核")
    created_by = text("Who began it", "创建人")
    created_at = instant("When it was made", "编制时间")
    submitted_by = text("Who submitted it", "提交人", null=True)
    submitted_at = instant("When it was submitted", "提交时间", null=True)
    approved_by = text("Checker", "复核人", null=True)
    approved_at = instant("When it was approved", "复核时间", null=True)
    published_by = text("Who published it", "发布人", null=True)
    published_at = instant("When it was published", "发布时间", null=True)
    effective_at = instant("From when it is in force", "生效时间", null=True)
    retired_at = instant("When it was retired", "停用时间", null=True)
    four_eyes = yes_no("Whether maker and checker were two persons", "是否经两人复核", null=True)


class PolicyVersionSchema(PolicyVersionSummarySchema):
    """A policy version with its text."""

    source = text("The text as written", "原文")
    document = anything("The tree it stands for", "所表示的文档树", {"type": "object", "additionalProperties": True})


class PolicyVersionListSchema(AnswerSchema):
    """A page of policy versions, the newest first."""

    items = many(PolicyVersionSummarySchema, "Policy versions", "政策版本")
    next_cursor = next_cursor()
