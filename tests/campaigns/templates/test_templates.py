"""Which category a template counts as, and which campaigns pause when that, or its state, changes."""

from datetime import timedelta

import pytest

from tests.campaigns.factories import a_campaign, a_template
from tests.factories import NOON, at
from webapp.campaigns.models import Campaign, Template
from webapp.campaigns.templates import templates
from webapp.campaigns.templates.templates import NOTICE, Description
from webapp.extensions import db

HOUR = timedelta(hours=1)
EFFECTIVE = NOON + NOTICE


@pytest.fixture(autouse=True)
def in_context(app):
    with app.app_context():
        yield


def described(category: str = "UTILITY", **parts: object) -> Description:
    usual = {"external_id": "610000000000001", "name": "order_news", "language": "en_US"}
    return Description(category=category, **({"status": "APPROVED"} | usual | parts))


def the_template() -> Template:
    return db.session.scalars(db.select(Template)).one()


def running(template: Template, category: str = "UTILITY") -> Campaign:
    return a_campaign(template, status="running", category=category)


def utility() -> Template:
    return a_template("order_news", "UTILITY")


def test_a_synchronisation_keeps_all_that_whatsapp_says():
    body = [{"type": "BODY", "text": "Hi"}]
    templates.take_in([described(components=body, quality="GREEN", ttl_seconds=43200)], NOON)
    row = the_template()
    assert (row.external_id, row.name, row.language) == ("610000000000001", "order_news", "en_US")
    assert (row.category, row.status, row.components, row.synced_at) == ("UTILITY", "APPROVED", body, NOON)
    assert (row.quality, row.ttl_seconds, row.usable, row.counts_as) == ("GREEN", 43200, True, "UTILITY")


def test_a_second_synchronisation_changes_the_same_row():
    templates.take_in([described()], NOON)
    templates.take_in([described("MARKETING")], at(3600))
    assert the_template().counts_as == "MARKETING"


def test_a_template_that_was_made_anew_keeps_its_row_and_its_campaigns():
    template = utility()
    templates.take_in([described(external_id="700")], NOON)
    assert the_template().id == template.id
    assert template.external_id == "700"


def test_an_id_that_moved_to_another_name_does_not_stop_the_synchronisation():
    templates.take_in([described(), described(name="other", external_id="2")], NOON)
    templates.take_in([described(external_id="2"), described(name="other", external_id="3")], at(1))
    assert {row.name: row.external_id for row in templates.everything()} == {"order_news": "2", "other": "3"}


@pytest.mark.parametrize("language", ["en_US", "en-US"])
def test_both_spellings_of_a_language_are_one(language):
    template = utility()
    assert templates.find("order_news", language) is template
    assert templates.known(None, "order_news", language) is template
    assert templates.known("no such id", "order_news", language) is template
    assert templates.known(template.external_id, "another", "de") is template
    assert templates.known(None, None, None) is None


def test_a_template_that_is_gone_stays_on_record_and_its_campaigns_pause():
    campaign = running(utility())
    templates.take_in([], at(3600))
    assert the_template().removed_at == at(3600)
    db.session.refresh(campaign)
    assert (campaign.status, campaign.pause_code) == ("paused", templates.UNUSABLE)
    templates.take_in([described()], at(7200))
    assert the_template().usable


COMING = [
    ([("announce", EFFECTIVE)], "MARKETING", "an announced category counts at once"),
    ([("announce", EFFECTIVE), ("sync", NOON + HOUR)], "MARKETING", "a sync before its time does not end it"),
    ([("announce", EFFECTIVE), ("sync", EFFECTIVE + HOUR)], "UTILITY", "a later one that finds the old does"),
    ([("announce", EFFECTIVE), ("sync coming", EFFECTIVE + HOUR)], "MARKETING", "but not while it is coming"),
    ([("announce", None), ("sync", NOON + HOUR)], "MARKETING", "without a time it takes a day"),
    ([("announce", None), ("sync", EFFECTIVE + HOUR)], "UTILITY", "and no longer"),
    ([("sync coming", NOON)], "MARKETING", "a coming category that a sync finds counts as well"),
    ([("sync coming", NOON), ("sync", NOON + HOUR)], "MARKETING", "also when the next one does not"),
    ([("announce", EFFECTIVE), ("complete", EFFECTIVE)], "MARKETING", "a completed one is the category"),
    ([("complete", NOON + HOUR), ("sync", NOON)], "MARKETING", "a sync that began before cannot undo it"),
    ([("complete", NOON + HOUR), ("sync", NOON + 2 * HOUR)], "UTILITY", "one that began later can"),
    ([("complete", NOON), ("announce", EFFECTIVE)], "MARKETING", "a notice may come after its completion"),
    ([("announce", EFFECTIVE), ("relax", NOON + HOUR)], "UTILITY", "WhatsApp may take it back"),
    ([("complete", NOON), ("relax", NOON - HOUR)], "MARKETING", "but not with news from before"),
    (
        [("sync", NOON - 2 * HOUR), ("announce", EFFECTIVE), ("relax", NOON - HOUR)],
        "MARKETING",
        "nor with what it said before the notice and is heard of after it",
    ),
]


