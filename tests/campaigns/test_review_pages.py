"""The review before sending, the people behind its numbers, the launch and the test to oneself."""

import re
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup

from tests.campaigns.factories import a_campaign, a_template
from tests.factories import NOON, a_customer
from webapp import clock
from webapp.campaigns import drafts, lifecycle, switch
from webapp.campaigns.audience import Preview
from webapp.campaigns.models import Campaign, Delivery
from webapp.campaigns.named_people import filed, typed
from webapp.campaigns.review import changes, lacking
from webapp.campaigns.shares import shares
from webapp.campaigns.times import NoSuchTime, chosen, zone_words
from webapp.consent.rules import Status
from webapp.customers.attributes import attributes
from webapp.extensions import db

pytestmark = pytest.mark.usefixtures("asked")
EVERYBODY = {"include": [{"kind": "everybody"}], "exclude": []}
CITY = [{"type": "BODY", "text": "Hi from {{city}}."}]


@pytest.fixture
def draft(app) -> int:
    """A draft for three customers: one who agreed, one who said stop, one without a record."""
    with app.app_context():
        a_customer("Ana", Status.OPTED_IN)
        a_customer("Ben", Status.OPTED_OUT)
        a_customer("Cem")
        return a_campaign(a_template(), audience=EVERYBODY).id


def campaign_of(campaign_id: int) -> Campaign:
    return db.session.get_one(Campaign, campaign_id)


def sentence(page) -> str:
    return " ".join(page.select_one("#sentence").get_text().split())


def test_the_sentence_says_who_gets_it_and_who_is_left_out_with_links(desk, draft) -> None:
    page = desk("viewer").soup(f"/campaigns/{draft}/review")
    assert sentence(page) == "Will send to 1 customer. Left out: 1 opted out, 1 no record."
    links = [link["href"] for link in page.select("#sentence a")]
    assert links == [
        f"/campaigns/{draft}/audience?reason={r}" for r in ("eligible", "opted_out", "no_consent")
    ]
    assert not page.select("#launch")


def test_the_people_behind_a_number_as_page_and_file_masked_for_viewers(desk, draft) -> None:
    agent, viewer = desk("agent"), desk("viewer")
    path = f"/campaigns/{draft}/audience"
    page = agent.soup(f"{path}?reason=no_consent")
    assert [a.get_text() for a in page.select("tbody td:first-child a")] == ["Cem"]
    assert page.select_one("a[id^=record-]")["aria-label"] == "Record consent: Cem"
    assert "+55" in page.select_one("tbody").get_text()
    masked = viewer.soup(f"{path}?reason=no_consent")
    assert "•" in masked.select_one("tbody").get_text()
    assert not masked.select("a[id^=record-]")
    file = agent.get(f"{path}.csv?reason=opted_out")
    assert file.mimetype == "text/csv"
    assert file.text.splitlines()[1].split(",")[1] == "Ben"
    assert "•" in viewer.get(f"{path}.csv?reason=opted_out").text


def test_no_address_of_the_pages_holds_a_phone_number(desk, draft) -> None:
    client = desk("manager")
    for path in ("", f"/{draft}/review", f"/{draft}/audience", f"/{draft}/edit", f"/{draft}/edit/audience"):
        page = client.soup(f"/campaigns{path}")
        urls = " ".join(str(e.get(a)) for e in page.find_all(True) for a in ("href", "action", "hx-get"))
        assert not re.search(r"\d{8,}", re.sub(r"/assets/\w+/", "", urls))


def test_a_launch_sends_to_the_number_agreed_to_and_once(desk, app, draft, asked) -> None:
    client = desk("manager")
    page = client.soup(f"/campaigns/{draft}/review")
    assert page.select_one("#launch").get_text(strip=True) == "Send to 1 customer"
    for _ in range(2):
        answer = client.send(f"/campaigns/{draft}/launch", when="now", expected=1)
        assert answer.status_code == 303
        assert answer.location == f"/campaigns/{draft}"
    assert set(asked) == {draft}
    with app.app_context():
        assert campaign_of(draft).status == "running"
        assert sorted(db.session.scalars(db.select(Delivery.state))) == ["queued", "suppressed", "suppressed"]


