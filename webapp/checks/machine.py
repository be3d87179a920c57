"""Is the machine fit for what it keeps: who reads its files, is there room, is its clock right?"""

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, make_url, select

from webapp.checks.finding import Finding
from webapp.config import Settings
from webapp.consent.models import ConsentEvent
from webapp.consent.sealing import keys
from webapp.customers.erasure import suppression_key
from webapp.database import is_sqlite

KEYS = (keys.FILE, suppression_key.FILE)
OTHERS = 0o077
"""What the owner's group and everybody else may do."""
GIB = 1024**3
NEARLY_FULL, FULL = 1 * GIB, GIB // 4
"""Bytes free: an import of 200 MB, its rows and the journal want more than the second."""
CLOCKS_MAY_DIFFER, FAR_APART = timedelta(seconds=5), timedelta(minutes=1)
SHORTEST_KEY, FEWEST_SIGNS = 32, 10
SHORTEST_TOKEN = 16


def files(settings: Settings) -> Iterator[Finding]:
    """Who else on this machine can read the data folder and its keys."""
    if _open_to_others(settings.data_dir):
        yield Finding(
            "folder",
            "Other accounts of this machine can look into the data folder.",
            "Run chmod 700 on HEED_DATA_DIR.",
        )
    for name in KEYS:
        if _open_to_others(settings.data_dir / name):
            yield Finding(
                name.replace(".", "-"),
                f"Other accounts of this machine can read {name}: who has it can forge what it proves.",
                f"Run chmod 600 on {name} in HEED_DATA_DIR, and find out who could have read it.",
                grave=True,
            )


def _open_to_others(path: Path) -> bool:
    try:
        return bool(os.stat(path).st_mode & OTHERS)
    except OSError:
        return False


def disk(settings: Settings) -> Iterator[Finding]:
    free = free_bytes(settings)
    if free is not None and free < NEARLY_FULL:
        grave = free < FULL
        yield Finding(
            "disk",
            f"{free // 1024**2:,} MB are free on the disk of the data.",
            "Make room or take a larger disk: what cannot be written is answered 503, and WhatsApp sends it"
            " again for days.",
            grave,
        )


def free_bytes(settings: Settings) -> int | None:
    """On the disk of the data folder or of the SQLite database, whichever has less; None when neither can be
    asked. That a folder is gone is told by whoever wants to write there."""
    folders = [settings.data_dir]
    if is_sqlite(settings.database_url):
        folders.append(Path(make_url(settings.database_url).database or "").absolute().parent)
    return min((free for each in folders for free in _free(each)), default=None)


def _free(folder: Path) -> Iterator[int]:
    with suppress(OSError):
        yield shutil.disk_usage(folder).free


def secrets(settings: Settings) -> Iterator[Finding]:
    """What can be guessed. Says nothing of secrets that are not set: whoever needs one does not start."""
    key = settings.secret_key
    if key and (len(key) < SHORTEST_KEY or len(set(key)) < FEWEST_SIGNS):
        yield Finding(
            "secret-key",
            "SECRET_KEY can be guessed: who does can sign in as anybody.",
            "Set SECRET_KEY to what `openssl rand -base64 48` prints; everybody signs in again, and second"
            " steps and endpoints' secrets are made anew.",
            grave=True,
        )
    if 0 < len(settings.metrics_token) < SHORTEST_TOKEN:
        yield Finding(
            "metrics-token",
            "METRICS_TOKEN can be guessed.",
            "Set METRICS_TOKEN to what `openssl rand -base64 24` prints.",
        )


def clock(session: Any, settings: Settings, now: datetime) -> Iterator[Finding]:
    """Against the database server's clock, and against the newest entry of the ledger."""
    apart = timedelta(0)
    if not is_sqlite(settings.database_url):
        apart = abs(session.scalar(select(func.clock_timestamp())) - now)
    if apart > CLOCKS_MAY_DIFFER:
        yield Finding(
            "clock",
            f"The clocks of this machine and the database differ by {round(apart.total_seconds())} seconds.",
            "Let both follow a time server (chrony, systemd-timesyncd).",
            grave=apart > FAR_APART,
        )
    newest = session.scalar(select(func.max(ConsentEvent.recorded_at)))
    if newest and newest - now > FAR_APART:
        yield Finding(
            "clock-back",
            "The newest entry of the ledger lies in the future of this machine's clock.",
            "Put the clock right before anything else is recorded: order is by time.",
            grave=True,
        )