@pytest.mark.parametrize(("steps", "expected", "sentence"), COMING, ids=[row[2] for row in COMING])
def test_the_coming_category(steps, expected, sentence):
    template = utility()
    for step, when in steps:
        take(template, step, when)
    assert template.counts_as == expected, sentence


def take(template, step, when):
    match step:
        case "announce":
            templates.announce(template, "MARKETING", when, NOON)
        case "complete":
            templates.complete(template, "MARKETING", when, when)
        case "relax":
            templates.complete(template, "UTILITY", when, when)
        case "sync":
            templates.take_in([described()], when)
        case "sync coming":
            templates.take_in([described(coming="MARKETING")], when)


@pytest.mark.parametrize("category", ["", "PROMOTION", "marketing"])
def test_a_category_that_is_new_to_us_counts_as_marketing(category):
    templates.take_in([described(category)], NOON)
    assert the_template().counts_as == "MARKETING"


@pytest.mark.parametrize(
    "step", [("announce", EFFECTIVE), ("complete", NOON), ("sync coming", NOON)], ids=lambda step: step[0]
)
def test_a_running_campaign_pauses_when_its_template_becomes_marketing(step):
    template = utility()
    drifted, seen = running(template), running(template, "MARKETING")
    take(template, *step)
    for campaign in (drifted, seen):
        db.session.refresh(campaign)
    assert (drifted.status, drifted.pause_code) == ("paused", "category")
    assert seen.status == "running", "who launched it as marketing has seen it"


EVENTS = [
    ("APPROVED", "APPROVED"), ("REINSTATED", "APPROVED"), ("UNARCHIVED", "APPROVED"), ("PAUSED", "PAUSED"),
    ("DISABLED", "DISABLED"), ("REJECTED", "REJECTED"), ("ARCHIVED", "ARCHIVED"), ("DELETED", "DELETED"),
    ("IN_APPEAL", "IN_APPEAL"), ("PENDING", "PENDING"), ("PENDING_DELETION", "PENDING_DELETION"),
    ("SOMETHING_NEW", "SOMETHING_NEW"), ("FLAGGED", "APPROVED"), ("LOCKED", "APPROVED"),
    ("LIMIT_EXCEEDED", "APPROVED"),
]  # fmt: skip


@pytest.mark.parametrize(("event", "status"), EVENTS)
def test_a_status_that_does_not_allow_sending_pauses_the_campaigns(event, status):
    template = utility()
    campaign, other = running(template), running(a_template("another", "UTILITY"))
    templates.change_status(template, event, None, NOON, NOON)
    for each in (campaign, other):
        db.session.refresh(each)
    assert template.status == status
    assert campaign.status == ("running" if status == "APPROVED" else "paused")
    assert other.status == "running", "it concerns its own campaigns only"


ALLOWED_LATE = [
    ([("PAUSED", 100), ("APPROVED", 50)], "PAUSED", "what was said before the pause and is heard after it"),
    ([("DISABLED", 100), ("REINSTATED", 100)], "DISABLED", "of one second the stop counts"),
    ([("PAUSED", 100), ("APPROVED", 101)], "APPROVED", "what was said after it"),
    ([("PAUSED", 100), ("DISABLED", 50), ("APPROVED", 70)], "DISABLED", "the latest of several counts"),
    ([("PAUSED", 0.5), ("APPROVED", 0.9)], "PAUSED", "times have whole seconds"),
    ([("sync PAUSED", 100), ("APPROVED", 50)], "PAUSED", "a synchronisation that began later knows better"),
    ([("sync PENDING", 100.5), ("APPROVED", 100)], "APPROVED", "but not of its own second"),
    ([("PAUSED", 100), ("sync APPROVED", 99)], "PAUSED", "one that had begun before the pause does not know"),
    ([("PAUSED", 100), ("sync APPROVED", 101)], "APPROVED", "one that began after it does"),
    ([("sync APPROVED", 100), ("sync APPROVED", 99)], "APPROVED", "nothing stopped it"),
    ([("PAUSED", 9000), ("sync APPROVED", 100)], "APPROVED", "a clock that was put back does not keep it"),
]  # fmt: skip


@pytest.mark.parametrize(("steps", "status", "sentence"), ALLOWED_LATE, ids=[row[2] for row in ALLOWED_LATE])
def test_what_allows_a_template_counts_only_if_nothing_newer_stops_it(steps, status, sentence):
    template = utility()
    for step, second in steps:
        if step.startswith("sync "):
            templates.take_in([described(status=step[5:])], at(second))
        else:
            templates.change_status(template, step, None, at(second), at(200))
    assert template.status == status, sentence


def test_the_reason_for_a_pause_is_a_sentence():
    campaign = running(template := utility())
    templates.change_status(template, "PENDING_DELETION", None, NOON, NOON)
    db.session.refresh(campaign)
    assert campaign.pause_reason == "WhatsApp does not take this template now: it is pending deletion."


def test_an_approval_may_bring_another_category():
    template = a_template("order_news", "UTILITY", status="PENDING")
    templates.change_status(template, "APPROVED", "MARKETING", NOON, NOON)
    assert (template.usable, template.counts_as) == (True, "MARKETING")
