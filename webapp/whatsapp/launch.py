"""Sending wired together: the pump with the Graph API as its sender, and what the worker does by itself."""

import asyncio
import logging
import threading
from collections.abc import Coroutine
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from sqlalchemy import select

from webapp import clock, tasks
from webapp.campaigns import access_data as campaign_data
from webapp.campaigns import erased_people, lifecycle, merged_people, renamed, switch
from webapp.campaigns.lifecycle import Impossible, Outlook
from webapp.campaigns.models import Campaign, CampaignStatus
from webapp.campaigns.reports import audit_runs
from webapp.campaigns.sending import audience_parts, sweep, wire
from webapp.campaigns.sending.pump import LONGEST_REST, pump
from webapp.config import Settings
from webapp.customers import queries
from webapp.database import OUT_OF_REACH, writing
from webapp.extensions import db
from webapp.transactions import committed
from webapp.whatsapp import access_data, erased_messages
from webapp.whatsapp.graph import template_lifetime, template_sync
from webapp.whatsapp.graph.graph import GraphSender
from webapp.whatsapp.graph.management import CallFailed

log = logging.getLogger(__name__)

SLOTS = 600
"""Messages on the wire at once: 1,000 a second with answers after 150 ms, and time to read them."""
MOST_PUMPS = tasks.WORKERS - 1
"""At once. A slice waits for its answers, for as long as WhatsApp hangs, and all else needs a thread, too."""
NO_ROOM, AFTER_A_FAULT = 0.5, 2.0
"""Seconds until a campaign tries again."""
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
REGISTERED = (
    wire.on_the_wire, merged_people.move, renamed.rename, erased_people.erase, erased_messages.erase,
    campaign_data.deliveries, access_data.messages,
)  # fmt: skip


class Line:
    """One event loop for all pumps of this process, so that connections stay open between their slices."""

    def __init__(self, settings: Settings) -> None:
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, name="sending", daemon=True).start()
        self.sender = self.run(self._open(settings))
        self.room = threading.BoundedSemaphore(MOST_PUMPS)

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine there and wait for what it gives."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    async def _open(self, settings: Settings) -> GraphSender:
        return GraphSender(settings, marketing_endpoint=True, slots=SLOTS)


_lock = threading.Lock()


def line_of(app: Flask) -> Line:
    with _lock:
        if "heed-line" not in app.extensions:
            app.extensions["heed-line"] = Line(app.config["HEED"])
        return app.extensions["heed-line"]


@tasks.task("pump")
def send(app: Flask, campaign_id: int) -> None:
    """A slice of a campaign, and the next one behind everybody else's."""
    try:
        delay = _send(app, campaign_id)
    except OUT_OF_REACH as fault:
        log.warning("campaign %s waits for the database: %s", campaign_id, type(fault).__name__)
        delay = AFTER_A_FAULT
    if delay is not None:
        tasks.enqueue(app, "pump", campaign_id, delay=delay)


def _send(app: Flask, campaign_id: int) -> float | None:
    """Seconds until the next slice is due."""
    if not _ready(app, campaign_id):
        return None
    audience_parts.write_down(app, campaign_id, clock.now)
    line = line_of(app)
    if not line.room.acquire(blocking=False):
        return NO_ROOM
    try:
        due = line.run(pump(app, campaign_id, line.sender, clock.now))
    finally:
        line.room.release()
    return None if due is None else _rest(app, campaign_id, due)


@tasks.task("sync templates")
def synchronise(app: Flask) -> None:
    """The templates as they are now; then nobody's marketing is to lie around for weeks."""
    settings: Settings = app.config["HEED"]
    if missing(settings):
        return
    with app.app_context():
        try:
            template_sync.synchronise(settings, clock.now())
        except CallFailed as failure:
            log.warning("templates were not synchronised: %s", failure)
            return
        if not why_not(settings):
            template_lifetime.keep_short(settings, clock.now())


@tasks.task("shorten templates")
def shorten_templates(app: Flask, template_id: int) -> None:
    """12 hours for one template, or for all: 0."""
    settings: Settings = app.config["HEED"]
    with app.app_context():
        if not why_not(settings):
            template_lifetime.shorten(settings, template_id or None, clock.now())


