"""A large audience is written down in parts, by whoever is left to do it, before its first message starts."""

import threading
from itertools import pairwise

import pytest
from sqlalchemy import event, func, select

from tests.campaigns.factories import TOKEN, a_campaign, a_template
from tests.factories import a_customer, at
from tests.statements import counted
from webapp.campaigns import audience, lifecycle
from webapp.campaigns.models import Campaign, Delivery
from webapp.campaigns.reports import counts
from webapp.campaigns.segments import segments
from webapp.campaigns.segments.segments import Refused
from webapp.campaigns.sending import audience_parts, claims, sweep
from webapp.consent import ledger
from webapp.consent.gate import Category
from webapp.consent.ledger import Statement
from webapp.consent.rules import Source, Status
from webapp.customers import identities
from webapp.database import writing
from webapp.extensions import db

PEOPLE = 7
READS = "AS MATERIALIZED"
"""Stands in every statement that reads a whole audience."""


class Stopped(Exception):
    """The worker is gone."""


class Clock:
    """Moves by a second each time it is asked; `at_part` is called with the number of each asking."""

    def __init__(self, start=10, at_part=None):
        self.asked, self.start, self.at_part = 0, start, at_part

    def __call__(self):
        self.asked += 1
        if self.at_part:
            self.at_part(self.asked)
        return at(self.start + self.asked)


FIRST_PART = 3
"""The clock is asked once for the claim, once for the reading, and then for each part."""


@pytest.fixture(autouse=True)
def two_at_once(monkeypatch):
    monkeypatch.setattr(audience, "AT_ONCE", 2)


@pytest.fixture
def campaign_id(app):
    with app.app_context(), writing():
        people = [a_customer(f"Person {n}", Status.OPTED_IN) for n in range(PEOPLE)]
        campaign = a_campaign(a_template(), *people)
        lifecycle.launch(campaign, actor="user:1", now=at(1))
        db.session.commit()
        return campaign.id


def written(app):
    with app.app_context():
        return db.session.scalar(select(func.count(Delivery.id)))


def test_the_launch_itself_writes_nothing_and_nothing_starts_or_ends_before_all_is_written(app, campaign_id):
    assert written(app) == 0
    with app.app_context(), writing():
        reviewed = db.session.get_one(Campaign, campaign_id).reviewed
        assert (reviewed["eligible"], reviewed["suppressed"]) == (PEOPLE, {})
        assert not claims.take_pump(campaign_id, TOKEN, at(2))
        assert not lifecycle.finish_if_done(campaign_id, at(2))
        assert sweep.waiting(at(2)) == [campaign_id]


def test_an_exclusion_that_is_lost_after_the_launch_lets_nobody_through(app, campaign_id):
    with app.app_context(), writing():
        campaign = db.session.get_one(Campaign, campaign_id)
        spared = segments.create_static("Spared", [1], actor="user:1", now=at(0))
        campaign.audience = campaign.audience | {"exclude": [{"kind": "segment", "id": spared.id}]}
        db.session.commit()
        with pytest.raises(Refused, match="is used by “Spring sale”"):
            segments.remove(spared)
        campaign.audience = campaign.audience | {"exclude": [{"kind": "filter", "args": {"tag": ["spared"]}}]}
        db.session.commit()  # a tag that somebody deleted
    audience_parts.write_down(app, campaign_id, Clock())
    assert written(app) == 0
    with app.app_context():
        held = db.session.get_one(Campaign, campaign_id)
        assert (held.status, held.pause_code) == ("paused", "audience")
        assert held.pause_reason.startswith("A filter of the audience names a tag")


def test_all_are_written_once_and_then_it_may_start(app, campaign_id):
    for _ in range(2):
        audience_parts.write_down(app, campaign_id, Clock())
    with app.app_context(), writing():
        assert counts.of(campaign_id).states["queued"] == counts.of(campaign_id).total == PEOPLE
        assert claims.take_pump(campaign_id, TOKEN, at(60))


def test_a_small_audience_is_written_by_the_launch(app):
    with app.app_context(), writing():
        campaign = a_campaign(a_template(), a_customer("Ana", Status.OPTED_IN), a_customer("Bo"))
        lifecycle.launch(campaign, actor="user:1", now=at(1))
        assert counts.of(campaign.id).total == 2
        assert campaign.audience_done_at == at(1)


def test_all_parts_of_one_size_are_one_statement_however_many_they_name(app, campaign_id):
    """A statement with ten thousand ids in its text is compiled and parsed for longer than it takes."""
    with app.app_context(), counted(db.engine) as said:
        audience_parts.write_down(app, campaign_id, Clock())
    parts = [words for words in said if "INSERT INTO deliveries" in words]
    assert (len(parts), len(set(parts))) == (4, 1)


def test_each_part_is_a_transaction_of_its_own(app, campaign_id):
    """Somebody who writes between two parts does not wait for the last."""
    seen = []

    def look(asked):
        if asked >= FIRST_PART:
            seen.append(written(app))

    audience_parts.write_down(app, campaign_id, Clock(at_part=look))
    assert seen == [0, 2, 4, 6, 7]


def test_whom_it_means_is_read_while_others_write(app, campaign_id):
    """On SQLite there is one writer: had the reading taken its place, this would wait for it."""
    kinds = transactions(app)
    audience_parts.write_down(app, campaign_id, Clock())
    assert kinds_before_reading(kinds) == (["BEGIN"] if on_sqlite(app) else [])


def test_a_worker_that_died_is_followed_by_another_one_behind_what_it_wrote(app, campaign_id):
    def die(asked):
        if asked == FIRST_PART + 2:
            raise Stopped

    with pytest.raises(Stopped):
        audience_parts.write_down(app, campaign_id, Clock(at_part=die))
    assert written(app) == 4
    audience_parts.write_down(app, campaign_id, Clock(20))
    assert written(app) == 4, "the dead one is thought to live for a minute"
    audience_parts.write_down(app, campaign_id, Clock(200))
    assert written(app) == PEOPLE


