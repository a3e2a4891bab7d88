"""Whether the service is alive, whether it can decide, and what it counted."""

from __future__ import annotations

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from api.auth import PUBLIC, Access
from api.blueprint import ApiBlueprint
from api.context import Call
from api.faults import NotReady
from api.metrics import metrics_text
from api.operations import Operation
from api.replies import Answer
from api.schemas.common import HealthSchema, ReadinessSchema
from policy_service.domain.permissions import Scope
from policy_service.services.queue import depth
from policy_service.services.readiness import readiness
from rules.texts import Text

blueprint = ApiBlueprint("state", Text("State of the service", "服务状态"))


@blueprint.serve(
    Operation("GET", PUBLIC, Text("Is the process alive?", "进程是否存活"), {200: HealthSchema}), "/healthz"
)
def healthz(_call: Call[None]) -> Answer:
    """The process answers."""
    return Answer({"status": "ok"})


@blueprint.serve(
    Operation("GET", PUBLIC, Text("Can the service decide?", "服务能否作出决定"), {200: ReadinessSchema}), "/readyz"
)
def readyz(call: Call[None]) -> Answer:
    """The database answers, its schema is the newest, and a policy is in force."""
    checks = readiness(call.session, call.moment.now)
    missing = [name for name, holds in checks.items() if not holds]
    if missing:
        raise NotReady(f"{NotReady.__doc__} Missing: {', '.join(missing)}.")
    return Answer({"status": "ready", "checks": checks})


@blueprint.serve(
    Operation(
        "GET",
        Access(frozenset({Scope.ADMIN}), metrics_token=True),
        Text("Metrics for Prometheus", "供 Prometheus 读取的指标"),
        {200: None},
        media_type="text/plain",
    ),
    "/metrics",
)
def metrics(call: Call[None]) -> Answer:
    """What was counted."""
    text, media_type = metrics_text(_jobs(call.session))
    return Answer(text.decode(), media_type=media_type)


def _jobs(session: Session) -> dict[str, int]:
    """Jobs by state; nothing where the database is gone, which must not take the other metrics with it."""
    try:
        return depth(session)
    except SQLAlchemyError:
        session.rollback()
        return {}
