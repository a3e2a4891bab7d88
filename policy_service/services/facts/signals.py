"""Facts from field reports in force."""

from __future__ import annotations

from typing import Any

from policy_service.services.facts.exposure import Rows


def signal_facts(rows: Rows) -> dict[str, Any]:
    """The `signals.` facts; a category without a report in force is missing."""
    return {
        "signals.active_count": sum(row["reports"] for row in rows),
        "signals.worst_severity": max((row["worst"] for row in rows), default=None),
        "signals.score": sum(row["score"] for row in rows),
        **{f"signals.{row['category']}": row["worst"] for row in rows},
    }
