"""Deciding whether two records are one person, and what becomes of the old address of one that is gone."""

import pytest

from tests.factories import NOON, a_customer
from webapp.consent.rules import Status
from webapp.customers import duplicates, merging
from webapp.customers.models import Customer
from webapp.extensions import db

HOSTILE = '<script>alert("1")</script>'


@pytest.fixture
def pair(app) -> tuple[int, int]:
    with app.app_context():
        one, other = a_customer(HOSTILE, Status.OPTED_IN), a_customer("Ana", Status.OPTED_OUT)
        duplicates.note(one, other, "WhatsApp says so.", NOON)
        db.session.commit()
        return one.id, other.id


def merge(client, pair, **fields):
    url = f"/customers/{pair[0]}/merge/{pair[1]}"
    shown = client.soup(url).find(attrs={"name": "versions"})["value"]
    return client.htmx(url, method="POST", **{"versions": shown, **fields})


def test_agents_see_the_pairs_and_managers_decide(desk, pair):
    agent, manager = desk("agent"), desk("manager")
    assert "A manager decides" in agent.get("/customers/duplicates").text
    assert agent.get(f"/customers/{pair[0]}/merge/{pair[1]}").status_code == 403
    page = manager.get("/customers/duplicates")
    assert HOSTILE not in page.text
    assert "WhatsApp says so." in page.text
    assert "WhatsApp says so." in agent.get(f"/customers/{pair[0]}").text
    assert "WhatsApp says so." not in desk("viewer").get(f"/customers/{pair[0]}").text


def test_merging_keeps_the_stop_and_the_pair_is_gone(desk, app, pair):
    assert merge(desk("manager"), pair).status_code == 204
    with app.app_context():
        kept = db.session.get_one(Customer, pair[0])
        assert (kept.status, merging.merged_ids(kept.id)) == (Status.OPTED_OUT, list(pair))
    assert "No duplicates" in desk("agent").get("/customers/duplicates").text


def test_a_pair_that_changed_meanwhile_is_shown_again(desk, app, pair):
    answer = merge(desk("manager"), pair, versions="1.1")
    assert answer.status_code == 409
    assert "changed meanwhile" in answer.text
    with app.app_context():
        assert db.session.get_one(Customer, pair[1]).merged_into_id is None


def test_a_second_click_finds_nothing_to_merge(desk, pair):
    manager = desk("manager")
    merge(manager, pair)
    url = f"/customers/{pair[0]}/merge/{pair[1]}"
    assert manager.htmx(url, method="POST", versions="1.1").status_code == 404


def test_two_people_are_not_shown_again(desk, pair):
    manager = desk("manager")
    assert manager.htmx(f"/customers/{pair[0]}/two-people/{pair[1]}", method="POST").status_code == 204
    assert "No duplicates" in manager.get("/customers/duplicates").text


def test_the_address_of_who_is_gone_leads_to_who_stays(desk, pair):
    merge(desk("manager"), pair)
    answer = desk("agent").get(f"/customers/{pair[1]}")
    assert (answer.status_code, answer.location) == (303, f"/customers/{pair[0]}")


def test_an_opt_out_from_an_old_page_reaches_who_stays(desk, app):
    with app.app_context():
        one, other = a_customer("Ana", Status.OPTED_IN), a_customer("Ana S.", Status.OPTED_IN)
        merging.merge(one, other, actor="user:1", now=NOON, why="The same")
        db.session.commit()
        ids = one.id, other.id
    fields = {"status": "opted_out", "version": 1}
    answer = desk("agent").htmx(f"/customers/{ids[1]}/consent", method="POST", **fields)
    assert answer.status_code == 200
    with app.app_context():
        assert db.session.get_one(Customer, ids[0]).status == Status.OPTED_OUT
