"""How long WhatsApp goes on trying to deliver a marketing message, and whether Heed may shorten that.

A message on its way cannot be called back, so what a phone misses for weeks may reach a customer long after
the opt-out. Own values work through the Marketing Messages API only. Source: Meta, time to live.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from webapp.campaigns import switch
from webapp.campaigns.models import Template
from webapp.consent.gate import Category
from webapp.extensions import db

SHORTEST, LONGEST = 12 * 3600, 30 * 24 * 3600
"""Seconds that a marketing template may have; the longest is WhatsApp's own value."""
AGAIN = timedelta(days=1)
"""Heed asks by itself no sooner again: an approved template may be changed once a day."""
UNITS = ((24 * 3600, "day"), (3600, "hour"), (60, "minute"))


@dataclass(frozen=True)
class Lifetime:
    """Of one marketing template: `seconds` as they hold for its messages now."""

    seconds: int
    can_shorten: bool
    """Whether somebody may set 12 hours."""

    @property
    def short(self) -> bool:
        return self.seconds <= SHORTEST

    @property
    def words(self) -> str:
        return in_words(self.seconds)


def of(template: Template | None) -> Lifetime | None:
    """None for what is not a marketing template."""
    if template is None or template.counts_as != Category.MARKETING:
        return None
    has_endpoint = switch.current().marketing_endpoint
    seconds = (template.ttl_seconds or LONGEST) if has_endpoint else LONGEST
    return Lifetime(seconds, has_endpoint and seconds != SHORTEST and changeable(template))


def in_words(seconds: int) -> str:
    """`12 hours`, `30 days`, `90 minutes`: in the largest unit that goes into it."""
    size, unit = next((u for u in UNITS if seconds % u[0] == 0 and seconds >= u[0]), (1, "second"))
    n = seconds // size
    return f"{n:,} {unit}{'s' if n != 1 else ''}"


def changeable(template: Template) -> bool:
    """Whether WhatsApp takes a change of it now; the range hangs on the present category."""
    return template.usable and template.category == Category.MARKETING and bool(template.external_id)


def shortenable(template_id: int | None = None) -> list[Template]:
    """The template, or all of them, that somebody may set to 12 hours now."""
    wanted = [] if template_id is None else [Template.id == template_id]
    query = select(Template).where(Template.category == Category.MARKETING, *wanted).order_by(Template.id)
    found = [(template, of(template)) for template in db.session.scalars(query)]
    return [template for template, lifetime in found if lifetime and lifetime.can_shorten]


def forgotten(now: datetime) -> list[Template]:
    """Those for which nobody has chosen a time, and that Heed has not asked for lately."""
    return [each for each in shortenable() if each.ttl_seconds is None and _may_ask(each, now)]


def _may_ask(template: Template, now: datetime) -> bool:
    return template.ttl_tried_at is None or template.ttl_tried_at <= now - AGAIN
