"""Who is not sure says why; the message waits on, behind the others, and marketing with it."""

import pytest

from tests.reviews.test_reviews import Desk, decide, latest_review, review_id, states, told, whole_ledger
from tests.whatsapp.posting import deliver, says
from webapp.consent.rules import Status

__all__ = ["review_id", "whole_ledger"]

HELD = [(Status.OPTED_IN, "held")]


def not_sure(browser, review: int, note: str):
    fields = {"decision": "not_sure", "note": note}
    return browser.htmx(f"/reviews/{review}", page="/reviews", method="POST", **fields)


def test_the_card_goes_to_the_end_and_stays_on_hold(app, desk: Desk, review_id):
    deliver(app, says("please stop", at=1))
    browser = desk()
    answer = not_sure(browser, review_id, "Is “stop” the bus stop?")
    assert told(answer)["message"] == "Joe Sample stays on hold until somebody is sure."
    cards = browser.soup("/reviews").find_all("article")
    assert [card["id"] for card in cards] == [f"review-{latest_review(app)}", f"review-{review_id}"]
    assert "Dana Kim was not sure, just now: Is “stop” the bus stop?" in cards[-1].text
    assert states(app) == HELD


def test_a_colleague_decides_it_later(app, desk: Desk, review_id):
    not_sure(desk(), review_id, "hm")
    assert decide(desk(), review_id, "opt_out").status_code == 200
    assert states(app) == [(Status.OPTED_OUT,)]


@pytest.mark.parametrize(("note", "sentence"), [
    ("", "Write what is unclear"), ("  ", "Write what is unclear"), ("x" * 501, "Keep the note to 500"),
])  # fmt: skip
def test_without_a_usable_note_nothing_changes_and_the_typed_one_stays(desk: Desk, review_id, note, sentence):
    answer = not_sure(desk(), review_id, note)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert note in answer.text


def test_a_note_is_text(desk: Desk, review_id):
    browser = desk()
    not_sure(browser, review_id, "<b>bold</b>")
    assert "<b>bold</b>" in browser.soup("/reviews").find("article").find("q").text


def test_nobody_is_unsure_about_what_is_decided(desk: Desk, review_id):
    decide(desk(), review_id, "opt_out")
    answer = not_sure(desk(), review_id, "hm")
    assert answer.status_code == 409
    assert "That stands, and nothing is released" in answer.text
