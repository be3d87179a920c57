"""A tag or an attribute gets another name while a campaign that names it waits, or is under way."""

import pytest

from tests.campaigns.factories import a_campaign, a_running_campaign, a_template, claimed
from tests.factories import NOON, a_customer
from webapp.campaigns import audience, lifecycle
from webapp.consent.rules import Status
from webapp.customers.attributes import attributes
from webapp.customers.tags import tags
from webapp.database import writing
from webapp.extensions import db

CITY = [{"type": "BODY", "text": "Hi from {{1}}."}]
FROM_CITY = {"body:1": {"attribute": "City", "fallback": "your town"}}


@pytest.fixture(autouse=True)
def ana(app):
    with app.app_context(), writing():
        ana = a_customer("Ana", Status.OPTED_IN)
        attributes.define("city", "text")
        attributes.set_attributes(ana, {"city": "Rio"})
        tags.set_tags(ana, ["VIP"])
        db.session.commit()
        yield ana


def a_new_name(how: str) -> None:
    if how == "renamed":
        attributes.rename(attributes.find("city"), "home")
        tags.rename(tags.find("vip"), "gold")
    else:
        attributes.define("home", "text"), tags.define("gold")
        attributes.merge(attributes.find("city"), attributes.find("home"))
        tags.merge(tags.find("vip"), tags.find("gold"))
    db.session.commit()


@pytest.mark.parametrize("how", ["renamed", "merged"])
def test_a_running_campaign_goes_on_filling_its_variables(ana, how):
    template = a_template(components=CITY, parameter_format="POSITIONAL")
    campaign = a_running_campaign(template, ana, parameters=FROM_CITY)
    a_new_name(how)
    (row,) = claimed(campaign).rows
    assert row.message.components[0]["parameters"] == [{"type": "text", "text": "Rio"}]


@pytest.mark.parametrize("how", ["renamed", "merged"])
@pytest.mark.parametrize(
    "args", [{"tag": ["vip"]}, {"attr": ["City:Rio"]}, {"tag": "vip", "attr": "city:Rio"}]
)
def test_a_campaign_that_waits_goes_on_meaning_whom_its_filters_meant(ana, how, args):
    sources = [{"kind": "filter", "args": args}, {"kind": "everybody"}]
    waiting = a_campaign(a_template(), audience={"include": sources[1:], "exclude": sources[:1]})
    over = a_campaign(a_template("over"), audience={"include": sources, "exclude": []}, status="finished")
    version, was = waiting.version, over.audience
    a_new_name(how)
    assert lifecycle.problems(waiting, NOON) == []
    assert audience.preview(waiting, "MARKETING", NOON).total == 0
    assert (waiting.version > version, over.audience) == (True, was)
