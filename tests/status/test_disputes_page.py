"""An admin sees what differs, side by side, and settles it; the status page and the figures tell of it."""

import pytest
from sqlalchemy import text

from tests.factories import a_customer
from tests.status.test_status_page import tone
from webapp import clock, tasks
from webapp.consent import ledger
from webapp.consent.ledger import Statement
from webapp.consent.rules import Source, Status
from webapp.consent.sealing import housekeeping
from webapp.consent.sealing.models import LedgerCheck, Seal
from webapp.customers.models import Customer
from webapp.extensions import db


def disputed(app, name: str = "Ana Souza") -> int:
    """A customer who opted out and whom somebody opted in by hand; verification has run."""
    with app.app_context():
        customer_id = a_customer(name, Status.OPTED_OUT).id
        db.session.execute(text("UPDATE customers SET status = 'opted_in'"))
        db.session.commit()
    housekeeping.seal_ledger(app)
    housekeeping.verify_ledger(app)
    return customer_id


def test_an_admin_sees_both_sides_and_goes_by_the_history(app, desk):
    customer_id, admin = disputed(app), desk("admin")
    cells = admin.soup("/status/disputes").select(f"#dispute-{customer_id} tbody tr:first-child > *")
    assert [cell.get_text(strip=True) for cell in cells] == ["Consent", "Opted In", "Opted Out"]
    assert admin.send(f"/status/disputes/{customer_id}/settle").status_code == 303
    page = admin.get("/status/disputes").text
    assert "is settled: the history counts" in page
    assert "Nobody: what the desk shows" in page
    with app.app_context():
        assert db.session.get_one(Customer, customer_id).status == Status.OPTED_OUT
    assert "Settled: the history counts" in admin.get(f"/customers/{customer_id}").text


def test_a_second_press_says_that_it_is_done(app, desk):
    customer_id, admin = disputed(app), desk("admin")
    for _ in range(2):
        admin.send(f"/status/disputes/{customer_id}/settle")
    assert "Somebody settled that already" in admin.get("/status/disputes").text


@pytest.mark.parametrize("role", ["viewer", "agent", "manager"])
def test_others_neither_see_nor_settle(app, desk, role):
    customer_id, somebody = disputed(app), desk(role)
    assert somebody.get("/status/disputes").status_code == 403
    assert somebody.send(f"/status/disputes/{customer_id}/settle").status_code == 403
    assert somebody.send("/status/disputes/verify").status_code == 403
    line = somebody.soup("/status").select_one("#line-disputes")
    assert "1 customer differs from the history" in line.text
    assert line.select_one("a") is None


def test_a_hostile_name_is_text(app, desk):
    disputed(app, "<img src=x onerror=alert(1)>")
    assert "&lt;img src=x" in desk("admin").get("/status/disputes").text


def test_an_unknown_customer_is_not_found(desk):
    assert desk("admin").send("/status/disputes/4711/settle").status_code == 404


def test_verification_can_be_asked_for(app, desk):
    asked = []
    app.extensions["heed-tasks"] = {"verify ledger": asked.append}
    desk("admin").send("/status/disputes/verify")
    (actor,) = asked
    housekeeping.verify_for(app, actor)
    with app.app_context():
        assert db.session.query(LedgerCheck.ran_by).scalar() == actor
    assert "verify ledger" in tasks._on_demand


def test_the_row_and_the_page_of_the_customer_say_why_there_is_no_marketing(app, desk):
    customer_id, agent = disputed(app), desk("agent")
    assert "the history says otherwise" in agent.soup("/opt-in").select_one(f"#customer-{customer_id}").text
    assert "the history says otherwise" in agent.get(f"/customers/{customer_id}").text


class TestStatusLines:
    def test_a_new_desk(self, desk):
        page = desk("viewer").soup("/status")
        assert [tone(page, each) for each in ("ledger", "seals", "signing-key")] == [
            "warning",
            "good",
            "good",
        ]
        assert page.select_one("#line-disputes") is None

    def test_a_ledger_that_is_sealed_and_whole(self, app, desk):
        with app.app_context():
            a_customer("Ana", Status.OPTED_OUT)
        housekeeping.seal_ledger(app)
        housekeeping.verify_ledger(app)
        page = desk("viewer").soup("/status")
        assert [tone(page, each) for each in ("ledger", "seals", "signing-key")] == ["good"] * 3
        assert "Whole: 1 event under 1 seal" in page.select_one("#line-ledger").text

    def test_a_fault_stands_there(self, app, desk):
        disputed(app)
        page = desk("viewer").soup("/status")
        assert tone(page, "ledger") == "bad"
        assert "Customer 1: status is opted_in" in page.select_one("#line-ledger").text

    def test_events_that_wait_for_long(self, app, desk):
        with app.app_context():
            a_customer("Ana", Status.OPTED_OUT)
        page = desk("viewer").soup("/status")
        assert tone(page, "seals") == "warning"
        assert "1 event waits for a seal" in page.select_one("#line-seals").text

    def test_a_changed_key_is_told_and_so_is_a_lost_and_a_broken_one(self, app, desk):
        disputed(app)
        viewer, file = desk("viewer"), app.config["HEED"].data_dir / "signing.key"
        file.unlink()
        assert "no signing key" in viewer.soup("/status").select_one("#line-signing-key").text
        with app.app_context():
            said = Statement(Status.OPTED_OUT, Source.KEYWORD, "customer", clock.now())
            ledger.record(a_customer("Ben"), said)
            db.session.commit()
            (old,) = db.session.scalars(db.select(Seal.key_id))
        housekeeping.seal_ledger(app)
        line = viewer.soup("/status").select_one("#line-signing-key")
        assert "It has changed" in line.text
        assert f"earlier {old} did" in line.text
        file.write_text("broken")
        assert tone(viewer.soup("/status"), "signing-key") == "bad"


def test_the_metrics_tell_silence_from_absence(app, client):
    absent = client.get("/metrics").text
    assert "heed_ledger_last_seal_seconds" not in absent
    assert "heed_ledger_whole" not in absent
    assert "heed_ledger_unsealed_events 0.0" in absent
    before = clock.now().timestamp()
    disputed(app)
    told = client.get("/metrics").text
    assert "heed_ledger_whole 0.0" in told
    assert "heed_customers_disputed 1.0" in told
    (sealed,) = [line for line in told.splitlines() if line.startswith("heed_ledger_last_seal_seconds ")]
    assert float(sealed.split()[1]) >= before
