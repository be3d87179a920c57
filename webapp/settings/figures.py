"""Figures that the settings show: what the keywords did lately, and whether WhatsApp is connected."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from webapp.config import Settings
from webapp.consent.models import ConsentEvent
from webapp.consent.rules import Kind, Source, Status
from webapp.extensions import db
from webapp.whatsapp.models import InboundMessage

LATELY = timedelta(days=30)


def keyword_figures(now: datetime) -> dict[str, Any]:
    """How many customers replied by keyword in 30 days, and when a reply last opted one out."""
    opt_outs = (
        ConsentEvent.kind == Kind.CONSENT,
        ConsentEvent.status == Status.OPTED_OUT,
        ConsentEvent.source.in_([Source.KEYWORD, Source.BUTTON]),
    )
    lately = select(func.count(ConsentEvent.customer_id.distinct())).where(
        *opt_outs, ConsentEvent.source == Source.KEYWORD, ConsentEvent.recorded_at >= now - LATELY
    )
    latest = select(func.max(ConsentEvent.recorded_at)).where(*opt_outs)
    return {"keyword_replies": db.session.scalar(lately) or 0, "last_reply_at": db.session.scalar(latest)}


@dataclass(frozen=True)
class Connection:
    """What is known of the connection to WhatsApp, without any secret."""

    secrets: int
    verify_token: bool
    phone_number_id: str
    business_account_id: str
    access_token: bool
    last_delivery_at: datetime | None


def connection(settings: Settings) -> Connection:
    return Connection(
        secrets=len(settings.app_secrets),
        verify_token=bool(settings.verify_token),
        phone_number_id=settings.phone_number_id,
        business_account_id=settings.business_account_id,
        access_token=bool(settings.access_token),
        last_delivery_at=db.session.scalar(select(func.max(InboundMessage.received_at))),
    )
