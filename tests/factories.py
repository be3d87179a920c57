"""People and events that tests need, read as prose: `a_customer(status=OPTED_OUT)`."""

from datetime import UTC, datetime, timedelta
from itertools import count

from webapp.accounts import users
from webapp.accounts.models import User
from webapp.accounts.roles import Role
from webapp.consent import ledger
from webapp.consent.ledger import Proof, Statement
from webapp.consent.rules import Source, Status
from webapp.customers import identities
from webapp.customers.models import Customer
from webapp.extensions import db

NOON = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)
_numbers = count(10_000_001)


def at(seconds: float) -> datetime:
    """Noon of the day on which the tests play, and so many seconds later."""
    return NOON + timedelta(seconds=seconds)


def a_number() -> str:
    """A Brazilian mobile number that no other customer has."""
    return f"+55 11 9{next(_numbers)}"


def a_customer(
    name: str = "Ana Souza", status: Status = Status.UNKNOWN, phone: str | None = None
) -> Customer:
    """A customer on record; committed."""
    customer = identities.create(name=name, phone=phone or a_number(), source="agent", now=NOON)
    if status != Status.UNKNOWN:
        ledger.record(
            customer,
            Statement(status, Source.IMPORT, "system", NOON, proof=Proof("web_form", "Yes, send me offers")),
        )
    db.session.commit()
    return customer


def a_user(role: str = Role.AGENT) -> User:
    """Somebody who works at the desk and signs in by link; committed."""
    user = users.create(f"{role}-{next(_numbers)}@example.com", Role(role), now=NOON, name="Dana Kim")
    db.session.commit()
    return user
