"""What guards every page under /admin: cookies, CSRF, and headers that leave a foreign script no way in."""

from __future__ import annotations

from datetime import timedelta
from itertools import chain

from flask import Flask, Response, abort, request
from flask_wtf.csrf import CSRFProtect

from policy_service.config import Config

ROOT = "/admin"

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""No page has an inline script, style or handler, so none is allowed: not even with a nonce."""

_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

csrf = CSRFProtect()


def install_security(app: Flask, config: Config) -> None:
    """Guard everything under /admin, and nothing else: the API knows callers by their keys, not by cookies."""
    app.config.update(
        SESSION_COOKIE_NAME="__Host-session" if config.secure_cookies else "session",
        SESSION_COOKIE_PATH="/",
        SESSION_COOKIE_SECURE=config.secure_cookies,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(minutes=config.session_minutes),
        # A token lasts as long as its session; checked below for the whole of /admin, so no view can be forgotten.
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_CHECK_DEFAULT=False,
    )
    csrf.init_app(app)
    app.before_request(_guard)
    app.after_request(_seal)


def is_panel() -> bool:
    """Whether this request is for the panel."""
    return request.path == ROOT or request.path.startswith(f"{ROOT}/")


def is_local_path(target: str) -> bool:
    """Whether a redirect to `target` stays in the panel: a plain path below /admin, on no other host."""
    inside = target == ROOT or target.startswith((f"{ROOT}/", f"{ROOT}?"))
    return inside and target.isprintable() and "\\" not in target and "//" not in target.partition("?")[0]


def _guard() -> None:
    if is_panel():
        _refuse_nul()
        csrf.protect()


def _refuse_nul() -> None:
    """PostgreSQL has no text with NUL in it, so nothing that is looked up may have one."""
    values = chain(request.args.values(), request.form.values(), (request.path,))
    if any("\0" in value for value in values):
        abort(400)


def _seal(response: Response) -> Response:
    if is_panel():
        response.headers.update(_HEADERS)
        if request.endpoint != "admin.static":
            response.headers["Cache-Control"] = "no-store"
    return response
