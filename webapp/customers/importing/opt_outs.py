"""How the opt-outs came about that a list's opt-ins meet, in a few words for its report."""

from collections.abc import Iterable

from sqlalchemy import select

from webapp import many_rows
from webapp.consent.models import ConsentEvent, Evidence
from webapp.consent.rules import Source, Status
from webapp.customers.importing.people import Person
from webapp.extensions import db

BY_IMPORT = "by an import"
HOW = {
    Source.KEYWORD: "by keyword",
    Source.BUTTON: "by the button",
    Source.WHATSAPP: "in WhatsApp",
    Source.DELIVERY_FAILURE: "by a failed delivery",
    Source.REVIEW: "by a message that a person read",
    Source.AGENT: "by an agent",
    Source.API: "by the API",
    Source.IMPORT: BY_IMPORT,
    Source.SYSTEM: "by the system",
}
OWN_WORDS = frozenset({Source.KEYWORD, Source.BUTTON})


def told(people: Iterable[Person]) -> dict[int, str]:
    """By the events that opted these people out: who or what did it, like `by keyword “STOP”`."""
    events = [each.consent.status_event_id for each in people if each.consent.status == Status.OPTED_OUT]
    if not events:
        return {}
    query = select(ConsentEvent.id, ConsentEvent.source, Evidence.matched)
    query = query.outerjoin(Evidence, Evidence.event_id == ConsentEvent.id)
    found = db.session.execute(query.where(many_rows.among(ConsentEvent.id, events)))
    return {id: _words(Source(source), matched) for id, source, matched in found}


def _words(source: Source, matched: str | None) -> str:
    return f"{HOW[source]} “{matched}”" if source in OWN_WORDS and matched else HOW[source]
