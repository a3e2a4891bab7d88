"""Signing in and out, and what ends a session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import TimestampSigner
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from policy_service.app import create_app
from policy_service.config import Config
from policy_service.db.engine import Sessions
from policy_service.db.models import User
from policy_service.domain.actors import SYSTEM
from policy_service.domain.permissions import Role
from policy_service.services.users import end_sessions
from tests.admin.conftest import Clock, Visitor
from tests.conftest import NOW, PASSWORD

WRONG = "The user name or the password is wrong."


@pytest.fixture
def ann(make_user: Callable[..., str]) -> str:
    """Somebody who may sign in."""
    return make_user(Role.CONTROLLER, "ann")


def change(session: Session, name: str, **values: object) -> None:
    """Change a user behind the panel's back."""
    user = session.get(User, name)
    assert user is not None
    for column, value in values.items():
        setattr(user, column, value)
    session.commit()


def cookie(response: TestResponse) -> str:
    """The session cookie that a response sets."""
    return next(header for header in response.headers.getlist("Set-Cookie") if "session=" in header)


def test_a_password_opens_the_page_that_was_asked_for(stranger: Visitor, ann: str) -> None:
    response = stranger.sign_in(ann, next="/admin/customers/?status=watch")
    assert response.status_code == 302
    assert response.headers["Location"] == "/admin/customers/?status=watch"
    assert "ann" in stranger.page("/admin/")


def test_a_wrong_password_and_an_unknown_name_look_the_same(stranger: Visitor, ann: str) -> None:
    answers = [stranger.sign_in(ann, "wrong password"), stranger.sign_in("nobody", "wrong password")]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert [answer.text.count(WRONG) for answer in answers] == [1, 1]
    assert not stranger.is_in()


def test_an_inactive_person_cannot_sign_in(stranger: Visitor, ann: str, db_session: Session) -> None:
    change(db_session, ann, is_active=False)
    assert WRONG in stranger.sign_in(ann).text
    assert not stranger.is_in()


def test_five_wrong_passwords_lock_the_account_and_the_page_says_until_when(
    stranger: Visitor, ann: str, clock: Clock
) -> None:
    for _ in range(4):
        assert WRONG in stranger.sign_in(ann, "wrong password").text
    # 08:15 UTC is 16:15 in the business timezone.
    assert "Sign in again after 2026-11-23 16:15" in stranger.sign_in(ann, "wrong password").text
    assert "Sign in again after 2026-11-23 16:15" in stranger.sign_in(ann).text
    assert not stranger.is_in()
    clock.forward(minutes=16)
    assert stranger.sign_in(ann).status_code == 302


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example/admin/",
        "https:evil.example",
        "javascript:alert(1)",
        "/admin.evil.example",
        "/admin//evil.example",
        "/admin/\\evil.example",
        "/admin/\t/evil.example",
        "/admin/\r\nSet-Cookie: a=b",
        "evil.example",
        "/docs",
        "",
    ],
)
def test_nobody_is_sent_anywhere_but_into_the_panel(target: str, stranger: Visitor, ann: str) -> None:
    assert stranger.sign_in(ann, next=target).headers["Location"] == "/admin/"
    already_in = stranger.client.get("/admin/login", query_string={"next": target})
    assert already_in.headers["Location"] == "/admin/"
    switched = stranger.post("/admin/language", language="zh", next=target)
    assert switched.headers["Location"] == "/admin/"


def test_a_session_from_before_the_sign_in_is_worth_nothing_after_it(stranger: Visitor, ann: str) -> None:
    planted = stranger.token()
    stranger.sign_in(ann)
    assert stranger.client.post("/admin/logout", data={"csrf_token": planted}).status_code == 400
    assert stranger.is_in()


def test_signing_out_takes_a_form_and_ends_the_session(stranger: Visitor, ann: str) -> None:
    stranger.sign_in(ann)
    assert stranger.get("/admin/logout").status_code == 404
    assert stranger.is_in()
    assert stranger.post("/admin/logout").headers["Location"] == "/admin/login"
    assert not stranger.is_in()


