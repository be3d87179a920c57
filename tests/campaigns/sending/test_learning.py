"""WhatsApp answers with an address of somebody else: they are one person, and one stop is for both."""

import pytest

from tests.factories import NOON, a_customer, at
from webapp.campaigns.sending import learning
from webapp.campaigns.sending.addressing import Claimed
from webapp.campaigns.sending.sender import Accepted, Message, Recipient
from webapp.consent import holds, ledger, ledger_check, undoing
from webapp.consent.ledger import Proof, Signal
from webapp.consent.rules import Source, Status, Turn
from webapp.consent.undoing import NotUndoable
from webapp.customers import consenting, identities, merging
from webapp.customers.models import IdentityKind
from webapp.extensions import db

IN, OUT = Status.OPTED_IN, Status.OPTED_OUT
OLD, NEW = "+225 07 12 34 56", "+225 0707123456"
"""The writings of Ivory Coast before 2021 and since, which no table folds."""
WA_ID = "2250707123456"


@pytest.fixture(autouse=True)
def in_context(app):
    with app.app_context():
        yield
        db.session.rollback()
        assert ledger_check.first_fault() is None


def answered(customer_id: int, **address: str) -> None:
    """The answer to a message to this customer came."""
    message = Message(Recipient(OLD), "news", "en", "heed:1:1", marketing=True)
    learning.learn([(Claimed(1, customer_id, message), Accepted("wamid.1", **address))], at(50))
    db.session.commit()


def opted_out(customer, actor="user:1"):
    event = consenting.opt_out(customer, actor=actor, now=at(10))
    db.session.commit()
    return event


@pytest.mark.parametrize("kind", [IdentityKind.PHONE, IdentityKind.WA_ID])
def test_a_stop_of_whoever_has_the_number_counts(kind):
    written_before, today = a_customer("Ana", IN, "+44 7946 000001"), a_customer("Ana", IN, NEW)
    if kind == IdentityKind.WA_ID:
        identities.attach(today, kind, WA_ID, "whatsapp", NOON)
    opted_out(today)
    answered(written_before.id, wa_id=WA_ID)
    assert written_before.status == OUT


def test_a_stop_of_whoever_is_written_to_counts_for_who_has_the_number():
    written_before, today = a_customer("Ana", IN, "+44 7946 000001"), a_customer("Ana", IN, NEW)
    opted_out(written_before)
    answered(written_before.id, wa_id=WA_ID)
    assert today.status == OUT


def test_so_do_whatsapps_own_stop_and_what_waits_for_review():
    written_before, today = a_customer("Ana", IN, "+44 7946 000001"), a_customer("Ana", IN, NEW)
    said = Signal(Source.WHATSAPP, "whatsapp", at(10), proof=Proof("whatsapp", "no more please"))
    ledger.record_platform(today, Turn.STOPPED, said)
    holds.hold(today, "may be a stop", said)
    db.session.commit()
    answered(written_before.id, wa_id=WA_ID)
    assert (written_before.platform_stop_at, written_before.held_at) == (at(10), at(10))


def test_a_variant_of_the_number_is_the_number():
    written_before, today = (
        a_customer("Ana", IN, "+44 7946 000001"),
        a_customer("Ana", IN, "+55 11 98812-4410"),
    )
    opted_out(today)
    answered(written_before.id, wa_id="551188124410")
    assert written_before.status == OUT


def test_the_stop_outlasts_that_of_a_colleague_who_takes_it_back():
    written_before, today = a_customer("Ana", IN, "+44 7946 000001"), a_customer("Ana", IN, NEW)
    mistaken, _meant = opted_out(written_before), opted_out(today, actor="user:2")
    answered(written_before.id, wa_id=WA_ID)
    with pytest.raises(NotUndoable):
        undoing.undo(written_before, mistaken.id, actor="user:1", now=at(60))


def test_nobody_is_stopped_by_an_address_that_was_known():
    ana = a_customer("Ana", IN)
    opted_out(a_customer("Ben", IN, NEW))
    answered(ana.id, wa_id=ana.identities[0].value)
    assert (ana.status, len(ledger.history(ana.id))) == (IN, 1)


@pytest.mark.parametrize("address", [{"wa_id": WA_ID}, {"user_id": "CI.1"}])
def test_of_whoever_was_merged_meanwhile_the_one_who_stays_has_the_address(address):
    kept, gone = a_customer("Ana", IN), a_customer("Ana", IN)
    merging.merge(kept, gone, actor="user:1", now=at(5), why="One person")
    answered(gone.id, **address)
    assert [identity.value for identity in kept.identities][-1] in address.values()
    assert gone.identities == []


@pytest.mark.parametrize("malformed", ["+", "", "0" * 30])
def test_an_address_that_cannot_be_one_is_left_out(malformed):
    ana = a_customer("Ana", IN)
    answered(ana.id, wa_id=malformed)
    assert len(ana.identities) == 1
