"""Calls that are done in parts: each part is a transaction of its own, with an answer of its own.

With an `Idempotency-Key`, each part is done once, and the answer to the whole is kept when every part has an answer
that is kept. So a call that broke off half way is sent again, and goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sqlalchemy.orm import Session

from api import idempotency, transactions
from api.idempotency import Claim
from api.replies import Reply

Work = Callable[[Session], Reply]
Part = Callable[[int, Work], Reply]
"""Does the part of a number, and gives its answer. Raises what the work does."""


def in_parts(claim: Claim | None, work: Callable[[Part], Reply]) -> Reply:
    """Do `work`, which does its parts one by one with what it is given. Raises IdempotencyKeyReused."""
    if claim is None:
        return work(lambda _number, part: transactions.run(part))
    kept = idempotency.look_up(claim)
    if kept is not None:
        return kept
    all_are_kept = True

    def do(number: int, part: Work) -> Reply:
        nonlocal all_are_kept
        try:
            return idempotency.once(replace(claim, path=f"{claim.path}#{number}"), part)
        except Exception:
            all_are_kept = False
            raise

    reply = work(do)
    if all_are_kept:
        idempotency.keep(claim, reply)
    return reply
