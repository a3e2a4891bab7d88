"""`credit-policy worker`"""

from __future__ import annotations

import click

from policy_service.cli.database import initialised_database
from policy_service.cli.output import say
from policy_service.config import load_config
from policy_service.lifeline import end_with_parent
from policy_service.logs import configure_logging
from policy_service.server import stopped_by_signals
from policy_service.worker import run_worker


@click.command("worker")
@click.option("--with-parent", is_flag=True, hidden=True, help="End when the process that started it is gone.")
def command(with_parent: bool) -> None:
    """Do background jobs until SIGTERM or Ctrl-C: webhooks, expiries, the nightly reconciliation.

    `credit-policy serve` runs one beside itself. Any number may run against one database, on any number of hosts.
    """
    if with_parent:
        end_with_parent()
    config = load_config()
    with stopped_by_signals(), initialised_database(config) as urls:
        configure_logging()
        say("Working.")
        run_worker(config, urls.runtime)
