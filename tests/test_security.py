"""What every answer carries, how cookies are kept, and what a stranger gets."""

import gzip
import io
import json
import logging
import re
import runpy
from dataclasses import replace
from urllib.parse import quote

import pytest
from flask import request
from gunicorn.config import Config
from gunicorn.http.parser import RequestParser
from werkzeug.http import parse_cookie

from tests.factories import a_customer
from tests.headers import lacks
from tests.rows import every
from webapp import create_app, logs
from webapp.accounts import known
from webapp.accounts.access import public
from webapp.accounts.models import User
from webapp.extensions import db
from webapp.security import CONTENT_SECURITY_POLICY, MOST_HEARD_OUT_BYTES

FORM = "application/x-www-form-urlencoded"

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


def test_every_kind_of_answer_carries_the_headers(desk, app):
    """Beside those that the matrix of roles and routes asks for."""
    with app.app_context():
        a_customer()
    agent, stranger = desk("agent"), app.test_client()
    tag = agent.get("/opt-in/live", headers=HTMX).headers["HX-PTag"]
    asked = {
        "a fragment": (agent, "GET", "/opt-in", HTMX, b"", 200),
        "a dialog": (agent, "GET", "/customers/new", HTMX, b"", 200),
        "nothing new": (agent, "GET", "/opt-in/live", HTMX | {"HX-PTag": tag}, b"", 304),
        "a file that streams": (agent, "GET", "/customers/export", {}, b"", 200),
        "a fragment of a stranger": (stranger, "GET", "/opt-in", HTMX, b"", 401),
        "a form without token": (agent, "POST", "/customers/new", {}, b"name=x", 400),
        "a page that is not there": (agent, "GET", "/nothing", {"Accept": "text/html"}, b"", 404),
        "another method": (agent, "DELETE", "/opt-in", {}, b"", 405),
        "a form too large": (agent, "POST", "/customers/new", {"Content-Type": FORM}, b"x" * 4_194_305, 413),
        "a packed form": (agent, "POST", "/customers/new", {"Content-Encoding": "gzip"}, b"x", 415),
        "a wrong signature": (stranger, "POST", "/webhooks/whatsapp", {}, b"{}", 401),
        "a call without token": (stranger, "PUT", "/api/v1/customers", {}, b"{}", 401),
        "a spent link": (stranger, "GET", "/sign-in/no-such-link", {}, b"", 410),
        "a look at a link": (stranger, "HEAD", "/sign-in/no-such-link", {}, b"", 204),
        "nobody's file": (stranger, "GET", "/static/nothing.css", {}, b"", 404),
    }  # fmt: skip
    for kind, (client, method, path, headers, body, status) in asked.items():
        with client.open(path, method=method, headers=headers, data=body) as answer:
            assert answer.status_code == status, kind
            assert lacks(answer, path) == [], kind


@pytest.mark.parametrize("path", ["/webhooks/whatsapp", "/sign-in"])
def test_who_sends_too_much_is_heard_out_and_so_hears_the_answer(client, path):
    """A line that closes while they write is all they would see of it. But nobody is heard for ever."""
    ends = {"wsgi.input_terminated": True}
    for size, heard in [(5_000_000, 5_000_000), (20_000_000, MOST_HEARD_OUT_BYTES)]:
        body = io.BytesIO(bytes(size))
        answer = client.post(path, input_stream=body, content_length=size, environ_overrides=ends)
        assert (answer.status_code, body.tell()) == (413, heard)


@every("encoding", ["gzip", "deflate", "br", "zstd", "GZIP", "gzip, gzip"])
@every("path", ["/sign-in", "/api/v1/customers", "/imports", "/webhooks/whatsapp"])
def test_nothing_that_comes_in_is_unpacked(client, path, encoding):
    answer = client.post(path, headers={"Content-Encoding": encoding}, data=gzip.compress(b"a" * 100_000))
    assert answer.status_code == 415


