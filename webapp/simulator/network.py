"""The WhatsApp of this machine: what it keeps, what waits to be reported, and how long answers take."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import current_app, request

from webapp.config import Settings
from webapp.simulator.acts import Business
from webapp.simulator.deliveries import DEMO_IDS
from webapp.simulator.delivery_log import DeliveryLog
from webapp.simulator.lifetimes import LifetimeLog
from webapp.simulator.line import Line
from webapp.simulator.message_log import MessageLog
from webapp.simulator.move_log import MoveLog
from webapp.simulator.outbox import Outbox, Webhook

MOST_SLOW = 2
"""Answers that may be held back for long at once: each one keeps a thread of the web part."""
LONG_SECONDS = 1.0


class TooManyWaiting(Exception):
    """No thread may be kept for another slow answer."""


@dataclass(frozen=True)
class Network:
    messages: MessageLog
    outbox: Outbox
    line: Line
    slow: threading.BoundedSemaphore
    lifetimes: LifetimeLog
    moves: MoveLog

    @classmethod
    def of(cls, file: Path) -> "Network":
        log = MessageLog(file)
        slow = threading.BoundedSemaphore(MOST_SLOW)
        return cls(log, Outbox(log), Line(DeliveryLog(file)), slow, LifetimeLog(file), MoveLog(file))

    @contextmanager
    def room_for(self, seconds: float) -> Iterator[None]:
        """Hold a place for an answer that takes so long. Raises TooManyWaiting."""
        if seconds < LONG_SECONDS:
            yield
            return
        if not self.slow.acquire(blocking=False):
            raise TooManyWaiting
        try:
            yield
        finally:
            self.slow.release()


def network() -> Network:
    """That of the application."""
    found: Any = current_app.extensions["heed-phone-network"]
    return found


def business() -> Business:
    """Whose account and number it is; those of a demo when the desk is not connected to WhatsApp."""
    settings = _settings()
    account_id, phone_number_id = DEMO_IDS
    return Business(settings.business_account_id or account_id, settings.phone_number_id or phone_number_id)


def webhook() -> Webhook:
    """This server's own."""
    return Webhook(int(request.environ["SERVER_PORT"]), _settings().app_secrets[0], business())


def hold_back(seconds: float) -> None:
    """Let the caller wait, as a slow WhatsApp does."""
    time.sleep(seconds)


def _settings() -> Settings:
    return current_app.config["HEED"]
