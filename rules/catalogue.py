"""The catalogue of facts: every name a policy may read, with its type, its unit and where it comes from.

Money facts are in the currency of the credit account, `group.` ones in that of the group's topmost parent.
A fact that cannot be known is missing, never zero; `can_be_missing` says which facts that can happen to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from rules.catalogue_entries import ENTRIES, SIGNAL_CATEGORIES, Entry
from rules.texts import Text


class FactType(StrEnum):
    """How a value is held, compared, written as JSON and shown."""

    MONEY = "money"  # Decimal; JSON string in the minor unit
    RATIO = "ratio"  # Decimal; 0.95 is shown as 95 %
    NUMBER = "number"  # Decimal; an average
    DAYS = "days"  # int
    COUNT = "count"  # int
    LEVEL = "level"  # int, a severity or a grade from 1 to 5
    BOOLEAN = "boolean"
    TEXT = "text"

    @property
    def is_decimal(self) -> bool:
        """Held as Decimal and written as a JSON string."""
        return self in (FactType.MONEY, FactType.RATIO, FactType.NUMBER)

    @property
    def is_number(self) -> bool:
        """Whether `lt`, `le`, `gt`, `ge` and `between` apply."""
        return self.is_decimal or self in (FactType.DAYS, FactType.COUNT, FactType.LEVEL)


class FactCurrency(StrEnum):
    """Whose currency a money fact is in."""

    ACCOUNT = "account"
    GROUP = "group"


@dataclass(frozen=True, slots=True)
class Fact:
    """One entry of the catalogue, a flag, or an output of a table.

    `is_list`: it holds all that the rows of a table give, and a comparison holds when it holds for one of them
    (`ne` and `not_in`: for all of them).
    """

    name: str
    type: FactType
    label: Text
    meaning: Text
    can_be_missing: bool
    choices: tuple[str, ...] = ()
    is_list: bool = False

    @property
    def group(self) -> str:
        """The part before the point: order, customer, exposure, ..."""
        return self.name.partition(".")[0]

    @property
    def currency(self) -> FactCurrency | None:
        """Whose currency it is in; None when it is not money."""
        if self.type is not FactType.MONEY:
            return None
        return FactCurrency.GROUP if self.group == "group" else FactCurrency.ACCOUNT


def _fact(entry: Entry) -> Fact:
    name, kind, missing, choices, label_en, label_zh, meaning_en, meaning_zh = entry
    return Fact(
        name,
        FactType(kind),
        Text(label_en, label_zh),
        Text(meaning_en, meaning_zh),
        missing,
        tuple(choices.split()),
    )


CATALOGUE: Mapping[str, Fact] = MappingProxyType({entry[0]: _fact(entry) for entry in ENTRIES})


def facts_without_order() -> Iterator[Fact]:
    """The facts of a customer alone: all but the `order.` ones."""
    return (fact for fact in CATALOGUE.values() if fact.group != "order")


__all__ = ["CATALOGUE", "SIGNAL_CATEGORIES", "Fact", "FactCurrency", "FactType", "facts_without_order"]
