"""Segments: named groups of customers, chosen one by one or by rules. The caller commits."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, func, insert, literal, select, update
from sqlalchemy.exc import IntegrityError

from webapp.campaigns.models import UNDER_WAY, Campaign, CampaignStatus, Segment, SegmentKind, SegmentMember
from webapp.campaigns.segments import references
from webapp.campaigns.segments import rules as rules_of
from webapp.campaigns.segments.condition_words import GONE
from webapp.campaigns.segments.rules import Rules
from webapp.customers.conditions import PRESENT
from webapp.customers.models import Customer
from webapp.customers.names import MalformedName, checked_name
from webapp.customers.search import fold
from webapp.extensions import db

COMING = (CampaignStatus.DRAFT, CampaignStatus.SCHEDULED)
CHUNK = 500


class Refused(Exception):
    """It cannot be done; the message is a sentence that says why."""


class EditedMeanwhile(Exception):
    """Somebody else changed the segment since this version of it was read."""


def checked(raw: str, own_id: int | None = None) -> str:
    """The name of a segment. Raises MalformedName, also when another one has it."""
    name = checked_name(raw)
    other = find(name)
    if other is not None and other.id != own_id:
        raise MalformedName(f"There is a segment “{other.name}” already.")
    return name


def find(name: str) -> Segment | None:
    return db.session.scalar(select(Segment).where(Segment.key == fold(name)))


def create_static(name: str, customers: Iterable[int] = (), *, actor: str, now: datetime) -> Segment:
    """A segment of these customers. Raises MalformedName."""
    segment = _created(name, SegmentKind.STATIC, {}, actor, now)
    _join(segment.id, customers)
    return segment


def create_dynamic(name: str, rules: Rules, *, actor: str, now: datetime) -> Segment:
    """A segment of whoever the rules mean when it is used. Raises MalformedName."""
    return _created(name, SegmentKind.DYNAMIC, rules.to_json(), actor, now)


def change(segment: Segment, name: str, rules: Rules, *, version: int, actor: str, now: datetime) -> None:
    """Give a dynamic segment this name and these rules. Raises MalformedName and EditedMeanwhile."""
    if segment.kind != SegmentKind.DYNAMIC:
        raise Refused("A static segment has no rules.")
    _save(segment, name, {"rules": rules.to_json()}, version, actor, now)


def rename(segment: Segment, name: str, *, version: int, actor: str, now: datetime) -> None:
    """Raises MalformedName and EditedMeanwhile."""
    _save(segment, name, {}, version, actor, now)


def duplicate(segment: Segment, *, actor: str, now: datetime) -> Segment:
    """A segment of the same customers or rules, with a name that is free."""
    copy = _created(_free_name(segment.name), SegmentKind(segment.kind), segment.rules, actor, now)
    members = select(literal(copy.id), SegmentMember.customer_id).where(
        SegmentMember.segment_id == segment.id
    )
    db.session.execute(insert(SegmentMember).from_select(["segment_id", "customer_id"], members))
    return copy


def remove(segment: Segment) -> None:
    """Delete it; its customers stay. Raises Refused when a campaign that is still to be sent uses it."""
    if users := [campaign for campaign in used_by(segment.id) if _to_be_read(campaign)]:
        names = ", ".join(f"“{campaign.name}”" for campaign in users)
        raise Refused(f"“{segment.name}” is used by {names}. Take it out of the audience there first.")
    references.forget_segment(segment)
    db.session.execute(delete(SegmentMember).where(SegmentMember.segment_id == segment.id))
    db.session.delete(segment)
    db.session.flush()


def add_people(segment: Segment, customers: Iterable[int], *, actor: str, now: datetime) -> int:
    """Put these customers into a static segment; safe to repeat. How many were not in it before."""
    _only_static(segment)
    added = _join(segment.id, customers)
    _touch(segment, actor, now)
    return added


def remove_people(segment: Segment, customers: Iterable[int], *, actor: str, now: datetime) -> None:
    """Take these customers out of a static segment; safe to repeat."""
    _only_static(segment)
    for part in _parts(customers):
        db.session.execute(
            delete(SegmentMember).where(
                SegmentMember.segment_id == segment.id, SegmentMember.customer_id.in_(part)
            )
        )
    _touch(segment, actor, now)


def people_of(segment_id: int, now: datetime) -> Select[tuple[int]]:
    """The ids of a segment's customers now; nobody when it is gone."""
    segment = db.session.get(Segment, segment_id)
    if segment is not None and segment.kind == SegmentKind.DYNAMIC:
        return rules_of.people(Rules.of(segment.rules), now)
    return (
        select(Customer.id)
        .join(SegmentMember, SegmentMember.customer_id == Customer.id)
        .where(SegmentMember.segment_id == segment_id, *PRESENT)
    )


