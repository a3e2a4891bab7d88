"""A real browser before a real server: Chromium of the system, the application in a thread, a database of its own."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, sync_playwright
from werkzeug.serving import make_server

from policy_service.app import create_app
from policy_service.config import Config
from policy_service.db.embedded import DatabaseUrls
from policy_service.db.engine import make_engine, make_sessions
from policy_service.domain.actors import SYSTEM
from policy_service.domain.days import Moment
from policy_service.domain.permissions import Role
from policy_service.services.users import create_user
from tests.admin.sample import fill
from tests.conftest import NOW, PASSWORD, TODAY

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="session")
def panel(make_database: Callable[[], DatabaseUrls], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running panel with the sample credit file and two administrators, mei and 陈晓."""
    engine = make_engine(make_database().runtime)
    sessions = make_sessions(engine)
    with sessions() as session:
        fill(session, Moment(NOW, TODAY))
        for name in ("mei", "陈晓"):
            create_user(session, SYSTEM, name=name, role=Role.ADMIN, password=PASSWORD, now=NOW)
        session.commit()
    config = Config(
        home=tmp_path_factory.mktemp("home"),
        database_url=None,
        migration_database_url=None,
        timezone=ZoneInfo("Asia/Shanghai"),
        base_currency="CNY",
        metrics_token=None,
        secure_cookies=False,
        session_minutes=60,
    )
    server = make_server("127.0.0.1", 0, create_app(config, sessions=sessions, clock=lambda: NOW), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
    engine.dispose()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium: `CHROMIUM` names it, else the one on the path, else that of `playwright install chromium`."""
    named = os.environ.get("CHROMIUM")
    program = named or next((found for name in _PROGRAMS if (found := shutil.which(name))), None)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=_ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def screenshots(tmp_path: Path) -> Path:
    """Where screenshots go: `SCREENSHOTS` where someone wants to look at them."""
    folder = Path(os.environ.get("SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
