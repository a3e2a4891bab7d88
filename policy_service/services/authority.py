"""Who may release an order of which amount, alone or with a second person. Amounts are in the base currency."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from policy_service.db.models import ReleaseAuthority, ReleaseSettings
from policy_service.domain.actors import Actor
from policy_service.domain.errors import Forbidden
from policy_service.domain.holds import AUTHORITY_OF_ROLE
from policy_service.domain.money import money_text
from policy_service.domain.outcomes import Authority
from policy_service.domain.permissions import Role
from policy_service.services.audit import record_event
from policy_service.services.delegations import Delegator, delegators_of
from policy_service.services.persons import person_of, refuse_other_roles
from rules.default_messages import AUTHORITIES
from rules.formats import show_money
from rules.texts import Language, Text

_SETTERS = frozenset({Role.ADMIN})


@dataclass(frozen=True, slots=True)
class ReleaseLimits:
    """The largest order that each authority releases, None: any; and above what two persons do, None: never."""

    largest: Mapping[Authority, Decimal | None]
    dual_release_above: Decimal | None

    def suffices(self, authority: Authority, needed: Needed) -> bool:
        """Whether an authority may release what needs `needed`."""
        largest = self.largest[authority]
        return authority.rank >= needed.authority.rank and (largest is None or needed.amount <= largest)

    def lowest_for(self, needed: Needed) -> Authority:
        """The lowest authority that may; the highest there is where no limit is high enough."""
        return next((each for each in Authority if self.suffices(each, needed)), Authority.DIRECTOR)

    def takes_two(self, needed: Needed) -> bool:
        """Whether a second person has to release it too."""
        return self.dual_release_above is not None and needed.amount > self.dual_release_above


@dataclass(frozen=True, slots=True)
class Needed:
    """What a release needs: the authority asked for at least, for an amount in the base currency."""

    authority: Authority
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Power:
    """Who releases, and for whom where the authority is delegated."""

    person: str
    delegator: str | None

    @property
    def persons(self) -> frozenset[str | None]:
        """Both: of two who release, none may stand on both sides."""
        return frozenset({self.person, self.delegator}) - {None}


class InsufficientAuthority(Forbidden):
    """This needs more authority than you have."""

    code = "insufficient_authority"

    def __init__(self, needed: Needed, lowest: Authority) -> None:
        who = AUTHORITIES[lowest]
        en, zh = (show_money(needed.amount, needed.currency, language) for language in Language)
        self.text = Text(
            f"Releasing {en} takes the authority of {who.en}, or of somebody above.",
            f"放行 {zh} 须有{who.zh}或更高的权限。",
        )
        super().__init__(self.text.en)


def release_limits(session: Session) -> ReleaseLimits:
    """The limits in force."""
    rows = {row.authority: row.largest_amount for row in session.scalars(select(ReleaseAuthority))}
    dual = session.scalar(select(ReleaseSettings.dual_release_above))
    return ReleaseLimits({authority: rows[authority] for authority in Authority}, dual)


def set_release_limit(
    session: Session, actor: Actor, authority: Authority, largest: Decimal | None, base_currency: str, now: datetime
) -> None:
    """Say what an authority releases at most; None: any amount. Raises RoleMayNot."""
    refuse_other_roles(actor, _SETTERS)
    row = session.get_one(ReleaseAuthority, authority.value, with_for_update=True, populate_existing=True)
    detail = {"from": _text(row.largest_amount, base_currency), "to": _text(largest, base_currency)}
    row.largest_amount = largest
    record_event(session, actor, "authority.changed", "release_authority", authority.value, detail, now)
    session.flush()


def set_dual_release(
    session: Session, actor: Actor, above: Decimal | None, base_currency: str, now: datetime
) -> None:
    """Say above what two persons release; None: never. Raises RoleMayNot."""
    refuse_other_roles(actor, _SETTERS)
    row = session.get_one(ReleaseSettings, 1, with_for_update=True, populate_existing=True)
    detail = {"from": _text(row.dual_release_above, base_currency), "to": _text(above, base_currency)}
    row.dual_release_above = above
    record_event(session, actor, "authority.changed", "release_authority", "dual_release_above", detail, now)
    session.flush()


def power_to_release(session: Session, actor: Actor, needed: Needed, limits: ReleaseLimits, day: date) -> Power:
    """Who releases: the person themself where their own authority does, else for somebody who delegated theirs.

    Who has no authority of their own, any more, has none of others either.
    Raises PersonNeeded, InsufficientAuthority (naming what is needed).
    """
    person = person_of(actor)
    own = AUTHORITY_OF_ROLE.get(actor.role) if actor.role else None
    if own is None:
        raise InsufficientAuthority(needed, limits.lowest_for(needed))
    if limits.suffices(own, needed):
        return Power(person, None)
    for delegator in _strongest_first(delegators_of(session, person, day)):
        if limits.suffices(delegator.authority, needed):
            return Power(person, delegator.name)
    raise InsufficientAuthority(needed, limits.lowest_for(needed))


def _strongest_first(delegators: list[Delegator]) -> list[Delegator]:
    return sorted(delegators, key=lambda each: (-each.authority.rank, each.name))


def _text(amount: Decimal | None, currency: str) -> str | None:
    return None if amount is None else money_text(amount, currency)
