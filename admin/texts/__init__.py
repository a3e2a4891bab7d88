"""Every word of the panel, in every language that people read: one module a screen."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from admin.texts import common, customers, decisions, home, policies, sign_in, words
from rules.texts import Text

TEXTS: Mapping[str, Text] = MappingProxyType(
    common.TEXTS | words.TEXTS | sign_in.TEXTS | home.TEXTS | customers.TEXTS | decisions.TEXTS | policies.TEXTS
)
"""Key to text. Placeholders are `{name}`, filled in by `admin.language.t`."""
