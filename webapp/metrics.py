"""What the database says of how the desk fares, as families for Prometheus. Every process tells the same.

What has no answer yet is absent: an alert can tell silence from absence.
"""

import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from sqlalchemy import Row, func, select

from webapp import tasks
from webapp.campaigns import switch
from webapp.campaigns.models import Delivery, DeliveryState
from webapp.campaigns.reports import audit_runs
from webapp.checks import machine
from webapp.config import Settings
from webapp.consent import disputes
from webapp.consent.models import Hold
from webapp.consent.sealing import sealer, verification
from webapp.customers.journal import backed_up, checking
from webapp.customers.models import Customer
from webapp.extensions import db
from webapp.status.models import Alarm
from webapp.status.safety_lines import WITHOUT_BACKUP
from webapp.whatsapp import watch
from webapp.whatsapp.inbound import dead_letters
from webapp.whatsapp.models import InboundMessage

REMEMBERED = 60.0
"""Seconds for which what goes through all customers and deliveries is not counted again."""
REVIEW_DAYS = (1, 3, 7)

Rows = Sequence[Row[Any]]


class Counted:
    """What takes long to count, remembered by one process; one request counts while the others wait."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until, self._found = 0.0, {}

    def read(self) -> dict[str, Rows]:
        with self._lock:
            if time.monotonic() >= self._until:
                self._found = _count()
                self._until = time.monotonic() + REMEMBERED
            return self._found


def _count() -> dict[str, Rows]:
    left_out = select(Delivery.reason, func.count(), func.count(Delivery.gate_category))
    queries = {
        "customers": select(Customer.status, func.count()).group_by(Customer.status),
        "deliveries": select(Delivery.state, func.count()).group_by(Delivery.state),
        "left out": left_out.where(Delivery.state == DeliveryState.SUPPRESSED).group_by(Delivery.reason),
    }
    return {name: db.session.execute(query).all() for name, query in queries.items()}


def told(settings: Settings, counted: Counted, now: datetime) -> bytes:
    """In Prometheus' words."""
    began = time.perf_counter()
    families = [*_counted(counted.read()), *_webhook(now), *_people(now), *_sending(settings), *_ledger(now),
                *_worker(settings, now), *_safety(settings, now)]  # fmt: skip
    took = gauge("heed_metrics_read_seconds", "How long reading them took", time.perf_counter() - began)
    return _written([*families, took, _reachable(True)])


def told_without_database() -> bytes:
    """That it is out of reach, and nothing else."""
    return _written([_reachable(False)])


def _reachable(reachable: bool) -> Metric:
    return gauge("heed_database_reachable", "0 while the database is out of reach", reachable)


def _written(families: list[Metric]) -> bytes:
    registry = CollectorRegistry()
    registry.register(_Families(families))
    return generate_latest(registry)


