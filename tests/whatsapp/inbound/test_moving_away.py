"""Who moved to another number is written to there: the old one may be a stranger's by now."""

import csv
import io
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.campaigns.factories import a_campaign, a_running_campaign, a_template, claimed
from tests.factories import NOON, a_customer
from tests.whatsapp.posting import deliver, everybody, moves, only_customer, says, state
from webapp import clock
from webapp.campaigns import review
from webapp.campaigns.models import Delivery
from webapp.campaigns.sending import learning
from webapp.consent.rules import Status
from webapp.customers import access_request, identities, merging, person, reindex, whereabouts
from webapp.customers.addresses import address
from webapp.customers.exporting import export_file
from webapp.customers.importing import import_file
from webapp.customers.models import Identity, IdentityKind
from webapp.customers.rows import Reader, row_of
from webapp.database import writing
from webapp.extensions import db

A, B, C = "12025550107", "12025550188", "12025550199"
A_SHOWN, B_SHOWN = "+1 202-555-0107", "+1 202-555-0188"
VARIANT, FULL = "551188124410", "5511988124410"
IN, OUT = Status.OPTED_IN, Status.OPTED_OUT
READER = Reader("user:1", masked=False)


@pytest.fixture(autouse=True)
def in_app(app):
    with app.app_context():
        yield


def move(app, old, new, at=0, **system):
    """As its own notice: the same one twice would be a repeat."""
    change = moves(old, new, at, **system)
    change["value"]["messages"][0]["id"] = f"wamid.{old}{new}{at}{clock.now().isoformat()}"
    db.session.rollback()
    deliver(app, change)
    db.session.rollback()


def reached(customer):
    """Where a campaign writes to."""
    db.session.rollback()
    [message] = claimed(a_running_campaign(a_template(f"t{len(everybody())}"), customer)).rows
    return message.message.recipient.value


def left():
    """The addresses that are left."""
    return set(db.session.scalars(select(Identity.value).where(Identity.left_at.is_not(None))))


def exported():
    file = io.StringIO(newline="")
    export_file(file)
    return [row["phone"] for row in csv.DictReader(io.StringIO(file.getvalue(), newline=""))]


def import_(tmp_path, *lines):
    file = tmp_path / "customers.csv"
    file.write_text("\n".join(lines))
    return import_file(file, actor="user:1", now=clock.now())


def test_a_campaign_after_the_move_goes_to_the_new_number_and_every_page_shows_it(app):
    ana = a_customer("Ana", IN, f"+{A}")
    before = ana.version
    move(app, A, B)
    assert (left(), reached(ana)) == ({A}, f"+{B}")
    assert ana.version > before, "an open table would not see it"
    assert (row_of(ana.id, READER).phone, exported()) == (B_SHOWN, [f"+{B}"])
    assert reindex.reindex() == 0


def test_what_campaigns_know_of_a_person_stays_whole(app):
    ana = a_customer("Ana", IN, f"+{A}")
    move(app, A, B, user_id="US.2")
    [message] = claimed(a_running_campaign(a_template(), ana)).rows
    assert message.known == {("phone", A), ("wa_id", A), ("wa_id", B), ("user_id", "US.2")}


def test_the_page_and_the_answer_to_an_access_request_say_which_number_is_old(app):
    ana = a_customer("Ana", IN, f"+{A}")
    move(app, A, B, at=5)
    shown = person.person_context(ana, READER, clock.now())["identities"]
    assert shown == [("Old number", A_SHOWN), ("Old WhatsApp ID", A), ("WhatsApp ID", B)]
    told = {one["value"]: one["moved_away_at"] for one in dict(access_request.everything(ana))["identities"]}
    assert (told[A] is not None, told[B]) == (True, None)


def test_to_a_user_id_only(app):
    ana = a_customer("Ana", IN, f"+{A}")
    move(app, A, None, user_id="US.2")
    assert (left(), reached(ana)) == ({A}, "US.2")
    assert (row_of(ana.id, READER).phone, exported()) == (A_SHOWN, [f"+{A}"]), "there is no other number"


def test_another_user_id_of_the_same_number(app):
    ana = a_customer("Ana", IN, f"+{A}")
    deliver(app, says("hello", from_user_id="US.1"))
    move(app, A, A, user_id="US.2", previous_user_id="US.1")
    assert (left(), reached(ana)) == ({"US.1"}, f"+{A}")


def test_whoever_has_only_old_addresses_is_reached_there():
    ana = a_customer("Ana", IN, f"+{A}")
    ana.identities[0].left_at = NOON
    db.session.commit()
    assert reached(ana) == f"+{A}"


AWAY, BACK, AWAY_AGAIN, ON = (A, B, 100), (B, A, 200), (A, B, 300), (B, C, 200)


@pytest.mark.parametrize(
    ("told", "address"),
    [
        ([AWAY, AWAY], B),
        ([AWAY, BACK], A),
        ([BACK, AWAY], A),
        ([BACK, AWAY, AWAY], A),
        ([AWAY, BACK, AWAY], A),
        ([AWAY_AGAIN, AWAY, BACK], B),
        ([AWAY_AGAIN, BACK, AWAY], B),
        ([BACK, AWAY_AGAIN, AWAY], B),
        ([BACK, AWAY, AWAY_AGAIN], B),
        ([AWAY, ON], C),
        ([ON, AWAY], C),
        ([(A, B, 100), (B, A, 100)], A),
    ],
)
def test_the_times_tell_where_the_person_is_not_the_order_of_the_news(app, told, address):
    ana = a_customer("Ana", IN, f"+{A}")
    for old, new, at in told:
        move(app, old, new, at)
    assert reached(everybody()[0]) == f"+{address}"
    assert left() == {number for old, new, _ in told for number in (old, new)} - {address}
    assert row_of(ana.id, READER).phone.endswith(address[-4:])