@pytest.mark.parametrize("when", ["now", "later"])
def test_a_launch_is_refused_when_the_number_moved(desk, app, draft, when: str) -> None:
    with app.app_context():
        a_customer("Dan", Status.OPTED_IN)
    later = f"{clock.now() + timedelta(days=2):%Y-%m-%dT%H:%M}"
    at = later if when == "later" else ""
    answer = desk("manager").send(f"/campaigns/{draft}/launch", when=when, at=at, expected=1)
    assert answer.status_code == 409
    assert "Nothing was sent: 2 customers get it now, not 1." in answer.text
    verb = "Schedule for" if when == "later" else "Send to"
    assert f"<span>{verb} 2 customers</span>" in answer.text
    with app.app_context():
        assert campaign_of(draft).status == "draft"
        assert not db.session.scalars(db.select(Delivery)).all()


def agreed_to(desk, draft: int) -> dict[str, str]:
    """What the form of the review sends beside the time."""
    form = desk("manager").soup(f"/campaigns/{draft}/review").select_one("#launch-form")
    return {field["name"]: field["value"] for field in form.select("input[type=hidden]")}


@pytest.mark.parametrize(("when", "at"), [("now", ""), ("later", "2030-01-07T09:00")])
def test_a_launch_is_refused_when_somebody_chose_another_template_meanwhile(
    desk, app, draft, when, at
) -> None:
    looked_at = agreed_to(desk, draft)
    with app.app_context():
        campaign = campaign_of(draft)
        another = a_template("another")
        drafts.set_template(campaign, another, {}, version=campaign.version, actor="system", now=NOON)
        db.session.commit()
    answer = desk("manager").send(f"/campaigns/{draft}/launch", when=when, at=at, **looked_at)
    assert answer.status_code == 409
    assert "Nothing was sent: Heed changed this campaign meanwhile" in answer.text
    with app.app_context():
        assert (campaign_of(draft).status, db.session.query(Delivery).count()) == ("draft", 0)


@pytest.mark.parametrize(("when", "at"), [("now", ""), ("later", "2030-01-07T09:00")])
def test_a_launch_is_refused_when_whatsapp_has_another_text_by_now(desk, app, draft, when, at) -> None:
    looked_at = agreed_to(desk, draft)
    with app.app_context():
        campaign_of(draft).template.components = [{"type": "BODY", "text": "Everything must go."}]
        db.session.commit()
    answer = desk("manager").send(f"/campaigns/{draft}/launch", when=when, at=at, **looked_at)
    assert answer.status_code == 409
    assert "Nothing was sent: WhatsApp has another text of the template" in answer.text
    assert "Everything must go." in answer.text
    with app.app_context():
        assert (campaign_of(draft).status, db.session.query(Delivery).count()) == ("draft", 0)


def test_a_scheduled_campaign_says_that_nobody_has_read_the_text(desk, app, draft) -> None:
    looked_at = agreed_to(desk, draft)
    desk("manager").send(f"/campaigns/{draft}/launch", when="later", at="2030-01-07T09:00", **looked_at)
    assert not desk("manager").soup(f"/campaigns/{draft}/review").select("#changes")
    with app.app_context():
        campaign_of(draft).template.components = [{"type": "BODY", "text": "Everything must go."}]
        db.session.commit()
    page = desk("manager").soup(f"/campaigns/{draft}/review")
    assert "does not send by itself until you have saved the time" in page.select_one("#changes").text
    assert "It is planned for" in page.select_one("#scheduled").text
    looked_at = agreed_to(desk, draft)
    desk("manager").send(f"/campaigns/{draft}/launch", when="later", at="2030-01-07T09:00", **looked_at)
    assert not desk("manager").soup(f"/campaigns/{draft}/review").select("#changes")


