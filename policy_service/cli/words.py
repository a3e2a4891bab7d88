"""Words that more than one command prints."""

from __future__ import annotations

from collections.abc import Mapping

from policy_service.domain.outcomes import Outcome
from rules.texts import Text

OUTCOMES: Mapping[Outcome, Text] = {
    Outcome.APPROVE: Text("approve", "批准"),
    Outcome.APPROVE_WITH_CONDITIONS: Text("approve with conditions", "有条件批准"),
    Outcome.HOLD: Text("hold", "暂停"),
    Outcome.REJECT: Text("reject", "拒绝"),
}
