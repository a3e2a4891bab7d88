"""What changed in the settings, the currency, the name and the cases of a policy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

from rules.case_document import Case
from rules.catalogue import FactType
from rules.diffing.changes import Change, Subject, What
from rules.diffing.pair import Pair, either_way
from rules.diffing.remarks import NOT_COMPARABLE, RATES_NEEDED, RATES_NOT_NEEDED, UNSURE
from rules.document import Policy, Settings
from rules.naming import NO, YES, number_text
from rules.strictness import Direction
from rules.texts import Text

_LESS_IS_STRICTER = frozenset({"reservation_ttl_minutes", "quote_valid_days", "max_rate_age_days"})
_MORE_IS_STRICTER = frozenset({"credit_horizon_days"})
_FROM_MILD_TO_STRICT: dict[str, tuple[object, ...]] = {
    "require_verified_prepayment": ("never", "new_customers", "always"),
    "net_unapplied_payments": (True, False),
    "auto_release": (True, False),
}
_WITHOUT_OUTCOME = frozenset({"near_miss_ratio"})


def settings_changes(pair: Pair) -> Iterator[Change]:
    """The changes of the settings, those that are left out taken at their defaults."""
    for name in (setting.name for setting in fields(Settings)):
        before, after = getattr(pair.before.settings, name), getattr(pair.after.settings, name)
        if before != after:
            change = _change(Subject.SETTING, name, "value", _in_words(name, before), _in_words(name, after))
            direction = _direction(name, before, after)
            yield from [replace(change, direction=direction)] if direction else either_way(change, UNSURE)


def _change(subject: Subject, code: str, part: str, before: Text | None, after: Text | None) -> Change:
    what = What.ADDED if before is None else What.REMOVED if after is None else What.CHANGED
    return Change(subject, code, what, part, before, after, Direction.NEUTRAL)


def _direction(name: str, before: Any, after: Any) -> Direction | None:
    """Which way a setting goes; None for one that nothing is known of."""
    if name in _WITHOUT_OUTCOME:
        return Direction.NEUTRAL
    if name in _FROM_MILD_TO_STRICT:
        scale = _FROM_MILD_TO_STRICT[name]
        is_stricter = scale.index(after) > scale.index(before)
    elif name in _LESS_IS_STRICTER or name in _MORE_IS_STRICTER:
        is_stricter = (after > before) is (name in _MORE_IS_STRICTER)
    else:
        return None
    return Direction.TIGHTENING if is_stricter else Direction.LOOSENING


def _in_words(name: str, value: Any) -> Text:
    match value:
        case bool():
            return YES if value else NO
        case Decimal():
            return number_text(FactType.RATIO, value, "")
        case int() if name.endswith("_days"):
            return number_text(FactType.DAYS, Decimal(value), "")
        case int():
            return Text(f"{value} minute{'' if value == 1 else 's'}", f"{value} 分钟")
    return Text.same(str(value))


def currency_changes(pair: Pair) -> Iterator[Change]:
    """Another currency, and amounts of the policy's own where there were none, or none where there were."""
    before, after = pair.before, pair.after
    if before.currency != after.currency:
        change = _change(
            Subject.CURRENCY, "currency", "currency", Text.same(before.currency), Text.same(after.currency)
        )
        if before.has_money_literals or after.has_money_literals:
            yield from either_way(change, NOT_COMPARABLE)
        else:
            yield change
    if before.has_money_literals is not after.has_money_literals:
        is_needed = after.has_money_literals
        change = _change(Subject.CURRENCY, "currency", "rates", _own_amounts(before), _own_amounts(after))
        direction = Direction.TIGHTENING if is_needed else Direction.LOOSENING
        yield replace(change, direction=direction, remark=RATES_NEEDED if is_needed else RATES_NOT_NEEDED)


def _own_amounts(policy: Policy) -> Text:
    if policy.has_money_literals:
        return Text(f"amounts in {policy.currency}", f"含有 {policy.currency} 金额")
    return Text("no amounts", "不含金额")


def name_changes(pair: Pair) -> Iterator[Change]:
    """Another name."""
    if pair.before.name != pair.after.name:
        yield _change(Subject.NAME, "name", "name", Text.same(pair.before.name), Text.same(pair.after.name))


def case_changes(pair: Pair) -> Iterator[Change]:
    """Cases by their name; they decide nothing."""
    old, new = _by_name(pair.before), _by_name(pair.after)
    for name in dict.fromkeys((*old, *new)):
        if old.get(name) != new.get(name):
            before, after = old.get(name, ()), new.get(name, ())
            yield _change(Subject.CASE, name, "case", _names(before), _names(after))


def _by_name(policy: Policy) -> dict[str, tuple[Case, ...]]:
    found: dict[str, tuple[Case, ...]] = {}
    for case in policy.cases:
        found[case.name.en] = (*found.get(case.name.en, ()), case)
    return found


def _names(cases: tuple[Case, ...]) -> Text | None:
    return cases[0].name if cases else None