def lost(segment_id: int) -> str:
    """Why a segment no longer means what it meant, as a sentence: it, or what its rules name, was deleted."""
    segment = db.session.get(Segment, segment_id)
    if segment is None:
        return "A segment of the audience was deleted."
    if segment.kind == SegmentKind.DYNAMIC and GONE in rules_of.words(Rules.of(segment.rules)):
        return f"The segment {segment.name} names something that no longer exists. Edit its rules."
    return ""


def count(people: Select[tuple[int]]) -> int:
    return db.session.scalar(select(func.count()).select_from(people.subquery())) or 0


def sample(people: Select[tuple[int]], most: int = 20) -> list[Customer]:
    """The newest of these customers."""
    newest = select(Customer).where(Customer.id.in_(people)).order_by(Customer.id.desc()).limit(most)
    return list(db.session.scalars(newest))


def everything() -> list[Segment]:
    """All segments by name."""
    return list(db.session.scalars(select(Segment).order_by(Segment.key)))


def uses() -> dict[int, list[Campaign]]:
    """The campaigns that name each segment, the newest first; tests to oneself are left out."""
    found: dict[int, list[Campaign]] = {}
    campaigns = select(Campaign).where(Campaign.test_of_id.is_(None)).order_by(Campaign.id.desc())
    for campaign in db.session.scalars(campaigns):
        for segment_id in _named(campaign.audience):
            found.setdefault(segment_id, []).append(campaign)
    return found


def used_by(segment_id: int) -> list[Campaign]:
    return uses().get(segment_id, [])


def _to_be_read(campaign: Campaign) -> bool:
    """Whether its audience has still to be read: before the launch, and a large one after it, too."""
    being_written = campaign.status in UNDER_WAY and campaign.audience_done_at is None
    return campaign.status in COMING or being_written


def _named(audience: dict[str, Any]) -> set[int]:
    sources = [*audience.get("include", []), *audience.get("exclude", [])]
    return {source["id"] for source in sources if source.get("kind") == "segment"}


def _created(name: str, kind: SegmentKind, rules: dict[str, Any], actor: str, now: datetime) -> Segment:
    name = checked(name)
    segment = Segment(
        name=name, key=fold(name), kind=kind, rules=rules, created_at=now, created_by=actor,
        changed_at=now, changed_by=actor,
    )  # fmt: skip
    try:
        with db.session.begin_nested():
            db.session.add(segment)
    except IntegrityError:  # somebody else created it in this moment
        raise MalformedName(f"There is a segment “{name}” already.") from None
    return segment


def _free_name(name: str) -> str:
    keys = set(db.session.scalars(select(Segment.key)))
    tries = (f"{name[:45]} (copy{f' {n}' if n > 1 else ''})" for n in range(1, len(keys) + 2))
    return next(each for each in tries if fold(each) not in keys)


def _save(
    segment: Segment, name: str, columns: dict[str, Any], version: int, actor: str, now: datetime
) -> None:
    """One conditional UPDATE: of two editors the first one wins, and the other one is told."""
    name = checked(name, segment.id)
    wanted = {"name": name, "key": fold(name), "version": version + 1, "changed_at": now, "changed_by": actor}
    statement = update(Segment).where(Segment.id == segment.id, Segment.version == version)
    try:
        with db.session.begin_nested():
            saved = db.session.execute(statement.values(**wanted, **columns))
    except IntegrityError:
        raise MalformedName(f"There is a segment “{name}” already.") from None
    db.session.refresh(segment)
    if saved.rowcount != 1:
        raise EditedMeanwhile


def _only_static(segment: Segment) -> None:
    if segment.kind != SegmentKind.STATIC:
        raise Refused("The rules of a dynamic segment choose its customers.")


def _touch(segment: Segment, actor: str, now: datetime) -> None:
    segment.changed_at, segment.changed_by = now, actor
    db.session.flush()


def _join(segment_id: int, customers: Iterable[int]) -> int:
    added = 0
    for part in _parts(customers):
        have = select(SegmentMember.customer_id).where(SegmentMember.segment_id == segment_id)
        lacking = select(Customer.id).where(Customer.id.in_(part), Customer.id.not_in(have), *PRESENT)
        rows = [{"segment_id": segment_id, "customer_id": id} for id in db.session.scalars(lacking)]
        if rows:
            db.session.execute(insert(SegmentMember), rows)
        added += len(rows)
    return added


def _parts(customers: Iterable[int]) -> Iterable[list[int]]:
    ids = sorted(set(customers))
    return (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK))
