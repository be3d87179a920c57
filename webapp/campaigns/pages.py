"""What the pages of a campaign have in common: loading it, its words, the notice of another editor."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import abort, current_app

from webapp import clock
from webapp.accounts.actors import actor_names
from webapp.campaigns import audience, switch
from webapp.campaigns.models import Campaign, Template
from webapp.campaigns.review import candidates, category_of, person_of
from webapp.campaigns.templates import variables
from webapp.campaigns.templates.bubble import bubble
from webapp.campaigns.templates.variables import Variable
from webapp.extensions import db
from webapp.formatting import MONTHS, instant

TONES = {"running": "good", "paused": "warning"}
LANGUAGES = {
    "ar": "Arabic", "de": "German", "en": "English", "en_GB": "English (UK)", "en_US": "English (US)",
    "es": "Spanish", "fr": "French", "hi": "Hindi", "id": "Indonesian", "it": "Italian", "ja": "Japanese",
    "nl": "Dutch", "pt_BR": "Portuguese (Brazil)", "pt_PT": "Portuguese", "tr": "Turkish",
    "zh_CN": "Chinese (simplified)",
}  # fmt: skip


def campaign_or_404(campaign_id: int) -> Campaign:
    """The campaign; a test message is no campaign that people open."""
    campaign = db.session.get(Campaign, campaign_id)
    if campaign is None or campaign.test_of_id:
        abort(404)
    return campaign


def frame(campaign: Campaign) -> dict[str, Any]:
    """What head and rail of each page of a campaign need."""
    return {
        "campaign": campaign,
        "tone": TONES.get(campaign.status, ""),
        "sending_off": sending_off(),
        "unconfirmed": unconfirmed(),
        "sending": switch.current(),
        "editor": actor_names([campaign.changed_by])[campaign.changed_by],
        "languages": LANGUAGES,
    }


def started(campaign: Campaign, now: datetime) -> str:
    """`Marketing · started 09:05 by Dana Kim`, in the workspace's zone; "" before the launch."""
    if campaign.launched_at is None:
        return ""
    zone = ZoneInfo(switch.current().zone)
    at, today = campaign.launched_at.astimezone(zone), now.astimezone(zone).date()
    day = "" if at.date() == today else f"{at.day} {MONTHS[at.month - 1]} "
    by = campaign.launched_by
    who = f" by {actor_names([by])[by]}" if by else ""
    category = f"{campaign.category.capitalize()} · " if campaign.category else ""
    return f"{category}started {day}{at:%H:%M}{who}"


def found(campaign: Campaign) -> int:
    """How many customers the audience names, as it is saved."""
    return audience.preview(campaign, category_of(campaign), clock.now()).total


def sending_off() -> str:
    """Why nothing is sent at present; "" when sending is on."""
    return switch.off(current_app.config["HEED"])


def unconfirmed() -> bool:
    """Whether an admin has to confirm first that this desk may send: it was restored, or is a copy."""
    return bool(switch.unconfirmed(switch.current()))


def variables_of(template: Template | None) -> list[Variable]:
    return variables.variables_of(template.components, template.parameter_format) if template else []


def shown(
    campaign: Campaign,
    template: Template | None,
    parameters: dict[str, Any],
    person_id: int | None,
    now: datetime,
) -> dict[str, Any]:
    """The preview: the bubble for one customer, and for whom else it can be shown."""
    people = candidates(campaign, now)
    chosen = person_id if person_id in dict(people) else next(iter(dict(people)), None)
    values = variables.values(variables_of(template), parameters, person_of(chosen))
    components = template.components if template else []
    return {"template": template, "bubble": bubble(components, values), "people": people, "person_id": chosen}


def meanwhile(campaign: Campaign) -> str:
    """How somebody else has left the draft, for the one who comes second."""
    by = actor_names([campaign.changed_by])[campaign.changed_by]
    template = campaign.template.name if campaign.template else "none"
    audience = campaign.audience
    included, excluded = len(audience.get("include", [])), len(audience.get("exclude", []))
    return (
        f"{by} changed this campaign meanwhile, {instant(campaign.changed_at)}: the template is {template}, "
        f"{included} sources are included and {excluded} excluded. Yours is below: save again to put it in "
        "its place."
    )
