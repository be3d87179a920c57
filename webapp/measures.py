"""What each web process counts as it works, told for all of them together by whichever is asked.

Under gunicorn they count into files that they share (gunicorn.conf.py makes the folder); one process by
itself counts in its memory.
"""

import os
import time
from collections.abc import Mapping

from flask import Response, g, request
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

disable_created_metrics()  # many processes cannot tell when each count began, so one does not either
OWN = CollectorRegistry()
ANSWERS = Counter("heed_webhook_answers", "Answers to WhatsApp's deliveries, by code", ["code"], registry=OWN)
SECONDS = Histogram(
    "heed_webhook_duration_seconds",
    "From the beginning of a delivery to its answer, the commit included",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=OWN,
)
REFUSALS = Counter(
    "heed_gate_refusals", "Recipients that POST decisions refused, by reason", ["reason"], registry=OWN
)


def webhook_answered(response: Response) -> Response:
    """Note an answer to a delivery."""
    if request.method == "POST" and "started" in g:
        ANSWERS.labels(response.status_code).inc()
        SECONDS.observe(time.perf_counter() - g.started)
    return response


def gate_refused(suppressed: Mapping[str, int]) -> None:
    """Note how many recipients were refused, by reason."""
    for reason, number in suppressed.items():
        REFUSALS.labels(reason).inc(number)


def told() -> bytes:
    """The counts of all processes of this web part, in Prometheus' words."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if not folder:
        return generate_latest(OWN)
    everybody = CollectorRegistry()
    MultiProcessCollector(everybody, folder)
    return generate_latest(everybody)
