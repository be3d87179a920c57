"""How it stood at an instant, on the page of a customer and over all of them."""

import pytest
from bs4 import BeautifulSoup

from tests.consent.test_batches import own_stop
from tests.factories import a_customer
from tests.html import PARTIAL
from tests.rows import every
from webapp.consent.rules import Status
from webapp.extensions import db


@pytest.fixture
def ana(app) -> int:
    """Opted in at noon, opted out a minute later."""
    with app.app_context():
        customer = a_customer(status=Status.OPTED_IN)
        own_stop(customer, 60)
        db.session.commit()
        return customer.id


@pytest.mark.parametrize(
    ("typed", "words", "event"),
    [
        ("2026-11-20T12:00:30", "Opted In, recorded 20 Nov 2026, 12:00:00 UTC", "#event-1"),
        ("2026-11-20T12:01", "Opted Out, recorded 20 Nov 2026, 12:01:00 UTC", "#event-2"),
        ("2026-11-20T14:00:30+02:00", "Opted In, recorded 20 Nov 2026, 12:00:00 UTC", "#event-1"),
    ],
)
def test_the_customers_page_shows_the_state_and_the_event_that_made_it(desk, ana, typed, words, event):
    page = desk("viewer").get(f"/customers/{ana}", query_string={"as_of": typed})
    shown = BeautifulSoup(page.text, "html.parser").find(id="as-of-1")
    assert shown.get_text(" ", strip=True).startswith(words)
    assert shown.a["href"] == event


def test_the_answer_stays_when_the_page_asks_how_things_stand(desk, ana):
    client = desk("viewer")
    page = client.soup(f"/customers/{ana}?as_of=2026-11-20T12:00:30")
    again = client.soup(page.find(id="history")["hx-get"], headers=PARTIAL)
    assert again.find(id="as-of-1").get_text() == page.find(id="as-of-1").get_text()
    assert page.find(id="as-of-form")["action"] == f"/customers/{ana}#as-of-form"
    wrong = client.soup(f"/customers/{ana}?as_of=soon")
    assert wrong.find(id="history")["hx-get"] == f"/customers/{ana}"


def test_before_there_was_a_customer_it_says_so(desk, ana):
    assert "was not on record then" in desk("viewer").get(f"/customers/{ana}?as_of=2026-11-19T12:00").text


@every("typed", ["yesterday", "9" * 80, "=1+1", "2026-13-01", "<b>"])
@every("path", ["/customers/{}", "/events/as-of"])
def test_what_is_no_time_is_said_so(desk, ana, path, typed):
    answer = desk("viewer").get(path.format(ana), query_string={"as_of": typed, "at": typed})
    assert answer.status_code in (200, 422)
    assert "Choose a day and a time." in answer.text


@every("typed", ["0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00", "9999-12-31T23:59"])
@every("path", ["/customers/{}", "/events/as-of"])
def test_the_ends_of_time_cost_no_page(desk, ana, path, typed):
    answer = desk("viewer").get(path.format(ana), query_string={"as_of": typed, "at": typed})
    assert answer.status_code in (200, 422)


def test_totals_are_counted_when_somebody_asks(desk, ana):
    client = desk("viewer")
    assert client.soup("/events/as-of").find(id="totals-head") is None
    page = client.soup("/events/as-of?at=2026-11-20T12:00").get_text(" ", strip=True)
    assert "Customers 1 Opted In 1 Opted Out 0" in page
