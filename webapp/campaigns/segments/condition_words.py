"""A condition of a segment as people read it."""

from typing import Any

from webapp.campaigns.models import Campaign
from webapp.campaigns.segments.conditions import ATTRIBUTE_OPS, SOURCES, STATUSES, WITHOUT_VALUE, Condition
from webapp.customers.attributes import values
from webapp.customers.models import AttributeKey, Tag
from webapp.customers.tags import tags
from webapp.extensions import db

GONE = "(which no longer exists)"


def words_of(condition: Condition) -> str:
    """Like `has the tag vip`, to stand after "customer"."""
    value = condition.value
    match condition.field:
        case "tag":
            tag = db.session.get(Tag, condition.id) or tags.find(value)
            verb = "has" if condition.op == "has" else "does not have"
            return f"{verb} the tag {tag.name if tag else f'{value} {GONE}'}"
        case "attribute":
            return _attribute(condition)
        case "status":
            return f"consent {'is not' if condition.op == 'is_not' else 'is'} {STATUSES[value]}"
        case "source":
            subject, _, turn = condition.op.partition("_")
            what = "consent" if subject == "consent" else "number"
            return f"the {what} {'does not come' if turn == 'is_not' else 'comes'} from {SOURCES[value]}"
        case "created":
            return f"created {_moment(condition)}"
        case "last_message":
            return "never wrote" if condition.op == "never" else f"last wrote {_moment(condition)}"
        case "campaign":
            campaign = db.session.get(Campaign, value)
            verb = "got" if condition.op == "got" else "did not get"
            return f"{verb} the campaign {campaign.name if campaign else GONE}"
        case _:
            return f"name or number contains {value}"


def _moment(condition: Condition) -> str:
    days = f"{condition.value} day{'' if condition.value == '1' else 's'}"
    return {"within": f"in the last {days}", "not_within": f"not in the last {days}"}.get(
        condition.op, f"{condition.op} {condition.value}"
    )


def _attribute(condition: Condition) -> str:
    key = db.session.get(AttributeKey, condition.id)
    if key is None:  # one of the same name that came later may be of another type
        return f"{condition.key} {GONE}"
    verb = ATTRIBUTE_OPS[key.type][condition.op]
    if condition.op in WITHOUT_VALUE:
        return f"{key.name} {verb}"
    shown: list[Any] = condition.value if condition.op == "between" else [condition.value]
    return f"{key.name} {verb} {' and '.join(values.display(each, key.type) for each in shown)}"
