"""`credit-policy import` and `credit-policy backtest`"""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Installation, invoke
from tests.conftest import REPOSITORY

_HISTORY = """No,Customer,Date,Due,Amount,Paid,Disputed
I-1,C-1,1/1/2013,1/31/2013,200.00,2/20/2013,No
I-2,C-1,2/10/2013,3/12/2013,100.00,3/1/2013,Yes
I-3,C-1,2/31/2013,3/12/2013,100.00,3/1/2013,No
"""
_MAPPING = """
columns: {invoice_id: No, customer_id: Customer, invoice_date: Date, due_date: Due, amount: Amount, settled_on: Paid,
          disputed: Disputed}
date_format: M/D/YYYY
values: {disputed: {Yes: "true", No: "false"}}
assume: {currency: CNY, terms_days: 30, credit_limit: {at_least: "1000.00"}}
"""


def test_an_import_keeps_good_rows_and_again_changes_nothing(credit_policy: Installation, tmp_path: Path) -> None:
    file = tmp_path / "customers.csv"
    file.write_text("customer_id,name,currency\nX-1,One,CNY\nX-2,Two,???\n", encoding="utf-8")
    first = credit_policy("import", "customers", str(file))
    assert first.exit_code == 1
    assert first.stdout == f"{file}:3: currency: is not an ISO 4217 currency code\n"
    assert first.stderr == "customers: 2 rows: 1 created, 0 changed, 0 unchanged, 1 refused.\n"
    again = credit_policy("import", "customers", str(file), "--lang", "zh")
    assert "0 created, 0 changed, 1 unchanged" in again.stderr
    assert "货币代码" in again.stdout


def test_a_file_that_cannot_be_imported_is_refused_in_a_line(credit_policy: Installation, tmp_path: Path) -> None:
    file = tmp_path / "customers.csv"
    file.write_text("customer_id,colour\nX-1,red\n", encoding="utf-8")
    refused = credit_policy("import", "customers", str(file))
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr.startswith("Error: No such field: colour.")
    assert credit_policy("import", "horses", str(file)).exit_code == 2


def test_a_backtest_prints_tables_and_tells_rows_it_could_not_read(tmp_path: Path) -> None:
    arguments = _backtest(tmp_path)
    result = invoke(tmp_path, *arguments)
    assert result.exit_code == 1  # a row could not be read
    assert f"{tmp_path / 'history.csv'}:4: Date: '2/31/2013' is not a day written as M/D/YYYY" in result.stderr
    rows = {row.split("  ")[0]: row.split() for row in result.stdout.splitlines() if row}
    assert rows["approve with conditions"][3] == "1"  # a new customer pays in advance
    assert rows["reject"][1] == "1"  # overdue for ten days
    assert rows["OVERDUE_BLOCK"][1] == "1"
    assert "The history stays as it was" in result.stdout


def test_a_backtest_gives_the_same_as_json(tmp_path: Path) -> None:
    document = json.loads(invoke(tmp_path, *_backtest(tmp_path), "--json").stdout)
    assert document["total"]["orders"] == 2
    assert document["outcomes"]["reject"]["disputed"] == 1


def test_a_backtest_speaks_chinese(tmp_path: Path) -> None:
    assert "每条规则触发的次数与命中率" in invoke(tmp_path, *_backtest(tmp_path), "--lang", "zh").stdout


def _backtest(folder: Path) -> tuple[str, ...]:
    (folder / "history.csv").write_text(_HISTORY, encoding="utf-8")
    (folder / "mapping.yaml").write_text(_MAPPING, encoding="utf-8")
    policy = REPOSITORY / "rules" / "packs" / "default.yaml"
    files = {"--data": folder / "history.csv", "--mapping": folder / "mapping.yaml", "--policy": policy}
    return ("backtest", *(str(part) for option in files.items() for part in option))
