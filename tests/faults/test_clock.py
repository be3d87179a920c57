"""The clock is a day ahead, and is put back: nobody waits for a lease of tomorrow, the ledger stays whole."""

from sqlalchemy import select

from tests.fakes import Script
from tests.faults.stage import Stage
from webapp import tasks
from webapp.campaigns import lifecycle
from webapp.campaigns.models import Campaign
from webapp.campaigns.sending import claims
from webapp.database import writing
from webapp.extensions import db

A_DAY = FOREVER = 86_400.0


def test_a_clock_that_is_a_day_ahead_and_is_put_back(stage: Stage):
    """Those who say stop are the last of many: by the clock, a message that had started tomorrow would have
    started after the stop of today."""
    people = stage.people(34)
    stage.move_clock(A_DAY)
    synchronised_tomorrow(stage)
    stage.graph.answer = lambda _body, n: Script.accept(delay=FOREVER if n == 1 else 0)
    first = stage.launch(people[:30], pace=8)
    stage.until(lambda: len(stage.graph.requests) > 1, lambda: "nothing is sent")
    stage.worker.kill()
    stage.client.deliver(stage.a_crowd(people[29:30]))
    stage.seal()
    stage.move_clock(-A_DAY)
    stage.client.deliver(stage.a_crowd(people[28:29]))
    stage.launch(people[30:])
    stage.check()
    stage.seal()
    stage.check()
    assert stage.record().campaigns[first] == "finished"


def test_a_clock_that_jumps_ahead_pauses_what_it_cannot_vouch_for(stage: Stage):
    """The categories of the templates are a day old by then: a person goes on."""
    people = stage.people(12)
    campaign_id = stage.launch(people, pace=2)
    stage.until(lambda: stage.graph.requests, lambda: "nothing is sent")
    stage.move_clock(A_DAY)
    stage.client.deliver(stage.a_crowd(people[9:]))
    stage.until(lambda: stage.record(verified=False).campaigns[campaign_id] == "paused", lambda: "it goes on")
    stage.move_clock(-A_DAY)
    with stage.app.app_context(), writing():
        campaign = db.session.get_one(Campaign, campaign_id)
        assert campaign.pause_reason == lifecycle.STALE
        lifecycle.resume(campaign, actor="user:1", now=stage.now())
        db.session.commit()
        db.session.remove()
    tasks.enqueue(stage.app, "pump", campaign_id)
    stage.check()


def synchronised_tomorrow(stage: Stage) -> None:
    """The templates are fresh by the desk's clock."""
    with stage.app.app_context(), writing():
        db.session.scalars(select(claims.Sending)).one().templates_synced_at = stage.now()
        db.session.commit()
        db.session.remove()
