"""The compose file and its proxy: who reaches whom, what is secret, how large a request may be."""

import re
import runpy
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from flask import Flask

from tests.deploy.recipe import ROOT
from tests.postgres import Server, find_programs
from webapp import create_app
from webapp.security import MAX_BODY_BYTES, MAX_UPLOAD_BYTES

MIB = 1024 * 1024
SECRET = re.compile(r"SECRET|PASSWORD|TOKEN|_KEY$")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))


OURS = ["init", "web", "worker"]


@pytest.mark.parametrize("name", OURS)
def test_our_containers_have_no_rights_and_cannot_change_themselves(compose, name):
    service = compose["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["volumes"] == ["data:/data"], "web and worker share the data folder"


def test_only_the_proxy_is_reached_from_outside(compose):
    services = compose["services"]
    assert [name for name, service in services.items() if "ports" in service] == ["proxy"]
    assert services["postgres"]["networks"] == ["inside"]
    assert compose["networks"]["inside"] == {"internal": True}
    assert services["proxy"]["networks"] == ["outside"]


def test_no_secret_stands_in_the_file(compose):
    for service in compose["services"].values():
        for name, value in service["environment"].items():
            assert (
                not SECRET.search(name)
                or value == ""
                or re.fullmatch(r"\$\{\w+:\?set it in heed\.env\}", value)
            ), name
    assert "/heed.env" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_the_passwords_of_the_database_do_not_reach_the_desk_but_in_its_address(compose):
    for name in OURS:
        environment = compose["services"][name]["environment"]
        assert (environment["POSTGRES_PASSWORD"], environment["HEED_DATABASE_PASSWORD"]) == ("", "")


def test_migrations_come_first_and_a_stop_gives_time_to_end(compose):
    services = compose["services"]
    assert services["init"]["command"] == ["heed", "init"]
    assert services["worker"]["command"] == ["heed", "worker"]
    for name in ("web", "worker"):
        assert services[name]["depends_on"] == {"init": {"condition": "service_completed_successfully"}}
    grace = int(services["web"]["stop_grace_period"].removesuffix("s"))
    assert grace > runpy.run_path(str(ROOT / "gunicorn.conf.py"))["graceful_timeout"]


def test_no_log_of_a_container_fills_the_disk(compose):
    for name, service in compose["services"].items():
        assert service["logging"] == {"driver": "local"}, name


def largest_requests(app: Flask) -> Iterator[tuple[str, int]]:
    """(path, bytes) of each POST route that takes more than others."""
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        path = re.sub(r"<[^>]*>", "17", rule.rule)
        if most := getattr(view, "most_bytes", 0):
            yield path, most + MAX_BODY_BYTES
        elif getattr(view, "takes_a_file", False):
            yield path, MAX_UPLOAD_BYTES


def of_caddy(text: str) -> dict[str, int]:
    """Pattern of a path → bytes, "" for all others."""
    exact = {name: f"^{re.escape(path)}$" for name, path in re.findall(r"@(\w+) path (\S+)", text)}
    patterns = exact | dict(re.findall(r"@(\w+) path_regexp (\S+)", text))
    limits = re.findall(r"handle (?:@(\w+) )?\{\s*request_body \{\s*max_size (\d+)MiB", text)
    return {patterns.get(name, ""): int(size) * MIB for name, size in limits}


def of_nginx(text: str) -> dict[str, int]:
    rest, *locations = re.split(r"\n\s*location (?!/ )", text.partition("listen 80;")[0])
    whole = re.search(r"client_max_body_size (\d+)m;", rest)
    assert whole
    found = {"": int(whole[1]) * MIB}
    for location in locations:
        kind, pattern = re.match(r"([=~]) (\S+) \{", location).groups()
        size = int(re.search(r"client_max_body_size (\d+)m;", location)[1])
        found[f"^{re.escape(pattern)}$" if kind == "=" else pattern] = size * MIB
    return found


def example(language: str) -> str:
    text = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    return next(
        block for block in re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL) if "proxy" in block
    )


