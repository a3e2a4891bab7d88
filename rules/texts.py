"""Texts in the languages that people read: English and Chinese."""

from __future__ import annotations

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
