"""The states of an order: each step is allowed or refused in words, and the page draws what the code says."""

from __future__ import annotations

import re

import pytest

from policy_service.domain.documents import HistoryStatus
from policy_service.domain.errors import OrderWrongState
from policy_service.domain.order_states import (
    AGREED,
    DELIVERABLE,
    ENDED,
    TRANSITIONS,
    OrderState,
    OrderStep,
    after,
    after_check,
    diagram,
)
from tests.conftest import REPOSITORY

STATES: tuple[OrderState | None, ...] = (None, *OrderState)


def test_the_page_shows_the_diagram_that_the_code_draws() -> None:
    page = (REPOSITORY / "docs" / "order-life.md").read_text(encoding="utf-8")
    assert re.findall(r"```mermaid\n(.*?)\n```", page, re.DOTALL) == [diagram()]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("step", OrderStep)
def test_a_step_leads_to_one_state_or_is_refused_in_words(state: OrderState | None, step: OrderStep) -> None:
    if step in TRANSITIONS[state]:
        assert after(state, step) in OrderState
    else:
        with pytest.raises(OrderWrongState) as refusal:
            after(state, step)
        assert refusal.value.message.endswith(".")


def test_every_state_can_be_reached_and_can_be_checked_again() -> None:
    reached = {target for steps in TRANSITIONS.values() for target in steps.values()}
    assert reached == set(OrderState)
    for state in STATES:
        assert after_check(state, is_approved=True) in (OrderState.PENDING, state)
        assert after_check(state, is_approved=False) in (OrderState.UNCONFIRMED, state)


@pytest.mark.parametrize("state", OrderState)
def test_only_a_reservation_leads_to_confirmed(state: OrderState) -> None:
    """From a state without one, the way to confirmed is a check that approves."""
    confirms = OrderStep.CONFIRM in TRANSITIONS[state]
    assert confirms == (after_check(state, is_approved=True) == state or state is OrderState.PENDING)


@pytest.mark.parametrize("state", sorted(ENDED))
def test_nothing_leaves_the_house_for_an_order_that_has_ended(state: OrderState) -> None:
    assert not {OrderStep.DELIVER_PART, OrderStep.DELIVER_ALL} & TRANSITIONS[state].keys()
    with pytest.raises(OrderWrongState, match=state):
        after(state, OrderStep.DELIVER_PART)


def test_goods_leave_exactly_where_something_is_confirmed() -> None:
    assert {state for state in OrderState if OrderStep.DELIVER_PART in TRANSITIONS[state]} == DELIVERABLE


@pytest.mark.parametrize("state", sorted(AGREED))
def test_a_check_takes_nothing_back_that_was_agreed(state: OrderState) -> None:
    assert {after_check(state, is_approved=approved) for approved in (True, False)} == {state}


@pytest.mark.parametrize("state", OrderState)
def test_every_order_that_was_checked_here_can_be_cancelled(state: OrderState) -> None:
    assert after(state, OrderStep.CANCEL) is OrderState.CANCELLED


def test_what_became_of_an_order_placed_elsewhere_is_a_state_too() -> None:
    assert {status.value for status in HistoryStatus} <= set(OrderState)