@pytest.mark.parametrize(
    "limits",
    [
        pytest.param(lambda: of_caddy((ROOT / "deploy/Caddyfile").read_text(encoding="utf-8")), id="Caddy"),
        pytest.param(lambda: of_nginx(example("nginx")), id="nginx"),
    ],
)
def test_the_proxy_lets_through_what_the_desk_takes_and_nothing_larger(tmp_path, limits):
    limits = limits()
    assert limits.pop("") == MAX_BODY_BYTES
    for path, most in largest_requests(create_app({"HEED_DATA_DIR": tmp_path}, web=False)):
        (pattern,) = [pattern for pattern in limits if re.search(pattern, path)]
        assert limits.pop(pattern) == most
    assert not limits, "no route takes that much"


def test_programs_are_not_sent_on_to_tls_but_told():
    """ASVS 5.0, 4.1.2; what each answers was tried with Caddy 2.6 and is nginx's own word."""
    caddy = (ROOT / "deploy/Caddyfile").read_text(encoding="utf-8")
    assert "auto_https disable_redirects" in caddy
    plain = caddy.partition("\nhttp:// {")[2].partition("\n}")[0]
    assert re.search(
        r'@programs path /api/\* /webhooks/\*\s+handle @programs \{\s+respond "[^"]+" 403', plain
    )
    plain = example("nginx").partition("listen 80;")[2]
    assert re.search(r"location ~ \^/\(api\|webhooks\)/ \{\s+return 403;", plain)


def test_the_proxy_takes_in_what_strangers_may_send_before_it_passes_it_on():
    """Whoever sends a byte at a time would hold a thread of the web part. Of more than a file of evidence the
    desk refuses to read anything from those who may not bring a list."""
    text = (ROOT / "deploy/Caddyfile").read_text(encoding="utf-8")
    passed = r"max_size (\d+)MiB\s*\}\s*reverse_proxy web:8000 \{\s*request_buffers (\d+)MiB\s*\}"
    taken_in = [(int(most) * MIB, int(buffer) * MIB) for most, buffer in re.findall(passed, text)]
    assert len(taken_in) == text.count("reverse_proxy")
    for most, buffer in taken_in:
        assert buffer == (most if most <= MAX_UPLOAD_BYTES else MAX_BODY_BYTES)
    assert "proxy_request_buffering off" not in example("nginx")


def test_commands_of_the_documentation_find_the_settings_that_the_compose_file_wants():
    text = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    commands = re.findall(r"^docker compose .*|`docker compose [^`]*`", text, re.MULTILINE)
    assert commands
    assert [each for each in commands if "--env-file heed.env" not in each] == []


def test_the_proxy_logs_no_address_of_a_page():
    text = (ROOT / "deploy/Caddyfile").read_text(encoding="utf-8")
    assert {"request>uri delete", "request>headers delete"} <= {line.strip() for line in text.splitlines()}
    assert "access_log off;" in example("nginx")


@pytest.mark.postgres
def test_the_database_is_made_for_an_account_that_is_no_superuser(postgresql_server: Server, tmp_path: Path):
    environment = {
        "PATH": f"{find_programs()}:/usr/bin:/bin",
        "PGHOST": postgresql_server.folder,
        "POSTGRES_USER": "postgres",
        "HEED_DATABASE_PASSWORD": "it's a \\ secret",
    }
    script = ROOT / "deploy/create-database.sh"
    ended = subprocess.run([script], env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    try:
        with psycopg.connect(host=postgresql_server.folder, user="heed", dbname="heed") as connection:
            asked = """SELECT rolsuper, rolcreatedb, pg_get_userbyid(datdba),
                pg_encoding_to_char(encoding), datctype,
                EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm')
                FROM pg_roles, pg_database WHERE rolname = current_user AND datname = current_database()"""
            assert connection.execute(asked).fetchone() == (False, False, "heed", "UTF8", "C.UTF-8", True)
    finally:
        for statement in ("DROP DATABASE {} WITH (FORCE)", "DROP ROLE {}"):
            postgresql_server.execute(psycopg.sql.SQL(statement), "heed")


def test_backups_are_taken_by_programs_as_new_as_the_database(compose):
    version = compose["services"]["postgres"]["image"].partition(":")[2].partition("-")[0]
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert f"postgresql-client-{version}" in dockerfile
    assert "database:/var/lib/postgresql/data" in compose["services"]["postgres"]["volumes"], (
        "where the image of this version keeps its data"
    )
