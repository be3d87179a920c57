"""A desk of people, tags and a segment for changes of many."""

import pytest

from tests.bulk.people import BY, Crowd
from tests.factories import NOON, a_customer
from webapp.campaigns.segments import segments
from webapp.consent.rules import Status
from webapp.customers.attributes import attributes
from webapp.customers.filters import Filter
from webapp.customers.tags import tags
from webapp.extensions import db

VIP = Filter(tags=("vip",))


@pytest.fixture
def crowd(app) -> Crowd:
    """Four customers, two of whom are vips and one of whom opted out; one was merged and one erased."""
    with app.app_context():
        people = {name: a_customer(name) for name in ("Ana", "Bo", "Cy", "Merged", "Erased")}
        people["Di"] = a_customer("Di", Status.OPTED_OUT)
        for name in ("Ana", "Bo", "Merged"):
            tags.set_tags(people[name], ["vip"])
        people["Merged"].merged_into_id = people["Ana"].id
        people["Erased"].erased_at = NOON
        attributes.define("plan", "text")
        regulars = segments.create_static("Regulars", [people["Ana"].id], **BY)
        ruled = segments.create_dynamic("Ruled", segments.rules_of.from_filter(VIP), **BY)
        db.session.commit()
        ids = {name: person.id for name, person in people.items()}
        return Crowd(app, ids | {"nobody": 987_654_321}, regulars.id, ruled.id)
