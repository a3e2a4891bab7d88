"""The list of decisions, and one decision with every reason and its arithmetic."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from admin import paging
from policy_service.db.models import Decision
from policy_service.domain.actors import SYSTEM
from policy_service.domain.days import Moment
from policy_service.domain.documents import CheckRequest
from policy_service.domain.outcomes import CheckKind
from policy_service.domain.permissions import Role
from policy_service.services import checks
from policy_service.services.checks import check
from tests.admin.conftest import Visitor, words

ALL = [f"SO-{number}" for number in range(2052, 2040, -1)]


def subjects(page: str) -> list[str]:
    """The orders and quotes in a list."""
    return re.findall(r'class="row-link" href="/admin/decisions/[^"]*">([^<]*)<', page)


def decision_of(session: Session, subject_id: str) -> Decision:
    """The decision on an order of the sample."""
    return session.scalars(select(Decision).where(Decision.subject_id == subject_id)).one()


def decide(session: Session, moment: Moment, subject_id: str) -> str:
    """One more decision; its id."""
    request = CheckRequest(CheckKind.ORDER, subject_id, "C-1002", Decimal(100), "CNY", 30)
    record = check(session, SYSTEM, request, moment, "CNY")
    session.commit()
    return str(record["decision_id"])


def copy_of(session: Session, decision: Decision, record: dict[str, Any]) -> str:
    """A decision like another with a record of its own; its id."""
    columns = {column.name: getattr(decision, column.name) for column in Decision.__table__.columns}
    columns |= {"id": str(uuid.uuid4()), "record": json.dumps(record)}
    session.add(Decision(**columns))
    session.commit()
    return str(columns["id"])


def test_the_newest_come_first(controller: Visitor) -> None:
    assert subjects(controller.page("/admin/decisions/")) == ALL


def test_a_row_says_what_was_decided_and_by_which_rules(controller: Visitor) -> None:
    row = next(row for row in controller.page("/admin/decisions/").split("<tr>") if ">SO-2044<" in row)
    assert words(row).startswith(
        "2026-11-23 10:27 SO-2044 广州南方化工有限公司 35,000.00 CNY Rejected "
        "Overdue customers cannot order · Customer under watch +2 Version "
    )


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("outcome=reject", ["SO-2047", "SO-2044"]),
        ("kind=quote", ["SO-2045"]),
        ("customer_id=C-1001", ["SO-2042", "SO-2041"]),
        ("subject_id=SO-2050", ["SO-2050"]),
        ("customer_id=C-1001&outcome=approve", ["SO-2041"]),
        ("from=2026-11-23&to=2026-11-23", ALL),
        ("from=2026-11-24", []),
        ("to=2026-11-22", []),
        ("subject_id=SO-205", []),
    ],
)
def test_filters_narrow_the_list(query: str, expected: list[str], controller: Visitor) -> None:
    assert subjects(controller.page(f"/admin/decisions/?{query}")) == expected


def test_a_day_begins_at_midnight_of_the_business_timezone(
    controller: Visitor, db_session: Session, moment: Moment
) -> None:
    midnight = moment.now.replace(hour=16)  # UTC, which is the 24th in Shanghai
    for name, now in (("BEFORE", midnight - timedelta(milliseconds=1)), ("AFTER", midnight)):
        decide(db_session, Moment(now, moment.day), name)
    assert subjects(controller.page("/admin/decisions/?from=2026-11-24")) == ["AFTER"]
    assert subjects(controller.page("/admin/decisions/?to=2026-11-23"))[0] == "BEFORE"


@pytest.mark.parametrize("day", ["yesterday", "2026-13-01", "0001-01-01", "9999-12-31", "20261123x"])
def test_a_date_that_makes_no_sense_is_said_and_left_out(day: str, controller: Visitor) -> None:
    page = controller.page(f"/admin/decisions/?from={day}&to={day}")
    assert "Not understood and left out: From, To." in page
    assert subjects(page) == ALL


def test_pages_follow_each_other_and_keep_the_filters(controller: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "PAGE_SIZE", 5)
    path, seen = "/admin/decisions/?kind=order", []
    while path:
        page = controller.page(path)
        seen.append(subjects(page))
        following = re.search(r'rel="next" href="([^"]+)"', page)
        path = unescape(following[1]) if following else ""
    assert [len(each) for each in seen] == [5, 5, 1]
    assert [name for page in seen for name in page] == [name for name in ALL if name != "SO-2045"]
    assert 'href="/admin/decisions/?kind=order">First page' in page


def test_every_reason_comes_with_its_arithmetic(controller: Visitor, db_session: Session) -> None:
    page = words(controller.page(f"/admin/decisions/{decision_of(db_session, 'SO-2044').id}"))
    assert (
        "Reject Overdue customers cannot order OVERDUE_BLOCK CNY 46,800.50 is overdue, the oldest for 25 days" in page
    )
    assert "Undisputed overdue CNY 46,800.50 is more than CNY 100.00 yes" in page
    assert "Hold Customer under watch CUSTOMER_WATCH" in page
    assert "Status Watch is Watch yes" in page
    assert "Granted on credit nothing" in page
    exempted = words(controller.page(f"/admin/decisions/{decision_of(db_session, 'SO-2042').id}"))
    assert re.search(r"any of Spike ratio [0-9.]+% is more than 300% yes", exempted)


def test_the_same_decision_reads_in_chinese(visitor: Callable[..., Visitor], db_session: Session) -> None:
    reader = visitor(Role.AUDITOR, language="zh")
    page = words(reader.page(f"/admin/decisions/{decision_of(db_session, 'SO-2044').id}"))
    assert "拒绝 客户逾期未付款，系统下不了单 OVERDUE_BLOCK 逾期未付 CNY 46,800.50，最长已逾期 25 天" in page
    assert "无争议逾期金额 CNY 46,800.50 大于 CNY 100.00 是" in page


def test_evidence_says_how_far_the_value_is_from_the_threshold(controller: Visitor, db_session: Session) -> None:
    page = words(controller.page(f"/admin/decisions/{decision_of(db_session, 'SO-2044').id}"))
    assert "is more than CNY 100.00 yes CNY 46,700.50" in page


def test_what_sales_and_the_customer_may_be_told_is_a_click_away(
    visitor: Callable[..., Visitor], db_session: Session
) -> None:
    reader = visitor(Role.CONTROLLER, language="zh")
    address = f"/admin/decisions/{decision_of(db_session, 'SO-2044').id}"
    links = re.findall(r'href="(/admin/decisions/[^"]*audience=(\w+))"', reader.page(address))
    assert [audience for _, audience in links] == ["controller", "sales", "customer"]
    sales, customer = (words(reader.page(unescape(link))) for link, _ in links[1:])
    assert "可告知销售的内容 订单 SO-2044 已拒绝。 逾期未付 CNY 46,800.50，最长已逾期 25 天" in sales
    assert "可转发给客户的内容 目前我们无法接受您的订单 SO-2044。 请先结清逾期款项 CNY 46,800.50" in customer
    for page in (sales, customer):
        assert "OVERDUE_BLOCK" not in page
        assert "敞口" not in page


def test_near_misses_and_offers_stand_beside_the_reasons(controller: Visitor, db_session: Session) -> None:
    decision = decision_of(db_session, "SO-2044")
    record = json.loads(decision.record)
    record["near_misses"] = [
        {
            "rule_code": "EXPOSURE_CAP",
            "fact": "exposure.after",
            "op": "gt",
            "value": "98.00",
            "threshold": "100.00",
            "distance": "2.00",
        }
    ]
    message = {"en": "Approved after payment of INV-LATE", "zh": "付清 INV-LATE 后可通过"}
    record["counter_offers"] = [{"changes": {"pay_invoices": ["INV-LATE"]}, "outcome": "approve", "message": message}]
    shown = copy_of(db_session, decision, record)
    page = words(controller.page(f"/admin/decisions/{shown}"))
    assert "What would be approved Approved after payment of INV-LATE Approved" in page
    assert (
        "Nearly fired Credit limit exceeded EXPOSURE_CAP Exposure after CNY 98.00 is CNY 2.00 away from CNY 100.00"
        in page
    )
    customer = words(controller.page(f"/admin/decisions/{shown}?audience=customer"))
    assert "It can be accepted after payment of INV-LATE." in customer
    assert "EXPOSURE_CAP" not in customer


@pytest.mark.parametrize("audience", ["", "nobody", "CUSTOMER"])
def test_an_audience_that_does_not_exist_is_the_controller(
    audience: str, controller: Visitor, db_session: Session
) -> None:
    page = controller.page(f"/admin/decisions/{decision_of(db_session, 'SO-2044').id}?audience={audience}")
    assert "OVERDUE_BLOCK" in page


def test_an_old_exchange_rate_is_shown_as_a_reason(controller: Visitor, db_session: Session, moment: Moment) -> None:
    later = Moment(moment.now + timedelta(days=30), moment.day + timedelta(days=30))
    request = CheckRequest(CheckKind.ORDER, "SO-9", "C-1002", Decimal(100), "EUR", 30)
    record = check(db_session, SYSTEM, request, later, "CNY")
    db_session.commit()
    page = words(controller.page(f"/admin/decisions/{record['decision_id']}"))
    assert "Age of the exchange rate 30 days is more than 7 days yes 23 days" in page


def test_an_approval_shows_what_is_granted_reserved_warned_of_and_exempted(
    controller: Visitor, db_session: Session
) -> None:
    page = words(controller.page(f"/admin/decisions/{decision_of(db_session, 'SO-2042').id}"))
    assert "Requested 560,000.00 CNY terms 90 days Granted on credit 560,000.00 CNY terms 60 days" in page
    assert "Exposure after 780,000.00 CNY before 220,000.00 Left of the limit 20,000.00 CNY limit 800,000.00" in page
    assert "Reservation CNY 560,000.00, until 2026-11-24 09:13" in page
    assert "Warnings Warn Strategic customer who pays on time STRATEGIC_EXEMPTION" in page
    assert "Exempted Sudden rise of volume VOLUME_SPIKE" in page


def test_the_record_can_be_followed_and_proved(controller: Visitor, db_session: Session) -> None:
    decision = decision_of(db_session, "SO-2041")
    html = controller.page(f"/admin/decisions/{decision.id}")
    assert decision.sha256 in html
    assert f'href="/admin/policies/{decision.policy_version}"' in html
    assert "wang Sales key sales system" in words(html)
    shown = re.search(r"<pre tabindex=\"0\">(.*?)</pre>", html, re.DOTALL)
    assert shown is not None
    assert json.loads(unescape(shown[1])) == json.loads(decision.record)


def test_a_hold_says_who_may_release_it(controller: Visitor, db_session: Session) -> None:
    page = words(controller.page(f"/admin/decisions/{decision_of(db_session, 'SO-2050').id}"))
    assert "Granted on credit nothing May release it: Director" in page


def test_a_check_that_failed_itself_still_opens(
    controller: Visitor, db_session: Session, moment: Moment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the facts are gone")

    monkeypatch.setattr(checks, "gather", broken)
    page = words(controller.page(f"/admin/decisions/{decide(db_session, moment, 'SO-1')}"))
    assert "Hold The check itself failed ENGINE_ERROR" in page
    assert "Exposure after —" in page


@pytest.mark.parametrize("decision_id", ["x", "0191d2ab-0000-7000-8000-000000000000", "%00", "..%2f..", "a" * 3000])
def test_a_decision_that_does_not_exist_is_not_found(decision_id: str, controller: Visitor) -> None:
    assert controller.get(f"/admin/decisions/{decision_id}").status_code in (400, 404)
