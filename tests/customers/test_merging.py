"""Two records of one person become one: nothing that was said against marketing is lost."""

import pytest

from tests.campaigns.factories import a_running_campaign, a_template, claimed
from tests.factories import NOON, a_customer, at
from webapp.campaigns.models import Campaign, Delivery, SegmentMember
from webapp.campaigns.reports import audit, opt_outs
from webapp.campaigns.segments import rules, segments
from webapp.campaigns.sending import statuses
from webapp.campaigns.sending.statuses import News
from webapp.consent import holds, ledger, ledger_check
from webapp.consent.ledger import Proof, Signal, Statement
from webapp.consent.models import Hold
from webapp.consent.rules import Source, Status, Turn
from webapp.customers import duplicates, history, identities, merging
from webapp.customers.attributes import attributes
from webapp.customers.merging import NotMergeable
from webapp.customers.models import Tag
from webapp.customers.rows import Reader
from webapp.customers.tags import tags
from webapp.database import writing
from webapp.extensions import db

IN, OUT, NONE = Status.OPTED_IN, Status.OPTED_OUT, Status.UNKNOWN
WHY = "The same person"
READER = Reader("user:1", masked=False)


@pytest.fixture(autouse=True)
def desk_context(app):
    """Each test ends with a whole ledger."""
    with app.app_context():
        with writing():
            yield
            db.session.commit()
        db.session.remove()
        assert ledger_check.first_fault() is None


def by_user_id(name="", user_id="US.1"):
    customer = identities.create(name=name, user_id=user_id, source="whatsapp", now=NOON)
    db.session.commit()
    return customer


def merged(one, other, seconds=100):
    kept = merging.merge(one, other, actor="user:1", now=at(seconds), why=WHY)
    db.session.commit()
    return kept


def says(customer, status, seconds, source=Source.KEYWORD):
    words = Proof("whatsapp", "the very words", "STOP")
    ledger.record(customer, Statement(status, source, "customer", at(seconds), proof=words))
    db.session.commit()


def marks(customer):
    found = {"stopped": customer.platform_stop_at, "held": customer.held_at}
    return customer.status, *(mark for mark, since in found.items() if since)


STATES = [
    (IN, OUT, OUT, "a stop of the newer one counts"),
    (OUT, IN, OUT, "a stop of the older one stands"),
    (NONE, OUT, OUT, "also where nothing was on record"),
    (IN, NONE, IN, "no record says nothing against an opt-in"),
    (NONE, IN, IN, "and takes over the one of the other, with its proof"),
    (NONE, NONE, NONE, "two without a record are one without"),
    (OUT, OUT, OUT, "two stops are one"),
]


@pytest.mark.parametrize(("older", "newer", "expected", "sentence"), STATES, ids=[row[3] for row in STATES])
def test_the_stricter_state_counts(older, newer, expected, sentence):
    one, other = a_customer("Ana"), by_user_id()
    for customer, status, seconds in ((one, older, 10), (other, newer, 20)):
        if status != NONE:
            says(customer, status, seconds)
    assert marks(merged(other, one)) == (expected,), sentence


def test_a_stop_counts_even_if_the_other_record_opted_in_later():
    one, other = a_customer("Ana"), by_user_id()
    says(other, OUT, 10)
    says(one, IN, 20)
    kept = merged(one, other)
    assert kept.status == OUT
    says(kept, IN, 200)
    assert kept.status == IN


def test_an_opt_in_that_is_taken_over_keeps_its_words_and_time():
    one, other = a_customer("Ana"), by_user_id()
    says(other, IN, 20)
    kept = merged(one, other)
    entry = next(
        each for each in history.entries(kept.id, READER, at(200)) if each.seq == kept.status_event_id
    )
    assert (entry.exhibit.words, entry.occurred_at) == ("the very words", at(20))


