"""Signing in, signing out, and the choice of a language: all that a stranger can reach."""

from __future__ import annotations

from flask import Blueprint, Flask, abort, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import logout_user
from flask_wtf.csrf import CSRFError

from admin.context import db_session, moment
from admin.errors import error_page, handle_errors
from admin.formats import instant
from admin.language import choice, choose, t
from admin.people import begin_session, person
from admin.security import ROOT, is_local_path
from policy_service.services.users import SignInResult, set_language
from policy_service.services.users import sign_in as check_password
from rules.texts import Language

pages = Blueprint("admin_sign_in", __name__, url_prefix=ROOT, template_folder="templates")
handle_errors(pages)


def install_sign_in(app: Flask) -> None:
    """Add the pages that need nobody signed in, and with them the templates of the panel."""
    app.register_blueprint(pages)


@pages.get("/login")
def sign_in() -> ResponseReturnValue:
    """The form, or the page behind it for those who are signed in already."""
    if person() is not None:
        return redirect(_next())
    return _form()


@pages.post("/login")
def signed_in() -> ResponseReturnValue:
    """Check name and password. What the attempt changed is kept, whether it succeeded or not."""
    result = check_password(
        db_session(), request.form.get("name", ""), request.form.get("password", ""), moment().now
    )
    if result.user is None:
        db_session().commit()
        return _form(_refusal(result)), 401
    chosen = choice()
    if chosen is not None:
        set_language(db_session(), result.user.name, chosen.value)
    db_session().commit()
    begin_session(result.user)
    return redirect(_next())


@pages.post("/logout")
def sign_out() -> ResponseReturnValue:
    """Forget who this is."""
    logout_user()
    session.clear()
    return redirect(url_for("admin_sign_in.sign_in"))


@pages.post("/language")
def choose_language() -> ResponseReturnValue:
    """Show everything in another language, from now on and, for a person, everywhere."""
    chosen = request.form.get("language", "")
    if chosen not in set(Language):
        abort(400)
    choose(Language(chosen))
    someone = person()
    if someone is not None:
        set_language(db_session(), someone.name, chosen)
        db_session().commit()
    return redirect(_next())


@pages.errorhandler(CSRFError)
def page_expired(error: CSRFError) -> ResponseReturnValue:
    """A sign-in page that was left open for too long is simply shown again."""
    if request.endpoint == "admin_sign_in.signed_in":
        return _form(t("sign_in.page_expired")), 400
    return error_page(error)


def _form(problem: str | None = None) -> str:
    return render_template(
        "panel/sign_in.html",
        problem=problem,
        name=request.form.get("name", ""),
        target=request.values.get("next", ""),
    )


def _refusal(result: SignInResult) -> str:
    if result.locked_until is None:
        return t("sign_in.refused")
    return t("sign_in.locked", until=instant(result.locked_until))


def _next() -> str:
    target = request.values.get("next", "")
    return target if is_local_path(target) else url_for("admin.index")
