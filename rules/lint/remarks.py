"""What lint has to say, before the line is looked up, and where in the document it says it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from policy_service.domain.money import plain
from rules.catalogue import Fact, FactType
from rules.document import Policy
from rules.findings import Finding, Level
from rules.formula import Value
from rules.rule import Rule
from rules.solve import Witness
from rules.source import pointer
from rules.tables import Table
from rules.texts import Text


@dataclass(frozen=True, slots=True)
class Remark:
    """A finding before its line is looked up. `path` is an RFC 6901 pointer."""

    level: Level
    code: str
    path: str
    message: Text

    def finding(self, policy: Policy) -> Finding:
        """The remark with its line and column, where the document came as a text."""
        line, column = policy.positions.get(self.path, (None, None))
        return Finding(self.level, self.code, self.path, self.message, line, column)


def error(code: str, path: str, en: str, zh: str) -> Remark:
    """What bars a policy from being published."""
    return Remark(Level.ERROR, code, path, Text(en, zh))


def warning(code: str, path: str, en: str, zh: str) -> Remark:
    """What an author should look at."""
    return Remark(Level.WARNING, code, path, Text(en, zh))


def path_to(path: str, *keys: str | int) -> str:
    """The pointer to what is below."""
    for key in keys:
        path = pointer(path, key)
    return path


def rule_path(rule: Rule, *keys: str | int) -> str:
    """The pointer to a rule, or to what is below it."""
    return path_to("/rules", rule.position, *keys)


def table_path(table: Table, *keys: str | int) -> str:
    """The pointer to a table, or to what is below it."""
    return path_to("/tables", table.position, *keys)


def example(witness: Witness, policy: Policy) -> Text:
    """A case that the solver found, with the names and values of the policy language: `order.line_count 4, ...`."""
    parts = [(name, _written(value, policy.fact(name))) for name, value in witness.items()]
    return Text(
        ", ".join(f"{name} {value.en}" for name, value in parts),
        "，".join(f"{name} {value.zh}" for name, value in parts),
    )


def _written(value: Value, fact: Fact) -> Text:
    match value:
        case None:
            return Text("missing", "缺失")
        case bool():
            return Text.same(str(value).lower())
        case tuple():
            items = [_written(item, fact).en for item in value]
            return Text(f"[{', '.join(items)}]", f"[{'、'.join(items)}]")
        case Decimal():
            return Text.same(_decimal(value, fact))
        case str():
            return Text.same(value or '""')
    return Text.same(str(value))


def _decimal(value: Decimal, fact: Fact) -> str:
    """With the two decimals that people write for money and ratios, or with all it has where it has more."""
    text = plain(value)
    if fact.type is FactType.NUMBER or len(text.partition(".")[2]) >= 2:
        return text
    return f"{value:.2f}"
