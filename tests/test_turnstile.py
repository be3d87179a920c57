"""Writers of SQLite take turns, so that nobody who waits is overtaken for ever."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from webapp import database
from webapp.database import writing
from webapp.turnstile import NEXT, Turnstile

LONG = 30.0
ANOTHER_PROCESS = """
import sys, time
from pathlib import Path
from webapp.turnstile import Turnstile
turnstile = Turnstile(Path(sys.argv[1]))
assert turnstile.enter(30)
print("mine", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def file(tmp_path):
    return tmp_path / "turn"


@pytest.fixture
def turnstile(file):
    made = Turnstile(file)
    yield made
    made.close()


@pytest.fixture
def engine(sqlite_url):
    opened = database.open_engine(sqlite_url)
    yield opened
    opened.dispose()


def in_the_row(turnstile: Turnstile, count: int) -> None:
    """Wait until so many stand in the row of this process, whoever has the turn among them."""
    while len(turnstile._row) < count:
        time.sleep(0.001)


def test_threads_pass_in_the_order_of_their_coming(turnstile):
    passed = []

    def pass_through(n: int) -> None:
        assert turnstile.enter(LONG)
        passed.append(n)
        turnstile.leave()

    assert turnstile.enter(LONG)
    with ThreadPoolExecutor(8) as crowd:
        for n in range(8):
            crowd.submit(pass_through, n)
            in_the_row(turnstile, n + 2)
        turnstile.leave()
    assert passed == list(range(8))


def test_who_has_waited_too_long_goes_without_a_turn_and_holds_nobody_up(turnstile):
    assert turnstile.enter(LONG)
    with ThreadPoolExecutor(2) as crowd:
        impatient = crowd.submit(turnstile.enter, 0.01)
        assert impatient.result() is False
        patient = crowd.submit(turnstile.enter, LONG)
        in_the_row(turnstile, 2)
        turnstile.leave()
        assert patient.result() is True


def another_process(file) -> subprocess.Popen:
    command = [sys.executable, "-c", ANOTHER_PROCESS, str(file)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_another_process_that_waits_is_next_however_eager_this_one_is(turnstile, file):
    assert turnstile.enter(LONG)
    with another_process(file) as other:
        while turnstile._locked(NEXT, 0):
            turnstile._unlock(NEXT)
            assert other.poll() is None
            time.sleep(0.001)
        turnstile.leave()
        assert turnstile.enter(0) is False
        assert other.stdout.readline() == "mine\n"
        assert turnstile.enter(0) is False
        other.kill()
        other.wait()
        assert turnstile.enter(LONG), "a turn ends with its process"
        turnstile.leave()


def holds(engine) -> bool:
    """Whether the turn of this database is taken: another turnstile of a process of its own cannot enter."""
    script = "import sys; from pathlib import Path; from webapp.turnstile import Turnstile; "
    script += "sys.exit(Turnstile(Path(sys.argv[1])).enter(0))"
    command = [sys.executable, "-c", script, f"{engine.url.database}-turn"]
    return subprocess.run(command).returncode == 0


def test_a_writing_transaction_has_the_turn_until_it_ends_however_it_ends(engine):
    with writing(), engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        assert holds(engine)
    assert not holds(engine), "after a rollback"
    with writing(), engine.begin() as connection:
        connection.execute(text("SELECT 1"))
    assert not holds(engine), "after a commit"
    with pytest.raises(OperationalError), writing(), engine.begin() as connection:
        connection.execute(text("nonsense"))
    assert not holds(engine), "after an error"
    with writing(), engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        connection.invalidate()
        assert not holds(engine), "after the connection is given up"


def test_who_only_reads_needs_no_turn(engine):
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        assert not holds(engine)


def test_a_lock_of_somebody_who_takes_no_turns_is_waited_for_as_ever(engine, sqlite_url):
    with engine.connect():
        pass
    stranger = database.sqlite_module().connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    stranger.execute("BEGIN IMMEDIATE")

    def write() -> None:
        with writing(), engine.begin() as connection:
            connection.execute(text("SELECT 1"))

    with ThreadPoolExecutor(1) as crowd:
        waiting = crowd.submit(write)
        while not holds(engine):
            assert not waiting.done(), waiting.exception()
        stranger.execute("ROLLBACK")
        waiting.result()
    stranger.close()


def test_without_a_file_to_lock_nobody_waits_and_everybody_writes(tmp_path):
    """As when the file is another user's."""
    file = tmp_path / "turn"
    file.mkdir()
    turnstile = Turnstile(file)
    began = time.monotonic()
    assert turnstile.enter(LONG) is False
    assert turnstile.enter(LONG) is False, "whoever went without a turn left the row"
    assert time.monotonic() - began < LONG