def test_a_second_click_on_a_time_is_the_first(desk, app, draft) -> None:
    looked_at = agreed_to(desk, draft)
    sent = {"when": "later", "at": f"{clock.now() + timedelta(days=2):%Y-%m-%d}T23:00", **looked_at}
    for _ in range(2):
        assert desk("manager").send(f"/campaigns/{draft}/launch", **sent).status_code == 303
    with app.app_context():
        assert campaign_of(draft).status == "scheduled"


def test_a_launch_with_unfilled_variables_is_refused_and_names_them(desk, app) -> None:
    with app.app_context():
        a_customer("Ana", Status.OPTED_IN)
        draft = a_campaign(a_template(components=CITY), audience=EVERYBODY).id
    client = desk("manager")
    assert not client.soup(f"/campaigns/{draft}/review").select("#launch")
    answer = client.send(f"/campaigns/{draft}/launch", when="now", expected=1)
    assert answer.status_code == 422
    assert "Fill in: city." in answer.text


@pytest.fixture
def gappy(app) -> int:
    """A draft for two who agreed; Ben has no city, and there is no fallback for it."""
    with app.app_context():
        attributes.define("city", "text")
        attributes.set_attributes(a_customer("Ana", Status.OPTED_IN), {"city": "Rio"})
        a_customer("Ben", Status.OPTED_IN)
        parameters = {"body:city": {"attribute": "city", "fallback": ""}}
        draft = a_campaign(a_template(components=CITY), audience=EVERYBODY, parameters=parameters).id
        db.session.commit()
        return draft


LACK = "1 customer lacks a value for city; give a fallback or leave them out."


def test_customers_who_lack_a_value_are_a_problem_that_names_and_lists_them(desk, app, gappy: int) -> None:
    page = desk("manager").soup(f"/campaigns/{gappy}/review")
    problem = page.select_one(".checks #unfilled-note")
    assert " ".join(problem.get_text().split()) == LACK
    assert not page.select("#launch")
    listed = desk("viewer").soup(problem.a["href"])
    assert [a.get_text() for a in listed.select("tbody td:first-child a")] == ["Ben"]
    with app.app_context():
        assert lacking(campaign_of(gappy), clock.now()) == {"city": 1}


@pytest.mark.parametrize("when", ["now", "later"])
def test_nothing_is_launched_while_somebody_lacks_a_value(desk, app, gappy: int, when: str, asked) -> None:
    at = f"{clock.now() + timedelta(days=2):%Y-%m-%dT%H:%M}" if when == "later" else ""
    answer = desk("manager").send(f"/campaigns/{gappy}/launch", when=when, at=at, expected=2)
    assert answer.status_code == 409
    assert LACK in answer.text
    with app.app_context():
        assert campaign_of(gappy).status == "draft"
        assert lacking(campaign_of(gappy), clock.now()) == {"city": 1}
        campaign_of(gappy).parameters = {"body:city": {"attribute": "city", "fallback": "your town"}}
        db.session.commit()
        assert not lacking(campaign_of(gappy), clock.now())
    assert desk("manager").send(f"/campaigns/{gappy}/launch", when=when, at=at, expected=2).status_code == 303


def test_now_with_a_time_beside_it_is_asked_about(desk, app, draft) -> None:
    at = f"{clock.now() + timedelta(days=2):%Y-%m-%dT%H:%M}"
    answer = desk("manager").send(f"/campaigns/{draft}/launch", when="now", at=at, expected=1)
    assert answer.status_code == 422
    assert "You chose a time: pick “At a time”, or clear it." in answer.text
    assert at in answer.text
    with app.app_context():
        assert campaign_of(draft).status == "draft"


