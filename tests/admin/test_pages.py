"""What every page has: headers that close doors, errors in the look of the panel, and what to do next."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask, template_rendered
from sqlalchemy import create_engine, event
from sqlalchemy.orm import sessionmaker

from admin import customers
from policy_service.app import create_app
from policy_service.config import Config
from policy_service.db.embedded import DatabaseUrls
from policy_service.db.engine import make_engine, make_sessions
from policy_service.domain.actors import SYSTEM
from policy_service.domain.permissions import Role
from policy_service.services.users import create_user
from tests.admin.conftest import Visitor, words
from tests.conftest import NOW, PASSWORD

ADMIN = Path(__file__).parents[2] / "admin"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


def test_every_answer_under_admin_carries_the_strict_headers(stranger: Visitor, controller: Visitor) -> None:
    answers = [
        stranger.get("/admin/login"),
        stranger.get("/admin/"),
        stranger.client.post("/admin/login"),
        controller.get("/admin/"),
        controller.get("/admin/customers/account?id=C-1001"),
        controller.get("/admin/no/such/page"),
        controller.get("/admin/static/base.css"),
        controller.get("/admin/static/no-such-file.css"),
    ]
    assert [answer.status_code for answer in answers] == [200, 302, 400, 200, 200, 404, 200, 404]
    for answer in answers:
        answer.close()
        assert answer.headers["Content-Security-Policy"] == POLICY
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Referrer-Policy"] == "same-origin"


def test_no_page_is_kept_by_a_cache(stranger: Visitor, controller: Visitor) -> None:
    for answer in (stranger.get("/admin/login"), controller.get("/admin/"), controller.get("/admin/decisions/")):
        assert answer.headers["Cache-Control"] == "no-store"


def test_nothing_is_inline_in_any_template() -> None:
    for template in ADMIN.glob("templates/**/*.html"):
        text = template.read_text()
        assert not re.search(r"<script|<style|\sstyle=|\son\w+=|javascript:", text), template.name
        assert "|safe" not in text.replace(" ", ""), template.name


def test_only_templates_of_ours_are_shown(app: Flask, controller: Visitor) -> None:
    names: list[str] = []
    with template_rendered.connected_to(lambda _app, template, **_: names.append(template.name), app):
        for path in ("/admin/", "/admin/customers/", "/admin/decisions/", "/admin/policies/", "/admin/x"):
            controller.get(path)
    assert names
    assert all(name.startswith("panel/") for name in names)


def test_the_api_needs_no_token_and_has_no_cookie(stranger: Visitor) -> None:
    response = stranger.client.post("/check-order", json={})
    assert response.status_code == 401
    assert response.get_json()["code"] == "unauthenticated"
    assert "Set-Cookie" not in response.headers
    assert "script-src" not in response.headers["Content-Security-Policy"]


def test_an_address_that_does_not_exist_is_told_in_the_look_of_the_panel(visitor: Callable[..., Visitor]) -> None:
    response = visitor(Role.SALES, language="zh").get("/admin/no/such/page")
    assert response.status_code == 404
    assert "<h1>找不到此页面</h1>" in response.text
    assert 'class="side"' in response.text


def test_a_page_that_is_not_theirs_is_told_to_people_kindly(visitor: Callable[..., Visitor]) -> None:
    response = visitor(Role.SALES).get("/admin/policies/")
    assert response.status_code == 403
    assert "Your role does not open this page" in response.text


def test_a_page_that_breaks_says_so_without_its_inside(controller: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr(customers, "get_customer", broken)
    response = controller.get("/admin/customers/account?id=C-1001")
    assert response.status_code == 500
    assert "Something went wrong here" in response.text
    assert "hunter2" not in response.text


def test_without_a_database_the_panel_still_answers(config: Config, controller: Visitor) -> None:
    gone = sessionmaker(create_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing"))
    broken = create_app(config, sessions=gone, clock=lambda: NOW)
    client = broken.test_client()
    cookie = controller.client.get_cookie("session")
    assert cookie is not None
    client.set_cookie("session", cookie.value)
    response = client.get("/admin/", headers={"Accept-Language": "zh"})
    assert response.status_code == 500
    assert "系统出错了" in response.text


@pytest.mark.parametrize("query", ["?q=a%00b", "?status=%00", "account?id=%00", "?after=%00"])
def test_nul_is_refused_before_anyone_looks_it_up(query: str, controller: Visitor) -> None:
    assert controller.get(f"/admin/customers/{query}").status_code == 400


def test_a_list_takes_few_statements_however_long_it_is(controller: Visitor, engine: object) -> None:
    statements: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda _c, _cur, sql, *_: statements.append(sql))
    controller.page("/admin/decisions/")
    assert len([sql for sql in statements if sql.lstrip().upper().startswith("SELECT")]) <= 5


def test_an_empty_installation_says_what_to_do_next(
    config: Config, make_database: Callable[[], DatabaseUrls]
) -> None:
    engine = make_engine(make_database().runtime)
    sessions = make_sessions(engine)
    with sessions() as session:
        create_user(session, SYSTEM, name="mei", role=Role.ADMIN, password=PASSWORD, now=NOW)
        session.commit()
    mei = Visitor(create_app(config, sessions=sessions, clock=lambda: NOW).test_client())
    mei.sign_in("mei")
    try:
        home = words(mei.page("/admin/"))
        assert "No policy is in force" in home
        assert "POST /check-order" in home
        assert "credit-policy import customers FILE" in words(mei.page("/admin/customers/"))
        assert "POST /check-order" in words(mei.page("/admin/decisions/"))
        assert "credit-policy policy publish FILE --as USER" in words(mei.page("/admin/policies/"))
    finally:
        engine.dispose()
