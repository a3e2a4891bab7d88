"""Policies: the versions, and one version with its rules and its text. Nothing here changes one."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_admin.base import expose
from sqlalchemy import select
from sqlalchemy.orm import Session

from admin.context import db_session, moment
from admin.paging import AnyRow, Page, read_page
from admin.rule_titles import title
from admin.views import EVERYONE, SecureView
from policy_service.db.models import PolicyVersion
from policy_service.domain.permissions import Role
from policy_service.services.policies import number_in_force
from policy_service.services.policy_versions import show_version, shown_status

_DEFAULT_PRIORITY = 100
_HIGHEST = 999_999_999


class PoliciesView(SecureView):
    """Which rules are, were and will be in force."""

    roles = EVERYONE - {Role.SALES}

    @expose("/")
    def index(self) -> str:
        """The versions, the newest first."""
        session = db_session()
        page = _list(session, request.args.get("before", type=_number))
        return self.render("panel/policies.html", page=page, in_force=version_in_force(session))

    @expose(f"/<int(max={_HIGHEST}):number>")
    def version(self, number: int) -> str:
        """One version."""
        session = db_session()
        shown = show_version(session, number, moment().now)
        version = shown.version
        return self.render(
            "panel/policy.html",
            shown=shown,
            version=version,
            rules=[_rule(rule) for rule in version.document["rules"]],
            lines=version.source.splitlines(),
            in_force=version_in_force(session),
        )


def version_in_force(session: Session) -> int | None:
    """The number of the version in force now, without compiling it."""
    return number_in_force(session, moment().now)


def _number(text: str) -> int:
    """A version's number. Raises ValueError for what cannot be one."""
    number = int(text)
    if not 0 <= number <= _HIGHEST:
        raise ValueError(text)
    return number


def _list(session: Session, before: int | None) -> Page[AnyRow]:
    window = select(
        PolicyVersion.number,
        PolicyVersion.name,
        shown_status(moment().now).label("status"),
        PolicyVersion.content_hash,
        PolicyVersion.published_by,
        PolicyVersion.published_at,
        PolicyVersion.effective_at,
        PolicyVersion.four_eyes,
        PolicyVersion.note,
    ).order_by(PolicyVersion.number.desc())
    if before is not None:
        window = window.where(PolicyVersion.number < before)
    return read_page(session, select(PolicyVersion.number), window, lambda row: row.number)


def _rule(rule: dict[str, Any]) -> dict[str, Any]:
    return {
        "code": rule["code"],
        "title": title(rule.get("title"), rule["code"]),
        "effects": list(dict.fromkeys(effect["effect"] for effect in rule["then"])),
        "applies_to": rule.get("applies_to") or ["order", "quote"],
        "priority": rule.get("priority", _DEFAULT_PRIORITY),
        "enabled": rule.get("enabled", True),
    }
