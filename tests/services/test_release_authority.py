"""Who may release a held order: rank, amount, two persons, lent authority."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from policy_service.db.models import User
from policy_service.domain.actors import Actor
from policy_service.domain.errors import (
    Invalid,
    PersonNeeded,
    RoleMayNot,
    SecondPersonNeeded,
)
from policy_service.domain.holds import DelegationDocument
from policy_service.domain.outcomes import Authority
from policy_service.domain.permissions import Role
from policy_service.services.authority import InsufficientAuthority, set_release_limit
from policy_service.services.delegations import delegate_authority, revoke_delegation
from tests.conftest import NOW
from tests.factories import BASE_CURRENCY, Book, day
from tests.services.holding import (
    ADA,
    CARL,
    DORA,
    FOR_DIRECTOR,
    MEI,
    ROBOT,
    SAM,
    dual_above,
    held,
    hold_of,
    lend,
    open_shop,
    release,
    released,
    reserved,
)


@pytest.fixture
def shop(book: Book) -> Book:
    """A customer with a limit of 1,000, and people."""
    return open_shop(book)


@pytest.mark.parametrize(
    ("actor", "amount", "may"),
    [
        (CARL, "50000", True),
        (CARL, "50000.01", False),
        (MEI, "50000.01", True),
        (MEI, "500000", True),
        (MEI, "500000.01", False),
        (DORA, "900000000", True),
    ],
)
def test_everybody_releases_up_to_their_amount(shop: Book, actor: Actor, amount: str, may: bool) -> None:
    decision_id = held(shop, amount)
    if may:
        assert released(shop, decision_id, actor)["verdict"]["outcome"] == "approve"
        return
    with pytest.raises(InsufficientAuthority, match=r"takes the authority of the (credit manager|director)"):
        release(shop, decision_id, actor)
    assert (hold_of(shop, decision_id).status, reserved(shop)) == ("open", "0.00")


def test_amounts_in_another_currency_count_at_the_days_rate(shop: Book) -> None:
    shop.rate("USD", "7")
    decision_id = held(shop, "8000", currency="USD")
    with pytest.raises(InsufficientAuthority, match=r"CNY 56,000\.00"):
        release(shop, decision_id, CARL)
    assert released(shop, decision_id, MEI)["resolution"]["amount"] == "56000.00"


@pytest.mark.parametrize("actor", [CARL, MEI])
def test_who_ranks_below_the_authority_asked_for_does_not_release_however_small(shop: Book, actor: Actor) -> None:
    shop.policy(FOR_DIRECTOR)
    decision_id = held(shop, "1001")
    with pytest.raises(InsufficientAuthority, match="director"):
        release(shop, decision_id, actor)
    released(shop, decision_id, DORA)


def test_a_policy_that_asks_for_more_by_now_is_heeded(shop: Book) -> None:
    decision_id = held(shop)
    shop.policy(FOR_DIRECTOR)
    with pytest.raises(InsufficientAuthority):
        release(shop, decision_id, MEI)


@pytest.mark.parametrize(("actor", "error"), [(SAM, RoleMayNot), (ADA, RoleMayNot), (ROBOT, PersonNeeded)])
def test_sales_the_system_admin_and_a_key_of_nobody_release_nothing(
    shop: Book, actor: Actor, error: type[Exception]
) -> None:
    decision_id = held(shop)
    with pytest.raises(error):
        release(shop, decision_id, actor)


def test_a_key_releases_with_the_authority_of_its_owner_and_of_no_other_role(shop: Book) -> None:
    decision_id = held(shop)
    with pytest.raises(InsufficientAuthority):
        release(shop, decision_id, replace(SAM, key="key of sam", key_id=9))
    released(shop, decision_id, replace(CARL, key="key of carl", key_id=10))


def test_above_an_amount_two_persons_release(shop: Book) -> None:
    dual_above(shop, "4999.99")
    decision_id = held(shop)
    for _ in range(2):
        first = release(shop, decision_id, MEI, "first")
        assert (first.record, first.hold.status, first.hold.first_release_by) == (None, "open", "mei")
    assert reserved(shop) == "0.00"
    record = released(shop, decision_id, DORA)
    assert record["resolution"]["first"]["by"] == "mei"
    assert reserved(shop) == "5000.00"


def test_one_person_releases_up_to_that_amount(shop: Book) -> None:
    dual_above(shop, "5000")
    released(shop, held(shop))


def test_both_of_two_persons_need_the_authority(shop: Book) -> None:
    dual_above(shop, "1000")
    decision_id = held(shop, "60000")
    release(shop, decision_id, MEI)
    with pytest.raises(InsufficientAuthority):
        release(shop, decision_id, CARL)


def test_who_acts_for_another_is_no_second_person(shop: Book) -> None:
    dual_above(shop, "1000")
    lend(shop, MEI, CARL)
    decision_id = held(shop, "60000")
    release(shop, decision_id, MEI)
    with pytest.raises(SecondPersonNeeded):
        release(shop, decision_id, CARL)
    second = held(shop, "60000", order_id="SO-2")
    release(shop, second, CARL)
    with pytest.raises(SecondPersonNeeded):
        release(shop, second, MEI)
    released(shop, second, DORA)


@pytest.mark.parametrize(("first", "last", "may"), [(0, 0, True), (-1, 0, True), (1, 3, False)])
def test_authority_is_lent_for_days_both_ends_in(shop: Book, first: int, last: int, may: bool) -> None:
    lend(shop, MEI, CARL, first, last)
    decision_id = held(shop, "60000")
    if not may:
        with pytest.raises(InsufficientAuthority):
            release(shop, decision_id, CARL)
        return
    resolution = released(shop, decision_id, CARL)["resolution"]
    assert (resolution["by"], resolution["on_behalf_of"]) == ("carl", "mei")


def test_authority_that_was_withdrawn_counts_no_more(shop: Book) -> None:
    delegation = lend(shop, MEI, CARL)
    revoke_delegation(shop.session, MEI, delegation, shop.moment)
    with pytest.raises(InsufficientAuthority):
        release(shop, held(shop, "60000"), CARL)


def test_authority_of_somebody_who_left_counts_no_more(shop: Book) -> None:
    lend(shop, MEI, CARL)
    shop.session.get_one(User, "mei").is_active = False
    shop.session.flush()
    with pytest.raises(InsufficientAuthority):
        release(shop, held(shop, "60000"), CARL)


def test_who_moved_to_sales_releases_nothing_for_others_either(shop: Book) -> None:
    lend(shop, MEI, CARL)
    with pytest.raises(InsufficientAuthority):
        release(shop, held(shop, "60000"), Actor("carl", key="key of carl", key_id=9, role=Role.SALES))


def test_lent_authority_is_not_lent_on(shop: Book) -> None:
    lend(shop, DORA, MEI)
    lend(shop, MEI, CARL)
    with pytest.raises(InsufficientAuthority):
        release(shop, held(shop, "600000"), CARL)


def test_only_the_lender_or_an_admin_withdraws_authority(shop: Book) -> None:
    delegation = lend(shop, MEI, CARL)
    with pytest.raises(RoleMayNot):
        revoke_delegation(shop.session, CARL, delegation, shop.moment)
    revoke_delegation(shop.session, ADA, delegation, shop.moment)


@pytest.mark.parametrize(
    ("delegate", "first", "last", "pointer"),
    [
        ("mei", 0, 1, "/delegate"),
        ("nobody", 0, 1, "/delegate"),
        ("sam", 0, 1, "/delegate"),
        ("carl", 2, 1, "/to"),
        ("carl", -2, -1, "/to"),
    ],
)
def test_a_delegation_that_makes_no_sense_is_refused(
    shop: Book, delegate: str, first: int, last: int, pointer: str
) -> None:
    with pytest.raises(Invalid) as refused:
        delegate_authority(shop.session, MEI, DelegationDocument(delegate, day(first), day(last)), shop.moment)
    assert [error.pointer for error in refused.value.errors] == [pointer]


def test_limits_are_set_by_an_admin_and_count_at_once(shop: Book) -> None:
    decision_id = held(shop)
    with pytest.raises(RoleMayNot):
        set_release_limit(shop.session, MEI, Authority.CONTROLLER, None, BASE_CURRENCY, NOW)
    set_release_limit(shop.session, ADA, Authority.CONTROLLER, Decimal("4999.99"), BASE_CURRENCY, NOW)
    with pytest.raises(InsufficientAuthority):
        release(shop, decision_id, CARL)
    set_release_limit(shop.session, ADA, Authority.CONTROLLER, None, BASE_CURRENCY, NOW)
    released(shop, decision_id, CARL)
