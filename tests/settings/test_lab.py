"""The keyword lab: who may look, what is shown, the file, and that only "Save" changes anything."""

import csv
import io

import pytest
from bs4 import BeautifulSoup

from tests.whatsapp.posting import deliver, says
from webapp.consent import policy
from webapp.consent.models import ConsentEvent
from webapp.customers.models import Customer
from webapp.extensions import db

PATH = "/settings/lab"
FORM = {
    "keywords_enabled": "1", "opt_out_words": ["STOP", "PARAR"], "opt_in_words": ["START"], "version": "1",
    "unknown_may_receive": "0", "packs_asked": "1",
}  # fmt: skip


@pytest.fixture
def messages(app):
    deliver(app, says("parar"), says("<i>parar</i> por favor", at=1), says("hello", at=2), says("stop", at=3))


@pytest.fixture
def agent(desk, messages):
    return desk("agent")


def replay(client, **fields):
    return client.htmx(PATH, page=PATH, method="POST", **{**FORM, **fields})


def rows(response) -> list[str]:
    table = BeautifulSoup(response.text, "html.parser").select("tbody tr")
    return [" ".join(row.get_text(" ", strip=True).split()) for row in table]


def test_the_page_opens_with_the_words_that_count(agent):
    soup = agent.soup(PATH)
    assert soup.h1.get_text() == "Try your words"
    assert soup.find(id="lab-opt-out-words")["value"] == "STOP"


def test_it_shows_message_customer_and_both_decisions(agent):
    response = replay(agent)
    assert response.status_code == 200
    held, out = rows(response)
    assert "<i>parar</i> por favor" in held
    assert "<i>" not in response.text
    assert "nothing held for review" in held
    assert "nothing opts out is the opt-out keyword PARAR" in out
    soup = BeautifulSoup(response.text, "html.parser")
    assert soup.select_one("tbody a")["href"].startswith("/customers/")
    assert soup.select_one("td.said")["dir"] == "auto"
    shown = " ".join(soup.get_text(" ", strip=True).split())
    assert "Checked the newest 4 messages" in shown
    assert "2 Missed today (1 customer)" in shown


def test_it_can_be_filtered_by_kind_of_change(agent):
    assert len(rows(replay(agent, kind="opt_out"))) == 1
    assert len(rows(replay(agent, kind="missed"))) == 2
    assert rows(replay(agent, kind="none")) == []
    assert len(rows(replay(agent, kind="<script>"))) == 2


def test_packs_can_be_tried(agent):
    assert len(rows(replay(agent, opt_out_words=["STOP"], packs=["pt"]))) == 2


def test_wrong_words_are_told(agent):
    response = replay(agent, opt_out_words=["x"])
    assert response.status_code == 422
    assert "too short" in response.text


def test_without_scripts_the_answer_is_the_page(agent):
    response = agent.send(PATH, **FORM)
    assert "<html" in response.text
    assert len(rows(response)) == 2


def test_the_file_holds_all_changes_and_no_formula(agent, app):
    deliver(app, says("=parar", at=9))
    response = agent.send(f"{PATH}.csv", **FORM)
    assert response.mimetype == "text/csv"
    lines = list(csv.DictReader(io.StringIO(response.text)))
    assert [line["message"] for line in lines] == ["'=parar", "<i>parar</i> por favor", "parar"]
    assert {line["with_changed_words"] for line in lines} == {"opts out", "held for review"}


def test_nothing_is_changed_by_trying(agent, app):
    def stands():
        with app.app_context():
            people = [(c.status, c.held_at, c.version) for c in db.session.query(Customer)]
            return people, db.session.query(ConsentEvent).count(), policy.current().version

    before = stands()
    replay(agent)
    agent.send(f"{PATH}.csv", **FORM)
    assert stands() == before


def test_agents_may_look_and_viewers_not(desk, messages):
    viewer = desk("viewer")
    for response in (viewer.get(PATH), replay(viewer), viewer.send(f"{PATH}.csv", **FORM)):
        assert response.status_code == 403
    assert desk("agent").soup(PATH).find(id="lab-save") is None


def test_a_manager_saves_the_words_that_were_tried(desk, app, messages):
    manager = desk("manager")
    save = manager.soup(PATH).find(id="lab-save")
    response = manager.send(save["formaction"], **FORM, packs=["de"])
    assert response.status_code == 303
    with app.app_context():
        now = policy.current()
        assert (now.opt_out_words, now.packs, now.keywords_enabled) == (["STOP", "PARAR"], ["de"], True)
