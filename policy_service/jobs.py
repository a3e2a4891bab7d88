"""What a worker does: tasks that read the clock, call a service and commit, piece by piece.

A task may be begun again at any time: its worker was killed, or two of them did the same. So each piece is one
transaction, and doing a piece twice has one effect.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypedDict

from procrastinate import App, JobContext, RetryStrategy
from procrastinate.testing import InMemoryConnector
from sqlalchemy.orm import Session

from policy_service.domain.days import Moment
from policy_service.services import order_life, queue, reconciling, webhook_delivery
from policy_service.services.alerts import raise_alert
from policy_service.services.forgetting import forget_idempotency_records
from policy_service.services.holds_recheck import recheck_open_holds
from policy_service.services.recheck_jobs import RECHECK_TASK, defer_recheck_of_all
from policy_service.services.webhook_delivery import next_message, settle_delivered, settle_failed
from policy_service.services.webhook_sending import DeliveryFailed, Sender
from policy_service.wiring import EXTENSION, Wiring
from rules.texts import Text

_log = logging.getLogger(__name__)

_BATCH = 500
_SECONDS_OF_DELIVERY = 20.0
_SILENCE = timedelta(seconds=30)
_FAILED_JOBS_KEPT_HOURS = 30 * 24
_QUIET_HOUR = 4
_SEVEREST = 5
_AGAIN = RetryStrategy(max_attempts=5, wait=5, exponential_wait=3)


class _Alone(TypedDict):
    """Of such a task one waits and one runs, before anything else: it is the house that is kept in order."""

    priority: int
    lock: str
    queueing_lock: str


def _alone(name: str) -> _Alone:
    return {"priority": 10, "lock": name, "queueing_lock": name}


app = App(connector=InMemoryConnector())
"""The tasks by name; a worker gives it the database."""


def tick(wiring: Wiring) -> None:
    """What every worker does once a second: hand out what is to be sent, take back what a dead worker had begun."""
    for work in (lambda session: webhook_delivery.dispatch(session, wiring.now()), _take_back):
        with wiring.sessions() as session:
            work(session)
            session.commit()


def _take_back(session: Session) -> None:
    taken = queue.retry_stalled(session, _SILENCE)
    if taken:
        _log.warning("%s jobs of workers that went silent are done again", taken)


@app.periodic(cron="* * * * *")
@app.task(name="expire_reservations", pass_context=True, **_alone("expire_reservations"))
def expire_reservations(context: JobContext, timestamp: int) -> None:  # noqa: ARG001  (procrastinate tells it)
    """Every minute: give up the credit of reservations whose time is over."""
    _in_batches(context, lambda session, moment: order_life.expire_reservations(session, moment, _BATCH))


@app.periodic(cron="*/10 * * * *")
@app.task(name="forget_idempotency_records", pass_context=True, **_alone("forget_idempotency_records"))
def forget_old_answers(context: JobContext, timestamp: int) -> None:  # noqa: ARG001
    """Every ten minutes: delete answers to POSTs that are too old to be given again."""
    _in_batches(context, lambda session, moment: forget_idempotency_records(session, moment.now, _BATCH))


@app.periodic(cron="0 * * * *")
@app.task(name="reconcile", pass_context=True, **_alone("reconcile"))
def reconcile(context: JobContext, timestamp: int) -> None:
    """Every night at four o'clock of the business timezone: prove that all sums hold; an alert where one does not."""
    wiring = _wiring(context)
    if datetime.fromtimestamp(timestamp, UTC).astimezone(wiring.config.timezone).hour == _QUIET_HOUR:
        reconcile_now(wiring)


def reconcile_now(wiring: Wiring) -> None:
    """Prove that all sums hold, on one snapshot: what is written meanwhile is no difference."""
    moment = _moment(wiring)
    with wiring.sessions() as session:
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        found = reconciling.reconcile(session, moment, fix=False)
    if not found.holds:
        with wiring.sessions() as session:
            raise_alert(session, "RECONCILIATION_FAILED", _SEVEREST, _does_not_hold(found), moment.now)
            session.commit()


