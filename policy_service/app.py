"""`create_app()`: settings, database, the API, the admin panel. Nothing else wires things."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import Flask

import admin
import api
from policy_service.config import Config, load_config
from policy_service.db.engine import Sessions, make_engine, make_sessions
from policy_service.domain.errors import Invalid
from policy_service.home import session_key
from policy_service.logs import configure_logging
from policy_service.wiring import EXTENSION, Wiring, utc_now


def create_app(
    config: Config | None = None,
    *,
    database_url: str | None = None,
    sessions: Sessions | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> Flask:
    """The application, as each worker makes it for itself after the fork.

    `database_url` is that of the runtime role where it is not the one of the settings; `sessions` and `clock` are
    for tests. Raises Invalid when no database is named: an embedded one is started by `credit-policy serve`.
    """
    config = config or load_config()
    configure_logging()
    app = Flask("policy_service", static_folder=None)
    app.config.update(PROPAGATE_EXCEPTIONS=False, SECRET_KEY=session_key(config.home))
    app.extensions[EXTENSION] = Wiring(config, sessions or _sessions(database_url or config.database_url), clock)
    api.install(app)
    admin.install(app)
    return app


def _sessions(url: str | None) -> Sessions:
    if url is None:
        raise Invalid("No DATABASE_URL is set; `credit-policy serve` brings its own database.")
    return make_sessions(make_engine(url))
