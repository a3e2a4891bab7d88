"""Errors under /admin, in the look of the panel."""

from __future__ import annotations

import logging

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, InternalServerError, NotFound, default_exceptions

from admin.language import fall_back_to_browser, has_text
from admin.people import person
from policy_service.domain.errors import NotFound as NothingOfThatName

_log = logging.getLogger(__name__)


def handle_errors(blueprint: Blueprint) -> None:
    """Show all errors of a blueprint as pages: the handlers of the whole application are the API's."""
    for code in default_exceptions:
        blueprint.register_error_handler(code, error_page)
    blueprint.register_error_handler(NothingOfThatName, lambda _error: error_page(NotFound()))
    blueprint.register_error_handler(Exception, _broken)


def error_page(error: HTTPException) -> ResponseReturnValue:
    """The page of an error: within the menu for those who are signed in, bare for strangers and when we broke."""
    code = error.code or InternalServerError.code
    key = "error.csrf" if isinstance(error, CSRFError) else f"error.{code}"
    if code >= InternalServerError.code:
        fall_back_to_browser()
        return render_template("panel/error_bare.html", key=_known(key, "error.500"), code=code), code
    template = "panel/error_bare.html" if person() is None else "panel/error.html"
    return render_template(template, key=_known(key, "error.400"), code=code), code


def _broken(error: Exception) -> ResponseReturnValue:
    _log.error("a page of the panel failed", exc_info=error)
    return error_page(InternalServerError())


def _known(key: str, otherwise: str) -> str:
    return key if has_text(key) else otherwise
