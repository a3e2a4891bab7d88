"""The emergency brakes: freezing every order, stopping one customer."""

from __future__ import annotations

from typing import Any

from api.auth import needs
from api.blueprint import ApiBlueprint
from api.context import Call
from api.customers import customer_answer
from api.operations import Body, Operation
from api.replies import Answer
from api.schemas.brakes import FreezeStateSchema
from api.schemas.credit_file import StoredCustomerSchema
from policy_service.domain.days import rfc3339
from policy_service.domain.permissions import Scope
from policy_service.schemas.brakes import FREEZE, STOP, Freeze, Stop
from policy_service.schemas.policies import REMARK, Remark
from policy_service.services.brakes import freeze_orders, resume_customer, stop_customer, unfreeze_orders
from policy_service.services.brakes_in_force import freeze_state
from rules.texts import Text

blueprint = ApiBlueprint("brakes", Text("Emergency brakes", "紧急制动"))

_PULLERS = needs(Scope.POLICY_WRITE, Scope.POLICY_APPROVE, Scope.HOLDS, Scope.ADMIN)
_STOPPERS = needs(Scope.DATA_WRITE, Scope.HOLDS)


@blueprint.serve(
    Operation(
        "POST",
        _PULLERS,
        Text("Freeze orders: every one is held", "冻结订单：一律暂停"),
        {200: FreezeStateSchema},
        Body(FREEZE),
    ),
    "/v1/freeze",
)
def freeze(call: Call[Freeze]) -> Answer:
    """Hold every order from the next check on; a second freeze never shortens the first."""
    freeze_orders(call.session, call.actor, call.sent.reason, call.sent.until, call.moment.now)
    return Answer(_state(call))


@blueprint.serve(
    Operation(
        "POST",
        _PULLERS,
        Text("Let orders go again: another person than who froze them", "解冻订单：须由冻结者以外的人"),
        {200: FreezeStateSchema},
        Body(REMARK, required=False),
    ),
    "/v1/unfreeze",
)
def unfreeze(call: Call[Remark]) -> Answer:
    """End the freeze."""
    unfreeze_orders(call.session, call.actor, call.sent.note, call.moment.now)
    return Answer(_state(call))


@blueprint.serve(
    Operation(
        "GET",
        needs(*_PULLERS.scopes, Scope.CHECK, Scope.DATA_READ, Scope.AUDIT_READ),
        Text("Are orders frozen?", "订单是否冻结"),
        {200: FreezeStateSchema},
    ),
    "/v1/freeze",
)
def frozen(call: Call[None]) -> Answer:
    """The freeze in force."""
    return Answer(_state(call))


@blueprint.serve(
    Operation(
        "POST",
        _STOPPERS,
        Text("Stop a customer: every order is rejected", "停止客户：订单一律拒绝"),
        {200: StoredCustomerSchema},
        Body(STOP),
        errors=(404,),
    ),
    "/v1/customers/<id:customer_id>/stop",
)
def stop(call: Call[Stop], customer_id: str) -> Answer:
    """Reject every order of a customer from the next check on."""
    stop_customer(call.session, call.actor, customer_id, call.sent.reason, call.sent.until, call.moment.now)
    return customer_answer(call, customer_id)


@blueprint.serve(
    Operation(
        "POST",
        _STOPPERS,
        Text("Let a customer go again: another person than who stopped it", "恢复客户：须由停止者以外的人"),
        {200: StoredCustomerSchema},
        Body(REMARK, required=False),
        errors=(404,),
    ),
    "/v1/customers/<id:customer_id>/resume",
)
def resume(call: Call[Remark], customer_id: str) -> Answer:
    """End the emergency stop."""
    resume_customer(call.session, call.actor, customer_id, call.sent.note, call.moment.now)
    return customer_answer(call, customer_id)


def _state(call: Call[Any]) -> dict[str, Any]:
    state = freeze_state(call.session, call.moment.now)
    return {
        "frozen": state is not None,
        "reason": state.reason if state else None,
        "by": state.by if state else None,
        "at": rfc3339(state.at) if state else None,
        "until": rfc3339(state.until) if state and state.until else None,
    }