class TestNamesOfTheDesk:
    @pytest.fixture
    def named(self, app):
        app.config["HEED"] = replace(app.config["HEED"], hosts=("desk.example", ".shop.example"))
        return app.test_client()

    @pytest.mark.parametrize("host", ["desk.example", "DESK.example:8443", "eu.shop.example", "127.0.0.1"])
    def test_its_own_are_answered(self, named, host):
        assert named.get("/sign-in", headers={"Host": host.lower()}).status_code == 200

    @pytest.mark.parametrize(
        "host", ["evil.example", "desk.example.evil.example", "evildesk.example", "shop.example@evil.example"]
    )
    def test_others_are_refused_with_a_page_that_names_none(self, named, host):
        answer = named.get("/sign-in", headers={"Host": host, "Accept": "text/html"})
        assert answer.status_code == 400
        assert lacks(answer, "/sign-in") == []
        assert "evil" not in answer.text
        assert answer.headers["X-Request-Id"] in answer.text

    def test_without_any_every_name_is_answered(self, client):
        assert client.get("/sign-in", headers={"Host": "whatever.example"}).status_code == 200


FORWARDED = {"X-Forwarded-For": "203.0.113.9, 198.51.100.7", "X-Forwarded-Proto": "https"}


@pytest.mark.parametrize(
    ("proxies", "address", "secure"),
    [("0", "192.0.2.1", False), ("1", "198.51.100.7", True), ("2", "203.0.113.9", False)],
)
def test_who_asks_is_told_by_as_many_proxies_as_are_set(sqlite_url, tmp_path, proxies, address, secure):
    """What a stranger writes into the header before the first proxy counts for nothing."""
    app = create_app({
        "DATABASE_URL": sqlite_url, "HEED_DATA_DIR": str(tmp_path), "HEED_PROXIES": proxies,
        "SECRET_KEY": "a secret key of thirty-two bytes or more", "WHATSAPP_APP_SECRET": "an app secret",
        "WHATSAPP_VERIFY_TOKEN": "a verify token",
    })  # fmt: skip
    seen = []
    app.before_request(lambda: seen.append((request.remote_addr, request.is_secure)))
    cookie = app.test_client().get("/sign-in", headers=FORWARDED, environ_base={"REMOTE_ADDR": "192.0.2.1"})
    assert seen == [(address, secure)]
    assert cookie.headers["Set-Cookie"].startswith("__Host-heed=" if secure else "heed=")
    with app.app_context():
        db.engine.dispose()


@pytest.mark.parametrize("name", ["SCRIPT_NAME", "PATH_INFO"])
def test_no_header_says_which_page_is_meant(name):
    """A proxy hands on what it does not know, and gunicorn believes the proxy."""
    server = Config()
    for setting, value in runpy.run_path("gunicorn.conf.py").items():
        if setting in server.settings:
            server.set(setting, value)
    asked = f"GET /customers HTTP/1.1\r\nHost: desk.example\r\n{name}: /customers\r\n\r\n".encode()
    read = next(RequestParser(server, iter([asked]), ("127.0.0.1", 40_000)))
    assert read.headers == [("HOST", "desk.example")]


@pytest.mark.parametrize(
    "query",
    ["q=dana&tag=vip&tag=new", "_method=POST", "_scheme=https://evil.example/", "_external=1", "endpoint=x"],
)
def test_the_first_page_takes_along_what_was_asked_and_goes_nowhere_else(client, query):
    assert client.get(f"/?{query}").location == f"/opt-in?{query}"


@pytest.mark.parametrize("path", ["/customers?q=%0d%0aX-Evil:%201", "/%0d%0aX-Evil:%201", "/?%0d%0aX-Evil:1"])
def test_an_address_puts_no_header_into_the_answer(client, path):
    answer = client.get(path)
    assert answer.status_code in (303, 404)
    assert "X-Evil" not in answer.headers
    assert not any("\r" in value or "\n" in value for value in answer.headers.values())