@app.periodic(cron="30 3 * * *")
@app.task(name="forget_failed_jobs", pass_context=True, **_alone("forget_failed_jobs"))
async def forget_failed_jobs(context: JobContext, timestamp: int) -> None:  # noqa: ARG001
    """Every day: delete jobs that failed for good a month ago."""
    await context.app.job_manager.delete_old_jobs(
        nb_hours=_FAILED_JOBS_KEPT_HOURS, include_failed=True, include_cancelled=True, include_aborted=True
    )


@app.periodic(cron="20 * * * *")
@app.task(name="recheck_all_holds", pass_context=True, **_alone("recheck_all_holds"))
def recheck_all_holds(context: JobContext, timestamp: int) -> None:  # noqa: ARG001
    """Every hour: limits begin and end, scheduled policies come into force, rates change without anybody writing."""
    with _wiring(context).sessions() as session:
        defer_recheck_of_all(session)
        session.commit()


@app.task(name=RECHECK_TASK, pass_context=True, retry=_AGAIN)
def recheck_holds(context: JobContext, customer_ids: list[str]) -> None:
    """Check the open holds of these customers again, one after the other: so no two accounts are locked at once."""
    wiring = _wiring(context)
    for customer_id in customer_ids:
        with wiring.sessions() as session:
            recheck_open_holds(session, [customer_id], _moment(wiring), wiring.config.base_currency)
            session.commit()


@app.task(name=webhook_delivery.TASK, pass_context=True, retry=_AGAIN)
def deliver_webhook(context: JobContext, webhook_id: int) -> None:
    """Send a webhook what it has not got yet, for some seconds; what is left is the next job's."""
    wiring = _wiring(context)
    sender = Sender(allow_private=wiring.config.webhooks_to_private_addresses)
    deadline = time.monotonic() + _SECONDS_OF_DELIVERY
    while deliver_next(wiring, sender, webhook_id):
        if time.monotonic() > deadline or context.should_abort():
            return


def deliver_next(wiring: Wiring, sender: Sender, webhook_id: int) -> bool:
    """Send the next message of a webhook, if there is one to send now; whether it was taken.

    No transaction is open while it is under way.
    """
    with wiring.sessions() as session:
        message = next_message(session, webhook_id, wiring.now())
        session.commit()
    if message is None:
        return False
    failure: DeliveryFailed | None = None
    try:
        sender.post(message.url, message.body.encode(), message.headers(wiring.now()))
    except DeliveryFailed as error:
        failure = error
    with wiring.sessions() as session:
        if failure is None:
            settle_delivered(session, message, wiring.now())
        else:
            settle_failed(session, message, str(failure), wiring.now(), is_gone=failure.is_gone)
        session.commit()
    return failure is None


def _in_batches(context: JobContext, work: Callable[[Session, Moment], int]) -> None:
    """Do it, and commit, until there is less than a batch left."""
    wiring = _wiring(context)
    done = _BATCH
    while done >= _BATCH and not context.should_abort():
        with wiring.sessions() as session:
            done = work(session, _moment(wiring))
            session.commit()


def _wiring(context: JobContext) -> Wiring:
    wiring: Wiring = context.additional_context[EXTENSION]
    return wiring


def _moment(wiring: Wiring) -> Moment:
    return Moment.at(wiring.now(), wiring.config.timezone)


def _does_not_hold(found: reconciling.Reconciliation) -> Text:
    orders, documents = len(found.buckets), len(found.sums)
    return Text(
        f"The nightly reconciliation found {orders} buckets of orders and {documents} kept sums that do not hold. "
        "Run: credit-policy reconcile",
        f"夜间对账发现 {orders} 个订单额度和 {documents} 个留存合计不符。请运行：credit-policy reconcile",
    )
