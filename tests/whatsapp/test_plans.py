"""However many customers there are, what the webhook asks is found by keys: it reads no table through."""

import pytest

from tests.campaigns.factories import a_running_campaign, a_template, claimed
from tests.factories import a_customer
from tests.plans import walked
from tests.rows import every
from tests.whatsapp.deliveries import a_change, a_message
from tests.whatsapp.posting import TODAY, deliver, prefers, says
from webapp.consent.rules import Status
from webapp.extensions import db

MANY = 5
"""SQLite takes another index for five values than for one."""


def number(n: int) -> str:
    return f"1202555{n:04}"


def user_id(n: int) -> str:
    return f"US.{n:015}"


def from_person(n: int) -> dict[str, str]:
    return {"from": number(n), "from_user_id": user_id(n), "message_id": f"wamid.{n}"}


def people_say(words, first, most):
    return [says(words, **from_person(n)) for n in range(first, first + most)]


def people_prefer(value, first, most):
    return [prefers(value, n, wa_id=number(n), user_id=user_id(n)) for n in range(first, first + most)]


def receipts(word, first, most, **parts):
    """As they come to messages of ours, with the user id of each person."""
    each = range(first, first + most)
    return [
        a_change(
            statuses=[
                {"id": f"wamid.sent.{n}", "status": word, "timestamp": str(TODAY), "recipient_id": number(n),
                 "recipient_user_id": user_id(n), **parts}
            ],
            contacts=[{"wa_id": number(n), "user_id": user_id(n)}],
        )
        for n in each
    ]  # fmt: skip


def moved(n):
    """Somebody has another number now; WhatsApp tells of one at a time, and of a second with the same."""
    new = 70 + n // 10
    system = {"type": "user_changed_number", "wa_id": number(new), "user_id": user_id(new)}
    told = {"from": number(n), "id": f"wamid.moved.{n}", "type": "system", "text": None, "system": system}
    return a_change(messages=[a_message(timestamp=str(TODAY), **told)])


STOPPED = {"errors": [{"code": 131050, "title": "User stopped"}]}
DELIVERIES = {
    "a stop of each": lambda first, most: people_say("STOP", first, most),
    "chatter": lambda first, most: people_say("Where is my order?", first, most),
    "what may be a stop": lambda first, most: people_say("please stop this now", first, most),
    "opt-ins": lambda first, most: people_say("START", first, most),
    "WhatsApp's own stop": lambda first, most: people_prefer("stop", first, most),
    "receipts": lambda first, most: receipts("delivered", first, most),
    "refusals of who stopped": lambda first, most: receipts("failed", first, most, **STOPPED),
    "a number that moved": lambda first, most: [moved(first)],
    "another user id": lambda first, most: [
        says("hello", **{**from_person(first), "from_user_id": user_id(80 + first // 10)})
    ],
}  # fmt: skip


@pytest.fixture
def engine(app):
    """Of a desk that wrote to some people, of whom half are known by their user ids, too."""
    with app.app_context():
        people = [a_customer(f"Person {n}", Status.OPTED_IN, phone=f"+{number(n)}") for n in range(20)]
        rows = claimed(a_running_campaign(a_template(), *people), free=20).rows
        for n, row in enumerate(rows):
            db.session.execute(
                db.text("UPDATE deliveries SET state = 'sent', wamid = :wamid WHERE id = :id"),
                {"wamid": f"wamid.sent.{n}", "id": row.delivery_id},
            )
        db.session.commit()
        deliver(app, *people_say("hello", 10, 10))
        yield db.engine


@pytest.mark.parametrize("what", DELIVERIES)
@every("first", [0, 10, 40], ids=["of customers", "known by user id", "of strangers"])
def test_the_webhook_reads_no_table_through(app, engine, what, first):
    """Each time of people of whom nothing came yet."""
    with walked(engine) as found:
        deliver(app, *DELIVERIES[what](first, 1))
        deliver(app, *DELIVERIES[what](first + 1, MANY))
    assert not found


def test_what_is_read_through_is_found(engine):
    with walked(engine) as found:
        db.session.execute(db.text("SELECT id FROM identities WHERE source = 'whatsapp'"))
        db.session.execute(db.text("SELECT id FROM customers WHERE id = 1"))
    assert len(found) == 1
