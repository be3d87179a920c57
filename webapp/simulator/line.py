"""The line from the phone to the webhook: signed deliveries over HTTP, never inside a request.

A request that waited for another one of the same server would starve its threads.
"""

import http.client
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from webapp.simulator.delivery_log import DeliveryLog
from webapp.whatsapp.webhook.signature import sign

WEBHOOK = "/webhooks/whatsapp"
MOST_AT_ONCE = 4
ANSWER_SECONDS = 10.0


@dataclass(frozen=True)
class Parcel:
    """A delivery on its way to the webhook at this port of this machine; `id` is its note in the log."""

    id: int
    port: int
    body: bytes
    secret: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Content-Type": "application/json", "X-Hub-Signature-256": sign(self.body, self.secret)}


class Line:
    """Carries a few deliveries at a time; what the webhook answered goes to the log."""

    def __init__(self, log: DeliveryLog) -> None:
        self.log = log
        self._threads = ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="phone")

    def send(self, parcel: Parcel) -> "Future[None]":
        """Send it soon; returns at once."""
        return self._threads.submit(self._carry, parcel)

    def _carry(self, parcel: Parcel) -> None:
        start = time.perf_counter()
        try:
            status = post(parcel)
        except (OSError, http.client.HTTPException) as problem:
            self.log.failed(parcel.id, str(problem) or type(problem).__name__)
        else:
            self.log.answered(parcel.id, status, (time.perf_counter() - start) * 1000)


def post(parcel: Parcel) -> int:
    """Carry it now; the HTTP status of the answer. Raises OSError or HTTPException without one."""
    connection = http.client.HTTPConnection("127.0.0.1", parcel.port, timeout=ANSWER_SECONDS)
    try:
        connection.request("POST", WEBHOOK, parcel.body, parcel.headers)
        return connection.getresponse().status
    finally:
        connection.close()
