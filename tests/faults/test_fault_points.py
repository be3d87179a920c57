"""Named steps are nothing where no test stages a fault, and only a desk that reaches nobody takes faults."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from webapp import clock, fault_points
from webapp.config import ConfigError, Settings

WEBAPP = Path(__file__).resolve().parents[2] / "webapp"
LOOPBACK = {"HEED_SIMULATOR": "1", "GRAPH_API_URL": "http://127.0.0.1:8000/v26.0"}


@pytest.fixture
def folder(tmp_path):
    yield tmp_path
    fault_points.arm(None)


def test_each_step_is_reached_at_one_place_and_staged_by_a_test():
    source = "".join(file.read_text(encoding="utf-8") for file in WEBAPP.rglob("*.py"))
    reached = re.findall(r'fault_points\.reached\("([a-z.]+)"\)', source)
    assert sorted(reached) == sorted(fault_points.STEPS)
    tests = Path(__file__).resolve().parents[1]
    staged = "".join(file.read_text(encoding="utf-8") for file in tests.rglob("test_*.py"))
    for step in fault_points.STEPS - {"seal.stored", "seal.committed"}:
        assert f'"{step}"' in staged, step


@pytest.mark.parametrize(
    "spoilt",
    [
        {"HEED_SIMULATOR": "0"},
        {"HEED_SIMULATOR": ""},
        {"GRAPH_API_URL": ""},
        {"GRAPH_API_URL": "https://graph.facebook.com/v26.0"},
        {"GRAPH_API_URL": "http://127.0.0.1.example.com/v26.0"},
    ],
)
def test_a_desk_that_can_reach_customers_takes_no_faults(spoilt):
    with pytest.raises(ConfigError, match="HEED_FAULTS is for tests"):
        Settings.from_environ({**LOOPBACK, "HEED_FAULTS": "faults", **spoilt})


def test_without_the_setting_nothing_is_armed():
    assert Settings.from_environ(LOOPBACK).faults is None


def test_a_step_that_nobody_armed_is_passed(folder):
    fault_points.reached("webhook.stored")
    fault_points.arm(folder)
    fault_points.reached("webhook.stored")


def test_the_clock_is_moved_only_where_faults_are(folder):
    (folder / "clock").write_text("86400")
    before = clock.now()
    fault_points.arm(folder)
    assert (clock.now() - before).days == 1
    fault_points.arm(None)
    assert (clock.now() - before).days == 0


def test_the_wanted_reach_meets_the_fault_once(folder):
    (folder / "webhook.stored").write_text("2 kill")
    program = f"""
from pathlib import Path
from webapp import fault_points
fault_points.arm(Path({str(folder)!r}))
for n in range(3):
    print(n, flush=True)
    fault_points.reached("webhook.stored")
"""
    died = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (died.returncode, died.stdout.split()) == (-signal.SIGKILL, ["0", "1"])
    lived = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (lived.returncode, lived.stdout.split()) == (0, ["0", "1", "2"])