def test_nothing_from_outside_begins_a_line_of_the_log(app, client):
    """Paths, browsers' names and addresses of people stand in none; each record is one line."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logs.JsonLines())
    logging.getLogger().addHandler(handler)
    hostile = 'x\r\n{"level": "INFO", "message": "forged"}\u2028\x1b[2J'
    try:
        client.get(f"/nothing/{quote(hostile)}?q={quote(hostile)}", headers={"User-Agent": quote(hostile)})
        form = {"email": hostile, "password": hostile, "csrf_token": client.csrf_token()}
        client.post("/sign-in", data=form)
        with app.test_request_context():
            logging.getLogger("heed").warning("somebody wrote %s", hostile)
    finally:
        logging.getLogger().removeHandler(handler)
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    assert "somebody wrote x" in [line["message"].rstrip() for line in lines]
    assert "forged" not in written.getvalue(), "what follows a line break is not ours"
    assert written.getvalue().isascii()


def test_the_policy_allows_nothing_unsafe_and_nothing_from_elsewhere():
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "http" not in CONTENT_SECURITY_POLICY
    assert CONTENT_SECURITY_POLICY.startswith("default-src 'none'")


def test_pages_travel_packed(desk, app):
    with app.app_context():
        a_customer()
    client = desk("agent")
    plain = client.get("/opt-in")
    packed = super(type(client), client).open("/opt-in", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.data) < len(plain.data) / 3


@pytest.mark.parametrize(
    ("url", "name", "secure"), [("http://desk", "heed", False), ("https://desk", "__Host-heed", True)]
)
def test_cookies_are_secure_and_bound_to_the_host_behind_tls(client, url, name, secure):
    cookie = client.get("/sign-in", base_url=url).headers["Set-Cookie"]
    assert cookie.startswith(f"{name}=")
    assert ("Secure" in cookie) == secure
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie


def test_cookies_are_signed_by_sha_256(desk, app):
    """43 signs are 32 bytes in base64; SHA-1 would have 27."""
    client = desk("agent")
    with app.test_request_context():
        known.remember(response := app.make_response(""), User(email="dana@example.com"))
    for cookie in (
        client.get_cookie("heed").value,
        parse_cookie(response.headers["Set-Cookie"])["heed-known"],
    ):
        assert len(cookie.rpartition(".")[2]) == 43


def test_a_page_asks_browsers_to_stay_with_tls(client):
    asked = client.get("/sign-in", base_url="https://desk").headers["Strict-Transport-Security"]
    assert asked == "max-age=63072000; includeSubDomains"
    assert "Strict-Transport-Security" not in client.get("/sign-in").headers


@pytest.mark.parametrize("token", ["", "foreign", None])
def test_a_missing_or_foreign_csrf_token_is_400(desk, app, token):
    with app.app_context():
        customer = a_customer().id
    fields = {"status": "opted_out"} | ({} if token is None else {"csrf_token": token})
    assert desk("agent").post(f"/customers/{customer}/consent", data=fields).status_code == 400


def test_who_signed_out_in_another_tab_is_led_to_the_sign_in_page(client):
    answer = client.post("/customers/1/consent", headers={"HX-Request": "true"}, data={"csrf_token": "old"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/sign-in")


@pytest.mark.parametrize(
    "path", ["/opt-in", "/customers/1", "/settings", "/users", "/reviews", "/guide", "/tags"]
)
def test_a_stranger_is_led_to_the_sign_in_page_and_back(client, path):
    answer = client.get(path)
    assert (answer.status_code, answer.location) == (303, f"/sign-in?next={path}")


def test_an_error_page_says_what_to_do_and_shows_no_inside(app, desk):
    @app.get("/crash")
    @public
    def crash():
        raise RuntimeError("secret inside")

    app.config["PROPAGATE_EXCEPTIONS"] = False
    answer = desk("agent").get("/crash")
    assert answer.status_code == 500
    assert "Nothing was changed" in answer.text
    assert "secret inside" not in answer.text
    assert answer.headers["X-Request-Id"] in answer.text


def test_logs_hold_no_number_no_query_and_no_address_of_a_person(desk, app, caplog):
    with app.app_context():
        customer = a_customer(phone="+55 11 98812-4410").id
    client = desk("agent")
    caplog.set_level("DEBUG", logger="heed")
    client.get("/opt-in?q=98812-4410&tag=secret")
    client.get(f"/customers/{customer}")
    client.get("/opt-in/988124410")
    lines = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("heed"))
    assert "/opt-in" in lines
    for private in ("98812", "secret", "q="):
        assert private not in lines


def test_a_number_that_no_row_can_have_is_not_found(desk, app):
    admin = desk("admin")
    paths = {
        re.sub(r"<int:\w+>", "9" * 25, rule.rule)
        for rule in app.url_map.iter_rules()
        if "GET" in rule.methods and re.fullmatch(r"(?:[^<]|<int:\w+>)+", rule.rule) and "<" in rule.rule
    }
    assert len(paths) > 20
    assert {admin.get(path).status_code for path in paths} == {404}


@pytest.mark.parametrize(
    "path", ["/campaigns?before={}", "/status?before={}", "/events?before={}", "/campaigns/people?after={}"]
)
def test_a_number_in_a_query_that_no_column_can_hold_is_no_fault_of_ours(desk, path):
    assert desk("admin").get(path.format("9" * 25)).status_code in (200, 400, 404)
