"""Is what belongs to a trial kept away from real customers?"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select

from webapp.checks.finding import Finding
from webapp.config import LOOPBACK, Settings
from webapp.customers import queries
from webapp.customers.models import Customer


def findings(session: Any, settings: Settings) -> Iterator[Finding]:
    elsewhere = urlsplit(settings.graph_api_url).hostname not in LOOPBACK
    if settings.simulator and (elsewhere or _real_people(session)):
        yield Finding(
            "simulator",
            "The simulator is on, and this desk is no trial: whoever signs in can speak as any customer.",
            "Take HEED_SIMULATOR out of the environment and restart.",
            grave=True,
        )
    if elsewhere and settings.access_token and session.scalar(select(queries.demo_data())):
        yield Finding(
            "demo",
            "The desk holds demo data beside WhatsApp's real address: nothing is sent.",
            "Run heed demo --clear.",
        )


def _real_people(session: Any) -> bool:
    return session.scalar(select(Customer.id).where(~Customer.demo).limit(1)) is not None
