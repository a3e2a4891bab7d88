"""However transactions and readers interleave: every committed event is read once, and none that was undone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policy_service.db.embedded import DatabaseUrls
from policy_service.db.engine import Sessions, make_engine, make_sessions
from policy_service.services.feed import arrange, end_of_feed, events_after, publish_event
from tests.conftest import NOW

WRITERS = 3

_STEPS = st.lists(
    st.tuples(st.sampled_from(["tell", "tell", "commit", "roll back", "read"]), st.integers(0, WRITERS - 1)),
    max_size=25,
)


@pytest.fixture(scope="module")
def own_sessions(make_database: Callable[[], DatabaseUrls]) -> Iterator[Sessions]:
    """Sessions of a database of its own: what is tested is who sees which commit when."""
    engine = make_engine(make_database().runtime)
    yield make_sessions(engine)
    engine.dispose()


class Poller:
    """Reads on from where it was, two events at a time."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions, self.seen = sessions, list[str]()
        with sessions() as session:
            arrange(session)
            self._position = end_of_feed(session)
            session.commit()

    def read(self) -> int:
        """Read some; how many there were."""
        with self._sessions() as session:
            arrange(session)
            found = events_after(session, self._position, end_of_feed(session), limit=2)
            session.commit()
        self.seen += [event.subject_id for event in found]
        self._position = found[-1].id if found else self._position
        return len(found)


@given(steps=_STEPS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_committed_event_is_read_once_whatever_the_order_of_commits(
    own_sessions: Sessions, steps: list[tuple[str, int]]
) -> None:
    poller, names = Poller(own_sessions), count()
    told: list[list[str]] = [[] for _ in range(WRITERS)]
    committed: list[list[str]] = []
    with ExitStack() as stack:
        writers = [stack.enter_context(own_sessions()) for _ in range(WRITERS)]
        for step, number in steps:
            if step == "tell":
                told[number].append(str(next(names)))
                publish_event(writers[number], "order.confirmed", told[number][-1], {}, NOW)
                writers[number].flush()
            elif step == "read":
                poller.read()
            else:
                if step == "commit":
                    writers[number].commit()
                    committed.append(told[number])
                else:
                    writers[number].rollback()
                told[number] = []
    while poller.read():
        pass
    assert sorted(poller.seen) == sorted(name for names_told in committed for name in names_told)
    for names_told in committed:
        assert [name for name in poller.seen if name in names_told] == names_told
