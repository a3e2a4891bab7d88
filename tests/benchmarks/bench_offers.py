"""What counter-offers and near misses cost: runs of the policy, and time as a multiple of one `decide`.

The default policy, as it is and with rules added that compare the same facts; an order above the limit, and
customers with overdue invoices. All without a database: what is timed is the search.

    make bench        or        python -m tests.benchmarks.bench_offers
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from importlib.resources import files
from typing import Any

from rich.console import Console
from rich.table import Table

from policy_service.db.models import Customer
from policy_service.domain.documents import CheckRequest
from policy_service.domain.money import ZERO
from policy_service.domain.outcomes import CheckKind
from policy_service.services.facts.assemble import Gathered, facts_asking, standing_of
from policy_service.services.facts.question import Question
from policy_service.services.facts.rates import Exchange
from policy_service.services.situations import OrderSituation
from rules.decide import decide, near_misses
from rules.document import load_policy, policy_from_tree
from rules.engine import CompiledPolicy, compile_policy
from rules.invoices_to_pay import OverdueInvoice
from rules.offers import counter_offers
from tests.benchmarks.measure import microseconds
from tests.conftest import NOW, TODAY


@dataclass(frozen=True)
class Scene:
    """A customer with a limit of 50,000 who orders. `overdue` invoices of some 1,000 are late by 10 to 60 days."""

    title: str
    rules: int
    amount: str
    overdue: int


SCENES = (
    Scene("above the limit", 0, "40000.00", 0),
    Scene("above the limit", 200, "40000.00", 0),
    Scene("above the limit", 2000, "40000.00", 0),
    Scene("3 overdue invoices", 0, "100.00", 3),
    Scene("8 overdue invoices", 0, "100.00", 8),
    Scene("500 overdue invoices", 0, "100.00", 500),
)


def policy(more: int) -> CompiledPolicy:
    """The default policy, with `more` rules that look at how much of the limit is used by whom."""
    default = load_policy((files("rules") / "packs" / "default.yaml").read_text(encoding="utf-8"))
    rules = [*default.tree["rules"], *map(_rule, range(more))]
    return compile_policy(policy_from_tree({**default.tree, "rules": rules}))


def _rule(number: int) -> dict[str, Any]:
    used = {"fact": "exposure.utilisation_after", "op": "gt", "value": f"0.{10 + number % 85}", "if_missing": False}
    region = {"fact": "customer.region", "op": "eq", "value": f"R{number % 60}", "if_missing": False}
    return {"code": f"RULE_{number}", "when": {"all": [region, used]}, "then": [{"effect": "hold"}]}


def situation(scene: Scene, settings: Any) -> OrderSituation:
    """The scene as a check would have gathered it."""
    account = Customer(
        id="C-1", name="C-1", currency="CNY", credit_limit=Decimal(50_000), standard_terms_days=60, status="active",
        region="R1", settlement_mode="credit",
    )  # fmt: skip
    request = CheckRequest(
        kind=CheckKind.ORDER, subject_id="SO-1", customer_id="C-1", amount=Decimal(scene.amount), currency="CNY",
        payment_terms_days=60,
    )  # fmt: skip
    overdue = [_invoice(number) for number in range(scene.overdue)]
    owed = sum((invoice.cost for invoice in overdue), ZERO)
    days = max(((TODAY - invoice.due_on).days for invoice in overdue), default=None)
    row = {
        "currency": "CNY", "open": owed + 15_000, "overpaid": ZERO, "overdue": owed, "undisputed_overdue": owed,
        "disputed": ZERO, "overdue_count": scene.overdue, "oldest_overdue_days": days,
        "oldest_undisputed_overdue_days": days, "on_time": 40, "judged": 42, "amount_days_late": ZERO,
        "settled_amount": Decimal(900_000), "worst_days_late": 0, "paid_count": 42, "first_invoice_days": 900,
        "sales": Decimal(400_000),
    }  # fmt: skip
    items = {"currency": "CNY", "open": owed + 15_000, "credit_rest": ZERO, "nettable": ZERO, "unapplied": ZERO}
    gathered = Gathered(
        question=Question(account, None, TODAY, NOW, "CNY", settings, request=request),
        exchange=Exchange("CNY"), group=None, buckets=[], open_items=[items], receivables=[row], credit_notes=[],
        volume=[], signals=[], returned_payments=0, order_paid=ZERO, order_invoiced=ZERO,
    )  # fmt: skip
    standing = standing_of(gathered)
    return OrderSituation(facts_asking(standing, gathered.request), standing, overdue)


def _invoice(number: int) -> OverdueInvoice:
    amount = Decimal(1000 + number)
    due = TODAY - timedelta(10 + number % 50)
    return OverdueInvoice(f"INV-{number}", "CNY", amount, amount, amount, due, disputed=False)


def measured(scene: Scene) -> list[str]:
    """One row of the table."""
    compiled = policy(scene.rules)
    asked = situation(scene, compiled.policy.settings)
    verdict = decide(compiled, asked.facts)
    found = counter_offers(compiled, verdict, asked)
    times = microseconds(
        {
            "decide": lambda: decide(compiled, asked.facts),
            "search": lambda: counter_offers(compiled, verdict, asked),
            "near": lambda: near_misses(compiled, asked.facts),
        },
        rounds=7,
    )
    return [
        scene.title,
        str(len(compiled.policy.rules)),
        ", ".join(offer.change.value for offer in found.found) or "none",
        str(found.evaluations),
        *(f"{times[name] / 1000:.2f} ({times[name] / times['decide']:.1f}x)" for name in ("search", "near")),
    ]


def main() -> None:
    """Print runs of the policy, milliseconds, and the multiple of one `decide`."""
    table = Table(title="Counter-offers: runs of the policy, median milliseconds (times one decide)")
    for column in ("scene", "rules", "offers", "runs", "search", "near misses"):
        table.add_column(column, justify="left" if column == "scene" else "right")
    for scene in SCENES:
        table.add_row(*measured(scene))
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
