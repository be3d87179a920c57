"""PostgreSQL re-reads customer and delivery when they changed after the claim's snapshot."""

import threading
import time

import pytest
from sqlalchemy import text, update

from tests.campaigns.factories import a_campaign, a_template
from tests.factories import a_customer, at
from webapp.campaigns import claims, lifecycle
from webapp.campaigns.models import Delivery
from webapp.consent.rules import Status
from webapp.customers.models import Customer
from webapp.extensions import db


@pytest.mark.parametrize("what", ["opt_out", "delivery"])
def test_a_change_between_snapshot_and_lock_counts(app, database_url, monkeypatch, what):
    if not database_url.startswith("postgresql"):
        return  # SQLite has one writer at a time, so there is no such moment
    with app.app_context():
        ana, ben = a_customer("Ana", Status.OPTED_IN), a_customer("Ben", Status.OPTED_IN)
        campaign = a_campaign(a_template(), ana, ben)
        lifecycle.launch(campaign, actor="user:1", now=at(1))
        claims.take_pump(campaign.id, "t", at(1))
        db.session.commit()
        ana_id, campaign_id, engine = ana.id, campaign.id, db.engine
        queued = claims._queued
        slept = text("(SELECT pg_sleep(1)::text) = ''")
        monkeypatch.setattr(claims, "_queued", lambda id: (*queued(id), slept))

        def change():
            time.sleep(0.4)
            with engine.begin() as other:
                if what == "opt_out":
                    other.execute(
                        update(Customer).where(Customer.id == ana_id).values(status=Status.OPTED_OUT)
                    )
                else:
                    other.execute(
                        update(Delivery).where(Delivery.customer_id == ana_id).values(state="cancelled")
                    )

        thread = threading.Thread(target=change)
        thread.start()
        rows = claims.claim(campaign_id, "t", 5, at(2)).rows
        db.session.commit()
        thread.join()
        states = [r.state for r in db.session.query(Delivery).order_by(Delivery.customer_id)]
        assert [row.customer_id for row in rows] == [ben.id]
        assert states == [{"opt_out": "suppressed", "delivery": "cancelled"}[what], "sending"]
