"""The pages of endpoints: who may see them, what they show, and what a press does."""

import re

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from tests.endpoints.factories import an_endpoint, delivered, log_of, opts_out, states
from tests.endpoints.receiver import Answer
from tests.factories import a_customer, at
from webapp import clock
from webapp.consent.models import ConsentEvent
from webapp.consent.rules import Kind
from webapp.database import writing
from webapp.endpoints import endpoints, keyring, messages
from webapp.endpoints.models import Endpoint, EventType
from webapp.endpoints.post import Outcome
from webapp.extensions import db

FORM = {"name": "Shop", "url": "https://shop.example/hooks", "types": ["consent.changed", "hold.changed"]}
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def shop(app, receiver) -> int:
    with app.app_context():
        return an_endpoint(receiver.url).id


def the_endpoint(app) -> Endpoint:
    with app.app_context():
        return db.session.scalars(select(Endpoint)).one()


def its_secrets(app) -> tuple[str, ...]:
    with app.app_context():
        return keyring.signing_now(the_endpoint(app), clock.now())


def an_event(app, endpoint_id: int) -> int:
    """An event that was offered to the endpoint; the number of its message."""
    with app.app_context():
        opts_out(a_customer("Ana"))
    delivered(app, endpoint_id)
    return log_of(app, endpoint_id)[-1].id


def test_an_empty_page_says_what_endpoints_are_for(desk):
    assert "No endpoints yet" in desk("admin").get("/endpoints").text


@pytest.mark.parametrize("role", ["viewer", "agent", "manager"])
def test_only_admins_get_there(desk, shop, role):
    client = desk(role)
    for path in ("", "/new", f"/{shop}", f"/{shop}/edit", f"/{shop}/secret", f"/{shop}/replay"):
        assert client.get(f"/endpoints{path}").status_code == 403
    for path in ("/new", *(f"/{shop}/{verb}" for verb in ("edit", "secret", "pause", "test", "delete"))):
        assert client.send(f"/endpoints{path}").status_code == 403
    assert "/endpoints" not in client.get("/status").text


def test_the_secret_is_shown_once(app, desk):
    admin = desk("admin")
    shown = admin.htmx("/endpoints/new", method="POST", **FORM)
    [secret] = its_secrets(app)
    assert secret in shown.text
    assert shown.headers["Cache-Control"] == "no-store"
    for path in ("", "/1", "/1/edit", "/1/secret"):
        assert secret not in admin.get(f"/endpoints{path}").text


def test_without_scripts_the_secret_is_a_page(app, desk):
    assert the_secret(desk("admin").send("/endpoints/new", **FORM).text) == its_secrets(app)[0]


def the_secret(html: str) -> str:
    return BeautifulSoup(html, "html.parser").select_one("#endpoint-secret")["value"]


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", " \0 ", "Say which system this is"),
        ("url", "", "Write a URL that begins with https://."),
        ("url", "https://ana:pw@shop.example/", "Leave out the user name and password"),
        ("url", "ftp://shop.example/", "Write a URL that begins with https://."),
        ("types", [], "Choose at least one."),
        ("types", ["everything"], "Choose at least one."),
    ],
)
def test_a_refused_form_says_why_and_loses_nothing(desk, field, value, sentence):
    answer = desk("admin").send("/endpoints/new", **{**FORM, field: value})
    assert answer.status_code == 422
    page = BeautifulSoup(answer.text, "html.parser")
    assert sentence in page.get_text()
    if field != "name":
        assert page.select_one("#endpoint-name")["value"] == "Shop"


def test_an_own_machine_is_refused_unless_it_is_allowed(app, desk):
    from dataclasses import replace

    admin, own = desk("admin"), FORM | {"url": "https://10.0.0.5/hooks"}
    app.config["HEED"] = replace(app.config["HEED"], endpoints_private=False)
    assert "not on the public internet" in admin.send("/endpoints/new", **own).text
    app.config["HEED"] = replace(app.config["HEED"], endpoints_private=True)
    assert admin.send("/endpoints/new", **own).status_code == 200


def test_the_settings_and_the_status_lead_there(desk, shop):
    admin = desk("admin")
    assert admin.soup("/settings").select_one('#to-endpoints[href="/endpoints"]')
    assert admin.soup("/status").select_one('#line-endpoints-link[href="/endpoints"]')


def test_the_status_says_nothing_of_endpoints_where_there_are_none(desk):
    assert desk("admin").soup("/status").select_one("#line-endpoints") is None


def test_the_status_warns_of_one_that_was_switched_off(app, desk, receiver, shop):
    receiver.answer = lambda _n: Answer(410)
    an_event(app, shop)
    line = desk("viewer").soup("/status").select_one("#line-endpoints")
    assert "bad" in line["class"]
    assert "“Shop”" in line.get_text()
    assert "410" in line.get_text()
    assert "410" in desk("admin").soup(f"/endpoints/{shop}").select_one("#endpoint-notice").get_text()


