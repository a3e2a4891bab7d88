"""Facts and their values as a sentence calls them, with nothing rounded: a rule read back must be the rule."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from policy_service.domain.money import minor_unit, plain
from rules.catalogue import CATALOGUE, SIGNAL_CATEGORIES, Fact, FactType
from rules.facts import FactValue
from rules.texts import Text
from rules.values import FLAG_GROUP, TABLE_GROUP

YES = Text("yes", "是")
NO = Text("no", "否")
UNKNOWN = Text("unknown", "未知")

_SIGNALS = frozenset(f"signals.{category}" for category in SIGNAL_CATEGORIES)
_LABELS_EN = Counter(fact.label.en for fact in CATALOGUE.values())
_LABELS_ZH = Counter(fact.label.zh for fact in CATALOGUE.values())
_NO_NUMBER_OF = frozenset({"signals.score"})
_PLURAL = frozenset(
    {
        "order.payment_terms_days",
        "customer.standard_terms_days",
        "exposure.open_orders",
        "exposure.open_deliveries",
        "exposure.open_items",
        "receivables.open_amount",
        "receivables.unapplied_amount",
    }
)


def name_of(fact: Fact) -> Text:
    """What a fact is called inside a sentence. No two facts are called the same."""
    if fact.name.startswith(FLAG_GROUP):
        flag = fact.name.removeprefix(FLAG_GROUP)
        return Text(f"flag “{flag}”", f"标记“{flag}”")
    if fact.name.startswith(TABLE_GROUP):
        _, code, output = fact.name.split(".", 2)
        return Text(f"{output} of table {code}", f"表 {code} 的 {output}")
    label = Text(_uncapitalised(fact.label.en), fact.label.zh)
    if fact.name in _SIGNALS:
        return Text(f"{label.en} signal", f"{label.zh}信号")
    if fact.type is FactType.COUNT and fact.name not in _NO_NUMBER_OF:
        label = Text(f"number of {label.en}", label.zh)
    en = f"{label.en} ({fact.name})" if _LABELS_EN[fact.label.en] > 1 else label.en
    zh = f"{label.zh}（{fact.name}）" if _LABELS_ZH[fact.label.zh] > 1 else label.zh
    return Text(en, zh)


def is_plural(fact: Fact) -> bool:
    """Whether English says “are” after its name."""
    return fact.name in _PLURAL


def _uncapitalised(label: str) -> str:
    """The label inside a sentence; an abbreviation stays as it is."""
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]


def value_text(fact: Fact, value: FactValue | None, currency: str) -> Text:
    """A value of a fact: money in `currency` with its code, ratios as percent, days with their unit, no rounding."""
    match value:
        case None:
            return UNKNOWN
        case bool():
            return YES if value else NO
        case str():
            return Text.same(value) if value in fact.choices else Text(f"“{value}”", f"“{value}”")
        case _:
            return number_text(fact.type, Decimal(value), currency)


def number_text(kind: FactType, number: Decimal, currency: str) -> Text:
    """A number of a type."""
    match kind:
        case FactType.MONEY:
            return Text.same(_money(number, currency))
        case FactType.RATIO:
            return Text.same(f"{plain(number.scaleb(2))}%")
        case FactType.DAYS:
            return Text(f"{plain(number)} day{'' if abs(number) == 1 else 's'}", f"{plain(number)} 天")
    return Text.same(plain(number))


def _money(amount: Decimal, currency: str) -> str:
    """The amount with the decimals of its currency, or with all it has where it has more."""
    _, _, decimals = plain(amount).partition(".")
    return f"{currency} {amount:,.{max(minor_unit(currency), len(decimals))}f}"
