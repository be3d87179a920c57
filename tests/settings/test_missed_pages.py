"""Missed stops on the page: offered to who decides, listed, honoured or left; and how long texts live."""

import pytest
from bs4 import BeautifulSoup

from tests.whatsapp.posting import deliver, says
from webapp.consent import policy
from webapp.customers.models import Customer
from webapp.extensions import db

DIALOG, PATH = "/opt-in/settings", "/settings/missed-stops"


@pytest.fixture
def manager(desk):
    return desk("manager")


def turn(client, on: bool):
    soup = BeautifulSoup(client.htmx(DIALOG).text, "html.parser")
    fields = {"keywords_enabled": "1"} if on else {}
    version = soup.find(attrs={"name": "version"})["value"]
    words = {"opt_out_words": ["STOP"], "opt_in_words": ["START"]}
    assert client.htmx(DIALOG, method="POST", version=version, **words, **fields).status_code == 204


@pytest.fixture
def missed(manager, app):
    """A stop and an unclear message came while the switch was off; it is on again."""
    turn(manager, on=False)
    deliver(
        app, says("stop"), says("hello", at=1), says("<b>stop</b> it, please", **{"from": "5511955550101"})
    )
    turn(manager, on=True)


def text(response) -> str:
    return " ".join(BeautifulSoup(response.text, "html.parser").get_text(" ", strip=True).split())


def states(app) -> list[tuple[str, bool]]:
    with app.app_context():
        return [(c.status, c.held_at is not None) for c in db.session.query(Customer).order_by(Customer.id)]


SENTENCE = "While the switch was off, 1 message would have opted out 1 customer and 1 would have been held."


def test_a_banner_offers_them_until_somebody_decides(manager, missed):
    for path in ("/opt-in", "/settings", "/customers"):
        assert SENTENCE in text(manager.get(path))
    manager.send(PATH, decision="honour")
    assert SENTENCE not in text(manager.get("/opt-in"))


@pytest.mark.parametrize("role", ["agent", "viewer"])
def test_others_are_not_bothered_with_it(desk, missed, role):
    assert "While the switch was off" not in text(desk(role).get("/opt-in"))


def test_while_it_is_off_nothing_is_offered(manager, app):
    turn(manager, on=False)
    deliver(app, says("stop"))
    assert "would have opted out" not in text(manager.get("/opt-in"))


def test_they_are_listed_with_customer_and_words(manager, missed):
    response = manager.get(PATH)
    assert SENTENCE in text(response)
    assert "<b>stop</b> it, please" in text(response)
    assert "<b>stop</b>" not in response.text
    assert "hello" not in text(response)


def test_honoured_they_are_opted_out_and_held(manager, app, missed):
    response = manager.send(PATH, decision="honour")
    assert (response.status_code, response.location) == (303, "/settings")
    assert states(app) == [("opted_out", False), ("unknown", True)]
    assert "Honoured: 1 opt-out of 1 customer recorded, 1 message held for review." in text(
        manager.get("/settings")
    )
    assert "Nothing waits for a decision." in text(manager.get(PATH))


def test_leaving_them_wants_a_reason(manager, app, missed):
    refused = manager.send(PATH, decision="leave", reason=" ")
    assert (refused.status_code, "Say why" in text(refused)) == (422, True)
    assert SENTENCE in text(manager.get("/opt-in"))
    assert manager.send(PATH, decision="leave", reason="our own test", listed=2).status_code == 303
    assert states(app) == [("unknown", False), ("unknown", False)]
    assert SENTENCE not in text(manager.get("/opt-in"))


def test_none_is_left_that_was_not_listed_when_somebody_decided(manager, app, missed):
    listed = manager.soup(PATH).find(attrs={"name": "listed"})["value"]
    turn(manager, on=False)
    deliver(app, says("stop", at=9, **{"from": "447946000003"}))
    turn(manager, on=True)
    refused = manager.send(PATH, decision="leave", reason="our own test", listed=listed)
    assert (refused.status_code, "Others were found" in text(refused)) == (409, True)
    assert "our own test" in refused.text
    manager.send(PATH, decision="honour")
    assert [status for status, _ in states(app)] == ["opted_out", "unknown", "opted_out"]


@pytest.mark.parametrize("listed", ["", "many", "1"])
def test_nor_without_saying_how_many_were_listed(manager, app, missed, listed):
    assert manager.send(PATH, decision="leave", reason="our own test", listed=listed).status_code == 409
    assert SENTENCE in text(manager.get("/opt-in"))


def test_deciding_twice_is_told(manager, missed):
    manager.send(PATH, decision="honour")
    manager.send(PATH, decision="honour")
    assert "There is nothing to decide any more." in text(manager.get("/settings"))


@pytest.mark.parametrize(("role", "may_look"), [("agent", True), ("viewer", False)])
def test_agents_may_look_and_only_managers_decide(desk, app, missed, role, may_look):
    client = desk(role)
    assert (client.get(PATH).status_code == 200) is may_look
    assert client.send(PATH, decision="honour").status_code == 403
    assert ("opted_out", False) not in states(app)


class TestRetention:
    def save(self, client, **fields):
        return client.send("/settings/retention", **{"days": "30", "version": "1", **fields})

    def test_ninety_days_by_default(self, manager):
        soup = manager.soup("/settings")
        assert soup.find(id="retention-days")["value"] == "90"
        assert "is kept for 90 days and then forgotten" in soup.get_text()

    def test_it_is_saved(self, manager, app):
        assert self.save(manager).status_code == 303
        with app.app_context():
            assert policy.current().inbound_days == 30

    @pytest.mark.parametrize("days", ["0", "-1", "3651", "many", "", "1e3", "٣٠", "9" * 30])
    def test_other_than_a_sensible_number_is_refused_with_what_was_typed(self, manager, days):
        response = self.save(manager, days=days)
        assert (response.status_code, "Give a number of days from 1 to 3,650." in text(response)) == (
            422,
            True,
        )
        typed = BeautifulSoup(response.text, "html.parser").find(id="retention-days")["value"]
        assert typed == days.strip()[:20]

    def test_two_editors(self, manager):
        self.save(manager)
        response = self.save(manager, days="7")
        assert response.status_code == 409
        assert "texts are kept for 30 days" in text(response)

    def test_agents_read_it(self, desk):
        client = desk("agent")
        assert client.soup("/settings").find(id="retention-days") is None
        assert self.save(client).status_code == 403
