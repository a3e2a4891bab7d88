"""Who may release held orders: limits of amount, two persons, and authority that is lent."""

from __future__ import annotations

from typing import Any

from api.auth import needs
from api.blueprint import ApiBlueprint
from api.context import Call
from api.holds import READERS, WORKERS
from api.operations import Body, Operation
from api.queries import NumberedPage, NumberedPageSchema, page_of
from api.replies import Answer
from api.schemas.holds import DelegationListSchema, ReleaseAuthoritiesSchema, StoredDelegationSchema
from policy_service.db.models import Delegation
from policy_service.domain.days import rfc3339
from policy_service.domain.errors import Invalid, NotFound
from policy_service.domain.holds import DelegationDocument
from policy_service.domain.money import money_text
from policy_service.domain.outcomes import Authority
from policy_service.domain.permissions import Scope
from policy_service.schemas.holds import DELEGATION, RELEASE_LIMIT, ReleaseLimit
from policy_service.services.authority import release_limits, set_dual_release, set_release_limit
from policy_service.services.delegations import delegate_authority, list_delegations, revoke_delegation
from rules.texts import Text

blueprint = ApiBlueprint("release authority", Text("Who may release held orders", "放行权限"))

_SETTERS = needs(Scope.ADMIN)


@blueprint.serve(
    Operation(
        "GET",
        needs(*READERS.scopes, Scope.ADMIN),
        Text("Read who may release what", "读取放行权限"),
        {200: ReleaseAuthoritiesSchema},
    ),
    "/v1/release-authorities",
)
def release_authorities(call: Call[None]) -> Answer:
    """The limits in force."""
    return Answer(_limits(call))


@blueprint.serve(
    Operation(
        "PUT",
        _SETTERS,
        Text("Set the largest order that an authority releases", "设定该权限可放行的最大订单"),
        {200: ReleaseAuthoritiesSchema},
        Body(RELEASE_LIMIT),
        errors=(404,),
    ),
    "/v1/release-authorities/<id:authority>",
)
def write_release_authority(call: Call[ReleaseLimit], authority: str) -> Answer:
    """Limit an authority, or lift its limit."""
    base_currency = _base_currency(call)
    if authority not in set(Authority):
        raise NotFound(f"There is no authority {authority!r}; there are {', '.join(Authority)}.")
    changed = Authority(authority)
    set_release_limit(call.session, call.actor, changed, call.sent.amount, base_currency, call.moment.now)
    return Answer(_limits(call))


@blueprint.serve(
    Operation(
        "PUT",
        _SETTERS,
        Text("Set above what two persons release", "设定须两人放行的金额"),
        {200: ReleaseAuthoritiesSchema},
        Body(RELEASE_LIMIT),
    ),
    "/v1/dual-release",
)
def write_dual_release(call: Call[ReleaseLimit]) -> Answer:
    """Ask for two persons above an amount, or never."""
    set_dual_release(call.session, call.actor, call.sent.amount, _base_currency(call), call.moment.now)
    return Answer(_limits(call))


@blueprint.serve(
    Operation(
        "GET",
        READERS,
        Text("List authority that was lent, the oldest first", "列出授权，最早在前"),
        {200: DelegationListSchema},
        query=NumberedPageSchema(),
    ),
    "/v1/delegations",
)
def delegations(call: Call[NumberedPage]) -> Answer:
    """Delegations, those that were withdrawn too."""
    asked = call.sent
    found = list_delegations(call.session, limit=asked.limit + 1, after=asked.cursor)
    return Answer(page_of(found, asked.limit, _delegation, lambda each: str(each.id)))


@blueprint.serve(
    Operation(
        "POST",
        WORKERS,
        Text("Lend your own authority to another person for some days", "将本人的放行权限授予他人若干天"),
        {201: StoredDelegationSchema},
        Body(DELEGATION),
    ),
    "/v1/delegations",
)
def delegate(call: Call[DelegationDocument]) -> Answer:
    """Lend authority."""
    return Answer(_delegation(delegate_authority(call.session, call.actor, call.sent, call.moment)), 201)


@blueprint.serve(
    Operation(
        "POST",
        needs(Scope.HOLDS, Scope.ADMIN),
        Text("Withdraw authority that was lent", "撤回授权"),
        {200: StoredDelegationSchema},
        errors=(404,),
    ),
    "/v1/delegations/<number:delegation_id>/revoke",
)
def withdraw(call: Call[None], delegation_id: int) -> Answer:
    """End a delegation at once."""
    return Answer(_delegation(revoke_delegation(call.session, call.actor, delegation_id, call.moment)))


def _base_currency(call: Call[ReleaseLimit]) -> str:
    """Limits are in the base currency, which is said beside each, so that nobody mistakes it."""
    base_currency = call.config.base_currency
    if call.sent.currency != base_currency:
        raise Invalid.field("/currency", f"must be the base currency, {base_currency}")
    return base_currency


def _limits(call: Call[Any]) -> dict[str, Any]:
    limits, currency = release_limits(call.session), call.config.base_currency
    return {
        "currency": currency,
        "authorities": [
            {"authority": authority.value, "amount": None if largest is None else money_text(largest, currency)}
            for authority, largest in limits.largest.items()
        ],
        "dual_release_above": None
        if limits.dual_release_above is None
        else money_text(limits.dual_release_above, currency),
    }


def _delegation(delegation: Delegation) -> dict[str, Any]:
    return {
        "id": delegation.id,
        "delegator": delegation.delegator,
        "delegate": delegation.delegate,
        "from": delegation.from_day.isoformat(),
        "to": delegation.to_day.isoformat(),
        "note": delegation.note,
        "created_at": rfc3339(delegation.created_at),
        "revoked_at": rfc3339(delegation.revoked_at) if delegation.revoked_at else None,
        "revoked_by": delegation.revoked_by,
    }
