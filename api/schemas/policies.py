"""The catalogue of facts, and policy versions."""

from __future__ import annotations

from api.schemas.base import AnswerSchema
from api.schemas.common import CaseResultSchema, FindingSchema
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


class DraftAnswerSchema(PolicyVersionSchema):
    """A draft, with what is wrong with it so far."""

    lint = many(FindingSchema, "What is to be set right or looked at", "待改正或留意之处")


class ChangeSchema(AnswerSchema):
    """One change between two policies."""

    subject = text("What kind of thing changed", "变更对象的种类")
    code = text("Its code", "代码")
    what = text("Added, removed or changed", "新增、删除或更改")
    part = text("Which part of it", "所涉部分")
    direction = text(
        "Whether checks come out stricter or milder", "趋严或趋松", enum=["tightening", "loosening", "neutral"]
    )
    decided = yes_no("Whether that is certain", "是否确定")
    before = text("In words, as it was", "原内容", null=True)
    after = text("In words, as it is", "新内容", null=True)
    remark = text("What to know about it", "说明", null=True)
    example = text("A case that comes out differently", "结果不同的示例", null=True)


class DiffSummarySchema(AnswerSchema):
    """All changes together."""

    tightening = number("Changes that make checks stricter", "趋严的变更数")
    loosening = number("Changes that make checks milder", "趋松的变更数")
    neutral = number("Changes that do neither", "中性的变更数")
    is_tightening = yes_no("Whether some check may come out stricter", "是否有检查会趋严")
    is_loosening = yes_no("Whether some check may come out milder", "是否有检查会趋松")


class PolicyDiffSchema(AnswerSchema):
    """What changed from one version to another."""

    version = number("The version that is looked at", "所看版本")
    against = number("The version that it is compared with", "对比版本")
    summary = one(DiffSummarySchema)
    changes = many(ChangeSchema, "The changes", "变更")


class SubmittedVersionSchema(PolicyVersionSchema):
    """A submitted version, with what changes against the policy in force."""

    diff = one(PolicyDiffSchema, null=True)


class CasesSchema(AnswerSchema):
    """How the cases of a policy went."""

    passed = number("Cases that pass", "通过数")
    failed = number("Cases that fail", "未通过数")
    cases = many(CaseResultSchema, "Every case", "全部用例")
