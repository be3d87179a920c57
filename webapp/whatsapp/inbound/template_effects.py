"""What a notice about our account, number or templates does. Nothing here commits."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import or_, update

from webapp.campaigns import lifecycle
from webapp.campaigns.models import Sending
from webapp.campaigns.templates import templates
from webapp.extensions import db
from webapp.whatsapp.inbound import signals
from webapp.whatsapp.webhook.items import (
    AccountReinstated,
    AccountRestricted,
    AccountSignal,
    CategoryAnnounced,
    CategoryChanged,
    MarketingEndpointOpened,
    Notice,
    TemplateNotice,
    TemplateQualityChanged,
    TemplateStatusChanged,
    ThroughputRaised,
)

RESTRICTION = "restriction"
UNTIL_LIFTED = datetime(2999, 12, 31, tzinfo=UTC)
"""The end of a restriction that WhatsApp gives none for."""
HIGH_THROUGHPUT = 1000


def apply(item: Notice, now: datetime) -> None:
    """Campaigns that it concerns pause in the same transaction."""
    match item:
        case TemplateNotice():
            _about_template(item, now)
        case AccountRestricted():
            _restrict(item, now)
        case AccountReinstated():
            _restriction(item, None, "")
        case AccountSignal():
            signals.note(item, now)
        case MarketingEndpointOpened():
            _write(marketing_endpoint=True)
        case ThroughputRaised():
            _write(rate=HIGH_THROUGHPUT)


def _about_template(item: TemplateNotice, now: datetime) -> None:
    """A template that is not here yet comes with the next synchronisation, and with its coming category."""
    template = templates.known(item.template_id, item.name, item.language)
    if template is None:
        return
    match item:
        case CategoryAnnounced():
            templates.announce(template, item.coming, item.effective_at, now)
        case CategoryChanged():
            templates.complete(template, item.category, item.occurred_at, now)
        case TemplateStatusChanged():
            templates.change_status(template, item.event, item.category, item.occurred_at, now)
        case TemplateQualityChanged():
            template.quality = item.quality[:20]


def _restrict(item: AccountRestricted, now: datetime) -> None:
    """A restriction that is over when it is heard of changes nothing."""
    until = item.until or UNTIL_LIFTED
    if until <= now:
        return
    end = f" until {until:%d %b %Y, %H:%M} UTC" if item.until else ""
    if _restriction(item, until, f"{item.why}{end}."):
        lifecycle.hold_all(RESTRICTION, f"WhatsApp restricts this account: {item.why}{end}.", now)


def _restriction(item: Notice, until: datetime | None, words: str) -> bool:
    """Whether it is news: notices come in any order, and the latest one counts."""
    told = Sending.restriction_told_at
    written = db.session.execute(
        update(Sending)
        .where(or_(told.is_(None), told <= item.occurred_at))
        .values(restricted_until=until, restriction=words, restriction_told_at=item.occurred_at)
    )
    return written.rowcount == 1


def _write(**columns: Any) -> None:
    db.session.execute(update(Sending).values(**columns))