def test_the_button_says_what_it_does_on_a_draft_and_on_a_scheduled_campaign(desk, draft) -> None:
    def words() -> tuple[str, str, str]:
        launch = client.soup(f"/campaigns/{draft}/review").select_one("#launch")
        return launch.get_text(strip=True), launch["data-now"], launch["data-later"]

    client = desk("manager")
    assert words() == ("Send to 1 customer", "Send to 1 customer", "Schedule for 1 customer")
    at = f"{clock.now() + timedelta(days=2):%Y-%m-%dT%H:%M}"
    client.send(f"/campaigns/{draft}/launch", when="later", at=at, expected=1)
    assert words() == ("Save the time", "Send now to 1 customer", "Save the time")


@pytest.mark.parametrize("step", ["launch", "pause", "resume", "unschedule", "duplicate"])
def test_the_address_of_a_step_leads_back_to_the_review_when_it_is_loaded(desk, draft, step: str) -> None:
    answer = desk("viewer").get(f"/campaigns/{draft}/{step}")
    assert (answer.status_code, answer.location) == (303, f"/campaigns/{draft}/review")


@pytest.mark.parametrize(
    ("phone", "category", "expected"),
    [
        ("+1 212 555 0142", "MARKETING", 1),
        ("+1 416 555 0142", "MARKETING", 0),
        ("+1 876 555 0142", "MARKETING", 0),
        ("+55 11 98888 7777", "MARKETING", 0),
        ("+1 212 555 0142", "UTILITY", 0),
    ],
)
def test_us_numbers_are_announced_for_marketing(desk, app, phone: str, category: str, expected: int) -> None:
    with app.app_context():
        a_customer("Ana", Status.OPTED_IN, phone)
        draft = a_campaign(a_template(category=category), audience=EVERYBODY).id
    page = desk("viewer").soup(f"/campaigns/{draft}/review")
    assert len(page.select("#us-note")) == expected


def test_a_time_in_the_workspaces_zone_schedules_it_and_shows_what_changed_since(desk, app, draft) -> None:
    with app.app_context():
        switch.current().zone = "America/Sao_Paulo"
        db.session.commit()
    client = desk("manager")
    day = f"{clock.now() + timedelta(days=3):%Y-%m-%d}"
    answer = client.send(f"/campaigns/{draft}/launch", when="later", at=f"{day}T09:00", expected=1)
    assert answer.status_code == 303
    with app.app_context():
        assert campaign_of(draft).status == "scheduled"
        assert f"{campaign_of(draft).scheduled_at:%Y-%m-%dT%H:%M}" == f"{day}T12:00"
        a_customer("Dan", Status.OPTED_IN)
    page = client.soup(f"/campaigns/{draft}/review")
    assert "2 get it now; 1 when it was reviewed." in page.select_one("#changes").get_text()
    assert "09:00" in page.select_one("#scheduled").get_text()
    assert client.send(f"/campaigns/{draft}/unschedule").status_code == 303
    assert client.soup(f"/campaigns/{draft}/review").select_one(".pill").get_text(strip=True) == "Draft"


def test_times_outside_the_send_window_or_in_the_past_are_refused_with_a_sentence(desk, app, draft) -> None:
    with app.app_context():
        sending = switch.current()
        sending.window_from, sending.window_until = 9 * 60, 18 * 60
        db.session.commit()
    client = desk("manager")
    night = f"{clock.now() + timedelta(days=2):%Y-%m-%d}T23:00"
    for at, words in [(night, "Marketing is sent only from 09:00 to 18:00"), ("2020-01-01T12:00", "is over"),
                      ("soon", "Choose a day and a time.")]:  # fmt: skip
        answer = client.send(f"/campaigns/{draft}/launch", when="later", at=at, expected=1)
        assert answer.status_code == 422
        page = BeautifulSoup(answer.text, "html.parser")
        assert words in page.find(id=page.find(id="at")["aria-describedby"]).text


def test_a_missed_schedule_asks(desk, app, draft) -> None:
    with app.app_context():
        campaign = campaign_of(draft)
        campaign.status, campaign.scheduled_at, campaign.missed_at = "scheduled", clock.now(), clock.now()
        db.session.commit()
    client = desk("manager")
    page = client.soup(f"/campaigns/{draft}/review")
    assert "Nothing was sent late." in page.select_one("#missed").get_text()
    assert page.select_one("#missed-later")["href"] == "#at"
    assert page.select("#unschedule")
    fields = {field["name"]: field["value"] for field in page.select("#missed input")}
    assert client.send(f"/campaigns/{draft}/launch", **fields).status_code == 303
    with app.app_context():
        assert campaign_of(draft).status == "running"


