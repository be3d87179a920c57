"""What WhatsApp tells about our own account, number and templates. Pure.

A field is no proof of a form: Meta's sample of a quality notice stands under the field of statuses, and some
account samples have their keys one level higher. So the keys decide, inside these fields only.
Source: Meta, webhooks reference for message_template_status_update, template_category_update,
message_template_quality_update, account_update and phone_number_quality_update.
"""

from collections.abc import Callable
from typing import Any

from webapp.whatsapp.webhook import account_signals
from webapp.whatsapp.webhook.envelope import Envelope
from webapp.whatsapp.webhook.items import (
    AccountReinstated,
    AccountRestricted,
    CategoryAnnounced,
    CategoryChanged,
    Item,
    MarketingEndpointOpened,
    TemplateQualityChanged,
    TemplateStatusChanged,
    ThroughputRaised,
)
from webapp.whatsapp.webhook.reading import digest, identifier, planned

LONGEST_TEMPLATE_NAME = 512
LONGEST_WORD = 40
HARMLESS_RESTRICTIONS = {"RESTRICTED_ADD_PHONE_NUMBER_ACTION"}
"""Restrictions of the account that do not touch its messages."""
DISABLED = "it is disabled"
RESTRICTED = "it may not start conversations"

Notices = list[Item]
About = dict[str, Any]
"""The fields that all notices share."""


def read(change: dict[str, Any], envelope: Envelope) -> Notices:
    """What a change of such a field says; nothing for other fields, and for what is new to us."""
    reader, value = _READERS.get(envelope.field, _nothing), change.get("value")
    if not isinstance(value, dict):
        return []
    whole, about = {**change, **value}, _about(change, envelope)
    return reader(whole, about) or [*account_signals.read(envelope.field, whole, about)]


def _nothing(_value: dict[str, Any], _about: About) -> Notices:
    return []


def _about(change: dict[str, Any], envelope: Envelope) -> About:
    """The time of the entry belongs to the key: a template is paused twice."""
    return {
        **envelope.origin(),
        "key": f"notice:{digest(envelope.account_id, envelope.time, change)}",
        "kind": "notice",
        "raw": change,
        "occurred_at": envelope.moment(envelope.time),
    }


def _template_notice(value: dict[str, Any], about: About) -> Notices:
    about = about | _template(value)
    if quality := _word(value, "new_quality_score"):
        return [TemplateQualityChanged(**about, quality=quality)]
    if coming := _word(value, "correct_category"):
        effective_at = planned(value.get("category_update_timestamp"))
        return [CategoryAnnounced(**about, coming=coming, effective_at=effective_at)]
    if category := _word(value, "new_category"):
        return [CategoryChanged(**about, category=category)]
    if event := _word(value, "event"):
        category = _word(value, "message_template_category")
        return [TemplateStatusChanged(**about, event=event, category=category)]
    return []


def _account_update(value: dict[str, Any], about: About) -> Notices:
    match _word(value, "event"):
        case "MM_LITE_TERMS_SIGNED":
            return [MarketingEndpointOpened(**about)]
        case "DISABLED_UPDATE":
            return _ban(value.get("ban_info"), about)
        case "ACCOUNT_RESTRICTION":
            return _restriction(value.get("restriction_info"), about)
    return []


def _number_quality(value: dict[str, Any], about: About) -> Notices:
    raised = _word(value, "event") == "THROUGHPUT_UPGRADE"
    return [ThroughputRaised(**about)] if raised else []


def _template(value: dict[str, Any]) -> dict[str, str | None]:
    """The id is a number here, and a text in the Graph API."""
    number = value.get("message_template_id")
    known = isinstance(number, int | str) and not isinstance(number, bool)
    return {
        "template_id": identifier(str(number), 60) if known else None,
        "name": identifier(value.get("message_template_name"), LONGEST_TEMPLATE_NAME),
        "language": identifier(value.get("message_template_language"), 20),
    }


def _word(value: dict[str, Any], key: str) -> str | None:
    word = identifier(value.get(key), LONGEST_WORD)
    return word.strip().upper() if word else None


def _restriction(listed: object, about: About) -> Notices:
    pieces = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else [{}]
    ends = [
        planned(piece.get("expiration"))
        for piece in pieces
        if _word(piece, "restriction_type") not in HARMLESS_RESTRICTIONS
    ]
    if not ends:
        return []
    known = [end for end in ends if end is not None]
    return [AccountRestricted(**about, until=max(known) if len(known) == len(ends) else None, why=RESTRICTED)]


def _ban(ban: object, about: About) -> Notices:
    """The state is a word, or a list of words."""
    state = ban.get("waba_ban_state") if isinstance(ban, dict) else None
    if "REINSTATE" in (state if isinstance(state, list) else [state]):
        return [AccountReinstated(**about)]
    return [AccountRestricted(**about, until=None, why=DISABLED)]


_READERS: dict[str, Callable[[dict[str, Any], About], Notices]] = {
    "template_category_update": _template_notice,
    "message_template_status_update": _template_notice,
    "message_template_quality_update": _template_notice,
    "account_update": _account_update,
    "phone_number_quality_update": _number_quality,
}
