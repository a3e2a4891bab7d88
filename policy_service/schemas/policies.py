"""Policies as they are written, and what is said at each step of their life."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from marshmallow import ValidationError, validates_schema
from marshmallow.exceptions import SCHEMA

from policy_service.schemas.base import DocumentSchema
from policy_service.schemas.faults import message
from policy_service.schemas.fields import Instant, LongText, Tree, Whole, Words
from rules.texts import Text

_LONGEST_NOTE = 2000


def _note(*, required: bool = False) -> Words:
    about = Text("Why; kept with the step", "原因；随该步骤保存")
    return Words(about, longest=_LONGEST_NOTE, lines=True, required=required)


@dataclass(frozen=True, slots=True)
class PolicyText:
    """A policy as a tree or as text, or the number of a version whose content is taken over."""

    source: str | None = None
    document: Mapping[str, Any] | None = None
    based_on: int | None = None
    note: str | None = None


class PolicyEditSchema(DocumentSchema[PolicyText]):
    """A policy that takes the place of what a draft said."""

    makes = PolicyText
    ways: ClassVar[tuple[str, ...]] = ("document", "source")

    document = Tree(Text("The policy document as JSON", "JSON 形式的政策文档"))
    source = LongText(Text("The policy document as YAML or JSON text", "YAML 或 JSON 文本形式的政策文档"))
    note = _note()

    @validates_schema(skip_on_field_errors=True)
    def _one_way(self, document: dict[str, Any], **_: Any) -> None:
        if sum(document[name] is not None for name in self.ways) != 1:
            raise ValidationError({SCHEMA: [message("exactly_one", names=", ".join(self.ways))]})


class PolicyDraftSchema(PolicyEditSchema):
    """A new draft of a policy."""

    ways = ("document", "source", "based_on")

    based_on = Whole(
        Text("The version to go back to: its content is the draft", "要恢复的版本：其内容即为草稿"),
        lowest=1,
        highest=999_999_999,
    )


@dataclass(frozen=True, slots=True)
class Remark:
    """What is said with a step."""

    note: str | None = None


class RemarkSchema(DocumentSchema[Remark]):
    """What is said with a step."""

    makes = Remark

    note = _note()


class RejectionSchema(DocumentSchema[Remark]):
    """Why a policy is given back to its makers."""

    makes = Remark

    note = _note(required=True)


@dataclass(frozen=True, slots=True)
class Publication:
    """From when a policy is in force; None: from now."""

    effective_at: datetime | None = None


class PublicationSchema(DocumentSchema[Publication]):
    """From when a policy is in force."""

    makes = Publication

    effective_at = Instant(Text("From when it is in force; left out, from now", "生效时间；不填则立即生效"))


POLICY_DRAFT = PolicyDraftSchema()
POLICY_EDIT = PolicyEditSchema()
REMARK = RemarkSchema()
REJECTION = RejectionSchema()
PUBLICATION = PublicationSchema()
