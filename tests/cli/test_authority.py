"""`credit-policy authority list | set | dual`"""

from __future__ import annotations

import pytest

from tests.cli.conftest import PASSWORD, Installation


def test_limits_are_listed_and_set_by_an_admin(credit_policy: Installation) -> None:
    before = credit_policy("authority", "list").stdout
    assert [line.split() for line in before.splitlines()[1:]] == [
        ["controller", "CNY", "50000.00"],
        ["manager", "CNY", "500000.00"],
        ["director", "unlimited"],
        ["two", "persons", "above", "never"],
    ]
    for arguments in (("set", "controller", "20000"), ("set", "manager", "unlimited"), ("dual", "100000.50")):
        assert credit_policy("authority", *arguments, "--as", "mei").exit_code == 0
    after = credit_policy("authority", "list").stdout
    assert [line.split()[-1] for line in after.splitlines()[1:]] == [
        "20000.00",
        "unlimited",
        "unlimited",
        "100000.50",
    ]
    for arguments in (("set", "controller", "50000"), ("set", "manager", "500000"), ("dual", "never")):
        assert credit_policy("authority", *arguments, "--as", "mei").exit_code == 0
    assert credit_policy("authority", "list").stdout == before


@pytest.mark.parametrize("amount", ["-1", "1e3", "1.001", "much"])
def test_an_amount_that_is_none_is_refused(credit_policy: Installation, amount: str) -> None:
    refused = credit_policy("authority", "set", "--as", "mei", "--", "controller", amount)
    assert refused.exit_code == 1
    assert "CNY 50000.00" in credit_policy("authority", "list").stdout


def test_only_an_admin_sets_limits(credit_policy: Installation) -> None:
    credit_policy("user", "create", "otto", "--role", "director", "--password-stdin", stdin=PASSWORD)
    refused = credit_policy("authority", "set", "director", "unlimited", "--as", "otto")
    assert refused.exit_code == 1
    assert "role" in refused.stderr
