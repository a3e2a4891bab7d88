"""The life of a policy version: written, submitted, approved or rejected, published, retired."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema

from api.auth import Access, needs
from api.blueprint import ApiBlueprint
from api.context import Call
from api.operations import Body, Operation
from api.policies import READERS, version_document
from api.queries import OPTIONAL, Digits
from api.replies import Answer
from api.schemas.policies import (
    CasesSchema,
    DraftAnswerSchema,
    PolicyDiffSchema,
    PolicyVersionSchema,
    SubmittedVersionSchema,
)
from policy_service.domain.permissions import Scope
from policy_service.schemas.base import DocumentSchema
from policy_service.schemas.policies import (
    POLICY_DRAFT,
    POLICY_EDIT,
    PUBLICATION,
    REJECTION,
    REMARK,
    PolicyText,
    Publication,
    Remark,
)
from policy_service.services.policies import number_in_force
from policy_service.services.policy_diffs import diff_to_version_in_force, diff_versions
from policy_service.services.policy_drafts import (
    Written,
    create_draft,
    edit_draft,
    written_before,
    written_document,
    written_source,
)
from policy_service.services.policy_life import approve, publish, reject, retire, run_cases_of, submit
from policy_service.services.policy_versions import show_version
from rules.lint import lint
from rules.texts import Text

blueprint = ApiBlueprint("policy-life", Text("The life of a policy version", "政策版本的生命周期"))

_MAKERS = needs(Scope.POLICY_WRITE)
_CHECKERS = needs(Scope.POLICY_APPROVE)
_PUBLISHERS = needs(Scope.POLICY_WRITE, Scope.POLICY_APPROVE)
_VERSION = "/v1/policy-versions/<number:version>"


@dataclass(frozen=True, slots=True)
class DiffQuery:
    """The version to compare with; None: the one in force."""

    against: int | None = None


class DiffQuerySchema(DocumentSchema[DiffQuery]):
    """The query of a comparison."""

    makes = DiffQuery

    against = Digits(
        Text("The version to compare with; left out, the one in force", "对比的版本；不填则为生效版本"),
        lowest=1,
        highest=999_999_999,
        **OPTIONAL,
    )


def _step(
    summary: Text,
    access: Access = _PUBLISHERS,
    body: Body[Any] | None = None,
    answer: type[Schema] = PolicyVersionSchema,
) -> Operation:
    return Operation("POST", access, summary, {200: answer}, body, errors=(404, 409))


@blueprint.serve(
    Operation(
        "POST",
        _MAKERS,
        Text("Begin a policy version, or go back to an old one", "新建政策版本，或恢复旧版本"),
        {201: DraftAnswerSchema},
        Body(POLICY_DRAFT),
        errors=(404,),
    ),
    "/v1/policy-versions",
)
def begin(call: Call[PolicyText]) -> Answer:
    """A draft; what does not load is refused, lint errors alone are told."""
    sent = call.sent
    written = _written(call)
    version = create_draft(call.session, call.actor, written, sent.note, call.moment.now, sent.based_on)
    return Answer(_linted(call, version.number, written), 201)


@blueprint.serve(
    Operation(
        "PUT",
        _MAKERS,
        Text("Write over a draft; whoever does is one of its makers", "改写草稿；改写者即为编制人之一"),
        {200: DraftAnswerSchema},
        Body(POLICY_EDIT),
        errors=(404, 409),
    ),
    _VERSION,
)
def edit(call: Call[PolicyText], version: int) -> Answer:
    """A draft with another content."""
    written = _written(call)
    edit_draft(call.session, call.actor, version, written, call.sent.note, call.moment.now)
    return Answer(_linted(call, version, written))


@blueprint.serve(
    _step(
        Text("Submit a draft: without errors, all cases passing", "提交草稿：须无错误且用例全部通过"),
        _MAKERS,
        answer=SubmittedVersionSchema,
    ),
    f"{_VERSION}/submit",
)
def submit_version(call: Call[None], version: int) -> Answer:
    """Hand a draft over for approval; told with what changes against the policy in force."""
    submit(call.session, call.actor, version, call.moment.now)
    return Answer({**_shown(call, version), "diff": _diff_document(call, version)})


@blueprint.serve(
    _step(
        Text("Approve a submitted version: by a person who wrote none of it", "复核：须由未参与编制的人"),
        _CHECKERS,
        Body(REMARK, required=False),
    ),
    f"{_VERSION}/approve",
)
def approve_version(call: Call[Remark], version: int) -> Answer:
    """Approve the content as it stands."""
    approve(call.session, call.actor, version, call.sent.note, call.moment.now)
    return Answer(_shown(call, version))


@blueprint.serve(
    _step(Text("Reject a submitted version: it is a draft again", "退回：恢复为草稿"), _CHECKERS, Body(REJECTION)),
    f"{_VERSION}/reject",
)
def reject_version(call: Call[Remark], version: int) -> Answer:
    """Give a version back to its makers."""
    reject(call.session, call.actor, version, str(call.sent.note), call.moment.now)
    return Answer(_shown(call, version))


@blueprint.serve(
    _step(
        Text("Publish an approved version, now or for later", "发布已复核的版本，立即或定时"),
        body=Body(PUBLICATION, required=False),
    ),
    f"{_VERSION}/publish",
)
def publish_version(call: Call[Publication], version: int) -> Answer:
    """Put a version in force; every worker sees it at its next check."""
    publish(call.session, call.actor, version, call.sent.effective_at, call.moment.now)
    return Answer(_shown(call, version))


@blueprint.serve(
    _step(Text("Give up an approved version, or a published one before its time", "放弃已复核或尚未生效的版本")),
    f"{_VERSION}/retire",
)
def retire_version(call: Call[None], version: int) -> Answer:
    """A version that never takes effect."""
    retire(call.session, call.actor, version, call.moment.now)
    return Answer(_shown(call, version))


@blueprint.serve(_step(Text("Run the cases of a version", "运行版本的用例"), answer=CasesSchema), f"{_VERSION}/test")
def test_version(call: Call[None], version: int) -> Answer:
    """How every case goes."""
    results = run_cases_of(call.session, version)
    passed = sum(result.passed for result in results)
    cases = [result.as_document(call.language) for result in results]
    return Answer({"passed": passed, "failed": len(results) - passed, "cases": cases})


@blueprint.serve(
    Operation(
        "GET",
        READERS,
        Text("Compare two versions by what they mean", "按含义比较两个版本"),
        {200: PolicyDiffSchema},
        query=DiffQuerySchema(),
        errors=(404,),
    ),
    f"{_VERSION}/diff",
)
def compare(call: Call[DiffQuery], version: int) -> Answer:
    """What changed, in words, and whether checks come out stricter or milder for it."""
    if call.sent.against is None:
        found = diff_to_version_in_force(call.session, version, call.moment.now)
    else:
        found = diff_versions(call.session, version, call.sent.against)
    return Answer(found.as_document(call.language))


def _written(call: Call[PolicyText]) -> Written:
    sent = call.sent
    if sent.source is not None:
        return written_source(sent.source)
    if sent.based_on is not None:
        return written_before(call.session, sent.based_on)
    return written_document(sent.document)


def _linted(call: Call[Any], version: int, written: Written) -> Mapping[str, Any]:
    findings = [finding.as_document(call.language) for finding in lint(written.policy)]
    return {**_shown(call, version), "lint": findings}


def _shown(call: Call[Any], version: int) -> dict[str, Any]:
    return version_document(show_version(call.session, version, call.moment.now))


def _diff_document(call: Call[Any], version: int) -> dict[str, Any] | None:
    """Null for the first policy of all."""
    if number_in_force(call.session, call.moment.now) is None:
        return None
    return diff_to_version_in_force(call.session, version, call.moment.now).as_document(call.language)