def test_who_was_taken_over_from_stops(app, campaign_id):
    def taken_over(asked):
        if asked == FIRST_PART + 1:
            audience_parts.write_down(app, campaign_id, Clock(500))

    audience_parts.write_down(app, campaign_id, Clock(at_part=taken_over))
    assert written(app) == PEOPLE


def test_two_at_once_write_everybody_once(app, campaign_id):
    both = [
        threading.Thread(target=audience_parts.write_down, args=(app, campaign_id, Clock())) for _ in range(2)
    ]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert written(app) == PEOPLE


@pytest.mark.parametrize(("step", "queued"), [(lifecycle.pause, 2), (lifecycle.cancel, 0)])
def test_pausing_and_cancelling_count_between_two_parts(app, campaign_id, step, queued):
    def stop(asked):
        if asked == FIRST_PART + 1:
            with app.app_context(), writing():
                step(db.session.get_one(Campaign, campaign_id), actor="user:1", now=at(30))
                db.session.commit()

    audience_parts.write_down(app, campaign_id, Clock(at_part=stop))
    with app.app_context():
        assert written(app) == 2
        assert counts.of(campaign_id).states["queued"] == queued


def test_a_paused_one_is_written_to_its_end_when_it_goes_on(app, campaign_id):
    test_pausing_and_cancelling_count_between_two_parts(app, campaign_id, lifecycle.pause, 2)
    with app.app_context(), writing():
        lifecycle.resume(db.session.get_one(Campaign, campaign_id), actor="user:1", now=at(40))
        db.session.commit()
    audience_parts.write_down(app, campaign_id, Clock(50))
    assert written(app) == PEOPLE


def test_an_opt_out_between_two_parts_is_left_out(app, campaign_id):
    def opt_out(asked):
        if asked == FIRST_PART + 1:
            with app.app_context(), writing():
                last = db.session.scalar(select(func.max(Delivery.customer_id))) + PEOPLE - 2
                customer = db.session.get_one(audience.Customer, last)
                ledger.record(customer, Statement(Status.OPTED_OUT, Source.AGENT, "user:1", at(30)))
                db.session.commit()

    audience_parts.write_down(app, campaign_id, Clock(at_part=opt_out))
    with app.app_context():
        assert counts.of(campaign_id).suppressed == {"opted_out": 1}


def test_a_number_twice_in_two_parts_gets_it_once(app):
    with app.app_context(), writing():
        people = [
            a_customer(f"Person {n}", Status.OPTED_IN, phone=f"+55 65 9 9000 000{n}") for n in (1, 2, 3)
        ]
        newer = identities.create(name="Bia", wa_id="556590000001", source="import", now=at(0))
        assert newer.id not in [person.id for person in people]
        campaign = a_campaign(a_template(category="UTILITY"), *people, newer)
        lifecycle.launch(campaign, actor="user:1", now=at(1))
        db.session.commit()
        campaign_id = campaign.id
    audience_parts.write_down(app, campaign_id, Clock())
    with app.app_context():
        assert counts.of(campaign_id).suppressed == {"duplicate": 1}


def test_the_page_says_how_far_it_is(app, desk, campaign_id):
    browser = desk("viewer")
    said = "0 customers of the audience are written down so far"
    assert said in browser.get(f"/campaigns/{campaign_id}").text
    audience_parts.write_down(app, campaign_id, Clock())
    assert "written down so far" not in browser.get(f"/campaigns/{campaign_id}").text


def test_a_launch_from_the_page_reads_the_audience_before_it_keeps_others_from_writing(app, desk):
    with app.app_context(), writing():
        campaign = a_campaign(a_template(), *[a_customer(f"P {n}", Status.OPTED_IN) for n in range(3)])
        campaign_id = campaign.id
    app.extensions["heed-tasks"] = {"pump": lambda _id: None}
    manager, kinds = desk("manager"), transactions(app)
    answer = manager.send(f"/campaigns/{campaign_id}/launch", expected="3", when="now")
    assert answer.status_code == 303, answer.text
    assert set(kinds_before_reading(kinds)) == ({"BEGIN"} if on_sqlite(app) else set())


def transactions(app):
    """The statements from now on that begin a transaction, or read an audience."""
    kinds = []

    def note(_connection, _cursor, sql, *_):
        if sql.startswith("BEGIN") or READS in sql:
            kinds.append(READS if READS in sql else sql)

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", note)
    return kinds


def kinds_before_reading(kinds):
    """How the transactions began in which an audience was read."""
    assert READS in kinds
    pairs = pairwise(kinds)
    return [before for before, kind in pairs if kind == READS and before != READS]


def on_sqlite(app):
    with app.app_context():
        return db.engine.dialect.name == "sqlite"


def test_sqlite_begins_the_search_for_twins_at_the_audience(app):
    """Begun at the identities it would read two million of them for an audience of ten."""
    with app.app_context():
        if not on_sqlite(app):
            return
        campaign = Campaign(id=1, audience={"include": [{"kind": "everybody"}], "exclude": []})
        judged = audience._judged(campaign, Category.UTILITY, at(1))
        plan = select(judged).compile(db.engine, compile_kwargs={"literal_binds": True})
        lines = [row[3] for row in db.session.execute(db.text(f"EXPLAIN QUERY PLAN {plan}"))]
        own = next(line for line in lines if "identities_1" in line)
        others = next(line for line in lines if "identities_2" in line)
        assert lines.index(own) < lines.index(others)
        assert "(customer_id=?)" in own
        assert "(match_key=?)" in others
