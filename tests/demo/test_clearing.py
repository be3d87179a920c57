"""Clearing the demo: the desk is empty, the ledger guarded again, and no word of a real person is lost."""

import json

import pytest
from flask import current_app
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import DBAPIError

from tests.bulk.people import begun, done, finished, reverted
from tests.factories import NOON, a_customer, a_user, at
from webapp.accounts import links, trail, users
from webapp.accounts.account_event import Happened
from webapp.accounts.models import ApiToken, User
from webapp.bulk import running
from webapp.bulk.actions import ActionKind
from webapp.consent import forgetting, guards, ledger_check, policy
from webapp.consent.models import ConsentEvent, Evidence, ForgottenEvidence, Hold
from webapp.consent.policy import Wishes
from webapp.consent.rules import Kind, Status
from webapp.consent.sealing import housekeeping, sealer, verification
from webapp.consent.sealing.models import Seal, SealedEvent
from webapp.customers.models import AttributeKey, Customer, CustomerAttribute, CustomerTag, Identity, Tag
from webapp.database import writing
from webapp.demo import clearing, desk
from webapp.demo.clearing import Cleared
from webapp.extensions import db
from webapp.whatsapp.inbound import inbound
from webapp.whatsapp.inbound.keeping import Business
from webapp.whatsapp.invented import MESSAGE_IDS, NUMBERS
from webapp.whatsapp.models import InboundMessage

CUSTOMERS = 12
OPTED_IN, ALREADY_OUT = 2, 1
"""Persons of the demo, by number from the newest, whose state the tests rely on."""


@pytest.fixture(autouse=True)
def demo_desk(app):
    with app.app_context():
        assert sum(desk.fill(CUSTOMERS, NOON)) == CUSTOMERS
        with writing():
            yield


def clear() -> Cleared:
    db.session.rollback()
    cleared = clearing.clear(at(3600))
    db.session.commit()
    return cleared


def the_demo_customer(n: int) -> Customer:
    return db.session.scalars(select(Customer).order_by(Customer.id.desc()).offset(n).limit(1)).one()


def number_of(customer: Customer) -> str:
    return customer.identities[0].value


def comes_in(words: str, sender: str, message_id: str) -> None:
    content = {"type": "text", "text": {"body": words}, "timestamp": str(int(at(60).timestamp()))}
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"phone_number_id": "1"},
        "contacts": [{"profile": {"name": "Somebody"}, "wa_id": sender}],
        "messages": [{"from": sender, "id": message_id, **content}],
    }
    entry = {"id": "1", "changes": [{"field": "messages", "value": value}]}
    body = json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()
    inbound.receive([body], Business(), at(61))
    db.session.commit()


def a_change_of_policy() -> None:
    now = policy.current()
    policy.change(Wishes(True, policy.configured_words(now), True), version=None, actor="user:1", now=NOON)
    db.session.commit()


def fault() -> str | None:
    db.session.rollback()
    return ledger_check.first_fault()


def rows(*models: type) -> dict[str, int]:
    return {m.__tablename__: db.session.scalar(select(func.count()).select_from(m)) for m in models}


def test_a_cleared_desk_is_empty():
    assert clear() == Cleared(removed=CUSTOMERS, kept=0)
    emptied = (Customer, Identity, ConsentEvent, Evidence, Hold, Tag, CustomerTag, AttributeKey,
               CustomerAttribute, InboundMessage, User, ApiToken)  # fmt: skip
    assert set(rows(*emptied).values()) == {0}
    assert fault() is None


def test_users_and_settings_and_the_record_of_their_changes_stay():
    user = a_user()
    a_change_of_policy()
    clear()
    assert db.session.scalars(select(User.email)).all() == [user.email]
    assert policy.current().unknown_may_receive
    assert db.session.scalars(select(ConsentEvent.kind)).all() == [Kind.POLICY]


@pytest.mark.parametrize(
    "change",
    [
        update(ConsentEvent).values(actor="system"),
        delete(ConsentEvent),
        text("INSERT INTO consent_events SELECT * FROM consent_events"),
    ],
    ids=["an update is refused", "a deletion is refused", "a replaced id is refused"],
)
def test_after_clearing_the_ledger_is_guarded_again(change):
    a_change_of_policy()
    clear()
    with pytest.raises(DBAPIError):
        db.session.execute(change)
    db.session.rollback()


def test_after_clearing_the_same_guards_stand():
    before = guards.standing()
    assert before
    clear()
    assert guards.standing() == before


