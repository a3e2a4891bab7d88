"""The versions of the policy, and the text of one."""

from __future__ import annotations

import re
from html import unescape

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from admin import paging
from policy_service.db.models import PolicyVersion
from policy_service.domain.actors import Actor
from policy_service.domain.days import Moment
from policy_service.domain.permissions import Role
from policy_service.services.policies import publish_in_one_step
from tests.admin.conftest import Visitor
from tests.policies import ADVANCE, LIMIT_ONLY

MEI = Actor(user="mei", role=Role.ADMIN)


@pytest.fixture
def versions(db_session: Session, moment: Moment) -> list[int]:
    """Two more versions after that of the sample, the newest first; the last is in force."""
    for source in (LIMIT_ONLY, ADVANCE):
        publish_in_one_step(db_session, MEI, source, None, moment.now)
    db_session.commit()
    return list(db_session.scalars(select(PolicyVersion.number).order_by(PolicyVersion.number.desc())))


def listed(page: str) -> list[int]:
    """The numbers in a list."""
    return [int(number) for number in re.findall(r'class="row-link" href="/admin/policies/(\d+)"', page)]


def test_the_list_says_which_version_is_in_force(controller: Visitor, versions: list[int]) -> None:
    page = controller.page("/admin/policies/")
    assert listed(page) == versions
    rows = page.split("<tr>")[2:]
    assert ["In force" in rows[0], "Retired" in rows[1], "Retired" in rows[2]] == [True, True, True]
    assert page.count("badge in-force") == 1


def test_the_versions_come_in_pages(
    controller: Visitor, versions: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "PAGE_SIZE", 2)
    assert listed(controller.page("/admin/policies/")) == versions[:2]
    assert listed(controller.page(f"/admin/policies/?before={versions[1]}")) == versions[2:]


@pytest.mark.parametrize("before", ["x", "-1", "9" * 30, "1.5"])
def test_a_cursor_that_makes_no_sense_begins_at_the_first_page(before: str, controller: Visitor) -> None:
    assert len(listed(controller.page(f"/admin/policies/?before={before}"))) == 1


def test_a_version_shows_its_text_line_by_line_as_it_was_written(controller: Visitor, versions: list[int]) -> None:
    page = controller.page(f"/admin/policies/{versions[0]}")
    lines = re.findall(r'<span class="line" id="L(\d+)">(.*?)\n</span>', page)
    assert [int(number) for number, _ in lines] == list(range(1, len(lines) + 1))
    assert [unescape(line) for _, line in lines] == ADVANCE.splitlines()
    assert "Half in advance" in page
    assert "published in one step by one person" in page
    assert "<textarea" not in page


@pytest.mark.parametrize("number", ["0", "999999999", "9999999999999999999999", "-1", "x"])
def test_a_version_that_does_not_exist_is_not_found(number: str, controller: Visitor) -> None:
    assert controller.get(f"/admin/policies/{number}").status_code == 404
