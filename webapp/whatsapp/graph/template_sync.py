"""Templates, throughput and the marketing endpoint of this account, fetched from the Graph API.

The network is asked outside any transaction; what it answered is written down in one.
Source: Meta, message templates, throughput, and Marketing Messages API for WhatsApp.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

import aiohttp
from sqlalchemy import update

from webapp.campaigns import lifetimes
from webapp.campaigns.models import Sending
from webapp.campaigns.templates import templates
from webapp.campaigns.templates.templates import Description
from webapp.config import Settings
from webapp.database import writing
from webapp.extensions import db
from webapp.whatsapp.graph import management
from webapp.whatsapp.graph.answers import object_at, objects_at
from webapp.whatsapp.graph.management import UNREADABLE, CallFailed, ask
from webapp.whatsapp.webhook.reading import identifier

MOST_PAGES = 100
FIELDS = (
    "name,language,status,category,correct_category,components,parameter_format,quality_score,"
    "message_send_ttl_seconds"
)
RATES = {"STANDARD": 80, "HIGH": 1000}
"""Messages a second for each level of throughput."""


@dataclass(frozen=True)
class Account:
    """What the Graph API says; `rate` and `marketing_endpoint` are None when it did not."""

    templates: list[Description]
    rate: int | None
    marketing_endpoint: bool | None


def synchronise(settings: Settings, now: datetime) -> int:
    """Bring the templates up to what WhatsApp has at `now`; how many there are.

    Commits, also a failure. Raises CallFailed. Call it outside a transaction: it waits for the network.
    """
    try:
        account = fetch(settings)
    except CallFailed as failure:
        with writing():
            _note(templates_failed_at=now, templates_failure=str(failure))
            db.session.commit()
        raise
    _take_in(account, now)
    return len(account.templates)


def _take_in(account: Account, now: datetime) -> None:
    """The one row of Sending comes first: so two synchronisations take turns."""
    with writing():
        _note(templates_synced_at=now, templates_failed_at=None, templates_failure="", **_learnt(account))
        templates.take_in(account.templates, now)
        db.session.commit()


def fetch(settings: Settings) -> Account:
    """Ask the Graph API. Raises CallFailed."""
    management.require(settings, "fetch templates")
    return asyncio.run(_fetch(settings))


async def _fetch(settings: Settings) -> Account:
    base, account_id = settings.graph_api_url, settings.business_account_id
    async with management.open_session(settings) as session:
        return Account(
            await _templates(session, f"{base}/{account_id}/message_templates?fields={FIELDS}&limit=100"),
            await _rate(session, base, settings.phone_number_id),
            await _marketing_endpoint(session, base, account_id),
        )


async def _templates(session: aiohttp.ClientSession, first: str) -> list[Description]:
    """All pages of the list."""
    url: str | None = first
    found: list[Description] = []
    for _ in range(MOST_PAGES):
        page = await ask(session, url or first)
        if not isinstance(page.get("data"), list):
            raise CallFailed(UNREADABLE)
        found += [_description(each) for each in objects_at(page, "data")]
        url = _following(first, object_at(page, "paging"))
        if url is None:
            return found
    raise CallFailed(f"WhatsApp lists more than {MOST_PAGES} pages of templates.")


def _following(first: str, paging: dict[str, Any]) -> str | None:
    """The next page. Its link is followed only to where the token belongs; elsewhere the cursor serves."""
    link, after = paging.get("next"), object_at(paging, "cursors").get("after")
    if not isinstance(link, str):
        return None
    if urlsplit(link)[:2] == urlsplit(first)[:2]:
        return link
    if not isinstance(after, str):
        raise CallFailed(UNREADABLE)
    return f"{first}&after={quote(after, safe='')}"


async def _rate(session: aiohttp.ClientSession, base: str, number: str) -> int | None:
    level = object_at(await _node(session, base, number, "throughput"), "throughput").get("level")
    return RATES.get(level) if isinstance(level, str) else None


async def _marketing_endpoint(session: aiohttp.ClientSession, base: str, account_id: str) -> bool | None:
    field = "marketing_messages_lite_api_status"
    status = (await _node(session, base, account_id, field)).get(field)
    return status == "ONBOARDED" if isinstance(status, str) else None


async def _node(session: aiohttp.ClientSession, base: str, node: str, field: str) -> dict[str, Any]:
    """One field of a number or an account; {} when it cannot be had: sending goes on without it."""
    try:
        return await ask(session, f"{base}/{node}?fields={field}") if node else {}
    except CallFailed:
        return {}


def _description(listed: dict[str, Any]) -> Description:
    """One template. Raises CallFailed for one without id, name, language or status: half a list would take
    the others away from their campaigns."""
    name, language = identifier(listed.get("name"), 512), identifier(listed.get("language"), 20)
    external_id, status = identifier(str(listed.get("id") or ""), 60), identifier(listed.get("status"), 40)
    if not (external_id and name and language and status):
        raise CallFailed(UNREADABLE)
    return Description(
        external_id, name, language, identifier(listed.get("category"), 40) or "", status,
        coming=identifier(listed.get("correct_category"), 40),
        parameter_format=identifier(listed.get("parameter_format"), 20) or "POSITIONAL",
        components=objects_at(listed, "components"),
        quality=identifier(object_at(listed, "quality_score").get("score"), 20) or "",
        ttl_seconds=_time_to_live(listed.get("message_send_ttl_seconds")),
    )  # fmt: skip


def _time_to_live(seconds: object) -> int | None:
    """-1 is somebody's choice of 30 days; None is WhatsApp's own value (Meta, time to live)."""
    if seconds == -1:
        return lifetimes.LONGEST
    return seconds if isinstance(seconds, int) and 0 < seconds < 10**8 else None


def _learnt(account: Account) -> dict[str, Any]:
    """The columns of Sending that WhatsApp told us."""
    told = {"rate": account.rate, "marketing_endpoint": account.marketing_endpoint}
    return {name: value for name, value in told.items() if value is not None}


def _note(**columns: Any) -> None:
    db.session.execute(update(Sending).values(**columns))
