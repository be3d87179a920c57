"""Somebody who writes in while others put them on record is one customer, and stopped."""

import json
from functools import partial
from itertools import pairwise

import pytest

from tests.factories import a_customer, at
from tests.racing import overtaken
from tests.statements import counted
from tests.whatsapp.deliveries import a_body
from tests.whatsapp.posting import deliver, everybody, fails, only_customer, prefers, says, state
from webapp.api import phones, profiles
from webapp.campaigns import named_people, review_views
from webapp.campaigns.named_people import Numbers
from webapp.campaigns.sending import learning
from webapp.campaigns.sending.addressing import Claimed
from webapp.campaigns.sending.sender import Accepted, Message, Recipient
from webapp.consent.rules import Status
from webapp.customers.addresses import address
from webapp.customers.importing import import_file
from webapp.customers.models import IdentityKind
from webapp.extensions import db
from webapp.whatsapp.inbound import gathering, inbound
from webapp.whatsapp.inbound.keeping import Business
from webapp.whatsapp.webhook.payloads import Person

NUMBER, WRITTEN = "5511988124410", "+55 11 98812-4410"
PLACE = address(IdentityKind.PHONE, WRITTEN)
STOP = says("STOP", **{"from": NUMBER})
KNOWN = Person(wa_id=NUMBER)


@pytest.fixture
def database_url(postgresql_url):
    """SQLite has one writer, so there is no such moment."""
    return postgresql_url


def by_a_list(app, tmp_path) -> None:
    file = tmp_path / "list.csv"
    file.write_text(f"phone,consent,evidence\n{WRITTEN},opted_in,The form\n")
    with app.app_context():
        import_file(file, actor="user:1", now=at(6))


def by_a_program() -> None:
    profiles.put(profiles.Profile(PLACE, "Ana", None, {}, {}), at(6))


def by_a_campaign() -> None:
    named_people.create(Numbers(fresh={PLACE.match_key: (1, PLACE)}), "campaign", at(6))


WAYS = {
    "a program": by_a_program,
    "a campaign": by_a_campaign,
    "the test of a campaign": lambda: review_views._new_customer(WRITTEN),
    "a campaign of a program": lambda: phones.customers([PLACE], at(6)),
}


def wrote(*changes) -> None:
    inbound.receive([json.dumps(a_body(*changes)).encode()], Business(), at(5))


@pytest.mark.parametrize("who", ["somebody new", "among others"])
def test_a_list_waits_for_a_stop(app, tmp_path, who):
    others = [says("Hi", **{"from": "447946000003"})] if who == "among others" else []
    overtaken(app, lambda: wrote(STOP, *others), lambda: by_a_list(app, tmp_path))
    with app.app_context():
        assert [state(one) for one in everybody()] == [("opted_out",), ("unknown",)][: 1 + len(others)]


@pytest.mark.parametrize("told", [prefers("stop", wa_id=NUMBER), fails(131050, recipient_id=NUMBER)])
def test_a_list_waits_for_whom_whatsapp_itself_tells_of(app, tmp_path, told):
    overtaken(app, lambda: wrote(told), lambda: by_a_list(app, tmp_path))
    with app.app_context():
        assert state(only_customer()) == ("opted_in", "stopped")


def test_a_list_waits_for_the_address_that_whatsapp_answers_with(app, tmp_path):
    with app.app_context():
        known = a_customer("Ana", Status.OPTED_OUT)
        claimed = Claimed(1, known.id, Message(Recipient("+1"), "news", "en", "heed:1:1", marketing=True))
    answer = claimed, Accepted("wamid.1", wa_id=NUMBER)
    overtaken(app, lambda: learning.learn([answer], at(5)), lambda: by_a_list(app, tmp_path))
    with app.app_context():
        assert state(only_customer()) == ("opted_out",)


@pytest.mark.parametrize("way", WAYS)
def test_whoever_names_somebody_waits_for_a_stop(app, way):
    def second() -> None:
        with app.app_context():
            WAYS[way]()
            db.session.commit()

    overtaken(app, lambda: wrote(STOP), second)
    with app.app_context():
        assert state(only_customer()) == ("opted_out",)


def test_somebody_new_is_added_once(app, desk):
    agent = desk("agent")
    agent.csrf_token()
    add = partial(agent.htmx, "/customers/new", method="POST", phone=WRITTEN, name="Ana")
    answer = overtaken(app, lambda: wrote(STOP), add)
    assert "has this number already" in answer.text


@pytest.mark.parametrize("who", ["alone", "with others"])
def test_a_stop_waits_for_whoever_names_somebody(app, who):
    others = [says("Hi", **{"from": "447946000003"})] if who == "with others" else []
    overtaken(app, by_a_program, lambda: deliver(app, STOP, *others))
    with app.app_context():
        assert state(everybody()[0]) == ("opted_out",)
        assert len(everybody()) == 1 + len(others)


DOOR = {
    "a new number": ([Person(wa_id="447946000001")], True),
    "one beside a known one": ([KNOWN, Person(wa_id="447946000001")], True),
    "a known number": ([KNOWN], False),
    "one in another writing": ([Person(wa_id="551188124410")], False),
    "a new user id": ([Person(user_id="BR.1")], False),
}


@pytest.mark.parametrize("speaks", [True, False])
@pytest.mark.parametrize("who", DOOR)
def test_only_who_speaks_and_brings_a_number_that_nobody_has_waits_at_the_door(app, who, speaks):
    people, waits = DOOR[who]
    with app.app_context():
        a_customer("Ana", phone=WRITTEN)
        with counted(db.engine) as statements:
            gathering.gather([(one, speaks) for one in people], at(5))
        behind = [later for before, later in pairwise(statements) if "pg_advisory_xact_lock_shared" in before]
        assert behind == ([statements[0]] if waits and speaks else []), "it is looked again behind the door"
