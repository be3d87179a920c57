"""An access request: everything that is kept about one person, for that person, and nothing about others.

Each room registers what it keeps (`told_by`). People of the desk are named by their role alone.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import select

from webapp.accounts.actors import NAMES
from webapp.accounts.models import User
from webapp.consent.models import ConsentEvent, Evidence, Hold, SendDecision
from webapp.consent.rules import Kind
from webapp.customers import merging
from webapp.customers.exhibits import exhibits_of
from webapp.customers.models import Customer, Identity
from webapp.database import compact_json
from webapp.extensions import db

Fact = dict[str, Any]
Tell = Callable[[list[int]], Iterator[Fact]]
_sections: dict[str, Tell] = {}
SOMEBODY, PROGRAM = "somebody at the desk", "a program"
ROWS_AT_ONCE = 500


def told_by(section: str) -> Callable[[Tell], Tell]:
    """Register what a room tells of the records of one person: `function(customer_ids)` gives facts."""

    def keep(function: Tell) -> Tell:
        _sections[section] = function
        return function

    return keep


def everything(customer: Customer) -> Iterator[tuple[str, Iterator[Fact]]]:
    """The sections with their facts, one at a time; records that were merged into this one are theirs."""
    ids = merging.merged_ids(customer.id)
    for section, tell in _sections.items():
        yield section, tell(ids)


def as_json(customer: Customer, now: datetime) -> Iterator[str]:
    """The text of a JSON object, piece by piece."""
    yield f'{{"generated_at":{compact_json(moment(now))}'
    for section, facts in everything(customer):
        yield f",\n{compact_json(section)}:["
        for place, fact in enumerate(facts):
            yield f"{',' if place else ''}\n{compact_json(fact)}"
        yield "\n]"
    yield "\n}\n"


def moment(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z") if at else None


def who(actors: Iterable[str | None]) -> dict[str | None, str | None]:
    """What each actor is called: the role of whoever works here, never a name."""
    wanted = set(actors)
    users = db.session.execute(select(User.id, User.role))
    roles = {f"user:{id}": f"{_article(role)} {role}" for id, role in users}
    return {actor: actor and (roles.get(actor) or NAMES.get(actor) or _other(actor)) for actor in wanted}


def _article(role: str) -> str:
    return "an" if role[0] in "aeiou" else "a"


def _other(actor: str) -> str:
    return PROGRAM if actor.startswith("token:") else SOMEBODY


@told_by("records")
def _records(ids: list[int]) -> Iterator[Fact]:
    for one in db.session.scalars(select(Customer).where(Customer.id.in_(ids)).order_by(Customer.id)):
        yield {
            "id": one.id, "name": one.name, "created_at": moment(one.created_at), "tags": one.tags_json,
            "attributes": one.attrs_json, "consent": one.status, "consent_since": moment(one.status_at),
            "stopped_in_whatsapp_since": moment(one.platform_stop_at), "on_hold_since": moment(one.held_at),
            "unreachable_since": moment(one.unreachable_at),
        }  # fmt: skip


@told_by("identities")
def _identities(ids: list[int]) -> Iterator[Fact]:
    query = select(Identity).where(Identity.customer_id.in_(ids)).order_by(Identity.id)
    for row in db.session.scalars(query):
        yield {"kind": row.kind, "value": row.value, "learned_from": row.source,
               "learned_at": moment(row.created_at), "moved_away_at": moment(row.left_at)}  # fmt: skip


@told_by("consent_history")
def _history(ids: list[int]) -> Iterator[Fact]:
    query = (
        select(ConsentEvent, Evidence)
        .outerjoin(Evidence, Evidence.event_id == ConsentEvent.id)
        .where(ConsentEvent.customer_id.in_(ids))
        .order_by(ConsentEvent.id)
    )
    names = who(db.session.scalars(select(ConsentEvent.actor).where(ConsentEvent.customer_id.in_(ids))))
    for event, proof in db.session.execute(query.execution_options(yield_per=ROWS_AT_ONCE)):
        yield {
            "number": event.id, "record": event.customer_id, "kind": event.kind, "what": event.status,
            "source": event.source, "by": names[event.actor], "effect": event.effect, "reason": event.reason,
            "happened_at": moment(event.occurred_at), "recorded_at": moment(event.recorded_at),
            "evidence": _evidence(event, proof),
        }  # fmt: skip


def _evidence(event: ConsentEvent, proof: Evidence | None) -> Fact | None:
    """Without the words by which a merge says which other record it was about."""
    if proof is None or event.kind == Kind.IDENTITY:
        return None
    exhibit = exhibits_of({event.id: proof})[event.id]
    return {"channel": proof.channel, "words": proof.words, "matched": proof.matched,
            "message_id": proof.message_id, "wording": exhibit.wording, "link": exhibit.link,
            "file": exhibit.file}  # fmt: skip


@told_by("reviews")
def _reviews(ids: list[int]) -> Iterator[Fact]:
    reviews = list(db.session.scalars(select(Hold).where(Hold.customer_id.in_(ids)).order_by(Hold.id)))
    names = who(name for each in reviews for name in (each.noted_by, each.decided_by))
    for each in reviews:
        yield {
            "kind": each.kind, "words": each.words, "matched": each.matched, "why": each.why,
            "written_at": moment(each.occurred_at), "note": each.note, "noted_by": names[each.noted_by],
            "decision": each.decision, "decided_by": names[each.decided_by],
            "decided_at": moment(each.decided_at),
        }  # fmt: skip


@told_by("sending_decisions")
def _decisions(ids: list[int]) -> Iterator[Fact]:
    query = select(SendDecision).where(SendDecision.customer_id.in_(ids)).order_by(SendDecision.id)
    for each in db.session.scalars(query.execution_options(yield_per=ROWS_AT_ONCE)):
        yield {"category": each.category, "allowed": each.allowed, "reason": each.reason,
               "decided_at": moment(each.decided_at)}  # fmt: skip
