"""All faults, mixed at random, for as long as somebody wants: `make soak`, or `python -m tests.faults.soak`.

    SOAK_MINUTES=10 SOAK_SEED=7 make soak

Each round draws a fault and a load from the seed, on both databases in turn; then the desk recovers, and
every promise is checked. A broken one ends it, with the seed and the round that lead there again.
"""

import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.fakes import Script, ScriptedGraph
from tests.faults.conftest import free_port
from tests.faults.load import load
from tests.faults.programs import Nursery, nursery
from tests.faults.stage import LEASES, Stage
from tests.faults.test_disk import no_room
from tests.postgres import SETTINGS, Server, running_server
from webapp import database
from webapp.database import sqlite_module

PEOPLE = 30
PATIENCE = 180.0
"""Seconds: some faults leave work to the sweep of each minute."""
LOCKED_SECONDS = 30
OF_THE_WEB = ("webhook.signed", "group.gathered", "webhook.stored", "webhook.committed")
OF_THE_PUMP = ("claim.stored", "claim.committed", "wire.ready", "wire.answered", "result.stored")


class Soak:
    """One desk; `server` when it is on PostgreSQL."""

    def __init__(self, stage: Stage, server: Server | None) -> None:
        self.stage, self.server, self.dice = stage, server, stage.dice
        self.met: Counter[str] = Counter()

    def round(self) -> str:
        """The fault that it drew."""
        stage, fault = self.stage, self.dice.choice(self.faults())
        people = stage.people(PEOPLE)
        stage.launch(people, pace=self.dice.choice((2, 10, 80)))
        with load(stage):
            stage.client.deliver(stage.a_crowd(people[:5], others=0))
            fault()
            stage.client.deliver(stage.a_crowd(people[5:10], others=0))
        stage.check(later=LEASES)
        self.met[fault.__name__] += 1
        return fault.__name__

    def faults(self) -> list[Callable[[], None]]:
        of_engine = (
            [self.postgresql_gone, self.postgresql_restarted]
            if self.server
            else [self.sqlite_locked, self.disk_full, self.queue_deleted]
        )
        return [
            self.web_killed_at_a_step, self.worker_killed_at_a_step, self.all_killed, self.told_to_end,
            self.whatsapp_hangs, self.whatsapp_breaks_off, self.clock_moved, *of_engine,
        ]  # fmt: skip

    def web_killed_at_a_step(self) -> None:
        self.stage.arm(self.dice.choice(OF_THE_WEB), self.dice.randint(1, 4))
        time.sleep(2)

    def worker_killed_at_a_step(self) -> None:
        self.stage.arm(self.dice.choice(OF_THE_PUMP), self.dice.randint(1, 3))
        time.sleep(2)

    def all_killed(self) -> None:
        for program in (self.stage.web, self.stage.worker):
            program.kill()
            time.sleep(self.dice.random())

    def told_to_end(self) -> None:
        for program in (self.stage.web, self.stage.worker):
            program.signal(self.dice.choice((signal.SIGTERM, signal.SIGHUP)))
        time.sleep(3)

    def whatsapp_hangs(self) -> None:
        self.stage.graph.answer = lambda _body, _n: Script.accept(delay=60)
        time.sleep(5)
        self.stage.graph.answer = lambda _body, _n: Script.accept()
        self.stage.worker.kill()

    def whatsapp_breaks_off(self) -> None:
        coin = random.Random(self.dice.random())
        self.stage.graph.answer = lambda _body, _n: Script.reset() if coin.random() < 0.5 else Script.accept()
        time.sleep(3)
        self.stage.graph.answer = lambda _body, _n: Script.accept()

    def clock_moved(self) -> None:
        self.stage.move_clock(self.dice.choice((300.0, 3600.0, -300.0)))
        time.sleep(1)

    def sqlite_locked(self) -> None:
        file = self.stage.url.removeprefix("sqlite:///")
        other = sqlite_module().connect(file, isolation_level=None, timeout=60)
        other.execute("BEGIN IMMEDIATE")
        time.sleep(LOCKED_SECONDS)
        other.close()

    def disk_full(self) -> None:
        with no_room(self.stage, 4096):
            time.sleep(3)

    def queue_deleted(self) -> None:
        for file in (self.stage.folder / "data").glob("queue.db*"):
            file.unlink()

    def postgresql_gone(self) -> None:
        self.stage.forget_connections()
        self.server.stop("immediate")
        time.sleep(self.dice.choice((1, 10)))
        self.server.start()

    def postgresql_restarted(self) -> None:
        self.stage.forget_connections()
        self.server.stop("fast")
        self.server.start()


@contextmanager
def desks(seed: int) -> Iterator[list[Soak]]:
    """One on each database."""
    with ExitStack() as until_end:
        opened = until_end.enter_context(nursery())
        server = until_end.enter_context(running_server(SETTINGS | {"synchronous_commit": "on"}))
        server.prepare_template(database.migrate)
        sqlite = Path(until_end.enter_context(tempfile.TemporaryDirectory(prefix="heed-soak-")))
        database.migrate(f"sqlite:///{sqlite / 'heed.db'}")
        other = Path(until_end.enter_context(tempfile.TemporaryDirectory(prefix="heed-soak-")))
        url = until_end.enter_context(server.empty_database("soak"))
        graphs = [until_end.enter_context(ScriptedGraph()) for _ in range(2)]
        soaks = [
            Soak(a_stage(f"sqlite:///{sqlite / 'heed.db'}", sqlite, graphs[0], opened, seed), None),
            Soak(a_stage(url, other, graphs[1], opened, seed), server),
        ]
        yield soaks
        for soak in soaks:
            soak.stage.forget_connections()


def a_stage(url: str, folder: Path, graph: ScriptedGraph, opened: Nursery, seed: int) -> Stage:
    stage = Stage(url, folder, graph, free_port(), seed, nursery=opened, patience=PATIENCE)
    stage.open()
    return stage


def main() -> None:
    minutes = float(os.environ.get("SOAK_MINUTES", "10"))
    seed = int(os.environ.get("SOAK_SEED", "0")) or random.randrange(1, 10**6)
    print(f"seed {seed}, {minutes:g} minutes", flush=True)
    end = time.monotonic() + minutes * 60
    with desks(seed) as soaks:
        number = 0
        while time.monotonic() < end:
            for soak in soaks:
                number, began = number + 1, time.monotonic()
                fault = soak.round()
                engine = "PostgreSQL" if soak.server else "SQLite"
                took = time.monotonic() - began
                print(f"round {number}, {engine}, {fault}: {took:.0f} s, whole", flush=True)
        for soak in soaks:
            told = soak.stage.history
            print(f"{len(told.words):,} messages, {len(told.requests):,} sent, answers {dict(told.answers)}")
    sys.exit(0)


if __name__ == "__main__":
    main()
