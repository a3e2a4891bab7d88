"""Values as a person reads them: money, days, instants, the facts of a check."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from admin.context import wiring
from admin.language import has_text, language, t
from policy_service.domain.money import minor_unit, plain
from rules.catalogue import CATALOGUE
from rules.clauses import distance_text, label_of, recorded_clause, recorded_value
from rules.formats import Shown, show, show_days, show_money
from rules.messages import currency_of

NOTHING = "—"

_CHOICES = {
    "customer.status": "status",
    "customer.settlement_mode": "settlement",
    "order.kind": "kind",
}
"""Facts whose values are words of ours, with the name under which their labels stand."""

_GROUPS = ("order", "customer", "group", "receivables", "signals", "exposure", "volume")


def number(amount: Decimal | str | None, currency: str) -> str:
    """`12,500.00`: for columns that name the currency elsewhere."""
    return NOTHING if amount is None else f"{Decimal(amount):,.{minor_unit(currency)}f}"


def money(amount: Decimal | str | None, currency: str) -> str:
    """`CNY 12,500.00`."""
    return NOTHING if amount is None else show_money(Decimal(amount), currency, language())


def count(value: int) -> str:
    """`12,500`."""
    return f"{value:,}"


def percent(part: Decimal | str | int, whole: Decimal | str | int) -> str:
    """`87.5%`, to one decimal; a dash where there is no whole to be a part of."""
    if not Decimal(whole):
        return NOTHING
    return f"{plain((100 * Decimal(part) / Decimal(whole)).quantize(Decimal('0.1')))}%"


def days(value: int | None) -> str:
    """`30 days`."""
    return NOTHING if value is None else show_days(value, language())


def instant(value: datetime | str | None, *, seconds: bool = False) -> str:
    """`2026-11-23 16:05`, in the business timezone."""
    if value is None:
        return NOTHING
    when = datetime.fromisoformat(value) if isinstance(value, str) else value
    return when.astimezone(wiring().config.timezone).strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")


def label(enumeration: str, value: object) -> str:
    """The word for a value of an enumeration; a dash for none, the value itself where the panel has no word."""
    if value is None:
        return NOTHING
    key = f"{enumeration}.{value}"
    return t(key) if has_text(key) else str(value)


def fact_label(name: str) -> str:
    """What a fact is called."""
    return label_of(name).in_language(language())


def fact_meaning(name: str) -> str:
    """What a fact means."""
    fact = CATALOGUE.get(name)
    return fact.meaning.in_language(language()) if fact else ""


def fact_value(name: str, value: Shown, currency: str) -> str:
    """The value of a fact, as its type is read."""
    if value is not None and name in _CHOICES:
        return label(_CHOICES[name], value)
    return value if isinstance(value, str) else _unbroken(show(name, value, currency, language()))


def _unbroken(text: str) -> str:
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def stored_fact_value(name: str, value: object, currency: str) -> str:
    """The same from the JSON of a record, where decimals are strings."""
    return fact_value(name, recorded_value(name, value), currency)


def threshold(name: str, op: str, value: object, currency: str) -> str:
    """What a fact was compared with: nothing, one value, the two ends of a range, or a list."""
    if op in ("is_missing", "is_present"):
        return ""
    if not isinstance(value, list):
        return stored_fact_value(name, value, currency)
    join = t("decision.list_and") if op == "between" else t("decision.list_join")
    return join.join(stored_fact_value(name, item, currency) for item in value)


def clause_distance(clause: Mapping[str, Any], currency: str) -> str:
    """How far the value of a stored clause is from its threshold; nothing where there is nothing to measure."""
    return _unbroken(distance_text(recorded_clause(clause), currency, language()))


def grouped(names: Iterable[str]) -> Mapping[str, list[str]]:
    """Names of facts by their group: groups in the order in which they fill columns well, names as they come."""
    groups: dict[str, list[str]] = {group: [] for group in _GROUPS}
    for name in names:
        groups.setdefault(name.partition(".")[0], []).append(name)
    return {group: members for group, members in groups.items() if members}


FORMATS = {
    each.__name__: each
    for each in (
        number,
        money,
        count,
        percent,
        days,
        instant,
        label,
        fact_label,
        fact_meaning,
        fact_value,
        stored_fact_value,
        threshold,
        clause_distance,
        grouped,
        currency_of,
    )
}
"""What templates call these by."""
