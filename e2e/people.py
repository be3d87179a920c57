"""Customers that a journey needs, with a past that ends now: the desk's clock is the real one."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import count

from e2e.desk import Desk
from webapp import clock
from webapp.consent import holds, ledger
from webapp.consent.ledger import Proof, Signal, Statement
from webapp.consent.models import Hold
from webapp.consent.rules import ReviewKind, Source, Status
from webapp.customers import identities
from webapp.customers.models import Customer
from webapp.customers.tags.tags import set_tags
from webapp.database import writing
from webapp.extensions import db
from webapp.reviews import decisions
from webapp.reviews.decisions import Decision

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


def hold(desk: Desk, customer_id: int, words: str, matched: str = "STOP") -> None:
    """What a message does that may be a stop."""
    with desk.app.app_context(), writing():
        customer = db.session.get_one(Customer, customer_id)
        proof = Proof("whatsapp", words, matched)
        holds.hold(
            customer, "holds a stop word", Signal(Source.KEYWORD, "customer", clock.now(), proof=proof)
        )
        db.session.commit()


def events(desk: Desk, customer_id: int) -> list[str]:
    """The statuses that the ledger tells of this customer, oldest first."""
    with desk.app.app_context(), writing():
        return [str(event.status) for event in ledger.history(customer_id)]


def asks_to_listen(desk: Desk, customer_id: int) -> None:
    """What a voice note does that answers a marketing message."""
    _ask(desk, customer_id, ReviewKind.LISTEN, "", "voice", "is a voice note")


def signs_up(desk: Desk, customer_id: int) -> None:
    """What a signup in WhatsApp does."""
    _ask(desk, customer_id, ReviewKind.SIGNUP, "Signed up in WhatsApp, signup 77", "77", "is a signup")


def _ask(desk: Desk, customer_id: int, kind: ReviewKind, words: str, matched: str, why: str) -> None:
    with desk.app.app_context(), writing():
        customer, now = db.session.get_one(Customer, customer_id), clock.now()
        holds.ask(customer, kind, words=words, matched=matched, why=why, at=now, now=now)
        db.session.commit()


def no_reviews(desk: Desk) -> None:
    """Whatever waits is decided, so that a journey begins with an empty queue."""
    with desk.app.app_context(), writing():
        for review in db.session.query(Hold).filter_by(decided_at=None):
            decision = Decision.NOT_A_STOP if review.kind == ReviewKind.HOLD else Decision.NOTHING
            decision = Decision.NOT_NOW if review.kind == ReviewKind.SIGNUP else decision
            decisions.decide(review, decision, actor="system", now=clock.now())
        db.session.commit()
