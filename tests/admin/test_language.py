"""Every page in the language of its reader."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from enum import StrEnum
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from admin.texts import TEXTS
from policy_service.db.models import Decision, PolicyVersion, User
from policy_service.domain.documents import CustomerStatus, SettlementMode
from policy_service.domain.outcomes import Authority, CheckKind, Outcome
from policy_service.domain.permissions import Role
from rules.audiences import Audience
from rules.catalogue import CATALOGUE
from rules.conditions import GroupKind, Op
from rules.effects import EffectKind
from rules.rule import RESERVED_CODES
from tests.admin.conftest import Visitor

ADMIN = Path(__file__).parents[2] / "admin"
CHINESE = re.compile(r"[\u4e00-\u9fff]")
LABELLED: dict[str, type[StrEnum]] = {
    "role": Role,
    "outcome": Outcome,
    "authority": Authority,
    "kind": CheckKind,
    "status": CustomerStatus,
    "settlement": SettlementMode,
    "op": Op,
    "join": GroupKind,
    "effect": EffectKind,
    "audience": Audience,
    "told": Audience,
}


class Words(HTMLParser):
    """The texts and the readable attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(page)

    def handle_data(self, data: str) -> None:
        self.found.add(" ".join(data.split()))

    def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.update(value for name, value in attrs if value and name in ("aria-label", "title", "placeholder"))


def written_keys() -> Iterator[str]:
    """Every key that templates and screens ask for by name."""
    for template in ADMIN.glob("templates/**/*.html"):
        yield from re.findall(r"""\bt\(\s*["']([\w.]+)["']""", template.read_text())
        yield from re.findall(r"""line\(["']([\w.]+)["']""", template.read_text())
    for module in ADMIN.glob("*.py"):
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Constant) and node.value in TEXTS:
                yield str(node.value)


@pytest.fixture
def paths(db_session: Session) -> list[str]:
    """A page of every kind, one decision of every outcome among them."""
    decisions = db_session.execute(select(Decision.outcome, Decision.id)).all()
    version = db_session.scalar(select(PolicyVersion.number))
    return [
        "/admin/",
        "/admin/customers/",
        "/admin/customers/?q=nobody+of+that+name",
        "/admin/customers/account?id=C-1001",
        "/admin/customers/account?id=C-1004",
        "/admin/decisions/?outcome=reject&from=nonsense",
        *(f"/admin/decisions/{decision}" for decision in dict(decisions).values()),
        *(f"/admin/decisions/{decision}?audience=customer" for decision in dict(decisions).values()),
        "/admin/policies/",
        f"/admin/policies/{version}",
    ]


def test_every_text_is_there_in_both_languages() -> None:
    for key, text in TEXTS.items():
        assert text.en, key
        assert text.zh, key
        assert not CHINESE.search(text.en), key
        assert set(re.findall(r"\{\w+\}", text.en)) == set(re.findall(r"\{\w+\}", text.zh)), key


def test_every_key_that_is_asked_for_exists_and_every_text_is_asked_for() -> None:
    asked = set(written_keys())
    by_enumeration = {f"{name}.{value}" for name, values in LABELLED.items() for value in values}
    by_enumeration |= {
        f"policy_status.{status}" for status in ("draft", "submitted", "approved", "published", "retired")
    }
    by_enumeration |= {f"group.{fact.group}" for fact in CATALOGUE.values()} | {"group.table", "group.flag"}
    by_enumeration |= {f"rule.{code}" for code in RESERVED_CODES}
    errors = {key for key in TEXTS if key.startswith("error.")}
    assert asked | by_enumeration | errors == set(TEXTS)


@pytest.mark.parametrize("enumeration", sorted(LABELLED))
def test_every_value_of_an_enumeration_has_a_word(enumeration: str) -> None:
    assert {f"{enumeration}.{value}" for value in LABELLED[enumeration]} <= set(TEXTS)


def test_a_chinese_page_has_no_english_words_of_ours(visitor: Callable[..., Visitor], paths: list[str]) -> None:
    reader = visitor(Role.ADMIN, language="zh")
    same = {"SHA-256", "{kind} {subject}"}
    english = {text.en for text in TEXTS.values()} | {fact.label.en for fact in CATALOGUE.values()}
    for path in [*paths, "/admin/no/such/page"]:
        page = reader.get(path).text
        assert '<html lang="zh-Hans">' in page
        assert Words(page).found & (english - same) == set(), path


def test_an_english_page_has_no_chinese_words_of_ours(visitor: Callable[..., Visitor], paths: list[str]) -> None:
    reader = visitor(Role.ADMIN, language="en")
    chinese = {text.zh for text in TEXTS.values()} | {fact.label.zh for fact in CATALOGUE.values()}
    chinese = {words for words in chinese if CHINESE.search(words)} - {"贸易"}
    for path in paths:
        page = reader.page(path)
        assert '<html lang="en">' in page
        assert Words(page).found & chinese == set(), path


@pytest.mark.parametrize(
    ("asked", "shown"),
    [("zh-CN,zh;q=0.9", "登录"), ("en-GB", "Sign in"), ("de,fr;q=0.5", "Sign in"), ("", "Sign in")],
)
def test_a_stranger_reads_what_the_browser_asks_for(app: Flask, asked: str, shown: str) -> None:
    assert f"<h1>{shown}</h1>" in Visitor(app.test_client(), asked).page("/admin/login")


def test_a_language_chosen_before_the_sign_in_is_kept_for_the_person(
    stranger: Visitor, make_user: Callable[..., str], db_session: Session
) -> None:
    ann = make_user(Role.SALES)
    assert stranger.post("/admin/language", language="zh", next="/admin/login").headers["Location"] == "/admin/login"
    assert "<h1>登录</h1>" in stranger.page("/admin/login")
    stranger.sign_in(ann)
    assert "总览" in stranger.page("/admin/")
    assert db_session.get_one(User, ann).language == "zh"


def test_a_language_chosen_once_counts_in_every_browser(
    app: Flask, stranger: Visitor, make_user: Callable[..., str]
) -> None:
    ann = make_user(Role.SALES)
    stranger.sign_in(ann)
    stranger.post("/admin/language", language="zh", next="/admin/customers/")
    elsewhere = Visitor(app.test_client(), "en")
    elsewhere.sign_in(ann)
    assert "客户" in elsewhere.page("/admin/customers/")


@pytest.mark.parametrize("language", ["de", "", "EN", "zh\0"])
def test_only_languages_of_the_panel_can_be_chosen(language: str, stranger: Visitor) -> None:
    assert stranger.post("/admin/language", language=language).status_code == 400
