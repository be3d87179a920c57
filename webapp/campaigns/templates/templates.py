"""The templates that WhatsApp has for this account, as it describes them. The caller commits.

A template's category decides whom a campaign may reach. So whatever makes it stricter counts at once, and
what loosens it only when nothing newer is known. Campaigns that a change concerns pause in the same
transaction. Source: Meta, template categorization and message_template_status_update.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from webapp.campaigns import lifecycle, rewording
from webapp.campaigns.models import Template
from webapp.consent.gate import Category
from webapp.consent.rules import later
from webapp.extensions import db

UNUSABLE = "template"
NOTICE = timedelta(hours=24)
"""How long before it takes effect WhatsApp announces a category, where it names no time."""
LONGEST_SYNCHRONISATION = timedelta(hours=1)
APPROVED = "APPROVED"
ALLOWING = {APPROVED, "REINSTATED", "UNARCHIVED"}
NO_STATUS = {"FLAGGED", "LOCKED", "LIMIT_EXCEEDED"}
"""Warnings, and a lock against editing: the template stays what it was."""


@dataclass(frozen=True)
class Description:
    """A template as the Graph API lists it; `coming` is the category that it will get, if any."""

    external_id: str
    name: str
    language: str
    category: str
    status: str
    coming: str | None = None
    parameter_format: str = "POSITIONAL"
    components: list[dict[str, Any]] = field(default_factory=list, hash=False)
    quality: str = ""
    ttl_seconds: int | None = None


def language_of(code: str) -> str:
    """`en-US`, as webhooks write it, and `en_US`, as the Graph API does, are one language."""
    return code.replace("-", "_")


def find(name: str, language: str) -> Template | None:
    return db.session.scalars(
        select(Template).where(Template.name == name, Template.language == language_of(language))
    ).one_or_none()


def known(external_id: str | None, name: str | None, language: str | None) -> Template | None:
    """The template that a notice speaks of: by WhatsApp's id, else by name and language."""
    by_id = select(Template).where(Template.external_id == external_id)
    if external_id and (found := db.session.scalars(by_id).one_or_none()):
        return found
    return find(name, language) if name and language else None


def everything() -> list[Template]:
    """All templates, also those that WhatsApp no longer has, by name."""
    return list(db.session.scalars(select(Template).order_by(Template.name, Template.language)))


def take_in(descriptions: Iterable[Description], now: datetime) -> None:
    """One whole synchronisation that began at `now`. What it does not name is gone from the account."""
    rows = [_take_in_one(description, now) for description in descriptions]
    db.session.flush()
    seen = {row.id for row in rows}
    for template in everything():
        if template.id not in seen and template.removed_at is None:
            template.removed_at = now
        _hold(template, now)
    rewording.hold(now)


def announce(template: Template, coming: str, at: datetime | None, now: datetime) -> None:
    """WhatsApp says which category it will get; that counts from now on. `at`: when it takes effect."""
    if coming != template.category:
        template.coming_category, template.coming_at = coming, at or now + NOTICE
    _hold(template, now)


def complete(template: Template, category: str, at: datetime, now: datetime) -> None:
    """WhatsApp changed the category at that time."""
    _categorise(template, category, at)
    _hold(template, now)


def change_status(template: Template, event: str, category: str | None, at: datetime, now: datetime) -> None:
    """WhatsApp approved, paused, disabled … it; it may have approved it as another category."""
    if event in ALLOWING:
        _allow(template, at)
    elif event not in NO_STATUS:
        template.status, template.stopped_at = event, max(at, template.stopped_at or at)
    if category:
        _categorise(template, category, at)
    _hold(template, now)


def _take_in_one(description: Description, now: datetime) -> Template:
    row = find(description.name, description.language)
    row = row or known(description.external_id, None, None) or Template()
    _free_id(description.external_id, row)
    row.external_id = description.external_id
    if description.status != APPROVED or not _stopped_meanwhile(row, now):
        row.status = description.status
    row.name, row.language = description.name, language_of(description.language)
    row.category, row.parameter_format = description.category, description.parameter_format
    row.components, row.quality = description.components, description.quality
    row.ttl_seconds, row.synced_at, row.removed_at = description.ttl_seconds, now, None
    _expect(row, description.coming, now)
    db.session.add(row)
    return row


def _allow(template: Template, at: datetime) -> None:
    """Only if WhatsApp says nothing else of that second or later. A synchronisation that began in that second
    read the list before, or it would know."""
    stopped = template.stopped_at is not None and not later(at, template.stopped_at)
    if not stopped and not later(template.synced_at, at):
        template.status = APPROVED


def _stopped_meanwhile(row: Template, began_at: datetime) -> bool:
    """Whether WhatsApp stopped it after the synchronisation began, which may not know of it. A time far ahead
    is of a clock that was put back."""
    at = row.stopped_at
    return at is not None and not later(began_at, at) and at - began_at < LONGEST_SYNCHRONISATION


def _free_id(external_id: str, row: Template) -> None:
    """An id that moved to another name: the old row keeps its campaigns, not the id."""
    held = Template.external_id == external_id
    other = held if row.id is None else held & (Template.id != row.id)
    db.session.execute(update(Template).where(other).values(external_id=None))


def _expect(row: Template, coming: str | None, now: datetime) -> None:
    """A coming category ends only by a synchronisation later than its effective time."""
    if coming and coming != row.category:
        if coming != row.coming_category:
            row.coming_category, row.coming_at = coming, now + NOTICE
    elif row.coming_at is None or now > row.coming_at:
        row.coming_category = row.coming_at = None


def _categorise(template: Template, category: str, at: datetime) -> None:
    """A stricter category counts whenever it is heard of; it stays as the coming one until a synchronisation
    that began later, because one that is under way now may still bring the old category."""
    if Category.of(category) == Category.MARKETING:
        template.category, template.coming_category, template.coming_at = category, category, at
    elif at >= template.synced_at:
        template.category = category
        if template.coming_at is None or at >= template.coming_at - NOTICE:  # else the notice is newer
            template.coming_category = template.coming_at = None


def _hold(template: Template, now: datetime) -> None:
    db.session.flush()
    if not template.usable:
        state = "no longer in the account" if template.removed_at else template.status.lower()
        sentence = f"WhatsApp does not take this template now: it is {state.replace('_', ' ')}."
        lifecycle.hold_for_template(template, UNUSABLE, sentence, now)
    lifecycle.hold_drifted(template, now)
