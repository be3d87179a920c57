"""What the worker does for the ledger: it seals every minute and verifies every night."""

import logging

from flask import Flask

from webapp import clock, tasks
from webapp.config import ConfigError, Settings
from webapp.consent.sealing import keys, publishing, sealer, verification
from webapp.consent.sealing.notes import BadNote
from webapp.extensions import db

log = logging.getLogger(__name__)


MANY = 1_000
"""So many events do not wait for the minute to end."""
LOOKS = (15, 30, 45)
"""Seconds of a minute after which somebody looks whether they are so many."""


@tasks.each(minute="*")
def seal_each_minute(app: Flask) -> None:
    seal_ledger(app)
    for seconds in LOOKS:
        tasks.enqueue(app, "seal many", delay=seconds)


@tasks.task("seal many")
def seal_many(app: Flask) -> None:
    with app.app_context():
        many = sealer.waiting(clock.now())[0] >= MANY
    if many:
        seal_ledger(app)


def seal_ledger(app: Flask) -> None:
    """Seal all that waits and carry the checkpoint out of the database."""
    settings: Settings = app.config["HEED"]
    with app.app_context():
        try:
            seal_all(settings)
        except (ConfigError, BadNote, OSError) as problem:
            log.error("the ledger was not sealed: %s", problem)


@tasks.each(minute="11", hour="4")
def verify_ledger(app: Flask) -> None:
    verify_for(app, verification.NIGHTLY)


@tasks.task("verify ledger")
def verify_for(app: Flask, asked_by: str) -> None:
    with app.app_context():
        ran = verification.run(asked_by, anchors(app.config["HEED"]), clock.now())
        if ran.fault:
            log.error("the ledger is not whole: %s", ran.fault)


def seal_all(settings: Settings) -> None:
    """Seal in portions until nothing waits. Commits."""
    if sealer.waiting(clock.now())[0]:
        key = keys.signing_key(settings)
        while sealer.seal(key, clock.now()):
            pass
    told = publishing.write_down(settings.data_dir)
    db.session.rollback()  # it has read, and the next look wants to see what came meanwhile
    if told and settings.checkpoint_url:
        publishing.post(settings.checkpoint_url, told)


def anchors(settings: Settings) -> verification.Anchors:
    """What this machine knows beside the database. Raises ConfigError."""
    return verification.Anchors(keys.public_key(settings), settings.data_dir)
