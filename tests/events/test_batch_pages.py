"""Batches on the page: their list, what a revert would do, and doing it once."""

import pytest

from tests.consent.test_batches import an_import, own_stop
from tests.factories import a_customer
from webapp import clock
from webapp.bulk import reverting, running
from webapp.bulk.worker import go_on, sweep
from webapp.consent import batches
from webapp.consent.models import Batch
from webapp.consent.rules import Status
from webapp.customers.models import Customer
from webapp.extensions import db

IN, OUT = Status.OPTED_IN, Status.OPTED_OUT


@pytest.fixture
def batch(app) -> int:
    """A list that opted four customers out, one of whom wrote STOP since."""
    with app.app_context():
        people = [a_customer(f"Person {n}", IN) for n in range(4)]
        made = an_import(*people)
        own_stop(people[0])
        db.session.commit()
        return made.id


def statuses(app) -> list[str]:
    with app.app_context():
        return [each.status for each in db.session.query(Customer).order_by(Customer.id)]


def test_an_empty_list_says_how_the_first_one_comes(desk):
    assert "No batch yet" in desk("viewer").get("/events/batches").text


def test_the_list_names_author_events_and_state(desk, batch):
    page = desk("viewer").soup("/events/batches")
    line = " ".join(page.tbody.get_text(" ", strip=True).split())
    assert line.startswith(f"Import {batch} list.csv Recorded Dana Kim")
    assert line.endswith(" 4")


def test_it_asks_with_how_many_change_and_how_many_do_not_and_why(desk, batch):
    text = desk("manager").soup(f"/events/batches/{batch}/revert").get_text(" ", strip=True)
    assert "3 changes of consent will be taken back" in text
    assert "1 that have something newer on record" in text


def test_where_nothing_would_change_there_is_nothing_to_press(desk, app):
    with app.app_context():
        person = a_customer("Ana", IN)
        made = an_import(person)
        own_stop(person)
        db.session.commit()
        batch_id = made.id
    page = desk("manager").soup(f"/events/batches/{batch_id}/revert")
    assert "There is nothing to take back." in page.get_text(" ", strip=True)
    assert page.find(id="revert-save") is None


def test_a_manager_reverts_it_and_a_second_click_changes_nothing(desk, app, batch):
    client = desk("manager")
    for _ in range(2):
        answer = client.htmx(f"/events/batches/{batch}/revert", method="POST")
        assert answer.status_code == 204
        assert statuses(app) == [OUT, IN, IN, IN]
    page = client.soup(f"/events/batches/{batch}")
    assert "Reverted" in page.get_text()
    assert page.find(id="batch-revert") is None
    with app.app_context():
        assert db.session.query(Batch).count() == 2


def test_without_scripts_it_leads_to_the_revert(desk, app, batch):
    answer = desk("manager").send(f"/events/batches/{batch}/revert")
    assert (answer.status_code, answer.location) == (303, f"/events/batches/{batch + 1}")


@pytest.mark.parametrize("role", ["viewer", "agent"])
def test_others_may_read_and_not_revert(desk, app, batch, role):
    client = desk(role)
    page = client.soup(f"/events/batches/{batch}")
    assert page.find(id="batch-revert") is None
    assert client.send(f"/events/batches/{batch}/revert").status_code == 403
    assert statuses(app) == [OUT] * 4


def test_a_revert_and_a_batch_that_is_not_there_cannot_be_reverted(desk, app, batch):
    client = desk("manager")
    client.send(f"/events/batches/{batch}/revert")
    answer = client.send(f"/events/batches/{batch + 1}/revert")
    assert (answer.status_code, answer.location) == (303, f"/events/batches/{batch + 1}")
    assert client.send("/events/batches/99/revert").status_code == 404


def test_of_a_long_batch_the_worker_does_the_rest(desk, app, batch, monkeypatch):
    monkeypatch.setattr(running, "AT_ONCE", 2)
    monkeypatch.setattr(batches, "AT_ONCE", 2)
    asked: list[int] = []
    app.extensions["heed-tasks"] = {"batch": asked.append}
    client = desk("manager")
    client.send(f"/events/batches/{batch}/revert")
    assert statuses(app) == [OUT] * 4
    assert "Being reverted" in client.get(f"/events/batches/{batch}").text
    go_on(app, asked[0])
    assert statuses(app) == [OUT, IN, IN, IN]
    assert "Being reverted" not in client.get(f"/events/batches/{batch}").text


def test_while_the_worker_takes_it_back_its_page_follows_and_leads_to_the_revert(desk, app, batch):
    with app.app_context():
        begun = reverting.begin(db.session.get(Batch, batch), actor="user:7", now=clock.now()).id
        db.session.commit()
    page = desk("viewer").get(f"/events/batches/{batch}").text
    assert "every 2s" in page
    assert f'href="/events/batches/{begun}"' in page
    go_on(app, begun)
    page = desk("viewer").get(f"/events/batches/{batch}").text
    assert "every 2s" not in page
    assert f'href="/events/batches/{begun}"' in page


def test_what_a_lost_queue_left_half_done_is_found_again(app, batch, monkeypatch):
    with app.app_context():
        begun = reverting.begin(db.session.get(Batch, batch), actor="user:7", now=clock.now())
        db.session.commit()
        assert begun.finished_at is None
    sweep(app)
    sweep(app)
    assert statuses(app) == [OUT, IN, IN, IN]
    with app.app_context():
        assert running.unfinished() == []


def test_the_outlook_of_a_very_long_batch_says_that_it_is_one_part(desk, app, batch, monkeypatch):
    monkeypatch.setattr(batches, "AT_ONCE", 2)
    monkeypatch.setattr(batches, "MOST_FORESEEN", 2)
    text = desk("manager").soup(f"/events/batches/{batch}/revert").get_text(" ", strip=True)
    assert "It is long" in text
    assert "2 changes of consent will" in text
