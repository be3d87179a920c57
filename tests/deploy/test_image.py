"""The image is not built here, for that wants Docker; but what its Dockerfile says is done, and runs."""

import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.deploy.recipe import ROOT, Machine, built, sent_to_the_builder, stages
from tests.log_watch import FORBIDDEN
from webapp import healthcheck
from webapp.config import NAMES

NUMBER = "5511988124410"
SECRETS = {
    "SECRET_KEY": "a secret key of thirty-two bytes or more",
    "WHATSAPP_APP_SECRET": "an app secret",
    "WHATSAPP_VERIFY_TOKEN": "a verify token",
}
PATIENCE = 120


def procfile() -> dict[str, str]:
    lines = (ROOT / "Procfile").read_text(encoding="utf-8").splitlines()
    return dict(line.split(": ", 1) for line in lines)


def test_the_image_runs_as_an_account_without_rights_from_its_last_steps_on():
    last = stages()[-1]
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", last.all("USER")[-1])
    after = [name for name, _ in last.lines[last.lines.index(("USER", last.all("USER")[-1])) :]]
    assert not {"RUN", "COPY", "ADD"} & set(after)


def test_the_account_of_the_image_has_the_group_that_it_runs_with():
    """useradd --system would choose another group, below 1000."""
    last = stages()[-1]
    account, group = last.all("USER")[-1].split(":")
    made = next(each for each in last.all("RUN") if "useradd" in each)
    assert f"useradd --uid {account} --user-group " in made
    assert group == account


def test_no_setting_that_is_a_secret_can_get_into_a_layer():
    given = {name for stage in stages() for name in stage.environment()} & NAMES
    assert given == {"HEED_DATA_DIR", "PORT"}
    assert (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()[1] == "*"
    copied = {name for stage in stages() for names, _ in stage.copied() for name in names}
    assert copied == sent_to_the_builder()


def test_whatever_is_fetched_for_the_image_is_checked_by_its_hash():
    fetched = re.findall(r"pip install ([^&]*)", " && ".join(stages()[0].all("RUN")))
    assert len(fetched) == 3
    for arguments in fetched:
        offline = "--no-index" in arguments and "--no-deps" in arguments
        assert offline or {"--require-hashes", "--only-binary"} <= set(arguments.split())


def test_the_image_starts_the_web_part_as_the_procfile_does():
    assert json.loads(stages()[-1].all("CMD")[-1]) == procfile()["web"].replace('"', "").split(" ", 1)
    assert procfile()["release"] == "heed init"


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    with built() as machine:
        yield machine


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def running(machine: Machine, command: list[str], environment: dict[str, str], log: Path) -> Iterator[None]:
    """Runs until SIGTERM, which has to end it well."""
    with log.open("ab") as written:
        process = subprocess.Popen(
            command,
            cwd=machine.home,
            env=environment,
            stdout=written,
            stderr=written,
            umask=0,
            **machine.account,
        )
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0, log.read_text()


def heed(machine: Machine, environment: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=machine.home, env=environment, capture_output=True, text=True, umask=0, **machine.account
    )


def what_lies_in(folder: Path) -> dict[str, float]:
    return {str(path): path.lstat().st_mtime for path in folder.rglob("*")}


def wait_until(true: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.1)


def get(port: int, path: str) -> str:
    with closing(HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        assert answer.status == 200, path
        return answer.read().decode()


def test_the_image_serves_from_code_that_it_cannot_change_and_keeps_its_data_to_itself(
    machine, port, tmp_path, monkeypatch
):
    log, volume = tmp_path / "log", machine.root / "volume"
    data = volume / "data"
    volume.mkdir()
    if machine.account:
        os.chown(volume, machine.account["user"], machine.account["group"])
    environment = machine.environment(data, PORT=str(port), **SECRETS)
    monkeypatch.setenv("PORT", str(port))
    check = json.loads(stages()[-1].all("HEALTHCHECK")[-1].partition("CMD ")[2])
    code = what_lies_in(machine.home)
    assert [path for path in code if path.endswith("/proof/verify.py")], "what a proof pack is checked with"

    assert heed(machine, environment, "heed", "init").returncode == 0
    assert heed(machine, environment, *check).returncode == 1
    left_open = data / "left-open"
    left_open.touch()
    for path, mode in ((data, 0o755), (left_open, 0o644)):
        path.chmod(mode)
    web, worker = json.loads(stages()[-1].all("CMD")[-1]), procfile()["worker"].split()
    with running(machine, web, environment, log):
        wait_until(healthcheck.answers, "the web part does not answer")
        assert heed(machine, environment, *check).returncode == 0
        assert json.loads(get(port, "/readyz"))["queue"] == "0 waiting"
        styles = re.search('<link rel="stylesheet" href="([^"]+)"', get(port, "/sign-in"))
        assert "@layer" in get(port, styles[1])
        with running(machine, worker, environment, log):
            wait_until(lambda: '"worker":"seen' in get(port, "/readyz"), "no worker is seen")
        with socket.create_connection(("127.0.0.1", port)) as rude:
            rude.sendall(f"GE{{T /?q=+{NUMBER} HTTP/1.1\r\nX: {NUMBER}\r\n\r\n".encode())
            assert rude.recv(100).startswith(b"HTTP/1.1 400")

    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert any("Invalid request" in line["message"] for line in lines)
    for line in lines:
        assert not [what for what, pattern in FORBIDDEN.items() if pattern.search(line["message"])], line
    assert what_lies_in(machine.home) == code
    told = [line for line in lines if "others on this machine can read left-open" in line["message"]]
    assert len(told) == 2, "web and worker say it"
    assert [path for path in data.rglob("*") if path.lstat().st_mode & 0o077] == [left_open]


@pytest.mark.parametrize(
    ("hosts", "asked_as"),
    [("", "localhost"), ("desk.example.com", "desk.example.com"), (" .example.com, b", "example.com")],
)
def test_the_health_check_asks_by_the_name_of_the_desk(monkeypatch, port, hosts, asked_as):
    monkeypatch.setenv("PORT", str(port))
    monkeypatch.setenv("HEED_HOSTS", hosts)
    assert healthcheck.answers() is False
    with socket.create_server(("127.0.0.1", port)) as server:
        heard = answered_once(server, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        assert healthcheck.answers() is True
        assert f"Host: {asked_as}\r\n" in heard.result().decode()
        refusing = answered_once(server, b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")
        assert healthcheck.answers() is False
        refusing.result()


def answered_once(server: socket.socket, answer: bytes) -> Future[bytes]:
    def answer_one() -> bytes:
        client, _ = server.accept()
        with client:
            heard = client.recv(1000)
            client.sendall(answer)
        return heard

    pool = ThreadPoolExecutor(1)
    heard = pool.submit(answer_one)
    pool.shutdown(wait=False)
    return heard
