"""The table of goals tells what was measured, and says of the rest that it was not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench import parts as bench
from bench.ratios import FEWEST_ROUNDS, LONGEST_MS, Pair, Times, compared, worst
from bench.results import MET, MISSED, NOT_MEASURED, Desk, Measured
from bench.table import notes, summary, table
from tests.benchmark import parts

ROOT = Path(__file__).resolve().parents[2]
DESK = Desk("SQLite", "sqlite://", 10, "")
FIRST = Measured("first page", "SQLite", 1.234, 1.5, "× floor", (1.1, 1.3))


def cells(text, goal):
    line = next(line for line in text.splitlines() if line.startswith(f"| {goal} "))
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_a_goal_is_one_line_with_both_databases():
    other = Measured("first page", "PostgreSQL", 1.9, 2.0, "× floor")
    assert cells(table([FIRST, other]), "first page") == [
        "first page", "1.23 (1.10 to 1.30), goal ≤ 1.50 × floor", "1.90, goal ≤ 2 × floor", MET,
    ]  # fmt: skip


def test_a_goal_that_one_database_misses_is_not_met():
    other = Measured("first page", "PostgreSQL", 2.1, 2.0, "× floor")
    assert cells(table([FIRST, other]), "first page")[-1] == "met on SQLite, missed on PostgreSQL"


def test_a_rate_has_to_be_reached():
    found = [Measured("claims", "SQLite", 9999.4, 10_000, "rows/s", at_least=True)]
    assert cells(table(found), "claims")[1:] == ["9,999, goal ≥ 10,000 rows/s", "–", MISSED]


def test_a_value_that_only_rounds_to_its_limit_is_missed():
    found = [Measured("first page", "SQLite", 1.5000001, 1.5, "")]
    assert cells(table(found), "first page")[-1] == MISSED


def test_what_was_not_measured_says_so_and_why():
    found = [FIRST, Measured("export", "SQLite", None, 0, "", why="there is no bench/exporting.py")]
    assert cells(table(found), "export")[1:] == [NOT_MEASURED, "–", NOT_MEASURED]
    assert notes(found) == ["export, SQLite: there is no bench/exporting.py"]
    assert summary(found) == "1 of 2 goals met, 1 not measured"


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (RuntimeError("The page differs.\nAnd more."), "RuntimeError: The page differs."),
        (SystemExit("gunicorn did not answer"), "SystemExit: gunicorn did not answer"),
        (None, "bench/webhook.py offers no measure"),
    ],
)
def test_a_part_that_breaks_or_is_not_there_is_not_measured(monkeypatch, fault, why):
    def measure(_desk):
        raise fault

    monkeypatch.setattr("bench.webhook.measure", measure if fault else None)
    (found,) = bench.measured("webhook", DESK)
    assert (found.verdict, found.why) == (NOT_MEASURED, why)


def test_a_part_runs_in_a_process_of_its_own_and_is_not_measured_when_that_dies(monkeypatch):
    monkeypatch.setattr(bench, "measured", parts.live)
    assert bench.apart("pages", DESK) != [os.getpid()]
    monkeypatch.setattr(bench, "measured", parts.die)
    (found,) = bench.apart("pages", DESK)
    assert (found.verdict, found.why) == (NOT_MEASURED, "its process died")


def test_a_part_whose_file_is_missing_is_not_measured(monkeypatch):
    monkeypatch.setitem(bench.PARTS, "nowhere", "somewhere else")
    (found,) = bench.measured("nowhere", DESK)
    assert (found.goal, found.why) == ("somewhere else", "there is no bench/nowhere.py")


def pair(name, measured, beside):
    return Pair("filters", name, iter(measured).__next__, iter(beside).__next__, 2, "×")


def test_the_first_round_is_not_counted_and_each_ratio_is_of_one_round(capsys):
    (times,) = compared([pair("a", [900, 2, 6, 4], [1, 1, 2, 4])], 3)
    assert times.ratios == [2, 3, 1]
    assert times.ratio == 2
    assert "filters" in capsys.readouterr().out


def test_what_is_slow_is_asked_three_times():
    slow = [LONGEST_MS] * 10
    (times,) = compared([pair("a", slow, slow)], 8)
    assert len(times.measured) == FEWEST_ROUNDS


def test_a_goal_of_several_pages_is_judged_by_the_worst():
    found = [
        Times(pair(name, [], []), taken, [1, 1, 1]) for name, taken in (("a", [1, 1, 1]), ("b", [3, 3, 3]))
    ]
    (measured,) = worst(found, "SQLite")
    assert (measured.value, measured.why, measured.verdict) == (3, "b", MISSED)


def test_the_program_itself_measures_a_part():
    """In a process that is started afresh."""
    line = [sys.executable, "-m", "bench", "--customers", "20", "--engine", "SQLite", "--only", "importing"]
    told = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "import, everybody is new" in told
    assert "0 not measured" in told
