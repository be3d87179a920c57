"""What every answer carries, how cookies are kept, and what a stranger gets."""

import re

import pytest

from tests.factories import a_customer
from webapp.accounts.access import public
from webapp.security import CONTENT_SECURITY_POLICY

PLACES = [
    "/sign-in",
    "/opt-in",
    "/nothing",
    "/healthz",
    "/webhooks/whatsapp",
    "/api/v1/customers",
    "/static/favicon.svg",
]


@pytest.mark.parametrize("path", PLACES)
def test_every_answer_carries_the_headers(client, path):
    with client.get(path) as answer:
        headers = answer.headers
    assert headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Request-Id"]


def test_the_policy_allows_nothing_unsafe_and_nothing_from_elsewhere():
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "http" not in CONTENT_SECURITY_POLICY
    assert CONTENT_SECURITY_POLICY.startswith("default-src 'none'")


@pytest.mark.parametrize("path", ["/sign-in", "/opt-in", "/nothing"])
def test_pages_are_not_kept_by_browsers_and_proxies(desk, path):
    answer = desk("agent").get(path)
    assert answer.headers["Cache-Control"] == "no-store"
    assert {"HX-Request", "HX-Request-Type", "Cookie"} <= set(answer.vary)


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


def test_a_page_asks_browsers_to_stay_with_tls(client):
    assert "Strict-Transport-Security" in client.get("/sign-in", base_url="https://desk").headers
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
