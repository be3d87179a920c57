"""Statuses on their way to the webhook: each waits for its time, and those that are due go together."""

import heapq
import http.client
import threading
import time
from dataclasses import dataclass, field

from webapp.simulator.acts import Business
from webapp.simulator.line import Parcel, post
from webapp.simulator.message_log import MessageLog
from webapp.simulator.statuses import Status, delivery

MOST_TOGETHER = 100
"""Statuses in one delivery; Meta's have up to 1,000 updates."""
AGAIN_SECONDS = 3.0
ATTEMPTS = 20


@dataclass(frozen=True)
class Webhook:
    """Where they go: a port of this machine, and what the deliveries are signed with."""

    port: int
    secret: str
    business: Business


@dataclass(order=True)
class _Waiting:
    due: float
    number: int
    status: Status = field(compare=False)
    webhook: Webhook = field(compare=False)
    attempts: int = field(compare=False, default=0)


class Outbox:
    """One thread at most, which lives as long as something waits."""

    def __init__(self, log: MessageLog) -> None:
        self._log = log
        self._waiting: list[_Waiting] = []
        self._changed = threading.Condition()
        self._running = False
        self._number = 0

    def put(self, seconds: float, status: Status, webhook: Webhook) -> None:
        """Report this status in so many seconds; returns at once."""
        with self._changed:
            self._number += 1
            self._add(_Waiting(time.monotonic() + seconds, self._number, status, webhook))

    def _add(self, waiting: _Waiting) -> None:
        heapq.heappush(self._waiting, waiting)
        if not self._running:
            self._running = True
            threading.Thread(target=self._run, name="phone-statuses", daemon=True).start()
        self._changed.notify()

    def _run(self) -> None:
        while due := self._next():
            self._carry(due)

    def _next(self) -> list[_Waiting]:
        """Those that are due for the same webhook, once there are some; none when nothing waits."""
        with self._changed:
            while self._waiting and (rest := self._waiting[0].due - time.monotonic()) > 0:
                self._changed.wait(rest)
            self._running = bool(self._waiting)
            due: list[_Waiting] = []
            while self._belongs(due):
                due.append(heapq.heappop(self._waiting))
            return due

    def _belongs(self, due: list[_Waiting]) -> bool:
        if not self._waiting or len(due) == MOST_TOGETHER:
            return False
        first = self._waiting[0]
        return first.due <= time.monotonic() and (not due or first.webhook == due[0].webhook)

    def _carry(self, due: list[_Waiting]) -> None:
        if self._taken(due[0].webhook, [waiting.status for waiting in due]):
            self._log.mark([(waiting.status.wamid, waiting.status.word) for waiting in due])
            return
        with self._changed:
            for waiting in due:
                waiting.attempts += 1
                waiting.due = time.monotonic() + AGAIN_SECONDS
                if waiting.attempts < ATTEMPTS:
                    self._add(waiting)

    def _taken(self, webhook: Webhook, statuses: list[Status]) -> bool:
        try:
            body = delivery(webhook.business, statuses)
            return post(Parcel(0, webhook.port, body, webhook.secret)) == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