def test_the_status_warns_of_one_that_is_retried(app, desk, receiver, shop):
    receiver.answer = lambda _n: Answer(500)
    an_event(app, shop)
    assert "warning" in desk("viewer").soup("/status").select_one("#line-endpoints")["class"]
    notice = desk("admin").soup(f"/endpoints/{shop}").select_one("#endpoint-notice").get_text()
    assert "It answered 500." in notice
    assert "All that follows waits" in notice


def test_the_page_says_that_one_waits_for_the_other(desk, shop):
    page = desk("admin").get(f"/endpoints/{shop}").text
    assert "While one is tried again, those behind it wait." in page


def test_a_trial_shows_what_came_back(app, desk, receiver, shop):
    receiver.answer = lambda _n: Answer(200, b"welcome")
    admin = desk("admin")
    answer = admin.send(f"/endpoints/{shop}/test")
    assert answer.status_code == 303
    page = admin.soup(answer.location)
    assert page.select_one("#answer").get_text() == "welcome"
    assert page.select_one("#message-again") is None
    told = receiver.requests[0].verified_with(*its_secrets(app))
    assert told["type"] == "heed.test"


def test_a_trial_of_a_dialog_opens_one_and_the_page_hears_of_it(desk, receiver, shop):
    answer = desk("admin").htmx(f"/endpoints/{shop}/test", method="POST")
    assert answer.status_code == 200
    assert "endpoints:changed" in answer.headers["HX-Trigger"]


def test_a_trial_that_fails_is_not_repeated_and_holds_nothing_up(app, desk, receiver, shop):
    receiver.answer = lambda n: Answer(500 if n == 0 else 200)
    desk("admin").send(f"/endpoints/{shop}/test")
    assert states(app, shop) == ["failed"]
    an_event(app, shop)
    assert states(app, shop) == ["failed", "delivered"]


def test_a_paused_endpoint_can_be_tried(app, desk, receiver, shop):
    admin = desk("admin")
    admin.send(f"/endpoints/{shop}/pause")
    admin.send(f"/endpoints/{shop}/test")
    assert states(app, shop) == ["delivered"]


def test_what_comes_back_is_shown_as_text(app, desk, receiver, shop):
    receiver.answer = lambda _n: Answer(500, HOSTILE.encode() + b"\0\xff</pre>")
    message = an_event(app, shop)
    page = desk("admin").get(f"/endpoints/{shop}/messages/{message}")
    assert HOSTILE not in page.text
    shown = BeautifulSoup(page.text, "html.parser").select_one("#answer").get_text()
    assert shown == HOSTILE + "\ufffd\ufffd</pre>"


def test_a_hostile_name_and_url_are_shown_as_text(desk):
    admin = desk("admin")
    url = f"https://shop.example/{HOSTILE}?%22%27"
    assert admin.send("/endpoints/new", **FORM | {"name": HOSTILE, "url": url}).status_code == 200
    for path in ("", "/1", "/1/edit", "/1/delete", "/1/secret", "/1/replay"):
        assert HOSTILE not in admin.get(f"/endpoints{path}").text, path


def test_pausing_twice_is_pausing_once(app, desk, shop):
    admin = desk("admin")
    for _ in range(2):
        assert admin.send(f"/endpoints/{shop}/pause").status_code == 303
    assert admin.soup(f"/endpoints/{shop}").select_one("#endpoint-resume")
    for _ in range(2):
        admin.send(f"/endpoints/{shop}/resume")
    assert the_endpoint(app).takes
    with app.app_context():
        actors = db.session.scalars(select(ConsentEvent.actor).where(ConsentEvent.kind == Kind.POLICY)).all()
    assert len(actors) == 3, "added, paused, resumed"


def test_an_edit_over_somebody_elses_says_so_and_wins_the_second_time(app, desk, shop):
    admin = desk("admin")
    stale = admin.soup(f"/endpoints/{shop}/edit").select_one("[name=version]")["value"]
    admin.send(f"/endpoints/{shop}/edit", **FORM | {"name": "Till", "version": stale})
    answer = admin.send(f"/endpoints/{shop}/edit", **FORM | {"name": "Depot", "version": stale})
    assert answer.status_code == 422
    assert "Somebody else changed this meanwhile" in answer.text
    fresh = BeautifulSoup(answer.text, "html.parser").select_one("[name=version]")["value"]
    assert (
        admin.send(f"/endpoints/{shop}/edit", **FORM | {"name": "Depot", "version": fresh}).status_code == 303
    )
    assert the_endpoint(app).name == "Depot"


def test_the_edit_dialog_shows_how_it_stands(desk, shop):
    page = desk("admin").soup(f"/endpoints/{shop}/edit")
    assert len(page.select("#endpoint-types input[checked]")) == len(EventType)
    assert not page.select_one("#endpoint-phone").has_attr("checked")


