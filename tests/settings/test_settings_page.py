"""The settings dialog: the words, the switch, two editors, and what a message would do."""

import pytest
from bs4 import BeautifulSoup

from tests.factories import a_customer
from tests.rows import every
from webapp import clock
from webapp.consent import ledger, policy
from webapp.consent.ledger import Proof, Statement
from webapp.consent.models import ConsentEvent, Evidence
from webapp.consent.rules import Kind, Source, Status
from webapp.extensions import db

PATH = "/opt-in/settings"


@pytest.fixture
def manager(desk):
    return desk("manager")


@pytest.fixture
def stands(app):
    """The settings as they are on record."""

    def look() -> tuple[bool, list[str], list[str], bool]:
        with app.app_context():
            now = policy.current()
            return now.keywords_enabled, now.opt_out_words, now.opt_in_words, now.unknown_may_receive

    return look


def wishes(**fields) -> dict:
    """The dialog as it is sent: on, STOP and START, version 1."""
    defaults = {"keywords_enabled": "1", "opt_out_words": ["STOP"], "opt_in_words": ["START"], "version": "1"}
    return {name: value for name, value in (defaults | fields).items() if value is not None}


def save(client, **fields):
    return client.htmx(PATH, method="POST", **wishes(**fields))


def test_stop_and_start_are_there_by_default(manager):
    soup = BeautifulSoup(manager.htmx(PATH).text, "html.parser")
    assert soup.h2.get_text() == "Opt-In / Opt-Out Settings"
    assert soup.find(id="opt-out-words")["value"] == "STOP"
    assert soup.find(id="keywords-enabled").has_attr("checked")
    assert "Last customer reply that opted out: never" in soup.get_text(" ", strip=True)


def test_saving_applies_and_closes(manager, stands):
    response = save(manager, opt_out_words=["stop", "parar, baja", "STOP"], unknown_may_receive="1")
    assert response.status_code == 204
    assert "dialog:done" in response.headers["HX-Trigger"]
    assert stands() == (True, ["STOP", "PARAR", "BAJA"], ["START"], True)


def test_a_change_is_logged_with_old_and_new_values_and_by_whom(manager, app):
    save(manager, unknown_may_receive="1")
    with app.app_context():
        event = db.session.query(ConsentEvent).filter_by(kind=Kind.POLICY).one()
        words = db.session.get(Evidence, event.id).words
        assert event.actor.startswith("user:")
        assert '"before":{' in words
        assert '"unknown_may_receive":true' in words.split('"after":')[1]


def test_saving_what_was_there_logs_nothing(manager, app):
    assert save(manager).status_code == 204
    with app.app_context():
        assert db.session.query(ConsentEvent).count() == 0


@every(
    ("sentence", "fields", "words"),
    [
        ("not empty while on", {"opt_out_words": []}, "at least one opt-out keyword"),
        ("no word of one sign", {"opt_out_words": ["STOP", "x"]}, "too short"),
        ("no word without letters", {"opt_out_words": ["STOP", "!!!"]}, "no letter or digit"),
        ("no long word", {"opt_out_words": ["S" * 41]}, "longer than 40"),
        ("not too many", {"opt_out_words": [f"WORD{n}" for n in range(201)]}, "at most 200"),
        ("no word in both lists", {"opt_in_words": ["START", "stop"]}, "in both lists"),
    ],
)
def test_limits_are_told_with_their_reason_and_nothing_typed_is_lost(
    manager, stands, sentence, fields, words
):
    before = stands()
    response = save(manager, **fields)
    assert response.status_code == 422, sentence
    text = BeautifulSoup(response.text, "html.parser")
    assert words in text.get_text()
    for name, typed in fields.items():
        box = text.find(id=name.replace("_", "-"))["value"].upper()
        assert all(word.upper() in box for word in typed if word != "!!!")
    assert stands() == before


