"""Customers and their credit accounts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import request

from api.auth import needs
from api.blueprint import ApiBlueprint
from api.context import Call
from api.faults import PreconditionFailed, PreconditionMissing
from api.operations import Body, Operation
from api.queries import DEFAULT_LIMIT, OPTIONAL, PageSchema, page_of
from api.replies import Answer, stored
from api.schemas.credit_file import (
    CustomerFactsSchema,
    CustomerListSchema,
    ExposureSchema,
    StoredCustomerSchema,
)
from policy_service.db.models import Customer
from policy_service.domain.days import rfc3339
from policy_service.domain.documents import CustomerDocument, CustomerStatus, Grade
from policy_service.domain.errors import CustomerNotFound
from policy_service.domain.permissions import Scope
from policy_service.schemas import CUSTOMER, DocumentSchema, read, write
from policy_service.schemas.customers import CustomerSchema
from policy_service.schemas.fields import CurrencyCode, Day, Id, OneOf
from policy_service.services.accounts import lock_account
from policy_service.services.brakes_in_force import BrakeState, stops_of
from policy_service.services.customers import customer_document, get_customer, list_customers, put_customer
from policy_service.services.exposure import customer_facts, exposure_document
from rules.catalogue import facts_without_order
from rules.codec import fact_text
from rules.messages import currency_of
from rules.texts import Text

blueprint = ApiBlueprint("customers", Text("Customers and their credit accounts", "客户与信用账户"))


@dataclass(frozen=True, slots=True)
class CustomerQuery:
    """Which customers are asked for."""

    limit: int = DEFAULT_LIMIT
    cursor: str | None = None
    status: CustomerStatus | None = None
    customer_class: Grade | None = None
    currency: str | None = None
    parent_id: str | None = None


class CustomerQuerySchema(PageSchema):
    """The query of the list of customers."""

    makes = CustomerQuery

    status = OneOf(Text("With this status", "状态为"), CustomerStatus, **OPTIONAL)
    customer_class = OneOf(Text("Of this class", "信用级别为"), Grade, **OPTIONAL)
    currency = CurrencyCode(Text("With an account in this currency", "账户币种为"), **OPTIONAL)
    parent_id = Id(Text("Right below this customer", "直属该客户的"), **OPTIONAL)


@dataclass(frozen=True, slots=True)
class FactsQuery:
    """The day for which facts are asked; None: the business day."""

    as_of: date | None = None


class FactsQuerySchema(DocumentSchema[FactsQuery]):
    """The query of a customer's facts."""

    makes = FactsQuery

    as_of = Day(Text("The day; left out, the business day", "日期；不填则为业务日"), **OPTIONAL)


@blueprint.serve(
    Operation(
        "PUT",
        needs(Scope.DATA_WRITE),
        Text("Write a customer, whole", "写入整个客户"),
        {200: StoredCustomerSchema, 201: StoredCustomerSchema},
        Body(CUSTOMER),
        errors=(409, 412),
        versioned=True,
    ),
    "/v1/customers/<id:customer_id>",
)
def write_customer(call: Call[CustomerDocument], customer_id: str) -> Answer:
    """Create a customer or replace it; under `If-Match` only the version that the caller has seen."""
    if "If-Match" in request.headers:
        _match(call, customer_id)
    customer, created = put_customer(call.session, call.actor, customer_id, call.sent, call.moment)
    return stored(_document(call, customer), created=created, headers=_etag(customer))


@blueprint.serve(
    Operation(
        "PATCH",
        needs(Scope.DATA_WRITE),
        Text("Change some fields of a customer", "更改客户的部分字段"),
        {200: StoredCustomerSchema},
        Body(CustomerSchema(partial=True), unread=True),
        errors=(404, 409, 412, 428),
        versioned=True,
    ),
    "/v1/customers/<id:customer_id>",
)
def change_customer(call: Call[dict[str, Any]], customer_id: str) -> Answer:
    """Replace the fields that are given, in the version that the caller has seen."""
    if "If-Match" not in request.headers:
        raise PreconditionMissing
    customer = _match(call, customer_id)
    known = write(CUSTOMER, customer_document(customer), customer.currency)
    document = read(CUSTOMER, known | call.sent)
    customer, _ = put_customer(call.session, call.actor, customer_id, document, call.moment)
    return Answer(_document(call, customer), headers=_etag(customer))