@pytest.mark.parametrize("stopped", ["older", "newer"])
def test_whatsapps_own_stop_and_a_message_to_review_go_along(stopped):
    one, other = a_customer("Ana", IN), by_user_id()
    who = {"older": one, "newer": other}[stopped]
    signal = Signal(Source.WHATSAPP, "whatsapp", at(10), message_id="m", proof=Proof(words="no more please"))
    ledger.record_platform(who, Turn.STOPPED, signal)
    holds.hold(who, "may be a stop", signal)
    db.session.commit()
    kept = merged(one, other)
    assert marks(kept) == (IN, "stopped", "held")
    (waiting,) = db.session.query(Hold).filter(Hold.decided_at.is_(None))
    assert (waiting.customer_id, waiting.words) == (kept.id, "no more please")
    holds.release(kept, waiting, actor="user:1", now=at(200))
    db.session.commit()
    assert marks(kept) == (IN, "stopped")
    assert marks(other) == (NONE, "stopped") if stopped == "newer" else marks(other) == (NONE,)


@pytest.mark.parametrize("newest", ["older", "newer"])
def test_of_two_stops_in_whatsapp_a_resume_in_between_lifts_neither(newest):
    one, other = a_customer("Ana", IN), by_user_id()
    times = (30, 10) if newest == "older" else (10, 30)
    for who, seconds in zip((one, other), times, strict=True):
        ledger.record_platform(who, Turn.STOPPED, Signal(Source.WHATSAPP, "whatsapp", at(seconds)))
    kept = merged(one, other)
    ledger.record_platform(kept, Turn.RESUMED, Signal(Source.WHATSAPP, "whatsapp", at(200), at(20)))
    db.session.commit()
    assert marks(kept) == (IN, "stopped")


def test_a_stop_goes_along_though_the_clock_was_put_back_since_the_opt_in_of_the_other():
    one, other = a_customer("Ana"), by_user_id()
    says(one, IN, 5000)
    says(other, OUT, 20)
    assert merged(one, other).status == OUT


def test_addresses_names_tags_and_attributes_go_along_and_both_histories_stay():
    attributes.define("city", "text")
    attributes.define("plan", "text")
    one, other = a_customer("", OUT), by_user_id("Ana Souza")
    tags.set_tags(one, ["vip"])
    tags.set_tags(other, ["VIP", "new"])
    attributes.set_attributes(one, {"city": "Rio"})
    attributes.set_attributes(other, {"city": "Lima", "plan": "gold"})
    says(other, IN, 20)
    kept = merged(one, other)
    assert kept.id == min(one.id, other.id)
    assert (kept.name, kept.tags_json, kept.attrs_json) == (
        "Ana Souza", ["new", "vip"], {"city": "Rio", "plan": "gold"},
    )  # fmt: skip
    assert {tag.key: tag.n for tag in db.session.query(Tag)} == {"vip": 1, "new": 1}
    assert identities.find("user_id", "US.1").id == kept.id
    assert (other.identities, other.merged_into_id, other.tags_json, other.attrs_json) == (
        [],
        kept.id,
        [],
        {},
    )
    titles = [entry.title for entry in history.entries(kept.id, READER, at(200))]
    assert titles.count("Opted In by keyword") == 1
    assert "Another record of the same person was merged into this one" in titles


def test_one_and_the_same_cannot_be_merged_and_a_second_click_changes_nothing():
    one, other = a_customer("Ana"), by_user_id()
    merged(one, other)
    with pytest.raises(NotMergeable):
        merging.merge(one, other, actor="user:1", now=at(200), why=WHY)
    third = by_user_id("", "US.3")
    assert merged(other, third).id == one.id
    assert merging.merged_ids(one.id) == [one.id, other.id, third.id]


def test_what_is_queued_goes_to_the_one_who_stays_and_reaches_them_once():
    one, other = a_customer("Ana", IN), by_user_id()
    says(other, IN, 1)
    both = a_running_campaign(a_template(), one, other)
    only_other = a_running_campaign(a_template("second"), other, name="Second")
    merged(one, other)
    rows = {(d.campaign_id, d.customer_id): d.state for d in db.session.query(Delivery)}
    assert rows == {
        (both.id, one.id): "queued", (both.id, other.id): "suppressed", (only_other.id, one.id): "queued",
    }  # fmt: skip


