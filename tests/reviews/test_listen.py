"""An answer without words to a marketing message: somebody is asked to listen, and nothing is on hold."""

from datetime import timedelta

import pytest

from tests.campaigns.factories import a_template
from tests.reviews.test_reviews import Desk, decide, latest_review, made_of, states, told, whole_ledger
from tests.whatsapp.deliveries import a_change, a_message
from tests.whatsapp.posting import TODAY, deliver, only_customer
from webapp import clock
from webapp.campaigns.models import Campaign, Delivery, DeliveryState
from webapp.consent import holds, ledger
from webapp.consent.models import Evidence, Hold
from webapp.consent.rules import Status
from webapp.customers import identities
from webapp.extensions import db

__all__ = ["whole_ledger"]

OUT = Status.OPTED_OUT
VOICE = {"type": "audio", "audio": {"id": "1", "voice": True}}
AN_HOUR, SEVEN_DAYS = timedelta(hours=1), timedelta(days=7)


def a_message_of_ours(app, *, ago: timedelta, category: str = "MARKETING", state: str = "delivered") -> None:
    """A campaign sent one to Joe, so long before he answers."""
    with app.app_context():
        answered_at = clock.now().fromtimestamp(TODAY, tz=clock.now().tzinfo)
        joe = identities.create(name="Joe Sample", wa_id="12025550107", source="agent", now=clock.now())
        template = a_template(category=category)
        made = {"created_by": "system", "changed_by": "system", "created_at": clock.now()}
        campaign = Campaign(name="Spring sale", template=template, changed_at=clock.now(), **made)
        db.session.add(campaign)
        db.session.flush()
        db.session.add(
            Delivery(
                campaign_id=campaign.id, customer_id=joe.id, state=state, gate_category=category,
                started_at=answered_at - ago,
            )
        )  # fmt: skip
        db.session.commit()


def answers(app, **parts) -> None:
    usual = {"id": "wamid.V", "timestamp": str(TODAY), "text": None}
    deliver(app, a_change(messages=[a_message(**{**usual, **VOICE, **parts})]))


def hears(browser, review: int, words: str):
    fields = {"decision": "opt_out", "note": words}
    return browser.htmx(f"/reviews/{review}", page="/reviews", method="POST", **fields)


@pytest.mark.parametrize(("parts", "medium"), [
    (VOICE, "Voice note"),
    ({"type": "image", "image": {"id": "1"}}, "Picture"),
    ({"type": "sticker", "sticker": {"id": "1"}}, "Sticker"),
    ({"type": "unsupported", "errors": [{"code": 131051}]}, "Message that WhatsApp does not pass on"),
])  # fmt: skip
def test_somebody_is_asked_to_listen(app, desk: Desk, parts, medium):
    a_message_of_ours(app, ago=AN_HOUR)
    answers(app, **{"audio": None, **parts})
    assert (made_of(app), states(app)) == (["listen"], [("unknown",)])
    card = desk().soup("/reviews").find("article")
    assert "Please listen" in card.text
    assert card.find(class_="medium").text == medium
    assert "Spring sale, spring_sale" in card.find("dl").text
    assert "becomes an opt-out" not in card.text


@pytest.mark.parametrize(("sent", "parts", "sentence"), [
    ({"ago": SEVEN_DAYS}, {}, "a week later it answers something else"),
    ({"ago": -AN_HOUR}, {}, "it was said before the message"),
    ({"ago": AN_HOUR, "category": "UTILITY"}, {}, "a receipt is no marketing"),
    ({"ago": AN_HOUR, "state": DeliveryState.FAILED}, {}, "the message never arrived"),
    ({"ago": AN_HOUR, "state": DeliveryState.SUPPRESSED}, {}, "the message was never sent"),
    ({"ago": AN_HOUR}, {"type": "location", "audio": None, "location": {}}, "a place answers no offer"),
])  # fmt: skip
def test_nobody_is_asked_when(app, sent, parts, sentence):
    a_message_of_ours(app, **sent)
    answers(app, **parts)
    assert made_of(app) == ["none"], sentence
    with app.app_context():
        assert holds.open_count() == 0, sentence


def test_a_picture_with_words_is_read_as_words(app):
    a_message_of_ours(app, ago=AN_HOUR)
    answers(app, type="image", audio=None, image={"id": "1", "caption": "STOP"})
    assert (made_of(app), states(app)) == (["opt_out"], [(OUT,)])


def test_what_the_agent_heard_is_the_evidence_of_the_opt_out(app, desk: Desk):
    a_message_of_ours(app, ago=AN_HOUR)
    answers(app)
    answer = hears(desk(), latest_review(app), "Joe says: stop sending me this")
    assert told(answer)["message"] == "Joe Sample is opted out."
    assert states(app) == [(OUT,)]
    with app.app_context():
        event = ledger.history(only_customer().id)[-1]
        assert (event.source, event.occurred_at.timestamp()) == ("review", TODAY)
        assert db.session.get_one(Evidence, event.id).words == "Joe says: stop sending me this"


def test_an_opt_out_needs_those_words(app, desk: Desk):
    a_message_of_ours(app, ago=AN_HOUR)
    answers(app)
    answer = hears(desk(), latest_review(app), " ")
    assert answer.status_code == 422
    assert "Write what the customer said" in answer.text
    assert states(app) == [("unknown",)]


def test_nothing_in_it_changes_nothing(app, desk: Desk):
    a_message_of_ours(app, ago=AN_HOUR)
    answers(app)
    answer = decide(desk(), latest_review(app), "nothing")
    assert "Nothing in it" in told(answer)["message"]
    assert states(app) == [("unknown",)]
    with app.app_context():
        assert ledger.history(only_customer().id) == []


def test_a_colleague_who_heard_a_stop_wins_over_one_who_did_not(app, desk: Desk):
    a_message_of_ours(app, ago=AN_HOUR)
    answers(app)
    review = latest_review(app)
    decide(desk(), review, "nothing")
    answer = hears(desk(), review, "stop")
    assert "Dana Kim had said that nothing was in it" in told(answer)["message"]
    assert states(app) == [(OUT,)]


def test_an_undo_asks_to_listen_again(app, desk: Desk):
    a_message_of_ours(app, ago=AN_HOUR)
    answers(app)
    browser, review = desk(), latest_review(app)
    hears(browser, review, "stop")
    assert browser.htmx(f"/reviews/{review}/undo", page="/reviews", method="POST").status_code == 200
    assert states(app) == [("unknown",)]
    with app.app_context():
        assert db.session.get_one(Hold, review).decided_at is None


@pytest.mark.parametrize("decision", ["not_a_stop", "not_sure", "opt_in"])
def test_other_decisions_are_no_answer_to_it(app, desk: Desk, decision):
    a_message_of_ours(app, ago=AN_HOUR)
    answers(app)
    answer = decide(desk(), latest_review(app), decision)
    assert answer.status_code == 422
    assert "That is no answer to this message." in answer.text
