"""The job worker: one process, some threads, until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from procrastinate import PsycopgConnector
from sqlalchemy import make_url

from policy_service.config import Config
from policy_service.db.engine import make_engine, make_sessions
from policy_service.domain.errors import Conflict
from policy_service.jobs import app, tick
from policy_service.wiring import EXTENSION, Wiring

JOBS_AT_ONCE = 8
"""As many webhooks may hang at once; jobs that keep the house in order come first."""

_TICK_SECONDS = 1.0
_STOP_SECONDS = 15.0
_CONNECTIONS = 4

_log = logging.getLogger(__name__)


class WorkerStopped(Conflict):
    """The worker ended by itself; its last words are in its log."""

    code = "worker_stopped"


def run_worker(config: Config, url: str) -> None:
    """Do jobs of the database at `url` until SIGTERM or Ctrl-C, which let running ones finish.

    Raises WorkerStopped where it cannot go on: the database went away.
    """
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    engine = make_engine(url, pool_size=JOBS_AT_ONCE + 1)
    connector = PsycopgConnector(
        conninfo=make_url(url).set(drivername="postgresql").render_as_string(hide_password=False),
        min_size=1,
        max_size=_CONNECTIONS,
        kwargs={"application_name": "credit-policy-worker"},
    )
    try:
        with app.replace_connector(connector):
            asyncio.run(_work(Wiring(config, make_sessions(engine))))
    finally:
        engine.dispose()


async def _work(wiring: Wiring) -> None:
    loop, stopping = asyncio.get_running_loop(), asyncio.Event()
    loop.set_default_executor(ThreadPoolExecutor(JOBS_AT_ONCE + 2))
    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(each, stopping.set)
    async with app.open_async():
        working = asyncio.create_task(
            app.run_worker_async(
                concurrency=JOBS_AT_ONCE,
                delete_jobs="successful",
                additional_context={EXTENSION: wiring},
                install_signal_handlers=False,
                shutdown_graceful_timeout=_STOP_SECONDS,
            )
        )
        others = [asyncio.create_task(stopping.wait()), asyncio.create_task(_repeat(lambda: tick(wiring)))]
        await asyncio.wait((working, *others), return_when=asyncio.FIRST_COMPLETED)
        for each_task in (*others, working):
            each_task.cancel()
        with suppress(asyncio.CancelledError):
            await working
    if not stopping.is_set():
        raise WorkerStopped


async def _repeat(work: Callable[[], None]) -> None:
    """Again and again, whatever goes wrong: whether the worker can go on is for the worker to say."""
    while True:
        try:
            await asyncio.to_thread(work)
        except Exception:
            _log.exception("the worker could not look after webhooks and stalled jobs")
        await asyncio.sleep(_TICK_SECONDS)
