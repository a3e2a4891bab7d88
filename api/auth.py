"""Who calls, and whether they may. An operation that says nothing about it is closed."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from flask import current_app, g, request

from api import transactions
from api.context import actor, moment, wiring
from api.faults import InsufficientScope
from policy_service.domain.errors import Forbidden, Unauthenticated
from policy_service.domain.permissions import Scope
from policy_service.services.keys import authenticate_key


@dataclass(frozen=True, slots=True)
class Access:
    """Who may call an operation: a key with any of `scopes`; everyone, where it is public.

    `metrics_token` lets the bearer of the `METRICS_TOKEN` in, without a key.
    """

    scopes: frozenset[Scope] = frozenset()
    public: bool = False
    metrics_token: bool = False


PUBLIC = Access(public=True)


def needs(*scopes: Scope) -> Access:
    """Access with any one of `scopes`."""
    return Access(frozenset(scopes))


def guard() -> None:
    """Stop whoever may not call the operation of this request. Raises Unauthenticated, Forbidden."""
    access = getattr(current_app.view_functions[str(request.endpoint)], "access", None)
    if not isinstance(access, Access):
        raise Forbidden
    if access.public or (access.metrics_token and _has_metrics_token()):
        return
    g.api_actor = transactions.run(lambda session: authenticate_key(session, _bearer(), moment().now), commit=False)
    if not access.scopes & actor().scopes:
        raise InsufficientScope(access.scopes)


def _bearer() -> str:
    """The key of `Authorization: Bearer <key>`."""
    given = request.authorization
    if given is None or given.type != "bearer" or not given.token:
        raise Unauthenticated
    return given.token


def _has_metrics_token() -> bool:
    token = wiring().config.metrics_token
    given = request.authorization
    if token is None or given is None or given.type != "bearer" or not given.token:
        return False
    return hmac.compare_digest(given.token.encode(), token.encode())
