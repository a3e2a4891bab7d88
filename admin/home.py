"""The overview: what was decided lately, by which policy, and what to do next."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NoReturn

from flask import abort
from flask_admin.base import expose
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from admin.context import db_session, moment
from admin.decisions import latest_decisions, start_of
from admin.policies import version_in_force
from admin.rule_titles import rule_titles
from admin.views import EVERYONE, SecureView
from policy_service.db.models import Decision, PolicyVersion
from policy_service.domain.ids import first_id
from policy_service.domain.outcomes import Outcome
from policy_service.services.brakes_in_force import shown_customer_status

_PERIOD = timedelta(days=30)
_SHOWN_DECISIONS = 12


class HomeView(SecureView):
    """Where everyone begins; and the answer to every address that nothing else answers."""

    roles = EVERYONE

    @expose("/")
    def index(self) -> str:
        """The overview."""
        session = db_session()
        latest = latest_decisions(session, _SHOWN_DECISIONS)
        return self.render(
            "panel/home.html",
            outcomes=_outcomes(session),
            since=moment().day - _PERIOD,
            latest=latest,
            titles=rule_titles(session, [row.policy_version for row in latest]),
            policy=_policy(session),
            customers=_customers(session),
        )

    @expose("/<path:_address>", methods=("GET", "POST", "PUT", "PATCH", "DELETE"))
    def nowhere(self, _address: str) -> NoReturn:
        """There is nothing here."""
        abort(404)


def _outcomes(session: Session) -> dict[Outcome, int]:
    counted = session.execute(
        select(Decision.outcome, func.count())
        .where(Decision.id >= first_id(start_of(moment().day - _PERIOD)))
        .group_by(Decision.outcome)
    )
    found: dict[str, int] = dict(counted.all())
    return {outcome: found.get(outcome, 0) for outcome in Outcome}


def _policy(session: Session) -> Any:
    return session.execute(
        select(
            PolicyVersion.number,
            PolicyVersion.name,
            PolicyVersion.effective_at,
            func.jsonb_array_length(PolicyVersion.document["rules"]).label("rule_count"),
        ).where(PolicyVersion.number == version_in_force(session))
    ).one_or_none()


def _customers(session: Session) -> dict[str, int]:
    shown = select(shown_customer_status(moment().now).label("status")).subquery()
    rows = session.execute(select(shown.c.status, func.count()).group_by(shown.c.status))
    return dict(rows.all())
