"""Puts the panel together: guards, sign-in, screens, and what the templates can call."""

from __future__ import annotations

from pathlib import Path

from flask import Flask
from flask_admin.base import Admin
from flask_admin.theme import Theme

from admin.context import close_session, wiring
from admin.customers import CustomersView
from admin.decisions import DecisionsView
from admin.formats import FORMATS
from admin.home import HomeView
from admin.language import LANG_ATTRIBUTE, OWN_NAME, language, t
from admin.people import install_people, person
from admin.policies import PoliciesView
from admin.security import install_security
from admin.sign_in import install_sign_in
from admin.views import may_open, menu
from rules.texts import Language

_STATIC = str(Path(__file__).parent / "static")


def install(app: Flask) -> None:
    """Add the panel under /admin. `app` has a secret key, and its wiring in `extensions`."""
    install_security(app, wiring(app).config)
    install_people(app)
    install_sign_in(app)
    _install_screens(app)
    app.teardown_appcontext(close_session)
    app.jinja_env.globals.update(
        FORMATS,
        t=t,
        person=person,
        may_open=may_open,
        menu=menu,
        language=language,
        languages=tuple(Language),
        lang_attribute=LANG_ATTRIBUTE,
        own_name=OWN_NAME,
        business_timezone=wiring(app).config.timezone.key,
    )


def _install_screens(app: Flask) -> None:
    """The names of the screens are keys of texts, so that the menu speaks the language of the page."""
    home = HomeView("home.title", endpoint="admin", url="/admin", static_folder=_STATIC, menu_icon_value="home")
    panel = Admin(app, index_view=home, theme=Theme(folder="bootstrap4", base_template="panel/frame.html"))
    panel.add_views(
        CustomersView("customers.title", endpoint="admin_customers", url="customers", menu_icon_value="customers"),
        DecisionsView("decisions.title", endpoint="admin_decisions", url="decisions", menu_icon_value="decisions"),
        PoliciesView("policies.title", endpoint="admin_policies", url="policies", menu_icon_value="policies"),
    )