def test_an_hour_without_a_click_ends_the_session(
    stranger: Visitor, ann: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def after(minutes: int) -> None:
        monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _self: int(NOW.timestamp()) + minutes * 60)

    after(0)
    stranger.sign_in(ann)
    for minutes in (59, 118):  # each click buys another hour
        after(minutes)
        assert stranger.is_in()
    after(179)
    assert not stranger.is_in()


def test_twelve_hours_end_the_busiest_session(stranger: Visitor, ann: str, clock: Clock) -> None:
    stranger.sign_in(ann)
    clock.forward(hours=11, minutes=59)
    assert stranger.is_in()
    clock.forward(minutes=2)
    assert not stranger.is_in()


def test_ending_all_sessions_of_a_person_reaches_every_browser(
    app: Flask, stranger: Visitor, ann: str, db_session: Session
) -> None:
    elsewhere = Visitor(app.test_client())
    for browser in (stranger, elsewhere):
        browser.sign_in(ann)
    end_sessions(db_session, SYSTEM, ann, NOW)
    db_session.commit()
    assert not stranger.is_in()
    assert not elsewhere.is_in()
    assert stranger.sign_in(ann).status_code == 302


def test_whoever_is_made_inactive_is_out_at_once(stranger: Visitor, ann: str, db_session: Session) -> None:
    stranger.sign_in(ann)
    change(db_session, ann, is_active=False)
    assert not stranger.is_in()


def test_another_role_counts_from_the_next_click(stranger: Visitor, ann: str, db_session: Session) -> None:
    stranger.sign_in(ann)
    assert stranger.get("/admin/policies/").status_code == 200
    change(db_session, ann, role="sales")
    assert stranger.get("/admin/policies/").status_code == 403


def test_the_session_cookie_is_kept_from_scripts_and_other_sites(stranger: Visitor, ann: str) -> None:
    header = cookie(stranger.sign_in(ann))
    assert header.startswith("session=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(header.split("; "))
    assert "Domain" not in header


def test_over_https_the_cookie_is_tied_to_this_very_host(config: Config, sessions: Sessions, ann: str) -> None:
    client = create_app(replace(config, secure_cookies=True), sessions=sessions, clock=lambda: NOW).test_client()
    response = sign_in_over_https(client, ann)
    assert response.status_code == 302
    header = cookie(response)
    assert header.startswith("__Host-session=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(header.split("; "))
    assert "Domain" not in header
    assert client.get("/admin/", base_url="https://localhost").status_code == 200


def sign_in_over_https(client: FlaskClient, name: str) -> TestResponse:
    """Sign in where the cookie wants https."""
    page = client.get("/admin/login", base_url="https://localhost").text
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    return client.post(
        "/admin/login",
        base_url="https://localhost",
        headers={"Referer": "https://localhost/admin/login"},
        data={"csrf_token": token, "name": name, "password": PASSWORD},
    )


def test_a_sign_in_page_left_open_for_too_long_is_shown_again(stranger: Visitor, ann: str) -> None:
    fields = {"csrf_token": "of yesterday", "name": ann, "password": PASSWORD, "next": "/admin/customers/"}
    response = stranger.client.post("/admin/login", data=fields)
    assert response.status_code == 400
    assert "This page was open for too long" in response.text
    assert 'value="/admin/customers/"' in response.text
    assert not stranger.is_in()


@pytest.mark.parametrize("name", ["a\0b", "", " ", "x" * 5000, "'; DROP TABLE users; --", "陈晓"])
def test_no_name_breaks_the_sign_in(name: str, stranger: Visitor) -> None:
    assert stranger.sign_in(name).status_code in (400, 401)


def test_what_was_typed_comes_back_harmless(stranger: Visitor) -> None:
    page = stranger.sign_in('"><script>alert(1)</script>', next='"><script>').text
    assert "<script>" not in page
    assert PASSWORD not in page