def test_a_failed_clearing_leaves_the_guards_standing_and_the_data_in_place(monkeypatch):
    before = guards.standing()
    monkeypatch.setattr(clearing, "_delete_definitions", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        clear()
    db.session.rollback()
    assert guards.standing() == before
    assert rows(Customer) == {"customers": CUSTOMERS}


def test_a_sealed_demo_ends_with_a_signed_note_and_another_ledger_begins():
    settings = current_app.config["HEED"]
    housekeeping.seal_all(settings)
    before = sealer.origin()
    clear()
    assert rows(Seal, SealedEvent) == {"seals": 0, "sealed_events": 0}
    a_change_of_policy()
    housekeeping.seal_all(settings)
    assert sealer.origin() != before
    db.session.rollback()
    assert verification.run("command", housekeeping.anchors(settings), at(0)).fault is None
    log = settings.data_dir / "checkpoints.log"
    notes = log.read_text(encoding="utf-8").split("\n\nheed/")
    log.write_text("\n\nheed/".join(note for note in notes if "\nended\n" not in note), encoding="utf-8")
    found = verification.run("command", housekeeping.anchors(settings), at(0)).fault
    assert found == f"checkpoints.log holds checkpoints of {before}; this ledger is {sealer.origin()}."


def test_evidence_that_was_forgotten_goes_with_the_demo():
    forgetting.forget(select(Evidence.event_id), forgetting.RETENTION, at(0))
    db.session.commit()
    clear()
    assert rows(ForgottenEvidence, ConsentEvent) == {"forgotten_evidence": 0, "consent_events": 0}


def test_real_customers_beside_the_demo_keep_everything():
    real = a_customer("Ana Souza", Status.OPTED_IN, phone="+55 11 91234-5678")
    assert clear() == Cleared(removed=CUSTOMERS, kept=0)
    (left,) = db.session.scalars(select(Customer))
    assert (left.id, left.status, left.events_count) == (real.id, Status.OPTED_IN, 1)
    assert fault() is None


def test_whoever_wrote_from_the_phone_as_an_unknown_sender_goes_too():
    comes_in("STOP", NUMBERS[0], f"{MESSAGE_IDS}1")
    assert clear() == Cleared(removed=CUSTOMERS + 1, kept=0)
    assert rows(Customer, InboundMessage) == {"customers": 0, "inbound_messages": 0}


def test_a_demo_customer_who_wrote_stop_on_the_phone_goes_too():
    comes_in("STOP", number_of(the_demo_customer(OPTED_IN)), f"{MESSAGE_IDS}1")
    assert clear() == Cleared(removed=CUSTOMERS, kept=0)


@pytest.mark.parametrize(
    ("n", "words"),
    [(OPTED_IN, "STOP"), (ALREADY_OUT, "STOP"), (OPTED_IN, "Stop. Thank you")],
    ids=[
        "a stop",
        "a stop by somebody who was opted out in the demo",
        "words that wait for review, for the opt-in before them was invented",
    ],
)
def test_what_a_real_person_with_an_invented_number_asked_for_stays(n, words):
    number = number_of(the_demo_customer(n))
    comes_in(words, number, "wamid.b+YqraTQROq5vNQIzGzeUkeO1zCQPsJd")
    assert clear() == Cleared(removed=CUSTOMERS - 1, kept=1)
    (left,) = db.session.scalars(select(Customer))
    assert (left.status, left.demo, number_of(left)) == (Status.OPTED_OUT, False, number)
    assert fault() is None


def test_a_greeting_of_a_real_person_with_an_invented_number_keeps_no_invented_consent():
    comes_in("hello", number_of(the_demo_customer(OPTED_IN)), "wamid.b+YqraTQROq5vNQIzGzeUkeO1zCQPsJd")
    assert clear() == Cleared(removed=CUSTOMERS, kept=0)


def test_tags_that_real_customers_carry_stay_with_a_true_count():
    real = a_customer("Ana Souza", phone="+55 11 91234-5678")
    tag = db.session.scalars(select(Tag).where(Tag.name == "vip")).one()
    db.session.add(CustomerTag(tag_id=tag.id, customer_id=real.id))
    db.session.commit()
    clear()
    assert db.session.execute(select(Tag.name, Tag.n)).all() == [("vip", 1)]


def test_the_invented_colleagues_cannot_sign_in():
    colleagues = db.session.scalars(select(User)).all()
    assert colleagues
    assert not any(user.is_active or user.password_hash for user in colleagues)
    assert all(db.session.scalars(select(ApiToken.revoked_at)))


def test_an_invented_colleague_who_was_put_to_use_stays():
    colleague = db.session.scalars(select(User).order_by(User.id).limit(1)).one()
    users.enable(colleague)
    links.create(colleague, NOON)
    users.disable(colleague, NOON)
    db.session.commit()
    clear()
    assert db.session.scalars(select(User.name)).all() == ["Dana Kim"]


def test_an_invented_colleague_of_whom_something_is_on_record_stays():
    """Their number would become somebody else's, and with it what happened to them."""
    _dana, rafael = db.session.scalars(select(User).order_by(User.id))
    trail.record(Happened.ENABLED, rafael)
    trail.record(Happened.DISABLED, rafael)
    db.session.commit()
    clear()
    assert db.session.scalars(select(User.name)).all() == ["Rafael Lima"]


def test_customers_who_were_changed_together_go_too():
    db.session.rollback()
    ids = list(db.session.scalars(select(Customer.id)))
    tagged = begun(ActionKind.ADD_TAGS, ids, tags=["bulk"])
    finished(tagged)
    reverted(done(ActionKind.OPT_OUT, ids))
    begun(ActionKind.ADD_TAGS, ids, tags=["waiting"])
    assert clear().removed == CUSTOMERS
    assert running.go_on(tagged.id, at(4000)) is False
