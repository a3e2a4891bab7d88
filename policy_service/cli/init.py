"""`credit-policy init`"""

from __future__ import annotations

from importlib.resources import files

import click

from policy_service.cli.database import database, moment_of, open_sessions
from policy_service.cli.output import say
from policy_service.config import Config, load_config
from policy_service.db.embedded import DatabaseUrls
from policy_service.db.migrate import migrate
from policy_service.domain.actors import Actor
from policy_service.domain.permissions import Role
from policy_service.home import session_key
from policy_service.services.policies import has_versions, publish_in_one_step

_OPERATOR = Actor(user="system", role=Role.ADMIN)


@click.command("init")
def command() -> None:
    """Migrate the database, and publish the default policy where there is none.

    Safe to run again; after an upgrade it must be. With DATABASE_URL it works on that database, as the role of
    MIGRATION_DATABASE_URL where that is given.
    """
    config = load_config()
    with database(config) as urls:
        initialise(config, urls)
    say(f"Ready. Secrets are in {config.home}: keep a copy.")


def initialise(config: Config, urls: DatabaseUrls) -> None:
    """Bring an installation to this version."""
    migrate(urls.owner, urls.runtime)
    session_key(config.home)
    with open_sessions(urls) as sessions, sessions() as session:
        if not has_versions(session):
            version = publish_in_one_step(session, _OPERATOR, default_policy(), None, moment_of(config).now)
            session.commit()
            say(f"Published the default policy as version {version.number}.")


def default_policy() -> str:
    """The text of the policy that a new installation starts with."""
    return (files("rules") / "packs" / "default.yaml").read_text(encoding="utf-8")