@pytest.mark.parametrize("name", ["opt_out_words", "opt_in_words"])
def test_of_far_too_many_words_only_the_first_are_looked_at(manager, stands, name):
    """Each costs time, and a hundred thousand of them fit into a form."""
    before = stands()
    response = save(manager, **{name: ["STOP", ",".join(f"W{n}" for n in range(3000))]})
    assert response.status_code == 422
    assert "more than 1,000 words" in response.text
    assert "W999" in response.text
    assert "W1000" not in response.text
    assert stands() == before


def test_off_may_be_empty(manager, stands):
    assert save(manager, keywords_enabled=None, opt_out_words=[], opt_in_words=[]).status_code == 204
    assert stands() == (False, [], [], False)


def test_a_banner_stands_while_keywords_are_off(manager):
    save(manager, keywords_enabled=None)
    for path in ("/opt-in", "/settings"):
        assert "Opt-out by keyword is off" in manager.get(path).text


def test_it_says_beforehand_how_many_replied_by_keyword(manager, app):
    with app.app_context():
        for name in ("Ana", "Mateus"):
            said = Statement(
                Status.OPTED_OUT, Source.KEYWORD, "customer", clock.now(), proof=Proof("whatsapp", "STOP")
            )
            ledger.record(a_customer(name), said)
        db.session.commit()
    text = BeautifulSoup(manager.htmx(PATH).text, "html.parser").get_text(" ", strip=True)
    assert "2 customers replied by keyword in the last 30 days" in text
    assert "Last customer reply that opted out: just now" in text


def test_the_second_editor_sees_what_the_first_has_changed(manager, desk, stands):
    save(desk("admin"), opt_out_words=["STOP", "PARAR"])
    response = save(manager, opt_out_words=["STOP", "BAJA"])
    assert response.status_code == 409
    soup = BeautifulSoup(response.text, "html.parser")
    assert "STOP, PARAR" in soup.find(role="alert").get_text()
    assert soup.find(id="opt-out-words")["value"] == "STOP, BAJA"
    assert stands()[1] == ["STOP", "PARAR"]
    version = soup.find(attrs={"name": "version"})["value"]
    assert save(manager, opt_out_words=["STOP", "BAJA"], version=version).status_code == 204
    assert stands()[1] == ["STOP", "BAJA"]


@pytest.mark.parametrize("role", ["viewer", "agent"])
def test_agents_and_viewers_read_and_do_not_change(desk, stands, role):
    client = desk(role)
    before = stands()
    soup = BeautifulSoup(client.htmx(PATH).text, "html.parser")
    assert soup.find(id="settings-save") is None
    assert soup.find(id="keywords-enabled").has_attr("disabled")
    assert save(client, opt_out_words=["HALT"]).status_code == 403
    assert stands() == before


@pytest.mark.parametrize(
    ("message", "fields", "outcome"),
    [
        ("stop", {}, "opts the customer out"),
        ("Stop. Thank you", {}, "goes to review, marketing paused"),
        ("start", {}, "opts the customer in"),
        ("hello", {}, "does nothing"),
        ("halt", {"opt_out_words": ["STOP", "HALT"]}, "opts the customer out"),
        ("stop", {"keywords_enabled": None}, "does nothing while the switch is off"),
        ("<script>stop</script>", {}, "goes to review"),
    ],
)
def test_what_a_message_would_do_with_the_words_as_they_stand(manager, stands, message, fields, outcome):
    before = stands()
    response = manager.htmx(f"{PATH}/try", method="POST", message=message, **wishes(**fields))
    assert response.status_code == 200
    assert outcome in BeautifulSoup(response.text, "html.parser").get_text()
    assert "<script>" not in response.text
    assert stands() == before


def test_without_scripts_the_dialog_is_a_page_and_saving_leads_back(manager, stands):
    assert "<html" in manager.get(PATH).text
    response = manager.send(PATH, **wishes(opt_out_words="stop, parar"))
    assert (response.status_code, response.location) == (303, "/opt-in")
    assert stands()[1] == ["STOP", "PARAR"]
