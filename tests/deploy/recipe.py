"""What the Dockerfile says, and a machine that follows its build stage without Docker."""

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
READ_ONLY, WRITABLE = 0o555, 0o755


@dataclass
class Stage:
    """From one FROM to the next: (instruction, arguments)."""

    lines: list[tuple[str, str]] = field(default_factory=list)

    def all(self, instruction: str) -> list[str]:
        return [rest for name, rest in self.lines if name == instruction]

    def copied(self) -> list[tuple[list[str], str]]:
        """(sources of the checkout, target) of each COPY."""
        words = [rest.split() for rest in self.all("COPY") if not rest.startswith("--from")]
        return [(parts[:-1], parts[-1]) for parts in words]

    def environment(self) -> dict[str, str]:
        return dict(pair.split("=", 1) for rest in self.all("ENV") for pair in rest.split())


def stages() -> list[Stage]:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    found: list[Stage] = []
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            name, _, rest = line.partition(" ")
            if name == "FROM":
                found.append(Stage())
            if found:
                found[-1].lines.append((name, rest.strip()))
    return found


def sent_to_the_builder() -> set[str]:
    """What .dockerignore lets through."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    return {line[1:] for line in lines if line.startswith("!")}


@dataclass(frozen=True)
class Machine:
    """A folder that is the root of what was built, and who runs it."""

    root: Path
    account: dict[str, Any]

    @property
    def home(self) -> Path:
        return self.root / "opt" / "heed"

    def environment(self, data: Path, **settings: str) -> dict[str, str]:
        """Of the image, with the folder in its place; nothing of ours gets in. pip compiles what it installs
        and uv does not: so that each process need not, the first one leaves it beside the data."""
        image = {
            name: value.replace("/opt/", f"{self.root}/opt/")
            for name, value in stages()[-1].environment().items()
        }
        path = image["PATH"].replace("$PATH", os.defpath)
        compiled = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(data.parent / "compiled")}
        return {
            **image,
            **compiled,
            "PATH": path,
            "HEED_DATA_DIR": str(data),
            "HOME": "/nonexistent",
            **settings,
        }


@contextmanager
def built() -> Iterator[Machine]:
    """Follow the Dockerfile, as root on behalf of nobody if that can be."""
    root = Path(mkdtemp(prefix="heed-image-"))
    try:
        root.chmod(WRITABLE)
        account, python = nobody()
        build(root, python)
        for folder, _, _ in os.walk(root / "opt" / "heed"):
            os.chmod(folder, READ_ONLY)
        yield Machine(root, account)
    finally:
        for folder, _, _ in os.walk(root):
            os.chmod(folder, WRITABLE)
        shutil.rmtree(root)


def nobody() -> tuple[dict[str, Any], str]:
    """Another account and a Python that it can run; ourselves where there is none."""
    if os.geteuid() == 0:
        user = pwd.getpwnam("nobody")
        account = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        for python in (os.path.realpath(sys.executable), "/usr/bin/python3"):
            program = [python, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
            if can_run(program, account):
                return account, python
    return {}, sys.executable


def can_run(program: list[str], account: dict[str, Any]) -> bool:
    try:
        return subprocess.run(program, **account, cwd="/", env={}, capture_output=True).returncode == 0
    except OSError:
        return False


def build(root: Path, python: str) -> None:
    stage, source = stages()[0], root / "src"
    source.mkdir()
    (root / "opt").mkdir()
    for name, rest in stage.lines:
        if name == "COPY":
            copy(rest.split(), source)
        elif name == "RUN":
            for command in rest.split("&&"):
                run(command.split(), root, python)
    shutil.copy(ROOT / "gunicorn.conf.py", root / "opt" / "heed")


def copy(words: list[str], source: Path) -> None:
    *names, target = words
    assert set(names) <= sent_to_the_builder(), "not sent to the builder: see .dockerignore"
    for name in names:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, source / name)


def run(words: list[str], root: Path, python: str) -> None:
    """One command of the build, in the folder instead of the image's root."""
    command = []
    for word in words:
        place = word.replace("/opt/", f"{root}/opt/").replace("/dist", f"{root}/dist")
        command += [str(file) for file in root.glob("dist/*.whl")] if "*" in place else [place]
    if find_spec("uv"):
        command = by_uv(command, python)
    if command:
        command = [python, *command[1:]] if command[0] == "python" else command
        ended = subprocess.run(command, cwd=root / "src", capture_output=True, text=True)
        assert ended.returncode == 0, f"{' '.join(words)}: {ended.stderr}"


def by_uv(command: list[str], python: str) -> list[str]:
    """The same in a second, as uv finds again what setting up has fetched."""
    uv = [sys.executable, "-m", "uv"]
    match command:
        case ["python", "-m", "venv", folder]:
            return [*uv, "venv", "--quiet", "--python", python, folder]
        case [pip, "install", *arguments] if pip.endswith("/pip"):
            return [
                *uv,
                "pip",
                "install",
                "--quiet",
                "--python",
                f"{pip.removesuffix('pip')}python",
                *arguments,
            ]
        case [_, "uninstall", *_]:
            return []  # uv's venv has no pip to begin with
    return command
