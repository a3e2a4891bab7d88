"""`credit-policy demo`: everything at once, to look at."""

from __future__ import annotations

import click
from sqlalchemy.orm import Session

from policy_service.cli.database import database, moment_of, open_sessions
from policy_service.cli.demo_logins import DemoLogins
from policy_service.cli.demo_orders import check_sample_orders
from policy_service.cli.init import initialise
from policy_service.cli.output import Column, language_option, print_table, say
from policy_service.cli.serve import environment_of
from policy_service.config import Config, load_config
from policy_service.db.embedded import DatabaseUrls
from policy_service.demo import load_demo
from policy_service.domain.actors import SYSTEM
from policy_service.domain.days import Moment
from policy_service.server import Server, listen, running_server, stopped_by_signals
from policy_service.services.customers import list_customers
from policy_service.services.users import create_user, find_user, list_users
from policy_service.worker_process import running_worker
from rules.texts import Language, Text

_WORKERS = 2
_LOG = "demo.log"
_PLAIN_HTTP = {"SECURE_COOKIES": "0"}
_ADMIN = Text("Admin panel  {address}/admin/", "管理后台  {address}/admin/")
_DOCS = Text("API          {address}/docs", "接口文档  {address}/docs")
_LOGINS = Text("Logins for this demo only", "仅供演示的登录账号")
_USER, _PASSWORD, _ROLE = Text("user", "用户"), Text("password", "密码"), Text("role", "角色")
_STOP = Text("Ctrl-C stops it.", "按 Ctrl-C 停止。")


@click.command("demo")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes a free one.")
@language_option
def command(port: int, language: Language) -> None:
    """Set up a home with demo data, serve it, check a few orders over HTTP, and go on serving until Ctrl-C.

    Only for a home of its own: it makes users whose passwords it prints.
    """
    config = load_config()
    with stopped_by_signals(), listen("127.0.0.1", port) as listener, database(config) as urls:
        logins = _prepare(config, urls)
        environment = {**environment_of(config, urls), **_PLAIN_HTTP}
        say(f"Starting the server; it logs to {config.home / _LOG}")
        with (
            (config.home / _LOG).open("ab") as log,
            running_server(listener, _WORKERS, environment, log) as server,
            running_worker(environment, log),
        ):
            server.wait_until_it_answers("/readyz")
            with open_sessions(urls) as sessions:
                check_sample_orders(sessions, server.address, moment_of(config).now, language)
            _show_doors(server, logins, language)
            server.wait()


def _prepare(config: Config, urls: DatabaseUrls) -> DemoLogins:
    """Bring the home to this version; at the first run, load the demo data."""
    logins = DemoLogins.of_home(config.home)
    moment = moment_of(config)
    with open_sessions(urls) as sessions:
        initialise(config, urls)
        with sessions() as session:
            if not logins.are_kept:
                _refuse_home_in_use(session, moment)
                logins.keep()
            if not list_customers(session, moment.now, limit=1):
                say("Loading the demo data.")
                _load(session, logins, moment)
                session.commit()
    return logins


def _refuse_home_in_use(session: Session, moment: Moment) -> None:
    if list_customers(session, moment.now, limit=1) or list_users(session):
        raise click.ClickException(
            "This home has data of its own; set CREDIT_POLICY_HOME to a new folder for a demo."
        )


def _load(session: Session, logins: DemoLogins, moment: Moment) -> None:
    for login in logins.logins:
        if find_user(session, login.user) is None:
            create_user(session, SYSTEM, name=login.user, role=login.role, password=login.password, now=moment.now)
    load_demo(session, SYSTEM, moment)


def _show_doors(server: Server, logins: DemoLogins, language: Language) -> None:
    click.echo()
    click.echo(_ADMIN.in_language(language).format(address=server.address))
    click.echo(_DOCS.in_language(language).format(address=server.address))
    click.echo()
    titles = (_USER, _PASSWORD, _ROLE)
    print_table(
        _LOGINS.in_language(language),
        [Column(title.in_language(language)) for title in titles],
        [(login.user, login.password, login.role) for login in logins.logins],
    )
    click.echo()
    click.echo(_STOP.in_language(language))
