"""The examples of docs/diff.md come out as the page says."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any

import pytest

from rules.diff import Change, diff
from rules.document import Policy, Settings, policy_from_tree
from rules.source import plain_tree, read_source
from tests.conftest import REPOSITORY

PAGE = (REPOSITORY / "docs" / "diff.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```\n\n```text\n(.*?)```", PAGE, re.DOTALL)


def _version(example: dict[str, Any], version: str) -> Policy:
    tables = example.get(f"tables {version}", [])
    return policy_from_tree(
        {"schema": 1, "name": "example", "currency": "CNY", "tables": tables, "rules": example[version]}
    )


def _line(change: Change) -> str:
    said = change.remark.en if change.remark else f"now {change.after.en}" if change.after else "gone"
    example = f" [{change.example.en}]" if change.example else ""
    return f"{change.direction}: {change.part}: {said}{example}"


@pytest.mark.parametrize(("source", "expected"), EXAMPLES)
def test_every_example_comes_out_as_written(source: str, expected: str) -> None:
    read = read_source(source)
    example: Any = plain_tree(read.tree, read)
    changes = diff(_version(example, "before"), _version(example, "after")).changes
    assert [_line(change) for change in changes] == expected.splitlines()


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 7


@pytest.mark.parametrize(
    "name", [*(setting.name for setting in fields(Settings)), *(each.name for each in fields(Change))]
)
def test_every_setting_and_member_is_explained(name: str) -> None:
    assert f"`{'decided' if name == 'is_decided' else name}`" in PAGE
