"""The YAML text of a policy that came as a tree: what its author reads, and what is kept as its source."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import yaml

from rules.document import Policy, load_policy
from rules.findings import PolicyError

_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Dumper(_DUMPER):  # type: ignore[misc, valid-type]
    """Writes every node out: anchors and aliases are refused by the loader."""

    def ignore_aliases(self, _data: object) -> bool:
        """No aliases."""
        return True


def source_of(policy: Policy) -> str:
    """A text of the policy that loads to the same content: YAML, or JSON where YAML would read it otherwise."""
    text = _yaml(policy.tree)
    return text if _loads_to(text, policy.content_hash) else _json(policy.tree)


def _yaml(tree: Mapping[str, Any]) -> str:
    text: str = yaml.dump(dict(tree), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=118)
    return text


def _json(tree: Mapping[str, Any]) -> str:
    return json.dumps(tree, ensure_ascii=False, separators=(",", ":"))


def _loads_to(text: str, content_hash: str) -> bool:
    """YAML 1.1, which is written, and the core schema of 1.2, which is read, differ: `1e3` is a text to the one."""
    try:
        return load_policy(text).content_hash == content_hash
    except PolicyError:
        return False
