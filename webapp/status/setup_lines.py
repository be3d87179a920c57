"""How the desk is set up: what of it is to be put right."""

from collections.abc import Iterator
from datetime import datetime

from webapp.checks import setup
from webapp.checks.finding import Finding
from webapp.checks.setup import Area
from webapp.config import Settings
from webapp.extensions import db
from webapp.status.line import BAD, GOOD, WARNING, Line, named


def wrong(settings: Settings, now: datetime) -> Iterator[Line]:
    """Nothing of what is set up well."""
    for area in setup.areas(db.session, settings, now):
        yield from (_of_finding(area, found) for found in area.found)


def of_areas(areas: list[Area]) -> Iterator[Line]:
    """What is set up well, too."""
    for area in areas:
        if not area.found:
            yield Line(area.id, area.name, GOOD, area.well)
        yield from (_of_finding(area, found) for found in area.found)


def _of_finding(area: Area, found: Finding) -> Line:
    line = named(f"{area.id}-{found.id}", area.name)
    return line(BAD if found.grave else WARNING, found.words, found.advice)
