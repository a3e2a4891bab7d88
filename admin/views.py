"""The base of every screen: closed to all, until it names the roles that may open it."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import abort, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin.base import Admin, BaseView
from flask_admin.menu import MenuView

from admin.errors import handle_errors
from admin.people import Person, person
from policy_service.domain.permissions import Role

EVERYONE = frozenset(Role)


class SecureView(BaseView):
    """A screen that nobody may open. Subclasses name `roles`; writing goes through services, and commits itself."""

    roles: ClassVar[frozenset[Role]] = frozenset()

    def is_accessible(self) -> bool:
        """Whether the person at the screen has one of the roles."""
        someone = person()
        return someone is not None and someone.role in self.roles

    def inaccessible_callback(self, name: str, **kwargs: Any) -> ResponseReturnValue:  # noqa: ARG002
        """Ask a stranger to sign in; tell everyone else that the page is not theirs."""
        if person() is not None:
            abort(403)
        if request.method not in ("GET", "HEAD"):
            abort(401)
        return ask_to_sign_in()

    def create_blueprint(self, admin: Admin) -> Any:  # a private class of Flask-Admin
        """The blueprint of the screen, whose errors look like the panel."""
        blueprint = super().create_blueprint(admin)
        handle_errors(blueprint)
        return blueprint

    def _run_view(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        """Flask-Admin would call a view again after a TypeError of ours, and hide where it came from."""
        return fn(self, *args, **kwargs)


def signed_in() -> Person:
    """The person at the screen, inside a view that nobody else gets into."""
    someone = person()
    if someone is None:
        abort(401)
    return someone


def menu() -> list[MenuView]:
    """The screens that the person may open, in the order of the menu."""
    admin: Admin = current_app.extensions["admin"][0]
    return [item for item in admin.menu() if isinstance(item, MenuView) and item.is_accessible()]


def may_open(endpoint: str) -> bool:
    """Whether the person may open the screen called `endpoint`."""
    return any(item._view.endpoint == endpoint for item in menu())


def ask_to_sign_in() -> ResponseReturnValue:
    """Send a stranger to the sign-in page, and from there back here."""
    path = request.full_path.rstrip("?")
    return redirect(url_for("admin_sign_in.sign_in", next=path))
