"""Held orders: listed, released, rejected, handed up."""

from __future__ import annotations

from dataclasses import dataclass

from api.auth import needs
from api.blueprint import ApiBlueprint
from api.context import Call
from api.operations import Body, Operation
from api.queries import DEFAULT_LIMIT, OPTIONAL, PageSchema, page_of
from api.replies import Answer
from api.schemas.checks import CheckAnswerSchema
from api.schemas.holds import HoldListSchema, HoldSchema
from policy_service.domain.holds import HoldStatus
from policy_service.domain.outcomes import Authority
from policy_service.domain.permissions import Scope
from policy_service.schemas.fields import Id, OneOf
from policy_service.schemas.holds import NOTE, Note
from policy_service.schemas.policies import REMARK, Remark
from policy_service.services.decisions import answer
from policy_service.services.held_orders import get_hold, hold_document, list_holds
from policy_service.services.holds import escalate_hold, reject_hold, release_hold
from rules.texts import Text

blueprint = ApiBlueprint("holds", Text("Held orders, and who may release them", "暂停的订单与放行权限"))

READERS = needs(Scope.HOLDS, Scope.DATA_READ, Scope.AUDIT_READ)
WORKERS = needs(Scope.HOLDS)


@dataclass(frozen=True, slots=True)
class HoldQuery:
    """Which holds are asked for."""

    limit: int = DEFAULT_LIMIT
    cursor: str | None = None
    status: HoldStatus | None = None
    customer_id: str | None = None
    authority: Authority | None = None


class HoldQuerySchema(PageSchema):
    """The query of the list of holds."""

    makes = HoldQuery

    status = OneOf(Text("In this status", "状态为"), HoldStatus, **OPTIONAL)
    customer_id = Id(Text("Of this customer", "该客户的"), **OPTIONAL)
    authority = OneOf(Text("That ask for this authority", "所需权限为"), Authority, **OPTIONAL)


@blueprint.serve(
    Operation(
        "GET",
        READERS,
        Text("List held orders, the oldest first", "列出暂停的订单，最早在前"),
        {200: HoldListSchema},
        query=HoldQuerySchema(),
    ),
    "/v1/holds",
)
def holds(call: Call[HoldQuery]) -> Answer:
    """The holds that match."""
    asked = call.sent
    found = list_holds(
        call.session,
        limit=asked.limit + 1,
        after=asked.cursor,
        status=asked.status,
        customer_id=asked.customer_id,
        authority=asked.authority,
    )
    return Answer(page_of(found, asked.limit, hold_document, lambda hold: hold.decision_id))


@blueprint.serve(
    Operation("GET", READERS, Text("Read a held order", "读取暂停的订单"), {200: HoldSchema}, errors=(404,)),
    "/v1/holds/<id:decision_id>",
)
def held(call: Call[None], decision_id: str) -> Answer:
    """One hold."""
    return Answer(hold_document(get_hold(call.session, decision_id)))


@blueprint.serve(
    Operation(
        "POST",
        WORKERS,
        Text("Release a held order; 202 while a second person has to", "放行暂停的订单；尚须另一人放行时为 202"),
        {200: CheckAnswerSchema, 202: HoldSchema},
        Body(NOTE),
        errors=(404,),
    ),
    "/v1/holds/<id:decision_id>/release",
)
def release(call: Call[Note], decision_id: str) -> Answer:
    """Approve a held order on the facts of now."""
    done = release_hold(call.session, call.actor, decision_id, call.sent.note, call.moment, call.config.base_currency)
    if done.record is None:
        return Answer(hold_document(done.hold), 202)
    return Answer(answer(done.record, call.language))


@blueprint.serve(
    Operation(
        "POST",
        WORKERS,
        Text("Reject a held order", "拒绝暂停的订单"),
        {200: CheckAnswerSchema},
        Body(NOTE),
        errors=(404,),
    ),
    "/v1/holds/<id:decision_id>/reject",
)
def reject(call: Call[Note], decision_id: str) -> Answer:
    """Reject a held order."""
    record = reject_hold(
        call.session, call.actor, decision_id, call.sent.note, call.moment, call.config.base_currency
    )
    return Answer(answer(record, call.language))


@blueprint.serve(
    Operation(
        "POST",
        WORKERS,
        Text("Ask for the authority above", "上报至更高权限"),
        {200: HoldSchema},
        Body(REMARK, required=False),
        errors=(404,),
    ),
    "/v1/holds/<id:decision_id>/escalate",
)
def escalate(call: Call[Remark], decision_id: str) -> Answer:
    """Hand a held order up."""
    hold = escalate_hold(call.session, call.actor, decision_id, call.sent.note, call.moment)
    return Answer(hold_document(hold))
