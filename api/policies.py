"""The catalogue of facts, and policy versions as they are read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from api.auth import needs
from api.blueprint import ApiBlueprint
from api.context import Call
from api.operations import Operation
from api.queries import Page, PageSchema, page_of
from api.replies import Answer
from api.schemas.policies import CatalogueSchema, PolicyVersionListSchema, PolicyVersionSchema
from policy_service.domain.days import rfc3339
from policy_service.domain.errors import NoActivePolicy, PolicyVersionNotFound
from policy_service.domain.permissions import Scope
from policy_service.schemas import refusal
from policy_service.services.policies import active_policy
from policy_service.services.policy_versions import ShownVersion, list_versions, show_version
from rules.catalogue import CATALOGUE, Fact
from rules.texts import Text

blueprint = ApiBlueprint("policies", Text("The catalogue of facts, and policies", "事实目录与政策"))

READERS = needs(Scope.DATA_READ, Scope.POLICY_WRITE, Scope.POLICY_APPROVE, Scope.AUDIT_READ)


@blueprint.serve(
    Operation(
        "GET",
        needs(*READERS.scopes, Scope.CHECK),
        Text("Read the catalogue of facts", "读取事实目录"),
        {200: CatalogueSchema},
    ),
    "/v1/facts",
)
def catalogue(_call: Call[None]) -> Answer:
    """Every fact that a policy may read, in both languages."""
    return Answer({"items": [_fact(fact) for fact in CATALOGUE.values()], "next_cursor": None})


@blueprint.serve(
    Operation(
        "GET",
        READERS,
        Text("List policy versions, the newest first", "列出政策版本，最新在前"),
        {200: PolicyVersionListSchema},
        query=PageSchema(),
    ),
    "/v1/policy-versions",
)
def policy_versions(call: Call[Page]) -> Answer:
    """All versions, without their texts."""
    before = _number(call.sent.cursor)
    found = list_versions(call.session, call.moment.now, limit=call.sent.limit + 1, before=before)
    return Answer(page_of(found, call.sent.limit, _summary, lambda shown: str(shown.version.number)))


@blueprint.serve(
    Operation(
        "GET",
        READERS,
        Text("Read the policy that is in force", "读取生效的政策"),
        {200: PolicyVersionSchema},
        errors=(404,),
    ),
    "/v1/policy-versions/active",
)
def policy_in_force(call: Call[None]) -> Answer:
    """The version in force now."""
    try:
        number = active_policy(call.session, call.moment.now).number
    except NoActivePolicy as error:
        raise PolicyVersionNotFound(error.message) from None
    return Answer(version_document(show_version(call.session, number, call.moment.now)))


@blueprint.serve(
    Operation(
        "GET",
        READERS,
        Text("Read a policy version", "读取政策版本"),
        {200: PolicyVersionSchema},
        errors=(404,),
    ),
    "/v1/policy-versions/<number:version>",
)
def policy_version(call: Call[None], version: int) -> Answer:
    """One version, with its text."""
    return Answer(version_document(show_version(call.session, version, call.moment.now)))


def _number(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 10):
        raise refusal("/cursor", "cursor")
    return int(cursor)


def _fact(fact: Fact) -> dict[str, Any]:
    return {
        "name": fact.name,
        "group": fact.group,
        "type": fact.type,
        "currency": fact.currency,
        "label": {"en": fact.label.en, "zh": fact.label.zh},
        "meaning": {"en": fact.meaning.en, "zh": fact.meaning.zh},
        "can_be_missing": fact.can_be_missing,
        "choices": list(fact.choices),
    }


def _summary(shown: ShownVersion) -> dict[str, Any]:
    version = shown.version
    return {
        "version": version.number,
        "name": version.name,
        "status": shown.status,
        "content_hash": version.content_hash,
        "note": version.note,
        "makers": version.makers,
        "created_by": version.created_by,
        "created_at": rfc3339(version.created_at),
        "submitted_by": version.submitted_by,
        "submitted_at": _instant(version.submitted_at),
        "approved_by": version.approved_by,
        "approved_at": _instant(version.approved_at),
        "published_by": version.published_by,
        "published_at": _instant(version.published_at),
        "effective_at": _instant(version.effective_at),
        "retired_at": _instant(shown.retired_at),
        "four_eyes": version.four_eyes,
    }


def version_document(shown: ShownVersion) -> dict[str, Any]:
    """A version with its text, as every answer about it has it."""
    return {**_summary(shown), "source": shown.version.source, "document": shown.version.document}


def _instant(instant: datetime | None) -> str | None:
    return rfc3339(instant) if instant else None
