"""Counter-offers: what is offered is approved when it is taken, and nothing milder would be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

import hypothesis.strategies as st
import yaml
from hypothesis import HealthCheck, given, settings
from sqlalchemy import text

from policy_service.domain.outcomes import CheckKind
from policy_service.services.facts.statements import OVERDUE
from tests.factories import Book, day
from tests.policies import ADVANCE, LIMIT_ONLY

Record = dict[str, Any]


def offers_of(record: Record) -> dict[str, Any]:
    """What is offered, by the kind of change."""
    return {kind: value for offer in record["counter_offers"] for kind, value in offer["changes"].items()}


def test_an_order_above_the_limit_is_told_what_of_it_would_pass(book: Book) -> None:
    book.policy(LIMIT_ONLY)
    book.customer(credit_limit="1000")
    book.invoice("300", issued=-5, due=25)
    record = book.check("900", terms=30)
    assert offers_of(record) == {"amount": "700.00", "payment_terms_days": 0, "prepaid_amount": "200.00"}
    assert {offer["outcome"] for offer in record["counter_offers"]} == {"approve"}
    assert record["counter_offers"][0]["message"] == {
        "en": "An order of CNY 700.00 would be approved",
        "zh": "订单金额降至 CNY 700.00，即可批准",
    }
    assert record["no_counter_offer_reason"] is None


def test_an_order_that_is_approved_as_it_is_needs_no_offer(book: Book) -> None:
    book.policy(LIMIT_ONLY)
    book.customer(credit_limit="1000")
    record = book.check("900")
    assert record["counter_offers"] == []
    assert record["no_counter_offer_reason"] == {"en": "Approved as requested", "zh": "已按申请批准"}


def test_a_condition_can_be_met_beforehand(book: Book) -> None:
    book.policy(ADVANCE)
    book.customer(credit_limit="1000")
    assert offers_of(book.check("100.01"))["prepaid_amount"] == "50.01"


def test_where_only_recorded_payments_count_the_offer_says_so(book: Book) -> None:
    book.policy(ADVANCE.replace("never", "always"))
    book.customer(credit_limit="1000")
    record = book.check("100", prepaid="50")
    (offer,) = (each for each in record["counter_offers"] if "prepaid_amount" in each["changes"])
    assert offer["changes"] == {"prepaid_amount": "50.00"}
    assert "recorded as a payment for it" in offer["message"]["en"]
    book.payment("50", received=0, order_id="SO-1")
    assert book.check("100", prepaid="50")["verdict"]["outcome"] == "approve"


OVERDUE_BLOCK = """
schema: 1
name: overdue
currency: CNY
rules:
  - code: OVERDUE_BLOCK
    when:
      all:
        - {fact: receivables.undisputed_overdue_amount, op: gt, value: "100.00"}
        - {fact: receivables.oldest_undisputed_overdue_days, op: gt, value: 3, if_missing: false}
    then: [{effect: reject}]
