"""Guessing is slowed down: by account and by address, over the last 15 minutes, counted in the database.

An attempt goes on record as a failure before its password is looked at, and is taken off when it succeeds. So
attempts at the same time count each other, and none of them costs a hash once there are too many.
"""

import ipaddress
import math
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select

from webapp.accounts.digests import digest
from webapp.accounts.models import SignInFailure
from webapp.extensions import db

WINDOW = timedelta(minutes=15)
FAILURES_OF_AN_ACCOUNT = 10
FAILURES_OF_AN_ADDRESS = 100
_PORT = re.compile(r"([0-9.]+):[0-9]+|\[([0-9A-Fa-f:.]+)\](?::[0-9]+)?")


class TooManyFailures(Exception):
    """No password is looked at until `wait` is over; never longer than the window."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__("Too many failed attempts.")
        self.wait = wait


@dataclass(frozen=True)
class Attempt:
    id: int
    account: str
    address: str


def begin(email: str, address: str, now: datetime) -> Attempt:
    """Put an attempt on record. Commit before `admit`, so that attempts at the same time see it."""
    db.session.execute(delete(SignInFailure).where(SignInFailure.at <= now - WINDOW))
    row = SignInFailure(account=digest(email), address=digest(network(address)), at=now)
    db.session.add(row)
    db.session.flush()
    return Attempt(row.id, row.account, row.address)


def admit(attempt: Attempt, now: datetime) -> None:
    """Raises TooManyFailures. What is refused here is not held against anybody: it leaves the record."""
    wait = max(
        _wait(attempt, SignInFailure.account == attempt.account, FAILURES_OF_AN_ACCOUNT, now),
        _wait(attempt, SignInFailure.address == attempt.address, FAILURES_OF_AN_ADDRESS, now),
    )
    if wait:
        forget(attempt)
        raise TooManyFailures(wait)


def forget(attempt: Attempt) -> None:
    """It was no failure."""
    db.session.execute(delete(SignInFailure).where(SignInFailure.id == attempt.id))


def in_words(wait: timedelta) -> str:
    minutes = math.ceil(wait.total_seconds() / 60)
    return "in a minute" if minutes == 1 else f"in {minutes} minutes"


def network(address: str) -> str:
    """What counts as one address: of IPv6 the first 64 bits, which one household or server has for itself.

    A server that listens to both kinds calls an IPv4 address ::ffff:192.0.2.7, and some proxies add the port,
    which is another one each time.
    """
    known = _PORT.fullmatch(address)
    try:
        ip = ipaddress.ip_address(known[1] or known[2] if known else address)
    except ValueError:
        return address
    if ip.version == 6:
        ip = ip.ipv4_mapped or ip
    return str(ip) if ip.version == 4 else str(ipaddress.ip_network((int(ip), 64), strict=False))


def _wait(attempt: Attempt, whose: ColumnElement[bool], limit: int, now: datetime) -> timedelta:
    """Until so many of the other failures have left the window that one more is allowed."""
    others = select(SignInFailure.at).where(
        whose, SignInFailure.id != attempt.id, SignInFailure.at > now - WINDOW
    )
    last = db.session.scalar(others.order_by(SignInFailure.at.desc()).offset(limit - 1).limit(1))
    return last + WINDOW - now if last else timedelta()
