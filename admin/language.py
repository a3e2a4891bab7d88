"""The language of a page: what the person chose, else what the browser asks for."""

from __future__ import annotations

from typing import cast

from flask import g, request, session

from admin.people import person
from admin.texts import TEXTS
from rules.texts import Language

LANG_ATTRIBUTE = {Language.EN: "en", Language.ZH: "zh-Hans"}
OWN_NAME = {Language.EN: "English", Language.ZH: "中文"}
_CHOICE = "language"


def language() -> Language:
    """The language of this request."""
    if "admin_language" not in g:
        g.admin_language = _stored_choice() or _of_the_browser()
    return cast(Language, g.admin_language)


def t(key: str, /, **values: object) -> str:
    """The text of `key`, with `values` in its placeholders. Raises KeyError for a key that does not exist."""
    return TEXTS[key].in_language(language()).format(**values)


def has_text(key: str) -> bool:
    """Whether the panel has a text under `key`."""
    return key in TEXTS


def choice() -> Language | None:
    """What was chosen in this browser before anyone signed in."""
    chosen = session.get(_CHOICE)
    return Language(chosen) if chosen in set(Language) else None


def choose(chosen: Language) -> None:
    """Show every page from now on in `chosen`."""
    session[_CHOICE] = chosen.value
    g.admin_language = chosen


def fall_back_to_browser() -> None:
    """Ask neither database nor session: for the page that says that something broke."""
    g.admin_language = _of_the_browser()


def _stored_choice() -> Language | None:
    someone = person()
    return (someone.language if someone else None) or choice()


def _of_the_browser() -> Language:
    return Language(request.accept_languages.best_match([each.value for each in Language], Language.EN.value))
