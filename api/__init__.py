"""The HTTP interface: one blueprint per resource."""

from __future__ import annotations

from flask import Flask
from werkzeug.exceptions import HTTPException

from api import (
    brakes,
    checks,
    customers,
    decisions,
    docs,
    events,
    explanations,
    holds,
    market,
    orders,
    policies,
    policy_life,
    receivables,
    release_authority,
    state,
    webhooks,
)
from api.edge import install_edge
from api.errors import answer_error
from api.openapi import register
from api.paths import CONVERTERS, EncodedSlashes

BLUEPRINTS = (
    checks.blueprint,
    orders.blueprint,
    decisions.blueprint,
    explanations.blueprint,
    customers.blueprint,
    receivables.blueprint,
    market.blueprint,
    policies.blueprint,
    policy_life.blueprint,
    brakes.blueprint,
    holds.blueprint,
    release_authority.blueprint,
    events.blueprint,
    webhooks.blueprint,
    state.blueprint,
    docs.blueprint,
)


def install(app: Flask) -> None:
    """Serve the API from `app`, whose extensions hold the wiring."""
    app.url_map.converters.update(CONVERTERS)
    app.url_map.merge_slashes = False
    app.wsgi_app = EncodedSlashes(app.wsgi_app)  # type: ignore[method-assign]
    app.register_error_handler(HTTPException, answer_error)
    install_edge(app)
    app.extensions[docs.EXTENSION] = register(app, BLUEPRINTS)
