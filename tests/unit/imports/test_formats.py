"""Days and numbers as people write them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest

from policy_service.domain.errors import Invalid
from policy_service.services.importing.formats import DateFormat, NumberFormat, plain_text


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("YYYY-MM-DD", "2013-02-01"),
        ("M/D/YYYY", "2/1/2013"),
        ("M/D/YYYY", " 02/01/2013 "),
        ("D.M.YYYY", "1.2.2013"),
        ("YYYYMMDD", "20130201"),
        ("YYYY年M月D日", "2013年2月1日"),
    ],
)
def test_a_day_is_read_by_its_pattern(pattern: str, text: str) -> None:
    assert DateFormat.of(pattern).read(text) == date(2013, 2, 1)


@pytest.mark.parametrize("text", ["13/1/2013", "2/30/2013", "2013-02-01", "2/1/13", "", "２/1/2013", "2/1/2013 x"])
def test_what_does_not_fit_the_pattern_is_refused_and_never_read_another_way(text: str) -> None:
    with pytest.raises(Invalid, match="is not a day written as M/D/YYYY"):
        DateFormat.of("M/D/YYYY").read(text)


@pytest.mark.parametrize("pattern", ["", "YYYY-MM", "D/D/YYYY", "YYYY-MM-DD DD", "%Y-%m-%d"])
def test_a_pattern_must_name_year_month_and_day_once(pattern: str) -> None:
    with pytest.raises(Invalid, match="each once"):
        DateFormat.of(pattern)


def test_a_cell_that_a_spreadsheet_holds_as_a_date_is_one_already() -> None:
    assert DateFormat.of("M/D/YYYY").read(datetime(2013, 2, 1, 9, 30)) == date(2013, 2, 1)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("numbers", "cell", "plain"),
    [
        (NumberFormat(), "1234.56", "1234.56"),
        (NumberFormat(",", "."), "1.234,56", "1234.56"),
        (NumberFormat(",", "."), "-1.234", "-1234"),
        (NumberFormat(".", ","), "12,345,678.9", "12345678.9"),
        (NumberFormat(), 55.94, "55.94"),
        (NumberFormat(), 0.1 + 0.2, "0.3"),
        (NumberFormat(), 1e14, "100000000000000"),
        (NumberFormat(), 30, "30"),
        (NumberFormat(), Decimal("1.50"), "1.5"),
    ],
)
def test_a_number_is_read_by_its_marks(numbers: NumberFormat, cell: object, plain: str) -> None:
    assert numbers.plain(cell) == plain


@pytest.mark.parametrize("text", ["12.34,50", "1,2", "1.23.4", "1e3", "١٢", "12,345", "--1", "1."])
def test_a_text_that_is_no_number_comes_back_as_it_is_to_be_refused(text: str) -> None:
    assert NumberFormat(".", "").plain(text) == text
    assert NumberFormat(",", ".").plain("12.34,50") == "12.34,50"


def test_a_whole_number_of_a_spreadsheet_is_a_text_without_decimals() -> None:
    assert plain_text(611365.0) == "611365"
    assert plain_text("0000611365") == "0000611365"
