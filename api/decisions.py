"""Decisions, as they were made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from api.auth import needs
from api.blueprint import ApiBlueprint
from api.context import Call
from api.operations import Operation
from api.queries import DEFAULT_LIMIT, OPTIONAL, PageSchema, page_of
from api.replies import Answer
from api.schemas.checks import DecisionListSchema, DecisionSchema
from policy_service.db.models import Decision
from policy_service.domain.days import rfc3339
from policy_service.domain.money import money_text
from policy_service.domain.outcomes import CheckKind, Outcome
from policy_service.domain.permissions import Scope
from policy_service.schemas.fields import Day, Id, OneOf
from policy_service.services.decisions import full_answer, get_decision, list_decisions
from rules.texts import Text

blueprint = ApiBlueprint("decisions", Text("Decisions", "决定"))


@dataclass(frozen=True, slots=True)
class DecisionQuery:
    """Which decisions are asked for. Days are business days, both ends in."""

    limit: int = DEFAULT_LIMIT
    cursor: str | None = None
    customer_id: str | None = None
    order_id: str | None = None
    outcome: Outcome | None = None
    rule_code: str | None = None
    from_day: date | None = None
    to_day: date | None = None


class DecisionQuerySchema(PageSchema):
    """The query of the list of decisions."""

    makes = DecisionQuery

    customer_id = Id(Text("Of this customer", "该客户的"), **OPTIONAL)
    order_id = Id(Text("Of this order", "该订单的"), **OPTIONAL)
    outcome = OneOf(Text("With this outcome", "结论为"), Outcome, **OPTIONAL)
    rule_code = Id(Text("In which this rule fired", "触发该规则的"), **OPTIONAL)
    from_day = Day(Text("First business day", "首个业务日"), data_key="from", **OPTIONAL)
    to_day = Day(Text("Last business day", "末个业务日"), data_key="to", **OPTIONAL)


@blueprint.serve(
    Operation(
        "GET",
        needs(Scope.AUDIT_READ, Scope.DATA_READ),
        Text("List decisions, the newest first", "列出决定，最新在前"),
        {200: DecisionListSchema},
        query=DecisionQuerySchema(),
    ),
    "/v1/decisions",
)
def decisions(call: Call[DecisionQuery]) -> Answer:
    """The decisions that match."""
    asked, zone = call.sent, call.config.timezone
    found = list_decisions(
        call.session,
        limit=asked.limit + 1,
        before=asked.cursor,
        customer_id=asked.customer_id,
        subject_id=asked.order_id,
        kind=CheckKind.ORDER if asked.order_id else None,
        outcome=asked.outcome,
        rule_code=asked.rule_code,
        since=_start(asked.from_day, zone),
        until=_start(asked.to_day and asked.to_day + timedelta(days=1), zone),
    )
    return Answer(page_of(found, asked.limit, _summary, lambda decision: decision.id))


@blueprint.serve(
    Operation(
        "GET",
        needs(Scope.CHECK, Scope.AUDIT_READ, Scope.DATA_READ),
        Text("Read a decision with all that it was based on", "读取决定及其全部依据"),
        {200: DecisionSchema},
        errors=(404,),
    ),
    "/v1/decisions/<id:decision_id>",
)
def decision(call: Call[None], decision_id: str) -> Answer:
    """One decision."""
    return Answer(full_answer(get_decision(call.session, decision_id), call.language))


def _start(day: date | None, zone: ZoneInfo) -> datetime | None:
    return datetime.combine(day, time(), zone) if day else None


def _summary(decision: Decision) -> dict[str, Any]:
    return {
        "decision_id": decision.id,
        "kind": decision.kind,
        f"{decision.kind}_id": decision.subject_id,
        "customer_id": decision.customer_id,
        "outcome": decision.outcome,
        "amount": money_text(decision.amount, decision.currency),
        "currency": decision.currency,
        "rule_codes": decision.rule_codes,
        "policy_version": decision.policy_version,
        "decided_at": rfc3339(decision.decided_at),
        "sha256": decision.sha256,
    }
