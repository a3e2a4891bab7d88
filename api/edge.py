"""What every request gets, whatever it asks for: an id, headers that close doors, a log line, its count."""

from __future__ import annotations

import time

import structlog
from flask import Flask, Request, Response, g, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface

from api.bodies import drain
from api.context import close_session, language, request_id
from api.metrics import count_request

CONTENT_SECURITY_POLICY = "default-src 'none'; frame-ancestors 'none'"

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
}
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_UNMATCHED = "unmatched"

_log = structlog.get_logger("credit_policy.access")


def install_edge(app: Flask) -> None:
    """Put the hooks around every request of `app`."""
    app.session_interface = PanelSessions()
    app.before_request(_start)
    app.after_request(_finish)
    app.teardown_request(close_session)


class PanelSessions(SecureCookieSessionInterface):
    """Sessions are for people at the panel; programs are known by their keys, and their cookies are not read."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The session under /admin; nothing elsewhere."""
        return super().open_session(app, request) if request.path.startswith("/admin") else None


def _start() -> None:
    g.api_started = time.perf_counter()


def elapsed_seconds() -> float:
    """Since this request came in."""
    return time.perf_counter() - float(g.api_started)


def _finish(response: Response) -> Response:
    drain(response)
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["X-Request-Id"] = request_id()
    if response.is_json:
        response.headers.setdefault("Content-Language", language().value)
        response.vary.add("Accept-Language")
    seconds = elapsed_seconds()
    route = request.url_rule.rule if request.url_rule else _UNMATCHED
    count_request(request.method if request.method in _METHODS else "OTHER", route, response.status_code, seconds)
    _log.info(
        "request",
        request_id=request_id(),
        method=request.method,
        path=request.path,
        status=response.status_code,
        ms=round(seconds * 1000, 3),
        key=g.api_actor.key if "api_actor" in g else None,
        address=request.remote_addr,
    )
    return response
