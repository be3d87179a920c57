"""All checks of how the desk is set up: for Status, `heed doctor`, /readyz and the worker's log."""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask

from webapp import clock, tasks
from webapp.checks import database_setup, machine, production
from webapp.checks.finding import Finding
from webapp.config import Settings
from webapp.extensions import db

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Area:
    """What is checked together. `well` is said when nothing was found."""

    id: str
    name: str
    well: str
    found: list[Finding]


def areas(session: Any, settings: Settings, now: datetime) -> list[Area]:
    return [
        Area("database", "Database settings", "What is committed stays, and what is searched is found.",
             database_setup.findings(session, settings)),
        Area("clock", "Clock", "It agrees with the database and the ledger.",
             [*machine.clock(session, settings, now)]),
        Area("production", "Trial", "Simulator and demo data are kept away from real customers.",
             [*production.findings(session, settings)]),
        *of_machine(settings),
    ]  # fmt: skip


def of_machine(settings: Settings) -> list[Area]:
    """What can be checked without the database."""
    return [
        Area("files", "Files", "Only this account can read the data folder and its keys.",
             [*machine.files(settings)]),
        Area("disk", "Disk", "There is room.", [*machine.disk(settings)]),
        Area("secrets", "Secrets", "None is short.", [*machine.secrets(settings)]),
    ]  # fmt: skip


def findings(session: Any, settings: Settings, now: datetime) -> list[Finding]:
    return [found for area in areas(session, settings, now) for found in area.found]


@tasks.at_start
def tell(app: Flask) -> None:
    """The log of the worker says it at each start."""
    with app.app_context():
        for found in findings(db.session, app.config["HEED"], clock.now()):
            log.warning("%s %s", found.words, found.advice)
