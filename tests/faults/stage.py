"""A desk as it runs in production, whose programs meet faults at named steps, and recover."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults import checker
from tests.faults.desk import Desk
from tests.faults.history import Record
from tests.faults.programs import GUNICORN, HEED, Nursery, Program
from webapp.consent.sealing import keys, sealer

LEASES = 130.0
"""Seconds after which nobody holds a lease any more."""


@dataclass
class Stage(Desk):
    """Web and worker are programs of their own."""

    nursery: Nursery | None = None
    web: Program | None = None
    worker: Program | None = None
    urls: dict[str, str] = field(default_factory=dict)
    """Of the database, for programs that reach it by another way."""
    patience: float = 30.0
    """Seconds for which it may take to recover."""
    uid: int | None = None
    """Who runs them; None: who runs the tests."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.faults, self.logs = self.folder / "faults", self.folder / "logs"
        self.faults.mkdir()
        self.logs.mkdir()

    def open(self) -> None:
        """Web and worker, as the Procfile starts them."""
        self.web = self.start_web()
        self.worker = self.start_worker()
        self.until(self.ready, lambda: "the web part is not ready")

    def start_web(self) -> Program:
        return self.start(GUNICORN, "webapp:create_app()")

    def start_worker(self) -> Program:
        return self.start(HEED, "worker")

    def start(self, *argv: str) -> Program:
        bind, name = f"--bind 127.0.0.1:{self.port} --log-level warning", Path(argv[0]).name
        bind += "" if self.uid is None else f" --user {self.uid} --group {self.uid}"
        environ = {
            "PATH": os.environ["PATH"], "HOME": str(self.folder), "GUNICORN_CMD_ARGS": bind, **self.settings,
            "HEED_FAULTS": str(self.faults), "DATABASE_URL": self.urls.get(name, self.url),
        }  # fmt: skip
        return self.nursery.start([*argv], environ, self.logs / name, self.uid)

    def ready(self) -> bool:
        return self.client.ask("GET", "/readyz")[0] == 200

    def tend(self) -> None:
        """What ended is started again, as whatever runs a service does."""
        if self.web and not self.web.lives():
            self.web = self.start_web()
        if self.worker and not self.worker.lives():
            self.worker = self.start_worker()

    def arm(self, step: str, at: int = 1, what: str = "kill") -> None:
        """Whoever reaches this step for the `at`-th time from now on meets its fault."""
        self._write(step, f"{at} {what}")

    def struck(self, step: str) -> bool:
        return not (self.faults / step).exists()

    def await_fault(self, step: str) -> None:
        self.until(lambda: self.struck(step), lambda: f"nobody came to {step}")

    def move_clock(self, seconds: float) -> None:
        self.moved += seconds
        self._write("clock", str(self.moved))

    def _write(self, name: str, words: str) -> None:
        draft = self.folder / "draft"
        draft.write_text(words)
        draft.rename(self.faults / name)

    def seal(self) -> None:
        """The ledger, by the clock of the desk's programs."""
        with self.app.app_context():
            while sealer.seal(keys.signing_key(self.app.config["HEED"]), self.now()):
                pass

    def until(self, condition: Callable[[], bool], told: Callable[[], object]) -> None:
        """Wait for something; `told` says what is lacking when it does not come."""
        deadline = time.monotonic() + self.patience
        while not condition():
            self.tend()
            assert time.monotonic() < deadline, told()
            time.sleep(0.03)

    def recover(self, *, later: float = 0) -> Record:
        """By itself, by time that passes, and by what outside tries again. The record then."""
        if later:
            self.move_clock(later)
        self.until(self.ready, lambda: "the web part is not ready")
        self.client.bring_again()
        self.until(lambda: not self.half_done(), self.half_done)
        return self.record(logs=[*self.logs.iterdir()])

    def half_done(self) -> list[str]:
        return list(checker.unsettled(self.history, self.record(verified=False)))

    def check(self, *, later: float = 0) -> None:
        """The desk recovers, and every promise holds."""
        broken = checker.violations(self.history, self.recover(later=later))
        assert not broken, f"seed {self.seed}: {broken}"
