"""Nothing is open that does not say so: every route is tried without a key, and with a key of other scopes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from api import BLUEPRINTS
from api.auth import Access
from api.blueprint import ApiBlueprint
from policy_service.db.engine import Sessions
from policy_service.domain.actors import SYSTEM
from policy_service.domain.permissions import Role, Scope
from policy_service.services.keys import revoke_key
from rules.texts import Text
from tests.api.conftest import METRICS_TOKEN, Caller
from tests.conftest import NOW

PUBLIC = {"/healthz", "/readyz", "/openapi.json", "/docs", "/docs/docs.css"}


def routes(app: Flask) -> list[Rule]:
    """The routes of the API; the panel guards its own."""
    return [rule for rule in app.url_map.iter_rules() if not rule.rule.startswith("/admin")]


def address(rule: Rule) -> str:
    """An address that the route matches."""
    values = dict.fromkeys(rule.arguments, "1")
    return rule.build(values)[1] if (rule.build(values) is not None) else rule.rule  # type: ignore[index]


def access_of(app: Flask, rule: Rule) -> Access:
    """What the route says about who may call."""
    access = getattr(app.view_functions[rule.endpoint], "access", None)
    assert isinstance(access, Access), f"{rule.rule} does not say who may call"
    return access


def calls(app: Flask) -> list[tuple[str, str, Access]]:
    """Every method of every route that is not public."""
    return [
        (method, address(rule), access_of(app, rule))
        for rule in routes(app)
        for method in sorted((rule.methods or set()) - {"HEAD"})
        if rule.rule not in PUBLIC
    ]


def test_every_route_belongs_to_a_blueprint_that_guards_it_and_says_who_may_call(app: Flask) -> None:
    guarded = {blueprint.name for blueprint in BLUEPRINTS}
    for rule in routes(app):
        assert rule.endpoint.partition(".")[0] in guarded
        assert access_of(app, rule).public == (rule.rule in PUBLIC)


def test_without_a_key_every_closed_route_answers_401(app: Flask, client: FlaskClient) -> None:
    found = calls(app)
    assert len(found) > 20
    for method, path, _ in found:
        response = client.open(path, method=method)
        assert (response.status_code, response.json and response.json["code"]) == (401, "unauthenticated"), path
        assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_with_all_scopes_but_those_that_open_it_every_route_answers_403_and_names_them(
    app: Flask, client: FlaskClient, make_key: Callable[..., str]
) -> None:
    for method, path, access in calls(app):
        key = make_key(*(scope for scope in Scope if scope not in access.scopes))
        response = Caller(client, key)(method, path)
        assert (response.status_code, response.json and response.json["code"]) == (403, "insufficient_scope"), path
        assert response.json is not None
        assert all(scope in response.json["detail"] for scope in access.scopes)


def test_any_one_of_its_scopes_opens_a_route(app: Flask, client: FlaskClient, make_key: Callable[..., str]) -> None:
    keys = {scope: make_key(scope) for scope in Scope}
    for method, path, access in calls(app):
        for scope in access.scopes:
            assert Caller(client, keys[scope])(method, path).status_code not in (401, 403), path


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic YTpi",
        "Bearer cp_unknown",
        "cp_unknown",
        "Token {key}",
        "Bearer {key}x",
        "Bearer é",
    ],
)
def test_what_is_not_a_known_key_as_bearer_is_refused(call: Caller, header: str) -> None:
    response = call.client.get("/v1/customers", headers={"Authorization": header.format(key=call.key)})
    assert response.status_code == 401


def test_the_word_bearer_may_be_written_in_any_case(call: Caller) -> None:
    assert call.client.get("/v1/customers", headers={"Authorization": f"bearer {call.key}"}).status_code == 200


def test_a_key_ends_when_it_expires_and_when_it_is_revoked(
    client: FlaskClient, make_key: Callable[..., str], sessions: Sessions, at: Callable[[Any], None]
) -> None:
    expiring, revoked = Caller(client, make_key(expires_at=NOW + timedelta(hours=1))), Caller(client, make_key())
    assert (expiring.get("/v1/customers").status_code, revoked.get("/v1/customers").status_code) == (200, 200)
    with sessions() as session:
        revoke_key(session, SYSTEM, "key 2", NOW)
        session.commit()
    at(NOW + timedelta(hours=1))
    assert (expiring.get("/v1/customers").status_code, revoked.get("/v1/customers").status_code) == (401, 401)


def test_a_key_with_an_owner_acts_in_the_owners_name(
    client: FlaskClient, make_key: Callable[..., str], make_user: Callable[..., str], shop: Caller
) -> None:
    name = make_user(Role.CONTROLLER)
    caller = Caller(client, make_key(owner=name))
    document = {"order_id": "SO-9", "customer_id": "C-1", "amount": "1.00", "currency": "CNY"}
    decision_id = (caller.post("/check-order", document).json or {})["decision_id"]
    caller_seen = (caller.get(f"/v1/decisions/{decision_id}").json or {})["caller"]
    assert caller_seen == {"user": name, "key": "key 2", "role": "controller"}


def test_metrics_open_to_the_scope_admin_and_to_the_token_and_to_nobody_else(
    client: FlaskClient, make_key: Callable[..., str]
) -> None:
    admin, other = make_key("admin"), make_key("check")
    answers = {
        token: client.get("/metrics", headers={"Authorization": f"Bearer {token}"}).status_code
        for token in (admin, METRICS_TOKEN, other, METRICS_TOKEN[:-1])
    }
    assert list(answers.values()) == [200, 200, 403, 401]


def test_the_metrics_token_opens_nothing_else(client: FlaskClient) -> None:
    headers = {"Authorization": f"Bearer {METRICS_TOKEN}"}
    assert client.get("/v1/customers", headers=headers).status_code == 401


def test_a_route_that_forgot_to_say_who_may_call_is_closed(app: Flask, call: Caller) -> None:
    other = Flask("other")
    other.extensions.update(app.extensions)
    forgetful = ApiBlueprint("forgetful", Text.same("forgetful"))
    forgetful.add_url_rule("/open", "open", lambda: "secret")
    other.register_blueprint(forgetful)
    response = other.test_client().get("/open", headers={"Authorization": f"Bearer {call.key}"})
    assert (response.status_code, response.json and response.json["code"]) == (403, "forbidden")