def test_who_got_the_message_under_the_other_record_does_not_get_it_again():
    one, other = a_customer("Ana", IN), by_user_id()
    says(other, IN, 1)
    campaign = a_running_campaign(a_template(), other, one)
    (row,) = [row for row in claimed(campaign, free=50).rows if row.customer_id == other.id]
    db.session.query(Delivery).filter_by(customer_id=one.id).update({"state": "queued", "started_at": None})
    db.session.commit()
    kept = merged(one, other)
    states = {d.customer_id: (d.state, d.reason) for d in db.session.query(Delivery)}
    assert states == {one.id: ("suppressed", "duplicate"), other.id: ("sending", None)}
    says(kept, OUT, 150)
    statuses.apply([News(row.message.callback, "w", "delivered", None, at(160))], at(160))
    db.session.commit()
    assert db.session.get_one(Delivery, row.delivery_id).after_opt_out
    assert audit.violations(at(200)) == []


def test_the_report_and_the_segments_know_who_got_it_under_the_other_record():
    one, other, third = a_customer("Ana", IN), by_user_id(), by_user_id("", "US.3")
    says(third, IN, 1)
    campaign = a_running_campaign(a_template(), third)
    delivery = db.session.query(Delivery).one()
    delivery.state, delivery.started_at = "delivered", at(2)
    merged(other, third)
    kept = merged(one, other)
    says(kept, OUT, 150)
    db.session.commit()
    (lost,) = opt_outs.caused(db.select(Campaign.id))
    assert (lost.campaign_id, lost.customer_id) == (campaign.id, third.id)
    got = {"field": "campaign", "op": "got", "value": str(campaign.id)}
    found = rules.people(rules.parse({"groups": [[got]]}), at(200))
    assert list(db.session.scalars(found)) == [kept.id]


def test_one_person_who_said_stop_and_was_merged_is_one_opt_out_of_a_campaign():
    one, other = a_customer("Ana", IN), by_user_id()
    says(other, IN, 1)
    campaign = a_running_campaign(a_template(), one, other)
    db.session.query(Delivery).update({"state": "delivered", "started_at": at(2)})
    db.session.query(Delivery).filter_by(customer_id=one.id).update({"started_at": at(3)})
    says(other, OUT, 20)
    merged(one, other)
    db.session.commit()
    assert [lost.campaign_id for lost in opt_outs.caused(db.select(Campaign.id))] == [campaign.id]


def test_membership_of_segments_goes_along():
    one, other = a_customer("Ana"), by_user_id()
    both = segments.create_static("Both", [one.id, other.id], actor="user:1", now=NOON)
    only = segments.create_static("Only", [other.id], actor="user:1", now=NOON)
    db.session.commit()
    merged(one, other)
    rows = {(row.segment_id, row.customer_id) for row in db.session.query(SegmentMember)}
    assert rows == {(both.id, one.id), (only.id, one.id)}


def test_a_number_in_two_writings_is_a_possible_duplicate_until_somebody_decides():
    one = a_customer("Variant", phone="+55 65 9 9000-0001")
    other = identities.create(name="Exact", wa_id="556590000001", source="import", now=NOON)
    db.session.commit()
    (pair,) = duplicates.pairs()
    assert (pair.older.id, pair.newer.id, pair.why) == (one.id, other.id, duplicates.SAME_NUMBER)
    assert duplicates.of(one) == duplicates.of(other) == [pair]
    duplicates.dismiss(other, one, actor="user:1", now=at(1))
    db.session.commit()
    assert duplicates.pairs() == duplicates.of(one) == []


def test_a_noted_pair_is_shown_until_it_is_merged():
    one, other = a_customer("Ana"), a_customer("Ben")
    duplicates.note(other, one, "WhatsApp says so.", NOON)
    duplicates.note(one, other, "WhatsApp says so again.", NOON)
    assert [pair.why for pair in duplicates.pairs()] == ["WhatsApp says so."]
    merged(one, other)
    assert duplicates.pairs() == []
