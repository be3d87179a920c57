"""A stop that waits for a merge reaches the one who stays, not only the one who is gone."""

import pytest
from sqlalchemy import event

from tests.bulk.people import begun, finished
from tests.customers.erasure.erasures import WISH
from tests.factories import NOON, a_customer, at
from tests.racing import overtaken
from tests.whatsapp.posting import deliver, everybody, fails, says, state, the_ledger_is_whole
from webapp.bulk.actions import ActionKind
from webapp.campaigns.sending import learning
from webapp.campaigns.sending.addressing import Claimed
from webapp.campaigns.sending.sender import Accepted, Message, Recipient
from webapp.consent import holds, ledger
from webapp.consent.models import Hold
from webapp.consent.rules import ReviewKind, Status
from webapp.customers import consenting, identities, locking, merging
from webapp.customers.erasure import erasing
from webapp.customers.merging import NotMergeable
from webapp.customers.models import Customer, IdentityKind
from webapp.extensions import db
from webapp.reviews import decisions
from webapp.reviews.decisions import Decision
from webapp.whatsapp.inbound.senders import sender
from webapp.whatsapp.webhook.payloads import Person

ANA, BEN = 1, 2
KNOWN, VARIANT, SOMEBODY = "5511988124410", "551188124410", "447946000003"


@pytest.fixture
def database_url(postgresql_url):
    """SQLite has one writer, so there is no such moment."""
    return postgresql_url


@pytest.fixture(autouse=True)
def people(app):
    """Ana, who stays, and Ben, who is merged into her; of Ben a voice note waits."""
    with app.app_context():
        a_customer("Ana", Status.OPTED_IN)
        ben = a_customer("Ben", Status.OPTED_IN, "+55 11 98812-4410")
        identities.attach(ben, IdentityKind.WA_ID, KNOWN, "whatsapp", NOON)
        holds.ask(ben, ReviewKind.LISTEN, words="", matched="voice", why="", at=NOON, now=NOON)
        db.session.commit()


def person(id: int) -> Customer:
    return db.session.get_one(Customer, id)


def united() -> None:
    merging.merge(person(ANA), person(BEN), actor="user:1", now=at(5), why="They are one.")


def by_an_agent(app) -> None:
    consenting.opt_out(person(BEN), actor="user:2", now=at(6))


def among_many(app) -> None:
    finished(begun(ActionKind.OPT_OUT, [BEN]))


def by_a_review(app) -> None:
    decisions.decide(
        db.session.query(Hold).one(), Decision.OPT_OUT, note="Please stop", actor="user:2", now=at(6)
    )


def message(number: str, *others):
    return lambda app: deliver(app, says("STOP", **{"from": number}), *others)


WAYS = {
    "a message": (message(KNOWN), "opted_out"),
    "a message from a variant of the number": (message(VARIANT), "opted_out"),
    "one of two messages": (message(VARIANT, says("Hi", **{"from": SOMEBODY})), "opted_out"),
    "WhatsApp": (lambda app: deliver(app, fails(131050, recipient_id=VARIANT)), "stopped"),
    "an agent": (by_an_agent, "opted_out"),
    "a change of many": (among_many, "opted_out"),
    "a review": (by_a_review, "opted_out"),
}


@pytest.mark.parametrize("way", WAYS)
def test_it_reaches_the_one_who_stays(app, way):
    stop, mark = WAYS[way]

    def second() -> None:
        with app.app_context():
            stop(app)
            db.session.commit()

    overtaken(app, united, second)
    with app.app_context():
        assert mark in state(person(ANA))
        assert person(BEN).identities == []
        assert the_ledger_is_whole()


def test_a_merge_that_waits_for_an_erasure_is_refused(app):
    def second() -> str:
        with app.app_context(), pytest.raises(NotMergeable):
            united()
        return "refused"

    assert overtaken(app, lambda: erasing.erase(person(BEN), WISH), second) == "refused"
    with app.app_context():
        assert [one.merged_into_id for one in everybody()] == [None, None]


def test_who_writes_and_waits_for_an_erasure_is_somebody_new(app):
    def second() -> int:
        with app.app_context():
            who = sender(Person(wa_id=VARIANT), at(6))
            db.session.commit()
            return who.customer.id

    new = overtaken(app, lambda: erasing.erase(person(BEN), WISH), second)
    with app.app_context():
        assert (new > BEN, state(person(new)), person(BEN).identities) == (True, ("opted_out",), [])


def test_an_address_that_whatsapp_answers_with_goes_to_the_one_who_stays(app):
    claimed = Claimed(1, BEN, Message(Recipient(KNOWN), "news", "en", "heed:1:1", marketing=True))

    def second() -> None:
        with app.app_context():
            learning.learn([(claimed, Accepted("wamid.1", user_id="BR.1"))], at(6))
            db.session.commit()

    overtaken(app, united, second)
    with app.app_context():
        assert [identity.value for identity in person(ANA).identities][-1] == "BR.1"
        assert person(BEN).identities == []


def learned() -> None:
    """Ana turns out to have Ben's number in another writing, as a message of hers may show."""
    ana = person(ANA)
    ledger.lock(ana)
    identities.attach(ana, IdentityKind.WA_ID, VARIANT, "whatsapp", at(5))


@pytest.mark.parametrize("way", ["one", "many"])
def test_a_stop_that_waits_while_they_turn_out_to_be_alike_reaches_both(app, way):
    def second() -> None:
        with app.app_context():
            if way == "one":
                consenting.opt_out(person(ANA), actor="user:2", now=at(6))
            else:
                finished(begun(ActionKind.OPT_OUT, [ANA]))
            db.session.commit()

    overtaken(app, learned, second)
    with app.app_context():
        assert [state(each) for each in everybody()] == [("opted_out",)] * 2


def test_whoever_names_one_of_them_locks_them_in_the_order_of_their_ids(app):
    """Two who named one each would wait for each other."""
    locked: list[int] = []

    def note(_connection, _cursor, statement, parameters, _context, _many) -> None:
        locked.extend(parameters.values() if "FOR NO KEY UPDATE" in statement else ())

    with app.app_context():
        learned()
        db.session.commit()
        event.listen(db.engine, "before_cursor_execute", note)
        people = locking.locked_alike(person(BEN))
        assert ([one.id for one in people], locked) == ([ANA, BEN], [ANA, BEN])


def test_who_was_read_before_the_merge_is_not_taken_for_the_one_who_stays(app):
    def second() -> int:
        with app.app_context():
            ben = person(BEN)
            assert ben.merged_into_id is None
            return locking.locked_survivor(BEN).id

    assert overtaken(app, united, second) == ANA
