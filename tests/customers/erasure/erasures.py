"""A person of whom everything is kept that can be, and what of them can still be found."""

import base64
from pathlib import Path

from flask import Flask

from tests.campaigns.factories import a_running_campaign, a_template, claimed
from tests.factories import NOON, a_customer, a_user, at
from tests.whatsapp.deliveries import a_body, a_change, a_message
from tests.whatsapp.posting import deliver, post, says
from webapp.campaigns.models import Delivery
from webapp.campaigns.segments import segments
from webapp.campaigns.sending import statuses
from webapp.campaigns.sending.statuses import News
from webapp.consent import holds
from webapp.consent.housekeeping import forget_released
from webapp.consent.ledger import Proof, Signal
from webapp.consent.rules import Source, Status
from webapp.customers import duplicates
from webapp.customers.attributes import attributes
from webapp.customers.erasure import erasing
from webapp.customers.erasure.erasing import Wish
from webapp.customers.filters import Filter
from webapp.customers.models import AttributeType, Customer
from webapp.customers.saved_views import saved_view
from webapp.customers.tags import tags
from webapp.database import fold_journal, writing
from webapp.extensions import db

NAME, NUMBER = "Zenaide Quixadá", "5511987654321"
WRITINGS = ("+55 11 98765-4321", "5511987654321", "+55 11 8765-4321", "0055 11 98765 4321")
"""The same number, with and without Brazil's ninth digit."""
WAMID = "wamid." + base64.b64encode(b"\x1d\x05\x13" + NUMBER.encode() + b"\x15\x02\x00\x12").decode()
CODED = base64.b64encode(NUMBER.encode()).decode()[:12]
TRACES = ("zenaide", "quixad", NUMBER, "551187654321", "987654321", WAMID[6:], "lilac", "Rua das Flores",
          "quinze anos", "my sister", "peculiar")  # fmt: skip
"""What only this person's data holds, in lower or in their own case."""
WISH = Wish("request", "Asked by letter", "user:1", at(1000))


def wish(seconds: float = 1000, **parts: str) -> Wish:
    return Wish(parts.get("reason", "request"), parts.get("why", "Asked by letter"),
                parts.get("actor", "user:1"), at(seconds))  # fmt: skip


def somebody(app: Flask) -> int:
    """Zenaide, with tags, attributes, consent, a review, messages, a segment, a view, a dead letter."""
    with app.app_context(), writing():
        customer = a_customer(NAME, Status.OPTED_IN, "+" + NUMBER)
        tags.set_tags(customer, ["VIP"])
        attributes.define("Address", AttributeType.TEXT)
        attributes.set_attributes(customer, {"Address": "Rua das Flores 12"})
        signal = Signal(Source.KEYWORD, "customer", at(5), message_id=WAMID + "H",
                        proof=Proof("whatsapp", "My sister has quinze anos", "stop"))  # fmt: skip
        review = holds.hold(customer, "has a peculiar word", signal)
        holds.put_off(review, "Lilac dress?", actor="user:1", now=at(6))
        holds.release(customer, review, actor="user:1", now=at(7))
        segments.create_static("Friends", [customer.id], actor="user:1", now=NOON)
        saved_view.create(a_user().id, "Our friend", Filter(q="zenaide"), shared=True, now=NOON)
        other = a_customer("Somebody Else")
        duplicates.note(customer, other, "Perhaps", NOON)
        sent(customer)
        db.session.commit()
        customer_id = customer.id
    deliver(app, says("The lilac one, please", message_id=WAMID + "I", **{"from": NUMBER}))
    broken = a_message(id=WAMID + "D", timestamp="1795165200", type="text", **{"from": NUMBER})
    broken["text"] = {"body": ["peculiar"]}
    assert post(app.test_client(), a_body(a_change(messages=[broken]))).status_code == 200
    receipt = {"id": WAMID + "S", "status": "read", "timestamp": "1795165200", "recipient_id": NUMBER}
    assert post(app.test_client(), a_body(a_change(statuses=[receipt]))).status_code == 200
    return customer_id


def sent(customer: Customer) -> Delivery:
    """A message of a campaign to this customer, which WhatsApp took; committed."""
    campaign = a_running_campaign(a_template(), customer)
    [row] = claimed(campaign, 10).rows
    statuses.apply([News(row.message.callback, WAMID + "O", "sent", None, at(11))], at(11))
    db.session.commit()
    delivery = db.session.get_one(Delivery, row.delivery_id)
    delivery.settled_why = "Her sister: peculiar"
    db.session.commit()
    return delivery


def erased(app: Flask, customer_id: int, seconds: float = 1000) -> None:
    """As the page does it."""
    with app.app_context(), writing():
        erasing.erase(db.session.get_one(Customer, customer_id), wish(seconds))
        db.session.commit()
        db.session.remove()
        forget_released()
        assert fold_journal(db.engine)


def found_in_tables(app: Flask) -> list[tuple[str, str]]:
    """Where traces stand in the database: every column of every table is asked as text."""
    with app.app_context():
        tables = db.metadata.tables.values()
        rows = [(t.name, str(tuple(row))) for t in tables for row in db.session.execute(t.select())]
        db.session.rollback()
    return [(name, trace) for name, row in rows for trace in TRACES if trace.lower() in row.lower()]


def found_on_disk(folder: Path) -> list[tuple[str, str]]:
    """Where traces stand in the files of the data folder, byte by byte."""
    files = [(file, file.read_bytes().lower()) for file in folder.rglob("*") if file.is_file()]
    return [
        (file.name, trace)
        for file, content in files
        for trace in (*TRACES, CODED)
        if trace.lower().encode() in content
    ]
