"""Orders and quotes under check, one by one or in batches."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from flask import Response, g
from marshmallow import Schema
from sqlalchemy.orm import Session

from api.auth import needs
from api.blueprint import ApiBlueprint
from api.context import Call
from api.edge import elapsed_seconds
from api.errors import answer_error
from api.faults import IdempotencyKeyReused, RequestInProgress
from api.idempotency import REPLAYED
from api.metrics import count_check
from api.operations import Body, Operation
from api.parts import Part
from api.replies import Answer, Reply
from api.schemas.checks import BatchAnswerSchema, CheckAnswerSchema
from policy_service.domain.documents import CheckRequest
from policy_service.domain.permissions import Scope
from policy_service.schemas import ORDER_CHECK, QUOTE_CHECK, DocumentSchema, refusal
from policy_service.schemas.checks import CHECK_BATCH, CheckBatch, read_check
from policy_service.services.checks import check
from policy_service.services.decisions import answer
from rules.texts import Text

blueprint = ApiBlueprint("checks", Text("Checks", "检查"))

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
        Text("Check up to 500 orders and quotes, each by itself", "批量检查订单与报价，至多 500 项，逐项独立"),
        {200: BatchAnswerSchema},
        Body(CHECK_BATCH),
        in_parts=True,
    ),
    "/v1/check-batch",
)
def check_batch(call: Call[CheckBatch], part: Part) -> Answer:
    """Decide on each in a transaction of its own; the answers in the order of the checks."""
    return Answer({"answers": [_item(call, part, *each) for each in enumerate(call.sent.checks)]})


def _item(call: Call[CheckBatch], part: Part, number: int, document: object) -> dict[str, Any]:
    """The answer to one check of a batch; its failure is its own."""
    started = time.perf_counter()
    try:
        reply = part(number, lambda session: Reply.of(Answer(_decided(call, session, read_check(document)))))
    except (IdempotencyKeyReused, RequestInProgress):
        raise
    except Exception as error:
        refused = answer_error(error)
        return {"status": refused.status_code, "problem": refused.get_json()}
    told = json.loads(reply.body)
    if reply.status != HTTPStatus.OK:
        return {"status": reply.status, "problem": told}
    if REPLAYED not in reply.headers:
        count_check(told, time.perf_counter() - started)
    return {"status": reply.status, "answer": told}


def _checked(call: Call[CheckRequest]) -> Answer:
    g.api_decided = _decided(call, call.session, call.sent)
    return Answer(g.api_decided)


def _decided(call: Call[Any], session: Session, asked: CheckRequest) -> dict[str, Any]:
    if asked.order_date is not None and asked.order_date > call.moment.day + timedelta(days=_MOST_DAYS_AHEAD):
        raise refusal("/order_date", "order_date_ahead", days=_MOST_DAYS_AHEAD)
    record = check(session, call.actor, asked, call.moment, call.config.base_currency)
    return answer(record, call.language)


def _count(response: Response) -> Response:
    """Count the check now that it is committed; not one that was undone, nor an answer that was given before."""
    if "api_decided" in g and response.status_code == 200:
        count_check(g.api_decided, elapsed_seconds())
    return response


blueprint.after_request(_count)