@pytest.mark.parametrize(("status", "code"), [(Status.OPTED_IN, 303), (Status.OPTED_OUT, 422)])
def test_a_test_goes_through_the_gate(desk, app, draft, status: Status, code: int) -> None:
    with app.app_context():
        me = a_customer("Me", status, "+55 11 98888 7777").id
    client = desk("manager")
    answer = client.send(f"/campaigns/{draft}/test", phone="+55 11 98888-7777", agreed=str(me))
    assert answer.status_code == code
    if code == 422:
        assert "Not sent: opted out. Consent counts for a test, too." in answer.text
    with app.app_context():
        trials = db.session.scalars(db.select(Campaign.id).where(Campaign.test_of_id == draft)).all()
    assert len(trials) == (1 if code == 303 else 0)
    assert all(client.get(f"/campaigns/{trial}").status_code == 404 for trial in trials)


@pytest.mark.parametrize(
    ("trial", "delivery", "told"),
    [
        ({}, {}, "Last test, to Me: queued."),
        ({"status": "finished"}, {"state": "delivered"}, "Last test, to Me: delivered."),
        ({"status": "paused", "pause_reason": "The token is old."}, {},
         "Last test, to Me: not sent. The token is old."),
        ({"status": "finished"}, {"state": "failed", "reason": "refused", "error_code": 131026},
         "Last test, to Me: failed. Not reachable on WhatsApp."),
        ({"status": "finished"}, {"state": "unknown", "reason": "timeout"},
         "Last test, to Me: unknown. No answer from WhatsApp in time."),
    ],
)  # fmt: skip
def test_the_review_tells_what_became_of_the_last_test(desk, app, draft, trial, delivery, told) -> None:
    with app.app_context():
        me = a_customer("Me", Status.OPTED_IN)
        for _ in range(2):
            made = lifecycle.test(campaign_of(draft), me, actor="system", now=clock.now()).id
        db.session.query(Delivery).filter_by(campaign_id=made).update(delivery or {"state": "queued"})
        db.session.query(Campaign).filter_by(id=made).update(trial or {"status": "running"})
        db.session.commit()
    line = desk("viewer").soup(f"/campaigns/{draft}/review").select_one("#last-test")
    assert line.get_text(strip=True) == told
    well = told.endswith(("queued.", "delivered."))
    assert ("warning" in line["class"]) is not well


TWICE = "is in the audience too and will get the message again at launch."


def test_a_test_to_somebody_in_the_audience_is_told_before_and_agreed_to(desk, app, draft) -> None:
    with app.app_context():
        me = a_customer("Me", Status.OPTED_IN, "+55 11 98888 7777").id
        a_customer("Out", Status.OPTED_OUT, "+55 11 97777 6666")
    client, path = desk("manager"), f"/campaigns/{draft}/test"
    for phone, told in (("+5511988887777", True), ("+5511977776666", False), ("+5511966665555", False),
                        ("98", False)):  # fmt: skip
        note = client.htmx(f"{path}/person", method="POST", phone=phone).text
        assert (TWICE in note) is told, phone
    for agreed in ("", str(me + 1)):
        asked = client.send(path, phone="+5511988887777", agreed=agreed)
        assert (asked.status_code, TWICE in asked.text) == (422, True)
        assert f'name="agreed" value="{me}"' in asked.text
    assert client.send(path, phone="+5511988887777", agreed=str(me)).status_code == 303


def test_a_test_to_something_that_is_no_number_says_why(desk, draft) -> None:
    for phone, words in (("me", "“me”"), ("", "Give your number."), (" \t", "Give your number.")):
        answer = desk("manager").htmx(f"/campaigns/{draft}/test", method="POST", phone=phone)
        assert (answer.status_code, words in answer.text) == (422, True), phone