def test_news_of_the_future_do_not_hold_anybody_at_an_old_number(app):
    a_customer("Ana", IN, f"+{A}")
    move(app, A, B, at=10**6)
    with app.app_context():
        assert db.session.scalar(select(Identity.left_at).where(Identity.value == A)) <= clock.now()


def test_a_message_from_the_old_number_brings_it_not_back(app):
    ana = identities.create(name="Ana", phone=f"+{A}", user_id="US.1", source="agent", now=NOON)
    db.session.commit()
    move(app, A, B)
    deliver(app, says("START", 60, **{"from": A, "from_user_id": "US.1"}))
    assert (left(), reached(ana)) == ({A}, f"+{B}")


@pytest.mark.parametrize("number", [A, B])
def test_a_stop_by_either_number_still_stops(app, number):
    a_customer("Ana", IN, f"+{A}")
    move(app, A, B)
    deliver(app, says("STOP", 60, **{"from": number}))
    assert state(only_customer()) == (OUT,)


class TestANumberOfTwoWritings:
    """Whichever of them is named, both are left."""

    @pytest.fixture(autouse=True)
    def ana(self, app):
        ana = a_customer("Ana", IN, f"+{FULL}")
        move(app, VARIANT, B)
        return ana

    def test_both_are_left(self):
        assert left() == {FULL, VARIANT}

    def test_a_list_with_the_old_number_changes_the_person_and_does_not_bring_it_back(self, ana, tmp_path):
        db.session.delete(ana.identities[0])
        db.session.commit()  # only WhatsApp knows it
        report = import_(tmp_path, "phone,name,tags", f"+{FULL},Ana Maria,vip")
        assert (report.created, report.updated) == (0, 1)
        assert [i.value for i in ana.identities] == [VARIANT, B, FULL]
        assert (left(), reached(ana), row_of(ana.id, READER).phone) == ({FULL, VARIANT}, f"+{B}", B_SHOWN)

    def test_an_address_that_is_learned_later_does_not_bring_it_back(self, ana):
        db.session.delete(ana.identities[0])
        db.session.commit()
        identities.attach(ana, "phone", FULL, "api", clock.now())
        db.session.commit()
        assert (left(), reached(ana)) == ({FULL, VARIANT}, f"+{B}")

    def test_nor_does_a_message_from_its_other_writing(self, app, ana):
        db.session.delete(ana.identities[0])
        db.session.commit()
        deliver(app, says("START", 60, **{"from": FULL}))
        assert (left(), reached(ana)) == ({FULL, VARIANT}, f"+{B}")

    def test_nor_does_a_record_that_becomes_one_with_it(self, app, ana):
        other = identities.create(user_id="US.7", wa_id=C, source="whatsapp", now=NOON)
        moved, twin = ana.identities[1], ana.identities[0]
        assert (moved.value, twin.value) == (VARIANT, FULL)
        twin.customer_id, twin.left_at = other.id, None
        db.session.commit()
        with writing():
            kept = merging.merge(ana, other, actor="user:1", now=clock.now(), why="The same person")
            db.session.commit()
        assert (left(), kept.phone_display) == ({FULL, VARIANT}, B_SHOWN)


def test_what_was_left_stays_left_when_two_records_become_one(app):
    a_customer("Older", phone=f"+{C}")
    deliver(app, says("hello", **{"from": A}))
    move(app, A, B)
    older, newer = everybody()
    with writing():
        merging.merge(older, newer, actor="user:1", now=clock.now(), why="The same person")
        db.session.commit()
    assert left() == {A}


def test_a_move_to_a_number_of_another_record_makes_them_one_and_goes_to_the_new_number(app):
    a_customer("Ana", IN, f"+{A}")
    a_customer("Also Ana", IN, f"+{B}")
    move(app, A, B)
    ana = everybody()[0]
    assert (left(), reached(ana)) == ({A}, f"+{B}")


def test_a_move_to_what_belongs_to_somebody_else_is_no_reason_to_leave():
    ana, other = a_customer("Ana", IN, f"+{A}"), a_customer("Other", IN, f"+{B}")
    old, new = ([address(IdentityKind.PHONE, f"+{number}")] for number in (A, B))
    whereabouts.move(ana, old, new, NOON)
    assert [each.left_at for one in (ana, other) for each in one.identities] == [None, None]


def test_whoever_left_america_counts_no_more_among_those_whom_no_marketing_reaches(app):
    ana, ben = a_customer("Ana", IN, f"+{A}"), a_customer("Ben", IN, f"+{C}")
    move(app, A, FULL)
    campaign = a_campaign(a_template(), ana, ben)
    assert set(db.session.scalars(review.american(campaign, clock.now()))) == {ben.id}


def test_the_country_that_cannot_be_reached_is_that_of_the_number_in_use(app):
    ana = a_customer("Ana", IN, f"+{A}")
    move(app, A, FULL)
    here, there = a_customer("Brazil", IN), a_customer("USA", IN, f"+{C}")
    a_running_campaign(a_template(), here, there)
    same = db.session.scalars(
        select(Delivery.customer_id).where(learning.of_country(learning.country_of(ana.id)))
    )
    assert set(same) == {here.id}


def test_a_list_with_the_new_number_is_about_the_same_person(app, tmp_path):
    a_customer("Ana", IN, f"+{A}")
    move(app, A, B)
    assert import_(tmp_path, "phone,name", f"+{B},Ana").created == 0
    ana = only_customer()
    assert (left(), reached(ana), ana.phone_display) == ({A}, f"+{B}", B_SHOWN)
    assert ana.created_at < clock.now() - timedelta(hours=1)
