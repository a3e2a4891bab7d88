"""What `decide` answers: an outcome, every reason with its arithmetic, and what is granted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from policy_service.domain.outcomes import Authority, Outcome
from rules.facts import FactValue
from rules.texts import Text


class Evidence(NamedTuple):
    """One clause as it was seen: the value of the fact, what it was compared with, and whether it holds.

    A tuple because a check makes dozens of them, and a tuple is made six times faster than a frozen dataclass.
    `value` and `threshold` are None where missing. A list (`in`, `between`) is a tuple.
    `group` is the path of `all`/`any`/`none` groups around the clause, outermost first: ("any",).
    """

    fact: str
    value: FactValue | tuple[FactValue, ...] | None
    op: str
    threshold: FactValue | tuple[FactValue, ...] | None
    holds: bool
    group: tuple[str, ...] = ()


class TableHit(NamedTuple):
    """The rows of a table that count, from 0, and its outputs; None where missing, a tuple where a table collects."""

    table: str
    rows: tuple[int, ...]
    outputs: Mapping[str, Any]


class Reason(NamedTuple):
    """One effect of one rule that fired. `message` is filled in, in every language.

    `parameters` are the numbers of the effect as they worked: {"days": 30}, {"percent": Decimal("30")}.
    """

    rule_code: str
    effect: str
    message: Text
    evidence: tuple[Evidence, ...]
    parameters: Mapping[str, FactValue]


@dataclass(frozen=True, slots=True)
class Exempted:
    """A rule whose effects were removed, and the rule that removed them."""

    rule_code: str
    by: str
    message: Text


@dataclass(frozen=True, slots=True)
class Alert:
    """Someone should look at this."""

    rule_code: str
    severity: int
    message: Text


@dataclass(frozen=True, slots=True)
class Granted:
    """What is granted, in the order's currency."""

    credit_amount: Decimal
    prepayment_amount: Decimal
    payment_terms_days: int
    currency: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of a policy to a set of facts.

    `granted` is None for hold and reject, and where the facts hold no request. `fired` lists the codes of all
    rules whose conditions held, the exempted ones too, by priority. `authority` is the highest that a hold asks
    for.
    """

    outcome: Outcome
    reasons: tuple[Reason, ...] = ()
    warnings: tuple[Reason, ...] = ()
    exempted: tuple[Exempted, ...] = ()
    alerts: tuple[Alert, ...] = ()
    flags: tuple[str, ...] = ()
    tables: tuple[TableHit, ...] = ()
    fired: tuple[str, ...] = ()
    granted: Granted | None = None
    authority: Authority | None = None
