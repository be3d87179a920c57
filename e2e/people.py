"""Customers that a journey needs, with a past that ends now: the desk's clock is the real one."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import count

from e2e.desk import Desk
from webapp import clock
from webapp.consent import holds, ledger
from webapp.consent.ledger import Proof, Signal, Statement
from webapp.consent.rules import Source, Status
from webapp.customers import identities
from webapp.customers.models import Customer
from webapp.customers.tags import set_tags
from webapp.database import writing
from webapp.extensions import db

AN_HOUR = timedelta(hours=1)
_numbers = count(20_000_001)


def a_customer(desk: Desk, name: str, status: Status = Status.OPTED_IN, *, tags: Sequence[str] = ()) -> int:
    """The id of a new customer, whose state is an hour old; the newest of the desk."""
    with desk.app.app_context(), writing():
        an_hour_ago = clock.now() - AN_HOUR
        phone = f"+55 21 9{next(_numbers)}"
        customer = identities.create(name=name, phone=phone, source="agent", now=an_hour_ago)
        if status != Status.UNKNOWN:
            proof = Proof("web_form", "Yes, send me offers") if status == Status.OPTED_IN else Proof()
            ledger.record(customer, Statement(status, Source.IMPORT, "system", an_hour_ago, proof=proof))
        set_tags(customer, tags)
        db.session.commit()
        return customer.id


def a_demo_customer(desk: Desk, name: str) -> int:
    """One whose phone the simulator holds."""
    customer_id = a_customer(desk, name)
    with desk.app.app_context(), writing():
        db.session.get_one(Customer, customer_id).demo = True
        db.session.commit()
    return customer_id


def edit_tags(desk: Desk, customer_id: int, names: list[str]) -> None:
    """What a colleague does in the Edit Customer dialog."""
    with desk.app.app_context(), writing():
        customer = db.session.get_one(Customer, customer_id)
        set_tags(customer, names)
        db.session.commit()


def tags_of(desk: Desk, customer_id: int) -> list[str]:
    with desk.app.app_context(), writing():
        return list(db.session.get_one(Customer, customer_id).tags_json)


def opt_out(desk: Desk, customer_id: int, words: str = "STOP") -> None:
    """What a STOP from the customer does, without the way through the webhook."""
    with desk.app.app_context(), writing():
        customer = db.session.get_one(Customer, customer_id)
        proof = Proof("whatsapp", words, matched=words)
        now = clock.now()
        ledger.record(customer, Statement(Status.OPTED_OUT, Source.KEYWORD, "customer", now, proof=proof))
        db.session.commit()


def hold(desk: Desk, customer_id: int, words: str) -> None:
    """What a message does that may be a stop."""
    with desk.app.app_context(), writing():
        customer = db.session.get_one(Customer, customer_id)
        proof = Proof("whatsapp", words)
        holds.hold(
            customer, "holds a stop word", Signal(Source.KEYWORD, "customer", clock.now(), proof=proof)
        )
        db.session.commit()


def events(desk: Desk, customer_id: int) -> list[str]:
    """The statuses that the ledger tells of this customer, oldest first."""
    with desk.app.app_context(), writing():
        return [str(event.status) for event in ledger.history(customer_id)]
