"""The titles of rules, as the policy version under which they fired had them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from admin.language import has_text, language, t

_TITLES = text("""
SELECT number, rule ->> 'code' AS code, rule -> 'title' AS title
FROM policy_versions, jsonb_array_elements(document -> 'rules') AS rule
WHERE number = ANY(:numbers)
""")


@dataclass(frozen=True, slots=True)
class RuleTitles:
    """Looks titles up by policy version and rule code."""

    titles: Mapping[tuple[int, str], str]

    def of(self, number: int | None, code: str) -> str:
        """The title; for a reason that the service gives by itself, the panel's words; else the code."""
        own = f"rule.{code}"
        if has_text(own):
            return t(own)
        return self.titles.get((number or 0, code), code)


def rule_titles(session: Session, numbers: Iterable[int | None]) -> RuleTitles:
    """The titles of all rules of these versions, in the language of the page."""
    wanted = sorted({number for number in numbers if number is not None})
    rows = session.execute(_TITLES, {"numbers": wanted})
    return RuleTitles({(row.number, row.code): title(row.title, row.code) for row in rows})


def title(written: Any, code: str) -> str:
    """A title as documents have it: one text, a text per language, or none."""
    if isinstance(written, dict):
        return str(written.get(language().value) or code)
    return str(written) if written else code