@blueprint.serve(
    Operation(
        "GET",
        needs(Scope.DATA_READ),
        Text("Read a customer", "读取客户"),
        {200: StoredCustomerSchema},
        errors=(404,),
        versioned=True,
    ),
    "/v1/customers/<id:customer_id>",
)
def customer(call: Call[None], customer_id: str) -> Answer:
    """One customer, with its ETag."""
    return customer_answer(call, customer_id)


@blueprint.serve(
    Operation(
        "GET",
        needs(Scope.DATA_READ),
        Text("List customers by id", "按编号列出客户"),
        {200: CustomerListSchema},
        query=CustomerQuerySchema(),
    ),
    "/v1/customers",
)
def customers(call: Call[CustomerQuery]) -> Answer:
    """The customers that match."""
    asked = call.sent
    found = list_customers(
        call.session,
        call.moment.now,
        limit=asked.limit + 1,
        after=asked.cursor,
        status=asked.status,
        customer_class=asked.customer_class,
        currency=asked.currency,
        parent_id=asked.parent_id,
    )
    stops = stops_of(call.session, [each.id for each in found], call.moment.now)
    return Answer(page_of(found, asked.limit, lambda each: _shown(each, stops.get(each.id)), lambda each: each.id))


@blueprint.serve(
    Operation(
        "GET",
        needs(Scope.DATA_READ),
        Text("Read the exposure of a customer", "读取客户的敞口"),
        {200: ExposureSchema},
        errors=(404, 422),
    ),
    "/v1/customers/<id:customer_id>/exposure",
)
def exposure(call: Call[None], customer_id: str) -> Answer:
    """Limit, buckets, total and what is available."""
    return Answer(exposure_document(call.session, customer_id, call.moment, call.config.base_currency))


@blueprint.serve(
    Operation(
        "GET",
        needs(Scope.DATA_READ),
        Text("Read every fact of a customer as of a day", "读取客户截至某日的全部事实"),
        {200: CustomerFactsSchema},
        query=FactsQuerySchema(),
        errors=(404,),
    ),
    "/v1/customers/<id:customer_id>/facts",
)
def facts(call: Call[FactsQuery], customer_id: str) -> Answer:
    """The facts that a policy would read, without an order."""
    day = call.sent.as_of or call.moment.day
    known = customer_facts(call.session, customer_id, day, call.moment, call.config.base_currency)
    values = {
        fact.name: fact_text(fact.name, known.values.get(fact.name), currency_of(fact.name, known))
        for fact in facts_without_order()
    }
    return Answer({"customer_id": customer_id, "as_of": day.isoformat(), "currency": known.currency, "facts": values})


def _match(call: Call[Any], customer_id: str) -> Customer:
    """The customer, locked, where `If-Match` names its version. Raises CustomerNotFound, PreconditionFailed."""
    try:
        customer = lock_account(call.session, customer_id).customer
    except CustomerNotFound:
        if request.method == "PUT":
            raise PreconditionFailed from None
        raise
    if not request.if_match.contains(str(customer.revision)):
        raise PreconditionFailed
    return customer


def _etag(customer: Customer) -> dict[str, str]:
    return {"ETag": f'"{customer.revision}"'}


def customer_answer(call: Call[Any], customer_id: str) -> Answer:
    """One customer, with its ETag. Raises CustomerNotFound."""
    found = get_customer(call.session, customer_id)
    return Answer(_document(call, found), headers=_etag(found))


def _document(call: Call[Any], customer: Customer) -> dict[str, Any]:
    return _shown(customer, stops_of(call.session, [customer.id], call.moment.now).get(customer.id))


def _shown(customer: Customer, stop: BrakeState | None) -> dict[str, Any]:
    """The customer as stored; under an emergency stop with the status that this gives it."""
    document = write(CUSTOMER, customer_document(customer), customer.currency)
    if stop is not None:
        document["status"] = CustomerStatus.STOP.value
    return {
        "customer_id": customer.id,
        **document,
        "stop": _stop(stop) if stop else None,
        "revision": customer.revision,
        "created_at": rfc3339(customer.created_at),
        "updated_at": rfc3339(customer.updated_at),
    }


def _stop(stop: BrakeState) -> dict[str, Any]:
    return {
        "reason": stop.reason,
        "by": stop.by,
        "at": rfc3339(stop.at),
        "until": rfc3339(stop.until) if stop.until else None,
    }
