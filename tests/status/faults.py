"""Items that meet a fault, so that they become dead letters."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from sqlalchemy import event

from tests.whatsapp.posting import deliver, kept, says
from webapp.consent.models import ConsentEvent
from webapp.consent.rules import Kind
from webapp.whatsapp.models import InboundMessage


@contextmanager
def poisoned(
    kind: Kind = Kind.CONSENT, error: type[Exception] = ValueError, times: int = 1000
) -> Iterator[None]:
    """Whatever writes an event of this kind fails, or so many `times`: the fault that somebody repairs before
    they try again."""
    left = iter(range(times))

    def refuse(_mapper: object, _connection: object, written: ConsentEvent) -> None:
        if written.kind == kind and next(left, None) is not None:
            raise error("poisoned")

    event.listen(ConsentEvent, "before_insert", refuse)
    try:
        yield
    finally:
        event.remove(ConsentEvent, "before_insert", refuse)


def a_dead_stop(app: Flask, **parts: Any) -> None:
    """Joe writes STOP, and it cannot be applied."""
    with poisoned():
        deliver(app, says("STOP", **parts))


def the_letter() -> InboundMessage:
    [letter] = [message for message in kept() if message.failure]
    return letter