def test_a_rotation_asks_and_shows_the_new_secret_once(app, desk, shop):
    admin, before = desk("admin"), its_secrets(app)[0]
    assert "24 hours" in admin.get(f"/endpoints/{shop}/secret").text
    shown = the_secret(admin.send(f"/endpoints/{shop}/secret").text)
    assert its_secrets(app) == (shown, before)
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", shown)
    assert "The old one signs too" in admin.get(f"/endpoints/{shop}").text


def test_a_message_is_sent_again_from_its_dialog(app, desk, receiver, shop):
    message, admin = an_event(app, shop), desk("admin")
    path = f"/endpoints/{shop}/messages/{message}"
    assert admin.send(f"{path}/again").status_code == 303
    assert app.extensions["heed-tasks"].calls[-1] == ("tell endpoint", shop)
    delivered(app, shop)
    assert receiver.ids[0] == receiver.ids[1]
    assert log_of(app, shop)[0].attempts == 2


def test_nothing_is_sent_again_to_a_paused_endpoint(app, desk, shop):
    message, admin = an_event(app, shop), desk("admin")
    admin.send(f"/endpoints/{shop}/pause")
    answer = admin.send(f"/endpoints/{shop}/messages/{message}/again")
    assert answer.status_code == 422
    assert "Resume it first" in answer.text
    assert states(app, shop) == ["delivered"]


def test_a_message_of_another_endpoint_is_not_found(app, desk, shop):
    message = an_event(app, shop)
    with app.app_context():
        other = an_endpoint().id
    admin = desk("admin")
    assert admin.get(f"/endpoints/{other}/messages/{message}").status_code == 404
    assert admin.send(f"/endpoints/{other}/messages/{message}/again").status_code == 404


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"event": "1", "time": "2026-11-20T12:00"},
        {"event": "0"},
        {"event": "-1"},
        {"event": "٣"},
        {"event": "9" * 30},
        {"time": "yesterday"},
        {"time": "2026-13-01T00:00"},
    ],
)
def test_a_replay_from_nowhere_is_refused(app, desk, shop, fields):
    before = the_endpoint(app).cursor
    assert desk("admin").send(f"/endpoints/{shop}/replay", **fields).status_code == 422
    assert the_endpoint(app).cursor == before


@pytest.mark.parametrize("fields", [{"event": "1"}, {"time": "2026-11-20T11:00"}])
def test_a_replay_moves_the_endpoint(app, desk, shop, fields):
    an_event(app, shop)
    assert desk("admin").send(f"/endpoints/{shop}/replay", **fields).status_code == 303
    assert the_endpoint(app).cursor == 0


def test_deleting_asks_and_takes_the_log_along(app, desk, shop):
    an_event(app, shop)
    admin = desk("admin")
    assert "Shop" in admin.get(f"/endpoints/{shop}/delete").text
    answer = admin.htmx(f"/endpoints/{shop}/delete", method="POST")
    assert answer.headers["HX-Redirect"] == "/endpoints"
    assert log_of(app, shop) == []
    assert admin.get(f"/endpoints/{shop}").status_code == 404
    assert admin.send(f"/endpoints/{shop}/delete").status_code == 404


def test_the_log_is_paged_the_newest_first(app, desk, shop):
    with app.app_context(), writing():
        endpoint = db.session.get_one(Endpoint, shop)
        for n in range(35):
            payload = {"type": "consent.changed", "timestamp": "", "data": {"seq": n, "customer_id": 1}}
            message = messages.new(endpoint, f"event-{n}", payload, at(n))
            messages.note(message, Outcome(200, "ok"), at(n))
            message.state = "delivered"
            db.session.add(message)
        db.session.commit()
    admin = desk("admin")
    first = admin.soup(f"/endpoints/{shop}")
    assert len(first.select(".status-line")) == 30
    assert "event 34" in first.select_one(".status-line").get_text()
    rest = admin.soup(first.select_one("#log-more")["href"])
    assert len(rest.select(".status-line")) == 5


def test_the_urls_of_the_product_say_nothing_of_endpoints_to_the_api(app):
    assert not [rule for rule in app.url_map.iter_rules() if "endpoint" in rule.rule and "/api/" in rule.rule]


def test_an_endpoint_of_the_list_says_what_waits(app, desk, receiver, shop):
    receiver.answer = lambda _n: Answer(500)
    an_event(app, shop)
    line = desk("admin").soup("/endpoints").select_one(f"#endpoint-{shop}").get_text(" ", strip=True)
    for words in ("Shop", "Retrying", "127.0.0.1", "1 waiting", "Nothing delivered yet"):
        assert words in line


def test_a_rotated_secret_twice_forgets_the_first(app, shop):
    with app.app_context(), writing():
        endpoint = db.session.get_one(Endpoint, shop)
        second = endpoints.rotate(endpoint, actor="user:1", now=at(1))
        third = endpoints.rotate(endpoint, actor="user:1", now=at(2))
        assert keyring.signing_now(endpoint, at(3)) == (third, second)
