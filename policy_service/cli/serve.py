"""`credit-policy serve`"""

from __future__ import annotations

from contextlib import nullcontext

import click

from policy_service.cli.database import initialised_database
from policy_service.cli.output import say
from policy_service.config import Config, load_config
from policy_service.db.embedded import DatabaseUrls
from policy_service.server import default_workers, listen, running_server, stopped_by_signals
from policy_service.worker_process import running_worker


@click.command("serve")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes a free one.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--workers", type=click.IntRange(1, 64), help="Processes that answer; default 2 for a processor, and 1."
)
@click.option("--no-worker", is_flag=True, help="Answer requests only: run no background jobs.")
def command(port: int, host: str, workers: int | None, no_worker: bool) -> None:
    """Serve the API and the admin panel until SIGTERM or Ctrl-C, which stop all that was started.

    Plain http: put a proxy with TLS before it.
    """
    config = load_config()
    with (
        stopped_by_signals(),
        listen(host, port) as listener,
        initialised_database(config) as urls,
        running_server(listener, workers or default_workers(), environment_of(config, urls)) as server,
        nullcontext() if no_worker else running_worker(environment_of(config, urls)),
    ):
        server.wait_until_it_answers("/healthz")
        say(f"Serving on {server.address}")
        server.wait()


def environment_of(config: Config, urls: DatabaseUrls) -> dict[str, str]:
    """What the workers must know: where the database is that this process holds, and where the secrets are."""
    return {"DATABASE_URL": urls.runtime, "CREDIT_POLICY_HOME": str(config.home)}
