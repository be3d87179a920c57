"""Templates, segments and campaigns that tests need."""

from itertools import count
from typing import Any

from tests.factories import NOON, at
from webapp.campaigns import lifecycle
from webapp.campaigns.models import Campaign, CampaignPerson, Sending, Template
from webapp.campaigns.sending import claims
from webapp.campaigns.sending.claims import Claims
from webapp.customers.models import Customer
from webapp.extensions import db

_ids = count(610_000_000_000_101)
HELLO = [{"type": "BODY", "text": "Our spring sale starts today."}]
GREETING = [
    {"type": "BODY", "text": "Hi {{first_name}}, news from the shop."},
    {"type": "FOOTER", "text": "Not interested? Tap Stop promotions"},
    {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Stop promotions"}]},
]


def a_template(
    name: str = "spring_sale",
    category: str = "MARKETING",
    *,
    language: str = "en_US",
    components: list[dict[str, Any]] | None = None,
    **columns: Any,
) -> Template:
    """A template that WhatsApp approved, synchronised at noon; committed."""
    usual = {"external_id": str(next(_ids)), "status": "APPROVED", "parameter_format": "NAMED"}
    columns = usual | {"synced_at": NOON} | columns
    components = components or HELLO
    template = Template(name=name, language=language, category=category, components=components, **columns)
    db.session.add(template)
    db.session.get_one(Sending, 1).templates_synced_at = columns["synced_at"]
    db.session.commit()
    return template


def a_campaign(template: Template, *people: Customer, name: str = "Spring sale", **columns: Any) -> Campaign:
    """A draft for these people; committed."""
    made = {"created_at": NOON, "created_by": "system", "changed_at": NOON, "changed_by": "system"}
    audience = {"include": [{"kind": "people"}], "exclude": []}
    campaign = Campaign(name=name, template=template, **({"audience": audience} | made | columns))
    db.session.add(campaign)
    db.session.flush()
    db.session.add_all(
        CampaignPerson(campaign_id=campaign.id, customer_id=person.id, excluded=False) for person in people
    )
    db.session.commit()
    return campaign


TOKEN = "the only pump"


def a_running_campaign(template: Template, *people: Customer, **columns: Any) -> Campaign:
    """A campaign that was launched a moment ago and has its pump; committed."""
    campaign = a_campaign(template, *people, **columns)
    lifecycle.launch(campaign, actor="user:1", now=at(1))
    assert claims.take_pump(campaign.id, TOKEN, at(1))
    db.session.commit()
    return campaign


def claimed(campaign: Campaign, seconds: float = 2.0, free: int = 50) -> Claims:
    """What its pump claims so many seconds after noon; committed."""
    found = claims.claim(campaign.id, TOKEN, free, at(seconds))
    db.session.commit()
    return found
