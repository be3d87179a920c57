"""What people see on /status, and who may do what about a dead letter."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import update

from tests.campaigns.factories import GREETING, HELLO, a_campaign, a_template
from tests.status.faults import a_dead_stop, poisoned, the_letter
from tests.whatsapp.deliveries import a_body
from tests.whatsapp.posting import decisions, deliver, kept, only_customer, post, says, state
from webapp import clock, tasks
from webapp.campaigns.models import Sending, Template
from webapp.campaigns.reports import audit_runs
from webapp.extensions import db
from webapp.whatsapp.models import InboundMessage, WebhookWatch


def a_letter(app) -> int:
    a_dead_stop(app)
    with app.app_context():
        return the_letter().id


def tone(page, line: str) -> str:
    return page.select_one(f"#line-{line}")["class"][1]


def test_a_manager_tries_again_and_everybody_sees_why(app, desk):
    letter_id = a_letter(app)
    seen = desk("viewer").soup("/status").select_one(f"#letter-{letter_id}").get_text(" ", strip=True)
    for words in ("A text message", "ValueError", "Marketing on hold", "messages"):
        assert words in seen
    assert desk("manager").send(f"/status/letters/{letter_id}/replay").status_code == 303
    with app.app_context():
        assert state(only_customer()) == ("opted_out",)


def test_a_second_press_says_that_it_is_done(app, desk):
    letter_id, manager = a_letter(app), desk("manager")
    manager.send(f"/status/letters/{letter_id}/replay")
    manager.send(f"/status/letters/{letter_id}/replay")
    assert "Somebody did that already" in manager.get("/status").text


def test_all_of_them_at_once(app, desk):
    with poisoned():
        deliver(app, says("STOP"), says("STOP", message_id="other", **{"from": "12025550108"}))
    post(app.test_client(), b"{not json")
    manager = desk("manager")
    manager.send("/status/letters/replay")
    assert "2 applied, 0 still cannot be" in manager.get("/status").text
    with app.app_context():
        assert sorted(decisions()) == ["dead", "opt_out", "opt_out"]


@pytest.mark.parametrize(
    ("role", "path", "status", "sentence"),
    [
        ("viewer", "", 403, "a viewer sees no raw item"),
        ("manager", "", 403, "neither does a manager"),
        ("admin", "", 200, "an admin does"),
        ("agent", "/aside", 403, "agents put nothing aside"),
        ("manager", "/aside", 200, "managers do"),
    ],
)
def test_who_may_see_what(app, desk, role, path, status, sentence):
    answer = desk(role).get(f"/status/letters/{a_letter(app)}{path}")
    assert answer.status_code == status, sentence
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/replay", "/aside"])
def test_agents_only_look(app, desk, path):
    letter_id, agent = a_letter(app), desk("agent")
    assert agent.send(f"/status/letters/{letter_id}{path}", note="no").status_code == 403
    assert not agent.soup("/status").select("#letters form, #alarm-form")


def test_the_raw_item_is_shown_as_text_whatever_it_holds(app, desk):
    with poisoned():
        deliver(app, says("STOP", context={"x": "<script>alert(1)</script>"}))
    with app.app_context():
        letter_id = the_letter().id
    page = desk("admin").get(f"/status/letters/{letter_id}").text
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page


def test_an_item_that_is_no_dead_letter_is_not_shown_raw(app, desk):
    deliver(app, says("hello"))
    with app.app_context():
        item_id = kept()[0].id
    assert desk("admin").get(f"/status/letters/{item_id}").status_code == 404


def test_what_was_put_aside_stays_in_a_list_of_its_own_with_the_reason(app, desk):
    letter_id, manager = a_letter(app), desk("manager")
    assert "Those put aside" not in manager.get("/status").text
    manager.send(f"/status/letters/{letter_id}/aside", note="He meant <b>the bus</b>")
    page = manager.get("/status").text
    assert "Those put aside" in page
    assert f'id="letter-{letter_id}"' not in page
    aside = manager.soup("/status?letters=aside").select_one(f"#letter-{letter_id}")
    assert "He meant <b>the bus</b>" in aside.text
    assert "by Dana Kim" in aside.text
    assert aside.select_one("form") is None, "what was decided is not tried again"


def test_putting_aside_wants_a_note(app, desk):
    path, manager = f"/status/letters/{a_letter(app)}/aside", desk("manager")
    assert manager.send(path, note=" ").status_code == 422
    assert manager.send(path, note="Not for us").status_code == 303
    page = manager.soup("/status")
    assert page.select_one("#letters li") is None
    assert tone(page, "dead") == "good"


def test_the_list_is_paged_the_newest_first(app, desk):
    post(app.test_client(), json.dumps(a_body(*[{"field": n} for n in range(25)])).encode())
    viewer = desk("viewer")
    first = viewer.soup("/status")
    shown = [int(each["id"].removeprefix("letter-")) for each in first.select("#letters li")]
    assert (len(shown), shown) == (20, sorted(shown, reverse=True))
    rest = viewer.soup(first.select_one("#letters-more")["href"])
    assert len(rest.select("#letters li")) == 5


def test_an_older_item_says_what_was_not_kept_with_it(app, desk):
    letter_id = a_letter(app)
    with app.app_context():
        db.session.execute(update(InboundMessage).values(around=None))
        db.session.commit()
    assert "came before Heed kept" in desk("viewer").soup("/status").select_one(f"#letter-{letter_id}").text


def test_a_new_desk_says_what_is_missing(desk):
    page = desk("viewer").soup("/status")
    assert (tone(page, "worker"), tone(page, "webhook"), tone(page, "queue")) == ("bad", "warning", "good")
    assert (tone(page, "audit"), tone(page, "dead"), tone(page, "restriction")) == ("warning", "good", "good")
    assert "heed worker" in page.select_one("#line-worker").text


def test_a_desk_that_works_is_good(app, desk):
    tasks.run(app, tasks.beat)
    deliver(app, says("hello"))
    with app.app_context():
        audit_runs.run("system", clock.now())
        a_template(components=GREETING, synced_at=clock.now())
    page = desk("viewer").soup("/status")
    lines = ("worker", "webhook", "audit", "templates", "ways-out", "database")
    assert [tone(page, line) for line in lines] == ["good"] * 6


@pytest.mark.parametrize(
    ("columns", "line", "expected", "sentence"),
    [
        (
            {"templates_failed_at": True, "templates_failure": "No answer."},
            "templates",
            "bad",
            "a failed fetch",
        ),
        ({"restricted_until": True, "restriction": "it is disabled."}, "restriction", "bad", "a restriction"),
        ({"enabled": False}, "sending", "warning", "the kill switch"),
    ],
)
def test_what_governs_sending_stands_there(app, desk, columns, line, expected, sentence):
    with app.app_context():
        soon = clock.now() + timedelta(days=1)
        db.session.execute(update(Sending).values({k: soon if v is True else v for k, v in columns.items()}))
        db.session.commit()
    assert tone(desk("viewer").soup("/status"), line) == expected, sentence


def test_a_marketing_template_without_a_way_out_is_counted_and_flagged(app, desk):
    with app.app_context():
        template_id = a_template(components=HELLO).id
        campaign_id = a_campaign(db.session.get_one(Template, template_id)).id
    viewer = desk("viewer")
    review = viewer.soup(f"/campaigns/{campaign_id}/review")
    assert "Marketing without a way out" in review.select_one("#way-out-1").text
    assert "1 template without a way out" in viewer.soup("/status").select_one("#line-ways-out").text
    row = viewer.soup("/templates").select_one(f"#template-{template_id}")
    assert "Marketing without a way out" in row.text


@pytest.mark.parametrize(("hours", "kept"), [("48", 48), ("0", 24), ("337", 24), ("", 24), ("many", 24)])
def test_the_hours_of_the_alarm(app, desk, hours, kept):
    desk("manager").send("/status/alarm", hours=hours)
    with app.app_context():
        assert db.session.scalar(db.select(WebhookWatch.alarm_hours)) == kept


def test_admins_see_the_alarm_on_every_page(app, desk):
    deliver(app, says("hello"))
    with app.app_context():
        db.session.execute(update(InboundMessage).values(received_at=clock.now() - timedelta(hours=30)))
        db.session.commit()
    assert "No webhook for 30 hours" in desk("admin").soup("/customers").select_one("#banner-silence").text
    assert desk("agent").soup("/customers").select_one("#banner-silence") is None
    assert tone(desk("agent").soup("/status"), "webhook") == "bad"
