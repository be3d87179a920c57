"""`heed demo`: refuses with a sentence what would mix invented people with real ones."""

import pytest
from sqlalchemy import func, select

from tests.factories import a_customer
from webapp import clock
from webapp.consent import policy
from webapp.consent.policy import Wishes
from webapp.consent.sealing import housekeeping, sealer, verification
from webapp.customers.models import Customer
from webapp.demo.commands import demo_command
from webapp.extensions import db


@pytest.fixture
def demo(app):
    runner = app.test_cli_runner()
    return lambda *arguments: runner.invoke(demo_command, arguments)


def customers(app) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(Customer))


def test_it_fills_and_clears_the_desk(app, demo):
    filled = demo("--customers", "7")
    assert (filled.exit_code, customers(app)) == (0, 7)
    assert "7 demo customers" in filled.stderr
    cleared = demo("--clear")
    assert (cleared.exit_code, customers(app)) == (0, 0)
    assert filled.stdout == cleared.stdout == ""


def test_invented_histories_are_no_fault_of_a_ledger_that_was_sealed_before(app, demo):
    with app.app_context():
        now = policy.current()
        policy.change(
            Wishes(True, policy.configured_words(now), True), version=None, actor="user:1", now=clock.now()
        )
        db.session.commit()
    housekeeping.seal_ledger(app)
    demo("--customers", "3")
    housekeeping.seal_ledger(app)
    housekeeping.verify_ledger(app)
    with app.app_context():
        ran = verification.last()
        assert (ran.fault, ran.seals) == (None, 1)
        assert sealer.waiting(clock.now()) == (0, None)


def test_a_second_demo_is_refused(app, demo):
    demo("--customers", "3")
    again = demo("--customers", "3")
    assert (again.exit_code, customers(app)) == (1, 3)
    assert "heed demo --clear" in again.stderr


def test_a_database_with_real_customers_is_refused(app, demo):
    with app.app_context():
        a_customer()
    refused = demo()
    assert (refused.exit_code, customers(app)) == (1, 1)
    assert "real customers" in refused.stderr


def test_clearing_an_empty_desk_is_fine_and_says_so(demo):
    cleared = demo("--clear")
    assert cleared.exit_code == 0
    assert "0 demo customers" in cleared.stderr


@pytest.mark.parametrize("number", ["0", "-3", "many", "1000001"])
def test_an_unusable_number_of_customers_is_exit_code_2(demo, number):
    assert demo("--customers", number).exit_code == 2
