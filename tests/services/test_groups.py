"""Groups of customers: one limit over a whole tree, whatever its shape, and while it changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine, event, select
from sqlalchemy.exc import OperationalError

from policy_service.db.embedded import DatabaseUrls
from policy_service.db.engine import Sessions, make_engine, make_sessions
from policy_service.db.models import Customer
from policy_service.domain.days import Moment
from policy_service.domain.documents import TemporaryLimit
from policy_service.domain.errors import ParentCycle
from policy_service.services.reconciling import reconcile
from tests.conftest import NOW, TODAY
from tests.factories import Book, day

GROUP_LIMIT = """
schema: 1
name: one limit for the group
currency: CNY
rules:
  - code: GROUP_CAP
    title: {en: Over the limit of the group, zh: 超出集团额度}
    when: {all: [{fact: group.after, op: gt, value: {fact: group.credit_limit}, if_missing: true}]}
    then: [{effect: hold}]
"""


@pytest.fixture
def group(book: Book) -> Book:
    """A parent with a limit of 1000 for the group, a child and a grandchild, under a policy that holds above it."""
    book.policy(GROUP_LIMIT)
    book.customer("P", group_credit_limit="1000")
    book.customer("P-1", parent_id="P")
    book.customer("P-1-1", parent_id="P-1")
    return book


def _outcome(book: Book, customer_id: str, amount: str, **fields: Any) -> str:
    record = book.check(amount, customer_id=customer_id, order_id=f"SO-{customer_id}", **fields)
    return str(record["verdict"]["outcome"])


def test_one_limit_holds_for_the_whole_tree_and_equal_passes(group: Book) -> None:
    assert _outcome(group, "P-1-1", "600") == "approve"
    group.invoice("300", issued=-5, due=20, customer_id="P")
    assert _outcome(group, "P-1", "100.01") == "hold"
    assert _outcome(group, "P-1", "100.00") == "approve"
    assert group.facts(customer_id="P")["group.total"] == Decimal("1000.00")


def test_an_order_of_the_group_is_left_out_of_its_own_check(group: Book) -> None:
    assert _outcome(group, "P-1-1", "900") == "approve"
    assert _outcome(group, "P-1-1", "1000") == "approve"


def test_a_customer_without_parent_or_child_has_no_group(group: Book) -> None:
    group.customer("alone", group_credit_limit="1000")
    assert not [name for name in group.facts(customer_id="alone") if name.startswith("group.")]


@pytest.mark.parametrize(
    ("fields", "limit"),
    [
        ({"group_credit_limit": "700", "credit_limit": "900"}, Decimal("700.00")),
        ({"credit_limit": "900"}, Decimal("900.00")),
        ({"credit_limit": "900", "limit_valid_until": day(-1)}, None),
        ({"credit_limit": "900", "temporary_limit": TemporaryLimit(Decimal(5), day(0), day(0))}, Decimal("5.00")),
        ({"group_credit_limit": Decimal(0), "credit_limit": "900"}, Decimal("0.00")),
        ({}, None),
    ],
)
def test_the_limit_of_a_group_is_the_topmost_parents(
    group: Book, fields: dict[str, Any], limit: Decimal | None
) -> None:
    group.customer("P", **fields)
    facts = group.facts(customer_id="P-1-1")
    assert facts.get("group.credit_limit") == limit
    assert ("group.utilisation_after" in facts) is bool(limit)


def test_a_group_adds_up_in_the_currency_of_its_topmost_parent(group: Book) -> None:
    """At 7 CNY for a USD, 600 CNY of one member and 50 USD of another are 135.71 USD; 2.04 CNY more are 136.01."""
    group.rate("USD", "7", on=0)
    group.customer("P", currency="USD", group_credit_limit="136")
    group.invoice("50", issued=-5, due=20, customer_id="P-1", currency="USD")
    group.invoice("600", issued=-5, due=20, customer_id="P-1-1")
    facts = group.facts(customer_id="P-1-1")
    assert facts["group.total"] == Decimal("135.71")
    assert facts["exposure.total"] == Decimal("600.00")
    assert _outcome(group, "P-1-1", "2") == "approve"
    assert _outcome(group, "P-1-1", "2.04") == "hold"


def test_a_subsidiary_takes_its_exposure_along_to_another_parent(group: Book) -> None:
    group.customer("Q", group_credit_limit="1000")
    group.customer("Q-1", parent_id="Q")
    group.invoice("400", issued=-5, due=20, customer_id="P-1-1")
    group.invoice("100", issued=-5, due=20, customer_id="Q-1")
    assert [group.facts(customer_id=each)["group.total"] for each in ("P", "Q")] == [400, 100]
    group.customer("P-1", parent_id="Q-1")
    assert group.facts(customer_id="Q")["group.total"] == 500
    assert group.facts(customer_id="P-1-1")["group.member_count"] == 4
    assert "group.total" not in group.facts(customer_id="P")
    group.customer("P-1")
    assert [group.facts(customer_id=each)["group.total"] for each in ("P-1", "Q")] == [400, 100]
    assert not list(reconcile(group.session, group.moment).differences)


def test_a_deep_tree_is_one_group_and_takes_no_ring(book: Book) -> None:
    book.customer("L-00", group_credit_limit="1000")
    for level in range(1, 50):
        book.customer(f"L-{level:02}", parent_id=f"L-{level - 1:02}")
    book.invoice("10", issued=-5, due=20, customer_id="L-49")
    facts = book.facts(customer_id="L-00")
    assert (facts["group.member_count"], facts["group.total"]) == (50, Decimal("10.00"))
    with pytest.raises(ParentCycle):
        book.customer("L-00", parent_id="L-49")
    book.customer("L-25")
    assert book.facts(customer_id="L-24")["group.member_count"] == 25
    assert book.facts(customer_id="L-49")["group.total"] == Decimal("10.00")
    assert not list(reconcile(book.session, book.moment).differences)


@contextmanager
def _statements(engine: Engine) -> Iterator[list[str]]:
    sent: list[str] = []

    def keep(*arguments: Any) -> None:
        sent.append(arguments[2])

    event.listen(engine, "before_cursor_execute", keep)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", keep)


def test_a_check_asks_the_database_as_often_in_a_group_of_500_as_in_one_of_three(group: Book, engine: Engine) -> None:
    _outcome(group, "P-1", "1")
    with _statements(engine) as in_a_small_group:
        assert _outcome(group, "P-1", "1") == "approve"
    for number in range(497):
        group.session.add(_copy(group, f"W-{number:03}"))
    group.session.flush()
    group.invoice("998", issued=-5, due=20, customer_id="W-496")
    with _statements(engine) as in_a_wide_group:
        assert _outcome(group, "P-1", "2") == "approve"
    assert len(in_a_wide_group) == len(in_a_small_group)
    assert _outcome(group, "P-1", "2.01") == "hold"
    assert group.facts(customer_id="W-000")["group.member_count"] == 500


def _copy(book: Book, customer_id: str) -> Customer:
    """Another child of P, as if it had been written one by one."""
    found = book.session.get_one(Customer, "P-1")
    columns = {column.key: getattr(found, column.key) for column in Customer.__table__.columns}
    return Customer(**{**columns, "id": customer_id, "name": customer_id})


@dataclass(frozen=True)
class Crowd:
    """Many who write and check at once, each in a transaction of their own."""

    sessions: Sessions

    def do(self, work: Callable[[Book], Any]) -> Any:
        """One transaction, done again where the database ended it for the sake of another, as the edge does."""
        for attempts_left in (2, 1, 0):
            with self.sessions() as session:
                try:
                    done = work(Book(session, Moment(NOW, TODAY)))
                    session.commit()
                except OperationalError:
                    if not attempts_left:
                        raise
                else:
                    return done
        raise AssertionError("the last attempt returns or raises")

    def do_all(self, works: Sequence[Callable[[Book], Any]]) -> list[Any]:
        """All at once."""
        start = Barrier(len(works))

        def run(work: Callable[[Book], Any]) -> Any:
            start.wait()
            try:
                return self.do(work)
            except ParentCycle as refusal:
                return refusal

        with ThreadPoolExecutor(len(works)) as threads:
            return list(threads.map(run, works))


@pytest.fixture
def crowd(make_database: Callable[[], DatabaseUrls]) -> Iterator[Crowd]:
    """A database of their own."""
    engine = make_engine(make_database().runtime, pool_size=20)
    yield Crowd(make_sessions(engine))
    engine.dispose()


def _tree(book: Book) -> None:
    book.policy(GROUP_LIMIT)
    for top in ("A", "Z"):
        book.customer(top, group_credit_limit="1000")
        for child in range(3):
            book.customer(f"M-{top}-{child}", parent_id=top)


def _ordering(customer_id: str, number: int) -> Callable[[Book], str]:
    def order(book: Book) -> str:
        record = book.check("100", customer_id=customer_id, order_id=f"SO-{customer_id}-{number}")
        return str(record["verdict"]["outcome"])

    return order


def test_siblings_at_once_fill_the_limit_of_their_group_and_never_pass_it(crowd: Crowd) -> None:
    crowd.do(_tree)
    works = [_ordering(f"M-{top}-{number % 3}", number) for top in ("A", "Z") for number in range(8)]
    assert crowd.do_all(works).count("approve") == 16
    works = [_ordering(f"M-{top}-{number % 3}", number) for top in ("A", "Z") for number in range(8, 16)]
    assert crowd.do_all(works).count("approve") == 4
    totals = crowd.do(lambda book: [book.facts(customer_id=top)["group.total"] for top in ("A", "Z")])
    assert totals == [1000, 1000]


def _putting(*customers: str, parent_id: str | None = None) -> Callable[[Book], list[str]]:
    return lambda book: [book.customer(each, parent_id=parent_id) for each in customers]


def test_two_who_put_each_other_below_themselves_at_once_never_make_a_ring(crowd: Crowd) -> None:
    for attempt in range(5):
        one, two = f"R-{attempt}", f"S-{attempt}"
        crowd.do(_putting(one, two))
        answers = crowd.do_all([_putting(one, parent_id=two), _putting(two, parent_id=one)])
        assert sorted(isinstance(each, ParentCycle) for each in answers) == [False, True]
    assert crowd.do(lambda book: reconcile(book.session, book.moment)).holds


def test_a_subsidiary_moves_while_the_others_order(crowd: Crowd) -> None:
    """The limits of both groups hold, nobody waits in a ring for good, and every group is what the parents say."""
    crowd.do(_tree)

    works = [_ordering(f"M-{top}-{number % 3}", number) for number in range(6) for top in ("A", "Z")]
    crowd.do_all([*works, *(_putting("M-A-1", parent_id=parent) for parent in ("Z", "A", "M-Z-2", "Z"))])
    crowd.do(_putting("M-A-1", parent_id="Z"))
    book_keeping = crowd.do(lambda book: reconcile(book.session, book.moment))
    assert list(book_keeping.differences) == []
    groups = crowd.do(lambda book: dict(book.session.execute(select(Customer.id, Customer.group_id)).all()))
    assert groups["M-A-1"] == "Z"
    assert {groups["M-A-0"], groups["M-A-2"], groups["A"]} == {"A"}
