"""What is said of held orders, and of who may release them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from policy_service.domain.holds import DelegationDocument
from policy_service.schemas.base import DocumentSchema
from policy_service.schemas.fields import CurrencyCode, Day, Id, Money, Words
from rules.texts import Text

_LONGEST_NOTE = 2000


@dataclass(frozen=True, slots=True)
class Note:
    """Why a hold is released or rejected."""

    note: str


@dataclass(frozen=True, slots=True)
class ReleaseLimit:
    """An amount up to which, or above which, something holds, in the base currency; None: there is no such limit."""

    amount: Decimal | None
    currency: str


class NoteSchema(DocumentSchema[Note]):
    """A release or a rejection."""

    makes = Note

    note = Words(
        Text("Why; kept with the decision", "原因；随决定保存"), longest=_LONGEST_NOTE, lines=True, required=True
    )


class ReleaseLimitSchema(DocumentSchema[ReleaseLimit]):
    """A limit on releases."""

    makes = ReleaseLimit

    amount = Money(Text("The amount; null: no limit", "金额；null 为不限"), required=True, allow_none=True)
    currency = CurrencyCode(Text("The base currency", "本位币"), required=True)


class DelegationSchema(DocumentSchema[DelegationDocument]):
    """A delegation of the caller's own authority."""

    makes = DelegationDocument

    delegate = Id(Text("The user who releases meanwhile", "代行放行的用户"), required=True)
    from_day = Day(Text("First business day", "首个业务日"), data_key="from", required=True)
    to_day = Day(Text("Last business day", "末个业务日"), data_key="to", required=True)
    note = Words(Text("Why", "原因"), longest=_LONGEST_NOTE, lines=True)


NOTE = NoteSchema()
RELEASE_LIMIT = ReleaseLimitSchema()
DELEGATION = DelegationSchema()
