"""The public sample of late payment histories, where it lies beside the repository."""

from __future__ import annotations

import pytest

from policy_service.domain.outcomes import Outcome
from policy_service.services.backtests import Backtest, backtest, load_history, read_backtest_mapping
from rules.document import load_policy
from tests.conftest import REPOSITORY, SHARED_DATA

_DATA = SHARED_DATA / "ar_invoices_ibm.csv"

pytestmark = pytest.mark.skipif(not _DATA.exists(), reason=f"{_DATA} is not there")


@pytest.fixture(scope="module")
def result() -> Backtest:
    """The default policy on the whole history, under the mapping that is shipped."""
    mapping = read_backtest_mapping((REPOSITORY / "examples/mappings/ibm-late-payments.yaml").read_text("utf-8"))
    policy = load_policy((REPOSITORY / "rules/packs/default.yaml").read_text("utf-8"))
    history = load_history(_DATA, mapping)
    assert history.refused == ()
    return backtest(policy, history, mapping.assumptions)


def test_every_invoice_is_read_and_judged_by_what_became_of_it(result: Backtest) -> None:
    total = result.total
    assert (total.count, result.customer_count) == (2466, 100)
    assert (total.late_count, total.disputed_count, total.unknown_count) == (877, 561, 0)
    assert sum(tally.count for tally in result.outcomes.values()) == total.count
    assert sum(tally.amount for tally in result.outcomes.values()) == total.amount
    assert result.engine_error_count == 0


def test_the_default_policy_tells_orders_apart_on_real_data(result: Backtest) -> None:
    rates = {outcome: tally.bad_rate for outcome, tally in result.outcomes.items()}
    approved, rejected = rates[Outcome.APPROVE], rates[Outcome.REJECT]
    assert approved is not None
    assert rejected is not None
    assert rejected > 2 * approved
    lifts = {rule.code: result.lift(rule.fired) for rule in result.rules if rule.fired.count}
    assert {code for code, lift in lifts.items() if lift and lift > 1} >= {"OVERDUE_BLOCK", "POOR_PAYER_TERMS"}


def test_nothing_is_held_only_because_the_file_names_no_limit(result: Backtest) -> None:
    fired = {rule.code: rule.fired.count for rule in result.rules}
    assert fired["NO_LIMIT_SET"] == 0
