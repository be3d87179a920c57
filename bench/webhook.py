"""How long Meta waits for the answer to one message, when messages come one after another.

    python -m bench.webhook [--messages 1000] [--url postgresql://…]

gunicorn runs as the Procfile starts it, on an empty desk. Every second message says STOP, the others are
ordinary, and each comes from somebody who is new; then come deliveries of 1,000 of them in nearly 4 MiB. The
floors are of the same run: what a request costs that does nothing, and what one commit costs that reaches the
disk.
"""

import argparse
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles

from bench.desks import beside
from bench.results import Desk, Measured
from tests.consent.messages import ordinary
from webapp import database
from webapp.simulator.acts import Business, Said, Writer
from webapp.simulator.deliveries import DEMO_IDS, delivery, user_id_of
from webapp.whatsapp.webhook.signature import sign

ROOT = Path(__file__).resolve().parent.parent
SECRET = "bench secret"
WEBHOOK = "/webhooks/whatsapp"
START_SECONDS = 60
KEPT_SECONDS = 600
"""A connection is kept while another one is measured."""
FLOOR_ROUNDS, MESSAGES = 300, 1000
LONGEST_MEDIAN, LONGEST = 250, 1000
"""Milliseconds that Meta waits at most, in half of the cases and in all but one of a hundred."""
UPDATES, LARGE, ROUNDS = 1000, 4 * 1024 * 1024 - 4096, 5
FIRST_NUMBER = 5_511_900_000_000
ORDINARY = [message.text for message in ordinary()]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=MESSAGES)
    parser.add_argument("--url", default="")
    wishes = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        answered(wishes.url or f"sqlite:///{Path(folder) / 'heed.db'}", folder, wishes.messages)


def measure(desk: Desk) -> list[Measured]:
    """On a desk of its own beside the large one."""
    with beside(desk, "webhook") as url, tempfile.TemporaryDirectory(dir=desk.folder) as folder:
        taken = answered(url, folder, MESSAGES)
    lower, middle, upper = quantiles(taken)
    goal = "webhook, one message after the other"
    return [
        Measured(f"{goal}: median", desk.engine, middle, LONGEST_MEDIAN, "ms", (lower, upper)),
        Measured(f"{goal}: 99 %", desk.engine, quantiles(taken, n=100)[98], LONGEST, "ms"),
    ]


def answered(url: str, folder: str, messages: int) -> list[float]:
    """Milliseconds of each message; all else is only printed."""
    database.migrate(url)
    say("a commit on this disk", times(FLOOR_ROUNDS, committing(Path(folder))))
    with serving(url, folder) as port, closing(http.client.HTTPConnection("127.0.0.1", port)) as line:
        say("a request that does nothing", times(FLOOR_ROUNDS, lambda _: healthz(line)))
        bodies = [message(n, time.time()) for n in range(messages)]
        taken = times(len(bodies), lambda n: post(line, bodies[n]))
        say("a message", taken)
        crowds = [crowd(len(bodies) + UPDATES * n, time.time()) for n in range(ROUNDS)]
        say(f"{UPDATES} in {len(crowds[0]):,} bytes", times(ROUNDS, lambda n: post(line, crowds[n])))
    return taken


def times(rounds: int, act: Callable[[int], None]) -> list[float]:
    """Milliseconds of each round."""
    taken = []
    for n in range(rounds):
        start = time.perf_counter()
        act(n)
        taken.append((time.perf_counter() - start) * 1000)
    return taken


def say(what: str, taken: list[float]) -> None:
    most = quantiles(taken, n=100)[98]
    print(f"{what}: median {median(taken):.1f} ms, 99 % within {most:.1f} ms, {len(taken)} times", flush=True)


def committing(folder: Path) -> Callable[[int], None]:
    """One small row, with the pragmas of Heed's own connections."""
    connection = database.sqlite_module().connect(folder / "floor.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, words TEXT)")

    def commit(n: int) -> None:
        connection.execute("INSERT INTO rows VALUES (?, ?)", (n, "STOP"))

    return commit


@contextmanager
def serving(url: str, folder: str, app: str = "") -> Iterator[int]:
    """gunicorn on a free port, until the end; with the application of the Procfile if none is named."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "DATABASE_URL": url, "HEED_DATA_DIR": folder, "SECRET_KEY": "x" * 32, "WHATSAPP_APP_SECRET": SECRET,
        "WHATSAPP_VERIFY_TOKEN": "word", "LOG_LEVEL": "WARNING",
        "GUNICORN_CMD_ARGS": f"--bind 127.0.0.1:{port} --keep-alive {KEPT_SECONDS} --log-level warning",
    }  # fmt: skip
    command = [sys.executable, "-m", "gunicorn", *([app] if app else web_line())]
    server = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait()


def web_line() -> list[str]:
    """The arguments of gunicorn in the Procfile."""
    line = next(line for line in (ROOT / "Procfile").read_text().splitlines() if line.startswith("web:"))
    return [part.strip('"') for part in line.split()[2:]]


def wait_for(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", port)) as line:
                return healthz(line)
        except OSError:
            time.sleep(0.1)
    sys.exit("gunicorn did not answer")


def healthz(line: http.client.HTTPConnection) -> None:
    line.request("GET", "/healthz")
    expect_200(line)


def post(line: http.client.HTTPConnection, body: bytes) -> None:
    line.request("POST", WEBHOOK, body, {"X-Hub-Signature-256": sign(body, SECRET)})
    expect_200(line)


def expect_200(line: http.client.HTTPConnection) -> None:
    response = line.getresponse()
    response.read()
    if response.status != http.HTTPStatus.OK:
        sys.exit(f"answered {response.status}")


def message(n: int, now: float) -> bytes:
    """Message number `n`, from somebody of its own."""
    number = str(FIRST_NUMBER + n)
    words = "STOP" if n % 2 else ORDINARY[n // 2 % len(ORDINARY)]
    writer = Writer(f"Person {n}", number, user_id_of(number))
    said = Said(f"wamid.bench.{n}", words, datetime.fromtimestamp(now, UTC))
    return delivery(Business(*DEMO_IDS), writer, said)


def crowd(first: int, now: float) -> bytes:
    """A delivery of many messages, made large by what is new to us: it is kept, too."""
    bodies = [json.loads(message(first + n, now)) for n in range(UPDATES)]
    whole = bodies[0] | {"entry": [entry for body in bodies for entry in body["entry"]]}
    each = (LARGE - len(json.dumps(whole))) // UPDATES - len('"new": "", ')
    for entry in whole["entry"]:
        entry["changes"][0]["value"]["messages"][0]["new"] = "x" * max(0, each)
    return json.dumps(whole).encode()


if __name__ == "__main__":
    main()
