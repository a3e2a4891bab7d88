"""The docs are held to the code: what exists is documented, or the suite fails."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from policy_service import config
from rules.catalogue import CATALOGUE, Fact
from tests.conftest import REPOSITORY


def _read(name: str) -> str:
    return (REPOSITORY / "docs" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("fact", CATALOGUE.values(), ids=lambda fact: fact.name)
def test_every_fact_is_documented_in_both_languages(fact: Fact) -> None:
    row = next((line for line in _read("facts.md").splitlines() if f"`{fact.name}`" in line), "")
    assert fact.meaning.en in row
    assert fact.meaning.zh in row
    assert (row.split("|")[3].strip() == "yes") is fact.can_be_missing


def test_every_documented_fact_exists() -> None:
    documented = re.findall(r"^\| `([a-z0-9_.]+)` \|", _read("facts.md"), re.MULTILINE)
    assert documented == list(CATALOGUE)


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