"""


def test_the_cheapest_invoices_are_named_that_clear_the_block(book: Book) -> None:
    """Either what is owed comes down to 100, or all that is older than three days is paid: whatever costs less."""
    book.policy(OVERDUE_BLOCK)
    book.customer(credit_limit="100000")
    for number, (amount, due) in enumerate((("5000", -2), ("300", -9), ("80", -30), ("1000", -1), ("40", -4))):
        book.invoice(amount, issued=-60, due=due, invoice_id=f"I-{number}")
    record = book.check("10")
    assert offers_of(record) == {"pay_invoices": ["I-2", "I-1", "I-4"]}
    (offer,) = record["counter_offers"]
    assert offer["message"]["en"] == (
        "Once CNY 420.00 is paid for the overdue I-2, I-1, I-4, the order would be approved"
    )


def test_a_part_paid_invoice_costs_what_is_left_of_it(book: Book) -> None:
    book.policy(OVERDUE_BLOCK)
    book.customer(credit_limit="100000")
    invoice = book.invoice("5000", issued=-60, due=-9)
    book.payment("4800", received=-3, pays={invoice: "4800"})
    (offer,) = book.check("10")["counter_offers"]
    assert "CNY 200.00" in offer["message"]["zh"]


def test_nothing_is_offered_to_a_stopped_customer_and_the_reason_is_told(book: Book) -> None:
    stopped = {"fact": "customer.status", "op": "eq", "value": "stop"}
    book.policy(_source([_rule("STOPPED", stopped, "reject")]))
    book.customer(credit_limit="1000", status="stop")
    record = book.check("10")
    assert record["counter_offers"] == []
    assert "STOPPED" in record["no_counter_offer_reason"]["en"]


def test_between_two_amounts_that_are_refused_the_largest_that_passes_is_found(book: Book) -> None:
    """Approvals need not go up to one amount and stop there."""
    rules = [
        {"fact": "order.amount", "op": "between", "value": ["100.00", "500.00"]},
        {"fact": "order.amount", "op": "ge", "value": "700.00"},
        {"fact": "order.amount", "op": "eq", "value": "699.99"},
    ]
    book.policy(_source([_rule(f"R{number}", when, "hold") for number, when in enumerate(rules)]))
    book.customer(credit_limit="1000")
    assert offers_of(book.check("900")) == {"amount": "699.98"}
    assert offers_of(book.check("300")) == {"amount": "99.99"}


def test_a_quote_is_offered_what_would_pass_too(book: Book) -> None:
    book.policy(LIMIT_ONLY)
    book.customer(credit_limit="1000")
    record = book.check("1200", kind=CheckKind.QUOTE, order_id="Q-1")
    assert offers_of(record)["amount"] == "1000.00"


def test_the_amount_offered_is_exact_to_the_minor_unit_of_the_order_s_currency(book: Book) -> None:
    book.policy(LIMIT_ONLY)
    book.customer(credit_limit="1000")
    book.rate("JPY", "0.047613")
    book.rate("USD", "7.1234")
    for currency, amount, expected in (("JPY", "30000", "21002"), ("USD", "150", "140.38")):
        record = book.check(amount, currency=currency)
        assert offers_of(record)["amount"] == expected


# Random credit files and policies: every offer is taken, in earnest, and so is what would be one step milder.


def _source(rules: list[Any], tables: list[Any] | None = None, **settings_: Any) -> str:
    return yaml.safe_dump(
        {
            "schema": 1,
            "name": "random",
            "currency": "CNY",
            "settings": settings_,
            "tables": tables or [],
            "rules": rules,
        }
    )


def _rule(code: str, when: Any, effect: str, **members: Any) -> dict[str, Any]:
    return {"code": code, "when": when, "then": [{"effect": effect, **members}]}


def _clause(fact: str, op: str, value: Any, if_missing: bool | None = False) -> dict[str, Any]:
    clause = {"fact": fact, "op": op, "value": value}
    return clause if if_missing is None else clause | {"if_missing": if_missing}


def _rules(random: Random) -> list[dict[str, Any]]:
    limit = {"fact": "customer.credit_limit", "times": random.choice(("1", "0.8"))}
    amount = random.choice(("100.00", "333.33", "500.00", "1000.00"))
    pool = [
        _rule("CAP", _clause("exposure.after", "gt", limit), "hold"),
        _rule("USED", _clause("exposure.utilisation_after", "gt", random.choice(("0.5", "0.9"))), "hold"),
        _rule("GROUP", _clause("group.after", "gt", {"fact": "group.credit_limit"}), "hold"),
        _rule("HORIZON", _clause("exposure.horizon_after", "gt", amount), "hold"),
        _rule("UNINSURED", _clause("exposure.uninsured_after", "gt", amount), "reject"),
        _rule("SPIKE", _clause("volume.spike_ratio", "gt", random.choice(("1.5", "3"))), "hold"),
        _rule("LARGE", _clause("volume.order_vs_average_ratio", "ge", random.choice(("1.3", "4"))), "hold"),
        _rule("BAND", _clause("order.amount", "between", ["200.00", "600.00"], None), "hold"),
        _rule("HALF", _clause("order.prepaid_amount", "lt", {"fact": "order.amount", "times": "0.3"}, None), "hold"),
        _rule("BLOCK", _clause("receivables.undisputed_overdue_amount", "gt", amount, None), "reject"),
        _rule("OLD", _clause("receivables.oldest_overdue_days", "gt", random.choice((5, 20))), "hold"),
        _rule("RATIO", _clause("receivables.overdue_ratio", "gt", "0.4"), "hold"),
        _rule("LATE", _clause("receivables.average_days_late", "gt", "12"), "cap_terms", days=15),
        _rule("MANY", _clause("receivables.overdue_invoice_count", "ge", 2, None), "hold"),
        _rule("NEW", _clause("customer.is_new", "eq", True, None), "require_prepayment", percent="33.3"),
        _rule("UNAPPLIED", _clause("receivables.unapplied_amount", "gt", "450.00", None), "hold"),
        _rule("DSO", _clause("receivables.dso", "gt", "60"), "cap_terms", days=30),
        _rule("TERMS", _clause("order.payment_terms_days", "gt", 45, None), "hold"),
        _rule("CREDIT", _clause("order.credit_amount", "gt", "50.00", None), "cap_credit", amount="250.00"),
        _rule("CLASS", _clause("table.T.grade", "eq", "B"), "hold"),
    ]
    return random.sample(pool, random.randint(1, 6))


_TABLE = {
    "code": "T",
    "hit_policy": "first",
    "inputs": ["order.amount", "receivables.overdue_amount"],
    "outputs": ["grade"],
    "rows": [
        {"when": [{"lt": "400.00"}, {"lt": "200.00"}], "then": {"grade": "A"}},
        {"when": [{"between": ["400.00", "450.00"]}, None], "then": {"grade": "A"}},
        {"when": [None, {"gt": "100.00"}], "then": {"grade": "B"}},
    ],
}


def _write(book: Book, random: Random) -> None:
    book.rate("USD", "7.1234")
    book.rate("JPY", "0.047613")
    rules = _rules(random)
    verified = random.choice(("always", "never", "new_customers"))
    book.policy(_source(rules, [_TABLE], require_verified_prepayment=verified))
    parent = random.choice((None, None, "P-1"))
    if parent:
        book.customer("P-1", group_credit_limit="900", currency=random.choice(("CNY", "USD")))
    currency = random.choice(("CNY", "CNY", "USD"))
    limit = random.choice(("800", "2000", None))
    book.customer(
        currency=currency, credit_limit=limit, standard_terms_days=30, parent_id=parent, insured_amount="300"
    )
    for number in range(random.randint(0, 5)):
        owed = random.choice(("60", "150", "333", "700"))
        paid = random.choice((None, None, None, -1))
        issued = random.randint(-300, -20)
        fields: dict[str, Any] = {
            "currency": random.choice((currency, currency, "USD")),
            "disputed": random.random() < 0.2,
        }
        due = issued + random.randint(0, 30)
        book.invoice(owed, issued=issued, due=due, paid=paid, invoice_id=f"I-{number}", **fields)
        if paid is None and random.random() < 0.3:
            book.payment("25.50", received=-2, pays={f"I-{number}": "25.50"}, currency=fields["currency"])
    if random.random() < 0.5:
        for ordered in (-200, -100, -40, -10):
            book.history(random.choice(("100", "300")), ordered=ordered)
    if random.random() < 0.3:
        book.payment("400", received=-1)


@dataclass
class _Order:
    """The order of one example, and the ways to take an offer for it."""

    book: Book
    amount: str
    currency: str
    terms: int
    prepaid: str

    def check(self, **changes: Any) -> Record:
        asked: dict[str, Any] = {"terms": self.terms, "prepaid": self.prepaid, "currency": self.currency} | changes
        return self.book.check(asked.pop("amount", self.amount), **asked)

    def outcome(self, **changes: Any) -> str:
        """The outcome of a check that is undone."""
        return self.undone(lambda: self.check(**changes))

    def undone(self, do: Callable[[], Record]) -> str:
        savepoint = self.book.session.begin_nested()
        try:
            return str(do()["verdict"]["outcome"])
        finally:
            savepoint.rollback()
            self.book.session.expire_all()

    def prepay(self, record: Record, amount: str) -> str:
        """Prepay as the offer says: recorded where only that counts."""
        (offer,) = (each for each in record["counter_offers"] if "prepaid_amount" in each["changes"])
        if "recorded" not in offer["message"]["en"]:
            return self.outcome(prepaid=amount)

        def pay() -> Record:
            self.book.payment(amount, received=0, order_id="SO-1", currency=self.currency)
            return self.check()

        return self.undone(pay)

    def pay(self, invoices: list[str]) -> str:
        """Pay what is open of invoices, then check again."""
        rows = self.book.session.execute(OVERDUE, {"customers": ["C-1"], "day": day(0)})
        open_amounts = {row.id: (str(row.open), row.currency) for row in rows}

        def pay() -> Record:
            for invoice in invoices:
                owed, currency = open_amounts[invoice]
                self.book.payment(owed, received=0, pays={invoice: owed}, currency=currency)
            return self.check()

        return self.undone(pay)


def test_every_offer_is_approved_when_it_is_taken_and_nothing_milder_is(book: Book) -> None:
    taken: dict[str, int] = {}

    @settings(max_examples=150, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, 2**32).map(Random))
    def offers_hold(random: Random) -> None:
        savepoint = book.session.begin_nested()
        try:
            _write(book, random)
            order = _Order(
                book,
                random.choice(("90.00", "340.00", "500.00", "1500.00")),
                random.choice(("CNY", "CNY", "USD")),
                random.choice((0, 15, 30, 60)),
                random.choice(("0", "0", "45.00")),
            )
            record = order.check()
            _hold_to(order, record, taken)
        finally:
            savepoint.rollback()
            book.session.expire_all()

    offers_hold()
    assert min(taken.get(kind, 0) for kind in ("amount", "payment_terms_days", "prepaid_amount", "pay_invoices")) > 5


def _hold_to(order: _Order, record: Record, taken: dict[str, int]) -> None:
    outcome = record["verdict"]["outcome"]
    wanted = {"approve"} if outcome == "approve_with_conditions" else {"approve", "approve_with_conditions"}
    assert bool(record["counter_offers"]) is (record["no_counter_offer_reason"] is None)
    for offer in record["counter_offers"]:
        ((kind, value),) = offer["changes"].items()
        taken[kind] = taken.get(kind, 0) + 1
        assert offer["outcome"] in wanted
        match kind:
            case "amount":
                assert order.outcome(amount=value) == offer["outcome"]
                milder = Decimal(value) + Decimal("0.01")
                assert milder == Decimal(order.amount) or order.outcome(amount=str(milder)) not in wanted
            case "payment_terms_days":
                assert order.outcome(terms=value) == offer["outcome"]
                assert value + 1 == order.terms or order.outcome(terms=value + 1) not in wanted
            case "prepaid_amount":
                assert order.prepay(record, value) == offer["outcome"]
                milder = Decimal(value) - Decimal("0.01")
                counted = Decimal(record["request"]["counted_prepaid_amount"])
                assert milder <= counted or order.prepay(record, str(milder)) not in wanted
            case "pay_invoices":
                assert order.pay(value) == offer["outcome"]
                for invoice in value:
                    rest = [each for each in value if each != invoice]
                    assert not rest or order.pay(rest) not in wanted


def test_the_search_is_bounded_for_a_customer_with_very_many_overdue_invoices(book: Book) -> None:
    """A check holds the account: it must not think for minutes."""
    book.policy(OVERDUE_BLOCK)
    book.customer(credit_limit="100000")
    book.session.execute(
        text("""
        INSERT INTO invoices (id, customer_id, amount, currency, invoice_date, due_date, type, disputed, status,
                              applied, state_from, taken_from_deliveries, taken_from_orders, settled_by_payment,
                              updated_at)
        SELECT 'B-' || n, 'C-1', 10 + n % 7, 'CNY', :issued, CAST(:due AS date) - n % 90, 'invoice', false, 'posted',
               0, :early, 0, 0, false, :now FROM generate_series(1, 3000) n
        """),
        {"issued": day(-300), "due": day(-1), "early": date.min, "now": book.moment.now},
    )
    record = book.check("10")
    (offer,) = record["counter_offers"]
    assert 0 < len(offer["changes"]["pay_invoices"]) < 3000
    assert len(offer["message"]["en"]) < 500
