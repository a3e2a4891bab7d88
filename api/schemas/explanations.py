"""A decision in sentences."""

from __future__ import annotations

from marshmallow import fields

from api.schemas.base import AnswerSchema
from api.schemas.fields import anything, many
from api.schemas.fields import text as string
from policy_service.domain.outcomes import Outcome
from rules.audiences import Audience
from rules.effects import EffectKind
from rules.texts import Language


class PointSchema(AnswerSchema):
    """One thing to know. Only a controller is told rules, effects and clauses."""

    text = string("What it says", "说明")
    rule_code = fields.String(metadata={"description": "Rule", "x-description-zh": "规则代码"})
    effect = fields.String(
        metadata={
            "description": "Effect",
            "x-description-zh": "效果",
            "enum": [kind.value for kind in EffectKind],
        }
    )
    clauses = fields.List(
        fields.String(),
        metadata={
            "description": "A sentence for each clause of the rule, with its arithmetic",
            "x-description-zh": "规则每个条件一句，含数值比较",
        },
    )


class NearMissPointSchema(AnswerSchema):
    """A rule that nearly fired, in a sentence."""

    text = string("What it says", "说明")
    rule_code = string("Rule", "规则代码")


class OfferedChangeSchema(AnswerSchema):
    """A change that would be approved, in a sentence."""

    text = string("What it says", "说明")
    changes = anything("What to change", "须作的更改", {"type": "object", "additionalProperties": True})
    outcome = string("What the check would answer", "届时的结论", enum=[outcome.value for outcome in Outcome])


class ExplanationSchema(AnswerSchema):
    """A decision explained to one audience."""

    decision_id = string("Decision", "决定编号")
    audience = string("For whom", "解释给谁看", enum=[audience.value for audience in Audience])
    language = string("Language", "语言", enum=[language.value for language in Language])
    outcome = string("Outcome", "结论", enum=[outcome.value for outcome in Outcome])
    headline = string("The decision in one sentence", "一句话结论")
    points = many(PointSchema, "All that there is to know, each once", "全部要点，各一条")
    granted = string("What is granted, in words; null where nothing is", "批准内容；未批准则为 null", null=True)
    near_misses = many(NearMissPointSchema, "Rules that nearly fired; for controllers", "接近触发的规则；仅限信控")
    counter_offers = many(OfferedChangeSchema, "Changes that would be approved", "可获批的更改")
