"""The worker confirms changes of consent to the customers who made them, if the settings say so."""

import asyncio
import logging
from datetime import datetime

from flask import Flask

from webapp import clock, tasks
from webapp.campaigns import switch
from webapp.campaigns.sending.sender import Answer
from webapp.consent import confirmations
from webapp.database import OUT_OF_REACH, writing
from webapp.extensions import db
from webapp.whatsapp import confirmed, launch
from webapp.whatsapp.confirmed import Claimed
from webapp.whatsapp.graph.graph import GraphSender

log = logging.getLogger(__name__)

TASK = "confirm"


def wake(app: Flask, now: datetime) -> None:
    """Have a worker confirm what is due. Called after the change is stored: it never raises for the
    database's sake, and the sweep finds what it misses."""
    try:
        if confirmations.waits(now):
            tasks.enqueue(app, TASK)
    except OUT_OF_REACH as problem:
        log.warning("confirmations wait for the next sweep: %s", type(problem).__name__)
    finally:
        db.session.rollback()


@tasks.task(TASK)
def confirm(app: Flask) -> None:
    """Send what is due, some at once, until nothing is left or WhatsApp wants us to wait."""
    if not _may_send(app):
        return
    line = launch.line_of(app)
    while claimed := _claimed(app):
        answers: list[Answer] = line.run(_send(line.sender, claimed))
        if not _settled(app, claimed, answers):
            return


@tasks.each(minute="*")
def sweep_confirmations(app: Flask) -> None:
    confirm(app)


def _may_send(app: Flask) -> bool:
    with app.app_context():
        return (
            confirmations.on()
            and not launch.why_not(app.config["HEED"])
            and not switch.off(app.config["HEED"])
        )


def _claimed(app: Flask) -> list[Claimed]:
    with app.app_context(), writing():
        claimed = confirmed.claim(clock.now())
        db.session.commit()
    return claimed


async def _send(sender: GraphSender, claimed: list[Claimed]) -> list[Answer]:
    return list(await asyncio.gather(*(sender.send(each.message) for each in claimed)))


def _settled(app: Flask, claimed: list[Claimed], answers: list[Answer]) -> bool:
    """Write the answers down; whether it makes sense to go on now."""
    with app.app_context(), writing():
        for each, answer in zip(claimed, answers, strict=True):
            confirmed.settle(each.id, answer)
        db.session.commit()
        return not confirmed.must_wait(answers)
