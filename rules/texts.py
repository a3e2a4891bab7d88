"""Texts in the languages that people read: English and Chinese."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Language(StrEnum):
    """The languages of the service."""

    EN = "en"
    ZH = "zh"


@dataclass(frozen=True, slots=True)
class Text:
    """One text in every language."""

    en: str
    zh: str

    def in_language(self, language: Language) -> str:
        """The text in `language`."""
        return self.zh if language is Language.ZH else self.en

    @classmethod
    def same(cls, text: str) -> Text:
        """A text that is written only once, for all languages."""
        return cls(text, text)


class LaterText(Text):
    """A text that is put together when somebody first reads it: most verdicts of a search are never read."""

    __slots__ = ("_made", "_make")

    _make: Callable[[], Text]
    _made: Text | None

    def __init__(self, make: Callable[[], Text]) -> None:
        object.__setattr__(self, "_make", make)
        object.__setattr__(self, "_made", None)

    def put_together(self) -> Text:
        """The text; it is put together once."""
        made = self._made or self._make()
        object.__setattr__(self, "_made", made)
        return made

    @property
    def en(self) -> str:
        """In English."""
        return self.put_together().en

    @property
    def zh(self) -> str:
        """In Chinese."""
        return self.put_together().zh

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Text) and (self.en, self.zh) == (other.en, other.zh)

    def __hash__(self) -> int:
        return hash((self.en, self.zh))

    def __repr__(self) -> str:
        return repr(self.put_together())
