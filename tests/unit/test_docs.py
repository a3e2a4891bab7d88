"""The docs are held to the code: what exists is documented, or the suite fails."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import product
from pathlib import Path

import pytest

from policy_service import config
from rules.catalogue import CATALOGUE, Fact, FactType
from rules.conditions import Clause
from rules.document import Policy, load_policy
from rules.facts import Facts, FactValue
from rules.lint import lint
from rules.predicates import Seen, predicate
from tests.conftest import REPOSITORY, TODAY


def _read(name: str) -> str:
    return (REPOSITORY / "docs" / name).read_text(encoding="utf-8")


def _row(fact: Fact) -> str:
    return next((line for line in _read("facts.md").splitlines() if f"`{fact.name}`" in line), "")


@pytest.mark.parametrize("fact", CATALOGUE.values(), ids=lambda fact: fact.name)
def test_every_fact_is_documented_in_both_languages(fact: Fact) -> None:
    row = _row(fact)
    assert fact.meaning.en in row
    assert fact.meaning.zh in row
    assert (row.split("|")[3].strip() == "yes") is fact.can_be_missing


def test_every_documented_fact_exists() -> None:
    documented = re.findall(r"^\| `([a-z0-9_.]+)` \|", _read("facts.md"), re.MULTILINE)
    assert documented == list(CATALOGUE)


def _policy_of_example(fact: Fact) -> Policy:
    """The example of a fact as the only rule of a policy."""
    example = _row(fact).split("|")[6].strip().strip("`")
    return load_policy(
        "{schema: 1, name: example, currency: CNY, rules: [{code: EXAMPLE, then: [{effect: warn}], "
        f"when: {example}}}]}}"
    )


def _made_up(clause: Clause) -> Iterator[dict[str, FactValue]]:
    """Values of the facts of a clause: at its literals, a little below and above, a low one and a high one."""
    columns = [_values(CATALOGUE[name], clause.literals) for name in clause.facts]
    return (dict(zip(clause.facts, values, strict=True)) for values in product(*columns))


def _values(fact: Fact, literals: tuple[FactValue, ...]) -> list[FactValue]:
    if fact.type is FactType.BOOLEAN:
        return [False, True]
    if fact.type is FactType.TEXT:
        return list(fact.choices or ("another", *map(str, literals)))
    numbers = [Decimal(literal) + step for literal in literals for step in (-1, 0, 1)] or [Decimal(1), Decimal(10**6)]
    return [number if fact.type.is_decimal else int(number) for number in numbers]


@pytest.mark.parametrize("fact", CATALOGUE.values(), ids=lambda fact: fact.name)
def test_the_example_of_every_fact_can_stand_in_a_policy_and_tells_cases_apart(fact: Fact) -> None:
    policy = _policy_of_example(fact)
    clause = policy.rules[0].when
    assert lint(policy) == ()
    assert isinstance(clause, Clause)
    assert clause.fact == fact.name
    cases = [{}, *_made_up(clause)] if clause.op.asks_presence else _made_up(clause)
    holds = predicate(clause)
    assert {holds(Seen.of(Facts(TODAY, "CNY", values), "CNY", True)) for values in cases} == {True, False}


def test_every_setting_is_documented() -> None:
    settings = set(re.findall(r'get\("([A-Z_]+)"', Path(config.__file__).read_text(encoding="utf-8")))
    assert settings
    operations = _read("operations.md")
    assert [name for name in sorted(settings) if f"`{name}`" not in operations] == []


@pytest.mark.parametrize("page", ["README.md", *(f"docs/{path.name}" for path in (REPOSITORY / "docs").glob("*.md"))])
def test_every_link_between_pages_leads_somewhere(page: str) -> None:
    path = REPOSITORY / page
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text(encoding="utf-8"))
    assert [target for target in targets if not (path.parent / target).exists()] == []
