"""Decisions explained: to a controller, to sales, to the customer."""

from __future__ import annotations

from dataclasses import dataclass

from api.auth import needs
from api.blueprint import ApiBlueprint
from api.context import Call
from api.operations import Operation
from api.queries import OPTIONAL
from api.replies import Answer
from api.schemas.explanations import ExplanationSchema
from policy_service.domain.permissions import Scope
from policy_service.schemas import DocumentSchema
from policy_service.schemas.fields import OneOf
from policy_service.services.explanations import explain_decision
from rules.audiences import Audience
from rules.texts import Language, Text

blueprint = ApiBlueprint("explanations", Text("Decisions explained", "决定的解释"))


@dataclass(frozen=True, slots=True)
class ExplanationQuery:
    """For whom a decision is explained, and in which language; None: the one that `Accept-Language` asks for."""

    audience: Audience = Audience.CONTROLLER
    lang: Language | None = None


class ExplanationQuerySchema(DocumentSchema[ExplanationQuery]):
    """The query of an explanation."""

    makes = ExplanationQuery

    audience = OneOf(Text("For whom; default controller", "解释给谁看；默认 controller"), Audience, **OPTIONAL)
    lang = OneOf(
        Text("Language; default that of Accept-Language", "语言；默认取自 Accept-Language"), Language, **OPTIONAL
    )


@blueprint.serve(
    Operation(
        "GET",
        needs(Scope.CHECK, Scope.AUDIT_READ, Scope.DATA_READ),
        Text("Explain a decision to a controller, to sales or to the customer", "向信控、销售或客户解释决定"),
        {200: ExplanationSchema},
        query=ExplanationQuerySchema(),
        errors=(404,),
    ),
    "/v1/decisions/<id:decision_id>/explanation",
)
def explanation(call: Call[ExplanationQuery], decision_id: str) -> Answer:
    """One decision in sentences."""
    asked = call.sent
    return Answer(explain_decision(call.session, decision_id, asked.audience, asked.lang or call.language))
