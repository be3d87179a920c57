"""Is what belongs to a trial kept away from real customers?"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select

from webapp.checks.finding import Finding
from webapp.config import LOOPBACK, Settings
from webapp.customers import queries


def findings(session: Any, settings: Settings) -> Iterator[Finding]:
    elsewhere = urlsplit(settings.graph_api_url).hostname not in LOOPBACK
    if settings.simulator and elsewhere:
        yield Finding(
            "simulator",
            "The simulator is on beside the real WhatsApp: whoever signs in can speak as any customer.",
            "Take HEED_SIMULATOR out of the environment and restart.",
            grave=True,
        )
    if elsewhere and settings.access_token and session.scalar(select(queries.demo_data())):
        yield Finding(
            "demo",
            "The desk holds demo data beside WhatsApp's real address: nothing is sent.",
            "Run heed demo --clear.",
        )
