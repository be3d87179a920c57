"""An open page hears what came in and what colleagues did, and nothing when nothing happened."""

import json

from tests.reviews.test_reviews import Desk, decide, latest_review, review_id, whole_ledger
from tests.whatsapp.posting import deliver, says

__all__ = ["review_id", "whole_ledger"]


def tag_of(browser) -> str:
    return str(browser.soup("/reviews").find(id="live")["hx-ptag"])


def poll(browser, tag: str):
    headers = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-PTag": tag}
    return browser.get("/reviews/live", headers=headers)


def test_nothing_happened(desk: Desk, review_id):
    browser = desk()
    assert poll(browser, tag_of(browser)).status_code == 304


def test_what_came_in_joins_the_queue_once(app, desk: Desk, review_id):
    browser = desk()
    tag = tag_of(browser)
    deliver(app, says("please stop", at=1))
    answer = poll(browser, tag)
    assert f'id="review-{latest_review(app)}"' in answer.text
    assert f'id="review-{review_id}"' not in answer.text
    assert "2 waiting" in answer.text
    assert poll(browser, answer.headers["HX-PTag"]).status_code == 304


def test_what_a_colleague_decided_says_so_in_its_place(desk: Desk, review_id):
    browser = desk()
    tag = tag_of(browser)
    decide(desk(), review_id, "not_a_stop")
    answer = poll(browser, tag)
    assert f'hx-target="#review-{review_id}"' in answer.text
    assert "Dana Kim decided just now: it is not a stop." in answer.text
    assert "No message waits" in answer.text


def test_a_note_shows_on_other_pages(desk: Desk, review_id):
    browser = desk()
    tag = tag_of(browser)
    fields = {"decision": "not_sure", "note": "hm, hm"}
    desk().htmx(f"/reviews/{review_id}", page="/reviews", method="POST", **fields)
    assert "hm, hm" in poll(browser, tag).text


def test_who_was_overruled_is_told_once(desk: Desk, review_id):
    browser = desk()
    decide(browser, review_id, "not_a_stop")
    tag = tag_of(browser)
    decide(desk(), review_id, "opt_out")
    answer = poll(browser, tag)
    assert "opted Joe Sample out after all" in json.loads(answer.headers["HX-Trigger"])["toast"]["message"]
    assert poll(browser, answer.headers["HX-PTag"]).status_code == 304


def test_a_page_that_does_not_show_all_gets_the_numbers_only(app, desk: Desk):
    deliver(app, *[says("please stop", at=n) for n in range(51)])
    browser = desk()
    tag = tag_of(browser)
    deliver(app, says("please stop", at=99))
    answer = poll(browser, tag)
    assert "52 waiting" in answer.text
    assert "<article" not in answer.text


def test_a_foreign_tag_is_no_question(desk: Desk):
    for tag in ("", "x", "1.2.3", "1.2.3.x", "1.2.3.²"):
        assert poll(desk(), tag).status_code == 304
    assert poll(desk(), "9" * 40 + ".1.1." + "9" * 40).status_code == 200
