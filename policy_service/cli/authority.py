"""`credit-policy authority ...`"""

from __future__ import annotations

from decimal import Decimal

import click

from policy_service.cli.database import initialised_sessions
from policy_service.cli.output import Column, print_table, say
from policy_service.cli.persons import acting, as_option
from policy_service.config import load_config
from policy_service.domain.money import money_text, parse_money
from policy_service.domain.outcomes import Authority
from policy_service.services.authority import release_limits, set_dual_release, set_release_limit

_UNLIMITED = "unlimited"
_NEVER = "never"


@click.group("authority")
def command() -> None:
    """Who may release held orders of which amount, in the base currency."""


@command.command("list")
def show() -> None:
    """The limits in force."""
    currency = load_config().base_currency
    with initialised_sessions() as (sessions, _), sessions() as session:
        limits = release_limits(session)
    rows = [(authority.value, _shown(amount, currency, _UNLIMITED)) for authority, amount in limits.largest.items()]
    rows.append(("two persons above", _shown(limits.dual_release_above, currency, _NEVER)))
    print_table("", [Column("authority"), Column("releases up to", "right")], rows)


@command.command("set")
@click.argument("authority", type=click.Choice([authority.value for authority in Authority]))
@click.argument("amount")
@as_option
def set_limit(authority: str, amount: str, user: str) -> None:
    """Set the largest order that an authority releases: an AMOUNT, or `unlimited`."""
    currency = load_config().base_currency
    largest = _amount(amount, currency, _UNLIMITED)
    with initialised_sessions() as (sessions, moment), sessions() as session:
        set_release_limit(session, acting(session, user), Authority(authority), largest, currency, moment.now)
        session.commit()
    say(f"The {authority} releases up to: {_shown(largest, currency, _UNLIMITED)}.")


@command.command("dual")
@click.argument("amount")
@as_option
def set_dual(amount: str, user: str) -> None:
    """Set above which AMOUNT two persons release, or `never`."""
    currency = load_config().base_currency
    above = _amount(amount, currency, _NEVER)
    with initialised_sessions() as (sessions, moment), sessions() as session:
        set_dual_release(session, acting(session, user), above, currency, moment.now)
        session.commit()
    say(f"Two persons release above: {_shown(above, currency, _NEVER)}.")


def _amount(text: str, currency: str, no_limit: str) -> Decimal | None:
    return None if text == no_limit else parse_money(text, currency)


def _shown(amount: Decimal | None, currency: str, no_limit: str) -> str:
    return no_limit if amount is None else f"{currency} {money_text(amount, currency)}"
