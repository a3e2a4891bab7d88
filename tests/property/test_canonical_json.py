"""Our canonical JSON against the reference implementation of RFC 8785, on what a record may hold."""

from __future__ import annotations

from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from policy_service.domain.canonical import canonical_json

_NAMES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=12)
_LEAVES = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=20)
_DOCUMENTS = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_NAMES, inner, max_size=4), max_leaves=20
)


@given(_DOCUMENTS)
def test_a_record_has_the_bytes_of_rfc_8785(document: Any) -> None:
    assert canonical_json(document).encode() == rfc8785.dumps(document)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_what_json_cannot_say_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical_json({"value": number})
