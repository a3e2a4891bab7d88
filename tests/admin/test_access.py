"""Who gets in where."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask_admin.base import Admin, expose
from sqlalchemy import select
from sqlalchemy.orm import Session

from admin.views import SecureView
from policy_service.db.models import Decision, PolicyVersion
from policy_service.domain.permissions import Role
from tests.admin.conftest import Visitor

OPEN_TO_ALL = {
    "admin.static",
    "admin_sign_in.sign_in",
    "admin_sign_in.signed_in",
    "admin_sign_in.sign_out",
    "admin_sign_in.choose_language",
}
NOT_FOR_SALES = "admin_policies"


@pytest.fixture
def pages(app: Flask, db_session: Session) -> dict[str, str]:
    """An address that exists for every endpoint under /admin that is not open to all."""
    values = {
        "_address": "no/such/page",
        "decision_id": db_session.scalars(select(Decision.id)).first(),
        "number": db_session.scalars(select(PolicyVersion.number)).first(),
    }
    addresses = app.url_map.bind("localhost")
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/admin")]
    found = {
        rule.endpoint: addresses.build(rule.endpoint, {name: values[name] for name in rule.arguments})
        for rule in rules
        if rule.endpoint not in OPEN_TO_ALL
    }
    return {**found, "admin_customers.account": found["admin_customers.account"] + "?id=C-1001"}


def test_every_screen_is_walked(pages: dict[str, str]) -> None:
    assert {endpoint.partition(".")[0] for endpoint in pages} == {
        "admin",
        "admin_customers",
        "admin_decisions",
        "admin_policies",
    }


def test_a_stranger_is_sent_from_every_page_to_the_sign_in(pages: dict[str, str], stranger: Visitor) -> None:
    for path in pages.values():
        response = stranger.get(path)
        assert response.status_code == 302, path
        assert response.headers["Location"] == f"/admin/login?next={path.replace('?id=', '?id%3D')}", path


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_stranger_can_send_nothing_anywhere(method: str, stranger: Visitor) -> None:
    token = {"csrf_token": stranger.token()}
    assert stranger.client.open("/admin/no/such/page", method=method).status_code == 400
    assert stranger.client.open("/admin/no/such/page", method=method, data=token).status_code == 401


@pytest.mark.parametrize("role", list(Role))
def test_each_role_opens_its_screens_and_no_others(
    role: Role, pages: dict[str, str], visitor: Callable[..., Visitor]
) -> None:
    someone = visitor(role)
    seen = {endpoint: someone.get(path).status_code for endpoint, path in pages.items()}
    expected = dict.fromkeys(pages, 200) | {"admin.nowhere": 404}
    if role is Role.SALES:
        expected |= {endpoint: 403 for endpoint in pages if endpoint.startswith(NOT_FOR_SALES)}
    assert seen == expected


def test_a_screen_that_names_no_role_is_closed_even_to_administrators(
    app: Flask, visitor: Callable[..., Visitor]
) -> None:
    class Forgotten(SecureView):
        @expose("/")
        def index(self) -> str:
            return "secret"

    panel: Admin = app.extensions["admin"][0]
    panel.add_view(Forgotten("home.title", endpoint="forgotten", url="forgotten"))

    assert visitor(Role.ADMIN).get("/admin/forgotten/").status_code == 403


def test_every_screen_stands_on_the_closed_base(app: Flask) -> None:
    panel: Admin = app.extensions["admin"][0]
    assert panel._views
    assert all(isinstance(view, SecureView) for view in panel._views)


@pytest.mark.parametrize("path", ["/admin/login", "/admin/logout", "/admin/language"])
def test_a_form_without_a_token_is_refused(path: str, controller: Visitor) -> None:
    fields = {"name": "a", "password": "b", "language": "zh"}
    assert controller.client.post(path, data=fields).status_code == 400
    assert controller.client.post(path, data={**fields, "csrf_token": "made up"}).status_code == 400
    assert controller.is_in()


def test_a_token_of_another_session_is_refused(controller: Visitor, stranger: Visitor) -> None:
    foreign = stranger.token()
    assert controller.client.post("/admin/logout", data={"csrf_token": foreign}).status_code == 400
    assert controller.is_in()


def test_sales_see_no_way_to_the_policies(visitor: Callable[..., Visitor]) -> None:
    assert "/admin/policies/" in visitor(Role.AUDITOR).page("/admin/")
    sales = visitor(Role.SALES)
    for path in ("/admin/", "/admin/decisions/"):
        assert "/admin/policies/" not in sales.page(path), path
