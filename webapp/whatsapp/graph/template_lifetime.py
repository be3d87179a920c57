"""Setting the time to live of marketing templates to 12 hours, the shortest that WhatsApp allows for them.

The network is asked outside any transaction. What became of it stands in the template's row, so that the page
shows it; nothing here keeps a campaign from being sent. Source: Meta, time to live; edit a message template.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime

import aiohttp
from sqlalchemy import update

from webapp.campaigns import lifetimes
from webapp.campaigns.models import Template
from webapp.campaigns.sending.codes import Action, rule_of
from webapp.config import Settings
from webapp.database import writing
from webapp.extensions import db
from webapp.whatsapp.graph import management
from webapp.whatsapp.graph.management import CallFailed

log = logging.getLogger(__name__)

MOST_AT_ONCE = 50
"""The rest waits for the next synchronisation: a campaign may wait for this one."""
OF_ONE = {Action.SKIP_ROW, Action.SKIP}
"""What says something about one template only; anything else would befall the next one, too."""
NOT_TAKEN = "WhatsApp did not take 12 hours for this template."


def shorten(settings: Settings, template_id: int | None, now: datetime) -> int:
    """Set one template, or all that are offered, as somebody asked; how many were set. Commits."""
    return _set(settings, lifetimes.shortenable(template_id), now)


def keep_short(settings: Settings, now: datetime) -> int:
    """Set those for which nobody has chosen a time; how many were set. Commits."""
    return _set(settings, lifetimes.forgotten(now), now)


def _set(settings: Settings, templates: Sequence[Template], now: datetime) -> int:
    external_ids = [each.external_id for each in templates[:MOST_AT_ONCE] if each.external_id]
    db.session.rollback()
    answers = asyncio.run(_ask_each(settings, external_ids)) if external_ids else {}
    with writing():
        for external_id, failure in answers.items():
            _note(external_id, failure, now)
        db.session.commit()
    return list(answers.values()).count("")


async def _ask_each(settings: Settings, external_ids: list[str]) -> dict[str, str]:
    """For each template why it failed, or "". Ends at a failure that would befall the next ones, too."""
    answers: dict[str, str] = {}
    async with management.open_session(settings) as session:
        for external_id in external_ids:
            try:
                await _ask(session, f"{settings.graph_api_url}/{external_id}")
                answers[external_id] = ""
            except CallFailed as failure:
                answers[external_id] = _sentence(failure)
                if not _of_one(failure):
                    break
    return answers


async def _ask(session: aiohttp.ClientSession, url: str) -> None:
    answer = await management.ask(session, url, {"message_send_ttl_seconds": lifetimes.SHORTEST})
    if answer.get("success") is not True:
        raise CallFailed(management.UNREADABLE)


def _of_one(failure: CallFailed) -> bool:
    return failure.code is not None and rule_of(failure.code, 0).action in OF_ONE


def _sentence(failure: CallFailed) -> str:
    return NOT_TAKEN if _of_one(failure) else str(failure)


def _note(external_id: str, failure: str, now: datetime) -> None:
    tried = {"ttl_tried_at": now, "ttl_failure": failure}
    done = tried if failure else tried | {"ttl_seconds": lifetimes.SHORTEST}
    db.session.execute(update(Template).where(Template.external_id == external_id).values(**done))
    if failure:
        log.warning("the time to live of template %s was not set: %s", external_id, failure)
    else:
        log.info("the time to live of template %s is 12 hours now", external_id)
