"""Starts programs that have read all of Heed's modules already: each is a fork, and saves two seconds.

Run as `python -m tests.faults.nursery`: each line of standard input is a JSON object with `argv`, `env`,
`log` (a file), and maybe `uid`; the answer is the process id. What runs is what the Procfile names: gunicorn,
or the command `heed`; the fork leads a process group of its own.
"""

import encodings.idna
import encodings.latin_1
import encodings.utf_8_sig
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import gunicorn.glogging
import gunicorn.workers.gthread
import huey.consumer
import psycopg
import sqlalchemy.dialects.postgresql.psycopg
import sqlalchemy.dialects.sqlite.pysqlite
from gunicorn.app.wsgiapp import run as gunicorn_run

import webapp.application
from webapp.__main__ import main as heed_run
from webapp.consent.keywords import KeywordSet, read_text
from webapp.database import sqlite_module

ROOT = Path(__file__).resolve().parents[2]
KNOWN = (
    encodings.idna, encodings.latin_1, encodings.utf_8_sig, gunicorn.glogging, gunicorn.workers.gthread,
    huey.consumer, psycopg, webapp.application, sqlite_module(), sqlalchemy.dialects.postgresql.psycopg,
    sqlalchemy.dialects.sqlite.pysqlite,
)  # fmt: skip
"""Read here, once; also for programs of somebody who may not read this Python's folder."""


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # whoever started a program watches it by its number
    read_text("hello", KeywordSet())
    for line in sys.stdin:
        wanted = json.loads(line)
        if not (pid := os.fork()):
            become(wanted)
        print(pid, flush=True)


def become(wanted: dict[str, Any]) -> None:
    """Never returns."""
    status = 70
    try:
        os.setsid()
        for name in (signal.SIGINT, signal.SIGCHLD):
            signal.signal(name, signal.SIG_DFL)
        redirect(wanted["log"])
        os.environ.clear()
        os.environ.update(wanted["env"])
        os.chdir(ROOT)
        if uid := wanted.get("uid"):
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
        sys.argv = wanted["argv"]
        {"gunicorn": gunicorn_run, "heed": heed_run}[Path(sys.argv[0]).name]()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def redirect(log: str) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    for source, target in ((nothing, 0), (file, 1), (file, 2)):
        os.dup2(source, target)


if __name__ == "__main__":
    main()
