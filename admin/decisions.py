"""Decisions: the list, and one decision with every reason and the numbers behind it."""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta

from flask import request
from flask_admin.base import expose
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from admin.context import db_session, moment, wiring
from admin.filters import Filters
from admin.language import language
from admin.paging import AnyRow, Page, read_page
from admin.rule_titles import rule_titles
from admin.views import EVERYONE, SecureView
from policy_service.db.models import Customer, Decision
from policy_service.domain.ids import first_id
from policy_service.domain.outcomes import CheckKind, Outcome
from policy_service.services.decisions import full_answer, get_decision
from policy_service.services.explanations import explanation_of
from rules.audiences import Audience
from rules.catalogue import CATALOGUE
from rules.codec import facts_from_document

_NEXT_DAY = timedelta(days=1)

_COLUMNS = select(
    Decision.id,
    Decision.decided_at,
    Decision.kind,
    Decision.subject_id,
    Decision.customer_id,
    Customer.name.label("customer_name"),
    Decision.amount,
    Decision.currency,
    Decision.outcome,
    Decision.rule_codes,
    Decision.policy_version,
).outerjoin(Customer, Customer.id == Decision.customer_id)


class DecisionsView(SecureView):
    """What was decided, and why."""

    roles = EVERYONE

    @expose("/")
    def index(self) -> str:
        """The list, the newest first."""
        filters = Filters(request.args)
        session = db_session()
        page = _list(session, filters, request.args.get("before"))
        titles = rule_titles(session, [row.policy_version for row in page.items])
        return self.render("panel/decisions.html", page=page, filters=filters, titles=titles, today=moment().day)

    @expose("/<decision_id>")
    def decision(self, decision_id: str) -> str:
        """One decision: with all that it rests on, or as `?audience=` may be told of it."""
        session = db_session()
        decision = get_decision(session, decision_id)
        answer = full_answer(decision, language())
        facts = facts_from_document(answer["facts"])
        audience = _audience()
        return self.render(
            "panel/decision.html",
            decision=decision,
            answer=answer,
            audience=audience,
            audiences=list(Audience),
            explanation=explanation_of(session, decision, audience, language()),
            facts=facts,
            fact_names=list(dict.fromkeys((*CATALOGUE, *facts.values))),
            customer=session.get(Customer, decision.customer_id),
            titles=rule_titles(session, [decision.policy_version]),
            record=json.dumps(json.loads(decision.record), ensure_ascii=False, indent=2),
        )


def _audience() -> Audience:
    """For whom the page is; who asks for nobody we know is a controller."""
    asked = request.args.get("audience")
    return next((audience for audience in Audience if audience == asked), Audience.CONTROLLER)


def latest_decisions(session: Session, number: int, *, customer_id: str | None = None) -> list[AnyRow]:
    """The newest decisions, of one customer or of all."""
    statement = _COLUMNS.order_by(Decision.id.desc()).limit(number)
    if customer_id is not None:
        statement = statement.where(Decision.customer_id == customer_id)
    return list(session.execute(statement))


def _list(session: Session, filters: Filters, before: str | None) -> Page[AnyRow]:
    wanted = _conditions(filters)
    window = _COLUMNS.where(*wanted).order_by(Decision.id.desc())
    if before:
        window = window.where(Decision.id < before)
    return read_page(session, select(Decision.id).where(*wanted), window, lambda row: row.id)


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    equal = {
        Decision.outcome: filters.choice("outcome", Outcome, "decision.outcome"),
        Decision.kind: filters.choice("kind", CheckKind, "decision.kind"),
        Decision.customer_id: filters.text("customer_id"),
        Decision.subject_id: filters.text("subject_id"),
    }
    conditions: list[ColumnElement[bool]] = [column == value for column, value in equal.items() if value is not None]
    return conditions + _within_days(filters)


def _within_days(filters: Filters) -> list[ColumnElement[bool]]:
    """Both days inside, by the id: it begins with the time, and is what the list is sorted by."""
    conditions: list[ColumnElement[bool]] = []
    since, until = filters.day("from", "decisions.from"), filters.day("to", "decisions.to")
    if since is not None:
        conditions.append(Decision.id >= first_id(start_of(since)))
    if until is not None:
        conditions.append(Decision.id < first_id(start_of(until + _NEXT_DAY)))
    return conditions


def start_of(day: date) -> datetime:
    """The instant at which a business day begins."""
    return datetime.combine(day, time(), wiring().config.timezone)
