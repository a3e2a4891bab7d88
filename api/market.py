"""What comes from outside the ledgers: orders placed elsewhere, field reports, exchange rates."""

from __future__ import annotations

from typing import Any

from api.auth import needs
from api.blueprint import ApiBlueprint
from api.context import Call
from api.operations import Body, Operation
from api.replies import Answer, stored
from api.schemas.credit_file import StoredFieldReportSchema, StoredOrderHistorySchema, StoredRateSchema
from policy_service.db.models import FieldReport, FxRate, Order
from policy_service.domain.days import rfc3339
from policy_service.domain.documents import FieldReportDocument, OrderHistoryDocument
from policy_service.domain.money import money_text, plain
from policy_service.domain.permissions import Scope
from policy_service.schemas import FIELD_REPORT, FX_RATE, ORDER_HISTORY, RateDocument
from policy_service.services.market import add_field_report, put_fx_rate, put_order_history
from rules.texts import Text

blueprint = ApiBlueprint("market", Text("Order history, field reports, exchange rates", "历史订单、一线报告与汇率"))


@blueprint.serve(
    Operation(
        "PUT",
        needs(Scope.DATA_WRITE),
        Text("Write an order placed elsewhere, for its volume", "写入在别处下的订单，用于订单量"),
        {200: StoredOrderHistorySchema, 201: StoredOrderHistorySchema},
        Body(ORDER_HISTORY),
        errors=(404, 409),
    ),
    "/v1/orders/<id:order_id>/history",
)
def write_order_history(call: Call[OrderHistoryDocument], order_id: str) -> Answer:
    """Create or replace an order that counts for volume, never for exposure."""
    order, created = put_order_history(call.session, call.actor, order_id, call.sent, call.moment)
    return stored(_order(order), created=created)


@blueprint.serve(
    Operation(
        "POST",
        needs(Scope.DATA_WRITE),
        Text("Report what was seen at a customer", "报告在客户处的所见"),
        {201: StoredFieldReportSchema},
        Body(FIELD_REPORT),
        errors=(404,),
    ),
    "/v1/field-reports",
)
def report(call: Call[FieldReportDocument]) -> Answer:
    """Keep a field report."""
    return Answer(_report(add_field_report(call.session, call.actor, call.sent, call.moment)), 201)


@blueprint.serve(
    Operation(
        "PUT",
        needs(Scope.DATA_WRITE),
        Text("Write the exchange rate of a day", "写入某日汇率"),
        {200: StoredRateSchema, 201: StoredRateSchema},
        Body(FX_RATE),
    ),
    "/v1/fx-rates/<id:currency>",
)
def write_rate(call: Call[RateDocument], currency: str) -> Answer:
    """Create or replace the rate of a day."""
    base = call.config.base_currency
    sent = call.sent
    rate, created = put_fx_rate(call.session, call.actor, currency, sent.rate, sent.as_of, call.moment, base)
    return stored(_rate(rate, base), created=created)


def _order(order: Order) -> dict[str, Any]:
    return {
        "order_id": order.id,
        "customer_id": order.customer_id,
        "amount": money_text(order.amount, order.currency),
        "currency": order.currency,
        "order_date": order.order_date.isoformat(),
        "status": order.status,
        "updated_at": rfc3339(order.updated_at),
    }


def _report(report: FieldReport) -> dict[str, Any]:
    return {
        "field_report_id": report.id,
        "customer_id": report.customer_id,
        "observed_on": report.observed_on.isoformat(),
        "category": report.category,
        "severity": report.severity,
        "source_channel": report.source_channel,
        "note": report.note,
        "reported_by": report.reported_by,
        "valid_until": report.valid_until.isoformat() if report.valid_until else None,
        "created_at": rfc3339(report.created_at),
    }


def _rate(rate: FxRate, base_currency: str) -> dict[str, Any]:
    return {
        "currency": rate.currency,
        "base_currency": base_currency,
        "rate": plain(rate.rate),
        "as_of": rate.as_of.isoformat(),
        "updated_at": rfc3339(rate.updated_at),
    }
