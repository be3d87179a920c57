"""`make run`: Heed on this machine, with demo data and the simulator, until Ctrl-C.

The data, and the secrets that are made up for this machine, stay in HEED_DATA_DIR (instance/).
"""

import http.client
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from dotenv import dotenv_values

from webapp.config import ConfigError, Settings
from webapp.simulator.deliveries import DEMO_IDS

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = Path(sys.executable).parent
ADMIN = "admin@example.com"
SECRETS = ("SECRET_KEY", "WHATSAPP_APP_SECRET", "WHATSAPP_VERIFY_TOKEN", "WHATSAPP_ACCESS_TOKEN")
OWN_WHATSAPP = {
    "WHATSAPP_ACCESS_TOKEN",
    "WHATSAPP_PHONE_NUMBER_ID",
    "WHATSAPP_BUSINESS_ACCOUNT_ID",
    "GRAPH_API_URL",
}
"""Who sets one of these has a WhatsApp account; then none of them is made up."""
START_SECONDS = 60
REFUSED, UNUSABLE = 1, 2


def main() -> int:
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.default_int_handler)
    try:
        return run()
    except KeyboardInterrupt:
        return 0


def run() -> int:
    new = not secrets_file(data_folder()).exists()
    environment = development_environment()
    try:
        port = Settings.from_environ(environment).port
    except ConfigError as error:
        print(error, file=sys.stderr)
        return UNUSABLE
    if is_taken(port):
        print(f"Port {port} is taken. Choose another one: PORT={port + 1} make run", file=sys.stderr)
        return 1
    prepare(environment, new)
    return serve(environment, port)


def development_environment() -> dict[str, str]:
    """What the environment and .env leave open is filled in; web and worker are found in this venv."""
    given = given_environment()
    settings = {"PORT": "8000", "HEED_DATA_DIR": str(data_folder()), "HEED_SIMULATOR": "1"}
    settings |= {name: value for name, value in given.items() if value}
    return {
        **made_up_secrets(data_folder()),
        **simulated_whatsapp(settings),
        **settings,
        "GUNICORN_CMD_ARGS": f"--bind 127.0.0.1:{settings['PORT']}",
        "PYTHONUNBUFFERED": "1",
        "PATH": f"{PROGRAMS}{os.pathsep}{settings['PATH']}",
    }


def simulated_whatsapp(settings: dict[str, str]) -> dict[str, str]:
    """The simulator's Graph API with a demo account; no token for it beside an account of one's own."""
    if settings["HEED_SIMULATOR"] != "1" or OWN_WHATSAPP & settings.keys():
        return {"WHATSAPP_ACCESS_TOKEN": ""}
    account_id, phone_number_id = DEMO_IDS
    return {
        "WHATSAPP_BUSINESS_ACCOUNT_ID": account_id,
        "WHATSAPP_PHONE_NUMBER_ID": phone_number_id,
        "GRAPH_API_URL": f"http://127.0.0.1:{settings['PORT']}/simulator/graph/v26.0",
    }


def given_environment() -> dict[str, str | None]:
    return {**dotenv_values(ROOT / ".env"), **os.environ}


def data_folder() -> Path:
    return Path(given_environment().get("HEED_DATA_DIR") or ROOT / "instance")


def secrets_file(folder: Path) -> Path:
    return folder / "development.env"


def made_up_secrets(folder: Path) -> dict[str, str]:
    """Made once and kept, so that sessions outlive a restart; those of an older Heed are completed."""
    file = secrets_file(folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.touch(mode=0o600)
    known = dotenv_values(file)
    lines = [f"\n{name}={secrets.token_urlsafe(32)}" for name in SECRETS if not known.get(name)]
    if lines:
        with file.open("a", encoding="utf-8") as more:
            more.write("".join(lines) + "\n")
    return {name: value for name, value in dotenv_values(file).items() if value}


def is_taken(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def prepare(environment: dict[str, str], new: bool) -> None:
    """The newest schema and an administrator; demo data only for a new desk: a cleared one stays empty."""
    heed(environment, "init")
    if new:
        heed(environment, "demo", may_refuse=True)
    # Without a password, which nobody would know and some pages would ask for: each start prints a link.
    heed(environment, "user", "add", ADMIN, "--role", "admin", may_refuse=True)


def heed(environment: dict[str, str], *arguments: str, may_refuse: bool = False) -> str:
    """Run a command of Heed; what it printed. Another exit code than 0 ends this program with its message."""
    command = [PROGRAMS / "heed", *arguments]
    ended = subprocess.run(command, cwd=ROOT, env=environment, input="", capture_output=True, text=True)
    if ended.returncode == 0 or (may_refuse and ended.returncode == REFUSED):
        return ended.stdout
    sys.exit(f"heed {' '.join(arguments)} failed.\n{ended.stderr}")


def serve(environment: dict[str, str], port: int) -> int:
    command = [PROGRAMS / "honcho", "start", "--env", os.devnull, "web", "worker"]
    # In a session of its own: Ctrl-C reaches this program alone, which then tells honcho once.
    honcho = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True)
    try:
        if answers(honcho, port):
            print_sign_in_link(environment, port)
        elif honcho.poll() is None:
            print(f"No answer after {START_SECONDS} s; the log above says why.", file=sys.stderr)
        return honcho.wait()
    finally:
        stop(honcho)


def stop(honcho: subprocess.Popen[bytes]) -> None:
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)  # an impatient second Ctrl-C must not leave the processes behind
    honcho.terminate()
    honcho.wait()


def answers(honcho: subprocess.Popen[bytes], port: int) -> bool:
    """Wait until the web part answers; False when it ended or takes longer than START_SECONDS."""
    deadline = time.monotonic() + START_SECONDS
    while honcho.poll() is None and time.monotonic() < deadline:
        if is_healthy(port):
            return True
        time.sleep(0.1)
    return False


def is_healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()


def print_sign_in_link(environment: dict[str, str], port: int) -> None:
    printed = heed(environment, "user", "link", ADMIN)
    path = re.search(r"/sign-in/\S+", printed)
    if path is None:
        sys.exit(f"heed user link printed no link: {printed}")
    print(f"\nSign in: http://127.0.0.1:{port}{path[0]}")
    print("The link works once, for 15 minutes. Ctrl-C stops Heed; its data stays.\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
