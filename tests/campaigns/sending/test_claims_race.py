"""PostgreSQL re-reads customer and delivery when they changed after the claim's snapshot."""

import threading

import pytest
from sqlalchemy import text, update

from tests.campaigns.factories import TOKEN, a_running_campaign, a_template
from tests.factories import a_customer, at
from webapp.campaigns.models import Delivery
from webapp.campaigns.sending import claims, starting
from webapp.consent.rules import Status
from webapp.customers.models import Customer
from webapp.extensions import db

GATE = 4711
SHUT, OPEN = f"SELECT pg_advisory_lock({GATE})", f"SELECT pg_advisory_unlock({GATE})"
WAITS = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
PASSED = text(f"(SELECT pg_advisory_xact_lock_shared({GATE})::text) = ''")
"""Added to the claim's conditions: its snapshot is taken, and it waits here until the gate opens."""
CHANGES = {
    "opt_out": (update(Customer).values(status=Status.OPTED_OUT), Customer.id, "suppressed"),
    "delivery": (update(Delivery).values(state="cancelled"), Delivery.customer_id, "cancelled"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_between_snapshot_and_lock_counts(app, database_url, monkeypatch, what):
    if not database_url.startswith("postgresql"):
        return  # SQLite has one writer at a time, so there is no such moment
    with app.app_context():
        ana, ben = a_customer("Ana", Status.OPTED_IN), a_customer("Ben", Status.OPTED_IN)
        campaign_id, ids = a_running_campaign(a_template(), ana, ben).id, (ana.id, ben.id)
        engine = db.engine
    due, statement = starting._due, starting._statement.__wrapped__
    monkeypatch.setattr(starting, "_due", lambda at: (*due(at), PASSED))
    monkeypatch.setattr(starting, "_statement", statement)
    claimed = []

    def claim():
        with app.app_context():
            claimed.extend(row.customer_id for row in claims.claim(campaign_id, TOKEN, 5, at(2)).rows)
            db.session.commit()

    change, column, state = CHANGES[what]
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as gate:
        gate.execute(text(SHUT))
        thread = threading.Thread(target=claim)
        thread.start()
        while gate.scalar(WAITS) == 0:
            assert thread.is_alive()
        gate.execute(change.where(column == ids[0]))
        gate.execute(text(OPEN))
        thread.join()
    with app.app_context():
        states = [row.state for row in db.session.query(Delivery).order_by(Delivery.customer_id)]
    assert claimed == [ids[1]]
    assert states == [state, "sending"]
