"""The life of an order after its check."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema

from api.auth import needs
from api.blueprint import ApiBlueprint
from api.context import Call
from api.operations import Body, Operation
from api.replies import Answer
from api.schemas.orders import ConfirmationSchema, DeliveryAnswerSchema, EndedOrderSchema, OrderSchema
from policy_service.domain.permissions import Scope
from policy_service.schemas.orders import (
    CONFIRMATION,
    DELIVERY,
    ORDER_END,
    Confirmation,
    DeliveryReport,
    OrderEnd,
)
from policy_service.services.order_documents import order_document
from policy_service.services.order_life import cancel_order, close_order, deliver_order
from policy_service.services.orders import confirm_order
from rules.texts import Text

blueprint = ApiBlueprint("orders", Text("The life of an order", "订单的后续"))

_ORDER = "/v1/orders/<id:order_id>"


def _step(summary: Text, answer: type[Schema], body: Body[Any], *scopes: Scope) -> Operation:
    return Operation("POST", needs(Scope.CHECK, *scopes), summary, {200: answer}, body, errors=(404,))


@blueprint.serve(
    _step(
        Text("Confirm an approved order: reserved becomes open orders", "确认获批订单：预留转为未交订单"),
        ConfirmationSchema,
        Body(CONFIRMATION),
    ),
    f"{_ORDER}/confirm",
)
def confirm(call: Call[Confirmation], order_id: str) -> Answer:
    """Confirm an order under a decision; twice gives the same answer."""
    return Answer(confirm_order(call.session, call.actor, order_id, call.sent.decision_id, call.moment))


@blueprint.serve(
    _step(
        Text("Deliver an order or a part of it: open orders become open deliveries", "交货：未交订单转为已交未开票"),
        DeliveryAnswerSchema,
        Body(DELIVERY),
        Scope.DATA_WRITE,
    ),
    f"{_ORDER}/deliver",
)
def deliver(call: Call[DeliveryReport], order_id: str) -> Answer:
    """Report a delivery; twice gives the same answer."""
    sent = call.sent
    return Answer(deliver_order(call.session, call.actor, order_id, sent.delivery_id, sent.amount, call.moment))


@blueprint.serve(
    _step(
        Text("Close an order: the undelivered rest is released", "关闭订单：释放未交部分"),
        EndedOrderSchema,
        Body(ORDER_END, required=False),
        Scope.DATA_WRITE,
    ),
    f"{_ORDER}/close",
)
def close(call: Call[OrderEnd], order_id: str) -> Answer:
    """Nothing more will be delivered."""
    return Answer(close_order(call.session, call.actor, order_id, call.moment))


@blueprint.serve(
    _step(
        Text("Cancel an order: all that is not invoiced is released", "取消订单：释放全部未开票部分"),
        EndedOrderSchema,
        Body(ORDER_END, required=False),
        Scope.DATA_WRITE,
    ),
    f"{_ORDER}/cancel",
)
def cancel(call: Call[OrderEnd], order_id: str) -> Answer:
    """The order will not be carried out."""
    return Answer(cancel_order(call.session, call.actor, order_id, call.moment))


@blueprint.serve(
    Operation(
        "GET",
        needs(Scope.CHECK, Scope.DATA_WRITE, Scope.DATA_READ),
        Text("Read an order: what it holds, and what brought it there", "读取订单：占用的额度及其由来"),
        {200: OrderSchema},
        errors=(404,),
    ),
    _ORDER,
)
def order(call: Call[None], order_id: str) -> Answer:
    """One order."""
    return Answer(order_document(call.session, order_id, call.moment))