class _Families:
    """What Prometheus' registry asks for families that are there already."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> list[Metric]:
        return self._families


def gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(name, words, value=value)


def _labelled(name: str, words: str, label: str, values: Iterable[tuple[Any, float]]) -> Metric:
    family = GaugeMetricFamily(name, words, labels=[label])
    for key, value in values:
        family.add_metric([str(key)], value)
    return family


def _counted(found: dict[str, Rows]) -> Iterator[Metric]:
    yield _labelled("heed_customers", "Customers by consent status", "status", found["customers"])
    yield _labelled("heed_deliveries", "Deliveries by state", "state", found["deliveries"])
    left_out = [(reason, number) for reason, number, _ in found["left out"]]
    yield _labelled("heed_suppressed", "Deliveries left out, by reason", "reason", left_out)
    at_start = [(reason, number) for reason, _, number in found["left out"]]
    words = "Those of them that the gate refused when their message was about to start"
    yield _labelled("heed_suppressed_at_start", words, "reason", at_start)


def _webhook(now: datetime) -> Iterator[Metric]:
    heard = watch.hearing(now)
    if heard.last:
        yield gauge("heed_last_webhook_seconds", "Last valid webhook, Unix time", heard.last.timestamp())
    words = "Deliveries with a missing or wrong signature"
    yield CounterMetricFamily("heed_webhook_signature_failures", words, value=heard.refused_total)
    yield gauge("heed_webhook_silent", "1 while the webhook's silence is an alarm", heard.silent)
    dead = db.session.scalar(select(func.count(InboundMessage.id)).where(dead_letters.is_open())) or 0
    yield gauge("heed_dead_letters", "Inbound items that could not be applied", dead)


def _people(now: datetime) -> Iterator[Metric]:
    """What waits for a person, read from the index of what is open."""
    older = [func.count().filter(Hold.recorded_at < now - timedelta(days=days)) for days in REVIEW_DAYS]
    query = select(func.count(), func.min(Hold.recorded_at), *older).where(Hold.decided_at.is_(None))
    waiting, oldest, *by_age = db.session.execute(query).one()
    yield gauge("heed_reviews_open", "Messages that wait for a person", waiting)
    words = "Messages that have waited for a person for more than so many days"
    yield _labelled("heed_reviews_older", words, "days", zip(REVIEW_DAYS, by_age, strict=True))
    age = (now - oldest).total_seconds() if oldest else 0
    yield gauge(
        "heed_reviews_oldest_age_seconds", "How long the oldest of them has waited; 0 when none does", age
    )
    yield gauge("heed_customers_disputed", "Customers who differ from the ledger", disputes.open_count())


def _sending(settings: Settings) -> Iterator[Metric]:
    yield gauge("heed_sending_enabled", "0 while the kill switch is on", 0 if switch.off(settings) else 1)
    if run := audit_runs.last():
        yield gauge("heed_audit_violations", "Marketing after an opt-out, last audit", run.found)
        yield gauge(
            "heed_audit_last_run_seconds", "When the auditor last ran, Unix time", run.ran_at.timestamp()
        )


def _ledger(now: datetime) -> Iterator[Metric]:
    waiting, oldest = sealer.waiting(now)
    yield gauge("heed_ledger_unsealed_events", "Events that wait for a seal", waiting)
    if oldest:
        words = "When the oldest event that waits for a seal was recorded, Unix time"
        yield gauge("heed_ledger_oldest_unsealed_seconds", words, oldest.timestamp())
    age = max((now - oldest).total_seconds(), 0) if oldest else 0
    yield gauge(
        "heed_ledger_seal_age_seconds", "How long the oldest event waits for a seal; 0 when none does", age
    )
    if last := sealer.newest():
        yield gauge("heed_ledger_last_seal_seconds", "Last seal, Unix time", last.sealed_at.timestamp())
    if ran := verification.last():
        yield gauge("heed_ledger_verified_seconds", "Last verification, Unix time", ran.ran_at.timestamp())
        words = "1 if the last verification found no fault"
        yield gauge("heed_ledger_whole", words, 0 if ran.fault else 1)


def _safety(settings: Settings, now: datetime) -> Iterator[Metric]:
    """What a restore would have, and the room that is left; of the host that is asked."""
    last, folder = backed_up.last(), settings.data_dir
    if last:
        yield gauge("heed_backup_last_seconds", "When heed backup last made one, Unix time", last.timestamp())
    writable = checking.why_not_written(folder) is None
    yield gauge("heed_journal_writable", "0 while the opt-out journal cannot be written", writable)
    lacking = checking.lacking(folder, last or now - WITHOUT_BACKUP)
    yield gauge("heed_journal_lacking", "Opt-outs since the last backup that it does not tell of", lacking)
    if (free := machine.free_bytes(settings)) is not None:
        yield gauge("heed_disk_free_bytes", "Free on the disk of the data", free)


def _worker(settings: Settings, now: datetime) -> Iterator[Metric]:
    if seen := tasks.last_beat():
        yield gauge("heed_worker_last_beat_seconds", "When the worker last said that it lives, Unix time",
                    seen.timestamp())  # fmt: skip
    queue = tasks.waiting(settings)
    yield gauge("heed_queue_reachable", "0 while the task queue is out of reach", queue is not None)
    if queue:
        yield gauge("heed_queue_tasks", "Tasks that no worker has taken yet", queue.number)
        yield gauge(
            "heed_queue_age_seconds", "How long the oldest of them has waited", _age(queue.oldest, now)
        )
    opened = select(Alarm.severity, func.count()).where(Alarm.ended_at.is_(None)).group_by(Alarm.severity)
    counts = {"critical": 0, "warning": 0} | dict(db.session.execute(opened).all())
    yield _labelled("heed_alarms", "Alarms that are open, by severity", "severity", counts.items())


def _age(since: datetime | None, now: datetime) -> float:
    return max((now - since).total_seconds(), 0.0) if since else 0.0
