"""Orders and quotes under check, and the confirmation of orders."""

from __future__ import annotations

from datetime import timedelta

from flask import Response, g
from marshmallow import Schema

from api.auth import needs
from api.blueprint import ApiBlueprint
from api.context import Call
from api.edge import elapsed_seconds
from api.metrics import count_check
from api.operations import Body, Operation
from api.replies import Answer
from api.schemas.checks import CheckAnswerSchema, ConfirmationSchema
from policy_service.domain.documents import CheckRequest
from policy_service.domain.permissions import Scope
from policy_service.schemas import ORDER_CHECK, QUOTE_CHECK, DocumentSchema, refusal
from policy_service.schemas.orders import CONFIRMATION, Confirmation
from policy_service.services.checks import check
from policy_service.services.decisions import answer
from policy_service.services.orders import confirm_order
from rules.texts import Text

blueprint = ApiBlueprint("checks", Text("Checks, and the life of an order", "检查与订单"))

_MOST_DAYS_AHEAD = 366


def _operation(summary: Text, schema: DocumentSchema[CheckRequest]) -> Operation:
    answers: dict[int, type[Schema] | None] = {200: CheckAnswerSchema}
    return Operation("POST", needs(Scope.CHECK), summary, answers, Body(schema), errors=(404,))


@blueprint.serve(_operation(Text("Check an order", "检查订单"), ORDER_CHECK), "/v1/check-order", "/check-order")
def check_order(call: Call[CheckRequest]) -> Answer:
    """Decide on an order; an approval reserves its credit."""
    return _checked(call)


@blueprint.serve(_operation(Text("Check a quote", "检查报价"), QUOTE_CHECK), "/v1/check-quote", "/check-quote")
def check_quote(call: Call[CheckRequest]) -> Answer:
    """Decide on a quote; it never reserves."""
    return _checked(call)


@blueprint.serve(
    Operation(
        "POST",
        needs(Scope.CHECK),
        Text("Confirm an approved order: reserved becomes open orders", "确认获批订单：预留转为未交订单"),
        {200: ConfirmationSchema},
        Body(CONFIRMATION),
        errors=(404,),
    ),
    "/v1/orders/<id:order_id>/confirm",
)
def confirm(call: Call[Confirmation], order_id: str) -> Answer:
    """Confirm an order under a decision; twice gives the same answer."""
    return Answer(confirm_order(call.session, call.actor, order_id, call.sent.decision_id, call.moment))


def _checked(call: Call[CheckRequest]) -> Answer:
    ordered = call.sent.order_date
    if ordered is not None and ordered > call.moment.day + timedelta(days=_MOST_DAYS_AHEAD):
        raise refusal("/order_date", "order_date_ahead", days=_MOST_DAYS_AHEAD)
    record = check(call.session, call.actor, call.sent, call.moment, call.config.base_currency)
    decided = answer(record, call.language)
    g.api_decided = decided
    return Answer(decided)


def _count(response: Response) -> Response:
    """Count the check now that it is committed; not one that was undone, nor an answer that was given before."""
    if "api_decided" in g and response.status_code == 200:
        count_check(g.api_decided, elapsed_seconds())
    return response


blueprint.after_request(_count)