@tasks.at_start
def begin(app: Flask) -> None:
    """What a restart owes: the categories as they are now, and everything that was under way."""
    committed(app, switch.settle_in)
    tasks.enqueue(app, "sync templates")
    look_after(app)


@tasks.at_end
def hang_up(app: Flask) -> None:
    if line := app.extensions.get("heed-line"):
        line.run(line.sender.close())


@tasks.each(minute="*")
def look_after(app: Flask) -> None:
    """Settle, launch what is due, find what nobody sends: each in a transaction of its own."""
    now = clock.now()
    committed(app, lambda: sweep.sweep(now))
    for campaign_id in committed(app, lambda: lifecycle.due(now)):
        try:
            seen = _outlook(app, campaign_id, now)
            committed(app, partial(lifecycle.launch_due, campaign_id, now, seen))
        except Exception as fault:  # one campaign must not cost the others their time
            log.error("campaign %s was not launched at its time: %s", campaign_id, type(fault).__name__)
    for campaign_id in committed(app, lambda: sweep.waiting(now)):
        tasks.enqueue(app, "pump", campaign_id)


def _outlook(app: Flask, campaign_id: int, now: datetime) -> Outlook | None:
    """What the launch will need, read while nobody waits for it; None when there is nothing to launch."""
    with app.app_context():
        campaign = db.session.get(Campaign, campaign_id)
        try:
            return lifecycle.outlook(campaign, now) if campaign else None
        except Impossible:
            return None


@tasks.each(minute="23")
def hourly(app: Flask) -> None:
    synchronise(app)


@tasks.each(minute="41", hour="2")
def nightly(app: Flask) -> None:
    ask_auditor(app, audit_runs.NIGHTLY)


@tasks.task("audit")
def ask_auditor(app: Flask, asked_by: str) -> None:
    with app.app_context():
        found = audit_runs.run(asked_by, clock.now())
    if found:
        log.error("the auditor found %s marketing messages that started after an opt-out", len(found))


def missing(settings: Settings) -> str:
    """Which settings are not there that sending needs; "" when all are."""
    needed = {
        "WHATSAPP_ACCESS_TOKEN": settings.access_token,
        "WHATSAPP_PHONE_NUMBER_ID": settings.phone_number_id,
        "WHATSAPP_BUSINESS_ACCOUNT_ID": settings.business_account_id,
    }
    return ", ".join(name for name, value in needed.items() if not value)


def _ready(app: Flask, campaign_id: int) -> bool:
    """Whether this worker may send at all; if not, the campaign is held and says why."""
    settings: Settings = app.config["HEED"]
    with app.app_context():
        launched_at = db.session.scalar(select(Campaign.launched_at).where(Campaign.id == campaign_id))
        sending = switch.current()
        tried = max(filter(None, (sending.templates_synced_at, sending.templates_failed_at)), default=None)
        why = why_not(settings)
    if why:
        _hold(app, campaign_id, why)
    elif launched_at and (tried is None or tried < launched_at - timedelta(seconds=1)):
        synchronise(app)
    return not why


def _demo() -> bool:
    return bool(db.session.scalar(select(queries.demo_data())))


def why_not(settings: Settings) -> str:
    """Why this desk must not send anything, as a sentence; "" when it may."""
    if names := missing(settings):
        return f"Not set for the worker: {names}."
    if _demo() and urlsplit(settings.graph_api_url).hostname not in LOOPBACK:
        return "This desk holds demo data, so it sends only to a WhatsApp on this machine."
    return ""


def _hold(app: Flask, campaign_id: int, why: str) -> None:
    with app.app_context(), writing():
        campaign = db.session.get(Campaign, campaign_id)
        if campaign and campaign.status == CampaignStatus.RUNNING:
            lifecycle.pause(campaign, actor="system", now=clock.now(), code="settings", reason=why)
        db.session.commit()


def _rest(app: Flask, campaign_id: int, due: float) -> float | None:
    """Seconds until the next slice of a campaign with something queued; None when the sweep, which looks each
    minute, is early enough."""
    with app.app_context():
        campaign = db.session.get(Campaign, campaign_id)
        if campaign is None or campaign.status != CampaignStatus.RUNNING or due >= LONGEST_REST:
            return None
        return None if switch.off(app.config["HEED"]) else due
