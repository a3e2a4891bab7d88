"""Customers: the list, and one credit account with its exposure, its facts and its latest decisions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import abort, request
from flask_admin.base import expose
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, aliased

from admin.context import db_session, moment, wiring
from admin.decisions import latest_decisions
from admin.filters import Filters
from admin.paging import AnyRow, Page, read_page
from admin.rule_titles import rule_titles
from admin.views import EVERYONE, SecureView
from policy_service.db.models import Customer
from policy_service.domain.documents import CustomerStatus, Grade
from policy_service.domain.errors import NoExchangeRate
from policy_service.services.brakes_in_force import shown_customer_status, stops_of
from policy_service.services.customers import get_customer
from policy_service.services.exposure import customer_facts, exposure_document
from rules.catalogue import facts_without_order
from rules.facts import Facts

_SHOWN_DECISIONS = 10


@dataclass(frozen=True, slots=True)
class Standing:
    """How an account stands today. None where a missing exchange rate leaves its sums unknown."""

    exposure: dict[str, Any]
    facts: Facts


class CustomersView(SecureView):
    """Who buys on credit, and how each account stands."""

    roles = EVERYONE

    @expose("/")
    def index(self) -> str:
        """The list, by id."""
        filters = Filters(request.args)
        page = _list(db_session(), filters, request.args.get("after"))
        return self.render("panel/customers.html", page=page, filters=filters)

    @expose("/account")
    def account(self) -> str:
        """One account, `?id=`: an id may hold any printable character, which a path may not."""
        customer_id = request.args.get("id") or abort(404)
        session = db_session()
        customer = get_customer(session, customer_id)
        decisions = latest_decisions(session, _SHOWN_DECISIONS, customer_id=customer_id)
        return self.render(
            "panel/customer.html",
            customer=customer,
            stop=stops_of(session, [customer_id], moment().now).get(customer_id),
            standing=_standing(session, customer_id),
            fact_names=[fact.name for fact in facts_without_order()],
            decisions=decisions,
            titles=rule_titles(session, [row.policy_version for row in decisions]),
            today=moment().day,
        )


def _list(session: Session, filters: Filters, after: str | None) -> Page[AnyRow]:
    parent = aliased(Customer)
    wanted = _conditions(filters)
    window = (
        select(
            Customer.id,
            Customer.name,
            Customer.customer_class,
            shown_customer_status(moment().now).label("status"),
            Customer.currency,
            Customer.credit_limit,
            Customer.standard_terms_days,
            Customer.settlement_mode,
            Customer.parent_id,
            parent.name.label("parent_name"),
        )
        .outerjoin(parent, parent.id == Customer.parent_id)
        .where(*wanted)
        .order_by(Customer.id)
    )
    if after:
        window = window.where(Customer.id > after)
    return read_page(session, select(Customer.id).where(*wanted), window, lambda row: row.id)


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    """What the filters ask for: equalities, and what an id or a name begins with."""
    equal = {
        shown_customer_status(moment().now): filters.choice("status", CustomerStatus, "customer.status"),
        Customer.customer_class: filters.choice("class", Grade, "customer.class"),
        Customer.currency: (filters.text("currency") or "").upper() or None,
    }
    conditions: list[ColumnElement[bool]] = [column == value for column, value in equal.items() if value is not None]
    begins = filters.text("q")
    if begins is not None:
        columns = (Customer.id, Customer.name)
        conditions.append(or_(*(column.istartswith(begins, autoescape=True) for column in columns)))
    return conditions


def _standing(session: Session, customer_id: str) -> Standing | None:
    base_currency = wiring().config.base_currency
    try:
        return Standing(
            exposure_document(session, customer_id, moment(), base_currency),
            customer_facts(session, customer_id, moment().day, moment(), base_currency),
        )
    except NoExchangeRate:
        return None
