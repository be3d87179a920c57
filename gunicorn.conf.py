"""gunicorn reads this file by itself. It binds 0.0.0.0:$PORT, or 127.0.0.1:8000 when PORT is not set."""

import gc
import os
import shutil
import sys
import tempfile
from typing import Any

from webapp import file_modes, heaps, logs
from webapp.config import ConfigError, Settings
from webapp.consent.keywords import KeywordSet, read_text

# gunicorn makes files there that nobody else can open, and takes their names away at once
MEMORY = "/dev/shm"  # noqa: S108  # nosec B108


def wanted() -> Settings:
    """A malformed setting stops the start here already: gunicorn itself reads PORT before `on_starting`, and
    does not say whose number it is."""
    try:
        return Settings.from_environ()
    except ConfigError as error:
        sys.exit(str(error))


def worker_processes() -> int:
    """WEB_CONCURRENCY, else 2; always 1 on SQLite, where more processes only wait for each other."""
    if os.environ.get("DATABASE_URL", "").startswith("postgres"):
        return int(os.environ.get("WEB_CONCURRENCY") or 2)
    return 1


settings = wanted()
logconfig_dict = logs.of_server("INFO")  # no access log: the application writes its own, without URLs
proc_name = "heed"
worker_class = "gthread"
workers = worker_processes()
threads = 32  # most of them wait: deliveries that come at once are stored by one of them
timeout = 60  # seconds without a sign of life of a whole process; slow requests do not count
worker_tmp_dir = MEMORY if os.access(MEMORY, os.W_OK) else None  # a busy disk would look like a death
graceful_timeout = 30  # what a stop leaves to requests that run; give the platform a few seconds more
keepalive = 75  # longer than proxies keep a connection, else one of them sends into one that just closed
limit_request_line = 8190  # a filter lives in its URL
limit_request_fields = 64
limit_request_field_size = 8190
forwarder_headers = ""  # a proxy hands on SCRIPT_NAME and PATH_INFO of strangers, too
control_socket_disable = True  # it lies in the home folder, where two desks of one user would share it


def on_starting(_server: Any) -> None:
    """A missing setting, or folder, stops the start with one sentence, before any worker tries and fails.
    What the workers count goes into a folder of this start, so that each can tell the numbers of all."""
    file_modes.keep_to_oneself()
    heaps.share()
    try:
        settings.require_web()
        settings.make_data_dir()
    except ConfigError as error:
        sys.exit(str(error))
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="heed-metrics-")


def post_worker_init(worker: Any) -> None:
    """What reading a message needs is compiled before Meta waits for the first answer. What is there then
    stays, so the garbage collector need not look at it in the midst of a large delivery."""
    from webapp.status.alarm_worker import watch_the_worker

    watch_the_worker(worker.wsgi)
    read_text("hello, where is my parcel", KeywordSet())
    gc.collect()
    gc.freeze()


def child_exit(_server: Any, worker: Any) -> None:
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)


def on_exit(_server: Any) -> None:
    shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)