@pytest.mark.parametrize("paused_before", [False, True])
def test_a_held_campaign_shows_who_drops_out_before_it_goes_on(desk, app, paused_before: bool) -> None:
    with app.app_context():
        a_customer("Ana", Status.OPTED_IN)
        a_customer("Cem")
        got_it = a_customer("Dora")
        template = a_template(category="UTILITY")
        campaign = a_campaign(template, audience=EVERYBODY)
        lifecycle.launch(campaign, actor="system", now=clock.now())
        db.session.query(Delivery).filter_by(customer_id=got_it.id).update({"state": "sent"})
        if paused_before:
            lifecycle.pause(campaign, actor="system", now=clock.now())
        template.coming_category = "MARKETING"
        lifecycle.hold_drifted(template, clock.now())
        db.session.commit()
        held = campaign.id
    page = desk("manager").soup(f"/campaigns/{held}")
    told = page.select_one("#paused").get_text()
    assert "Left out when it goes on: 1 no record." in told
    assert told.count("WhatsApp counts this template as marketing now.") == 1
    assert page.select_one("#resume").get_text(strip=True) == "Go on without them"


@pytest.mark.parametrize(
    ("allowed", "pace", "shown"),
    [(None, None, "80"), (None, 200, "200"), (None, 5, "5"), (100, 200, "100")],
)
def test_the_pace_that_is_shown_is_the_one_that_is_sent_with(desk, app, draft, allowed, pace, shown) -> None:
    with app.app_context():
        switch.current().rate, campaign_of(draft).pace = allowed, pace
        db.session.commit()
    page = desk("viewer").soup(f"/campaigns/{draft}/review")
    assert f"{shown} messages a second" in page.select_one("#launch-form").get_text()


def test_what_changed_since_the_review_is_told_by_reason() -> None:
    now = Preview(3, {"opted_out": 2})
    assert changes({"eligible": 3, "suppressed": {"opted_out": 2}}, now) == []
    assert changes({"eligible": 4, "suppressed": {"on_hold": 1}}, now) == [
        "3 get it now; 4 when it was reviewed.",
        "2 are left out: opted out now; 0 when it was reviewed.",
        "0 are left out: on hold now; 1 when it was reviewed.",
    ]


def test_the_parts_of_the_bar_fill_it_and_small_ones_can_be_seen() -> None:
    parts = shares(Preview(9_997, {"opted_out": 3, "no_consent": 0}))
    assert [part.key for part in parts] == ["eligible", "opted_out"]
    assert parts[1].width > 0.3
    assert parts[1].x + parts[1].width == pytest.approx(100, abs=0.05)
    assert shares(Preview(0, {})) == []


def test_an_hour_that_clocks_skip_is_refused_and_one_that_comes_twice_is_the_first() -> None:
    with pytest.raises(NoSuchTime):
        chosen("2026-03-29T02:30", "Europe/Berlin")
    with pytest.raises(NoSuchTime):
        chosen("0001-01-01T00:00", "Asia/Tokyo")
    assert f"{chosen('2026-10-25T02:30', 'Europe/Berlin'):%H:%M}" == "00:30"
    assert zone_words("America/Sao_Paulo", clock.now()) == "Sao Paulo, UTC−3"
    assert zone_words("UTC", clock.now()) == "UTC"


def test_numbers_are_read_from_a_field_and_from_files_with_and_without_a_head() -> None:
    def read(lines) -> list[tuple[int, str]]:
        return [(line.number, line.text) for line in lines]

    assert read(typed("a, b\n\nc;")) == [(1, "a"), (1, "b"), (3, "c")]
    assert read(filed(b"name;Phone\nAna;+1\n;\nBen;+2")) == [(2, "+1"), (4, "+2")]
    assert read(filed(b"\xef\xbb\xbf'+1\n+2\n")) == [(1, "+1"), (2, "+2")]
