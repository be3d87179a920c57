"""The part of a message that tells what kind it is. Pure.

Source: Meta, webhooks reference for `messages`.
"""

import base64
import hashlib
from typing import Any

from webapp.simulator.acts import Business, Kind, Said, Writer
from webapp.whatsapp.invented import NUMBERS

Content = dict[str, Any]
SHARED_NUMBER, FRIENDS_NUMBER = NUMBERS[41], NUMBERS[43]
"""The number that somebody who hides it shares, and that of a friend."""
GROUP_ID = "Y2FwaV9ncm91cDpIRUVELVBIT05F"


def content(business: Business, writer: Writer, said: Said) -> Content:
    """The fields of the message beside sender, id and time."""
    match said.kind:
        case Kind.BUTTON:
            button = {"payload": said.code or said.words, "text": said.words}
            return {"context": _answer(business, said), "type": "button", "button": button}
        case Kind.LIST_ROW | Kind.REPLY_BUTTON:
            return {"context": _answer(business, said), "type": "interactive", "interactive": _reply(said)}
        case Kind.PHOTO:
            return {"type": "image", "image": {"caption": said.words, **_media(said, "image/jpeg"),
                                               "url": _url(said)}}  # fmt: skip
        case Kind.EDIT:
            message = {"context": {"id": "M0"}, **_text(said)}
            return {"type": "edit", "edit": {"original_message_id": said.about, "message": message}}
        case Kind.REVOKE:
            return {"type": "revoke", "revoke": {"original_message_id": said.about}}
        case Kind.REACTION:
            return {"type": "reaction", "reaction": {"message_id": said.about, "emoji": said.words}}
        case Kind.VOICE:
            audio = {**_media(said, "audio/ogg; codecs=opus"), "voice": True}
            return {"type": "audio", "audio": audio}
        case Kind.STICKER:
            return {"type": "sticker", "sticker": {**_media(said, "image/webp"), "animated": False}}
        case Kind.CARD:
            return {"type": "contacts", "contacts": [_card(said.words, FRIENDS_NUMBER)]}
        case Kind.SHARE:
            own = _card(writer.name, writer.wa_id or SHARED_NUMBER)
            shared = {"origin": "contact_request", **own}
            return {"context": _answer(business, said), "type": "contacts", "contacts": [shared]}
        case Kind.FORWARD:
            return {"context": {"forwarded": True}, **_text(said)}
        case Kind.GROUP:
            return {"group_id": GROUP_ID, **_text(said)}
        case Kind.HISTORY:
            return {**_text(said), "history_context": {"status": "READ"}}
    return _text(said)


def _text(said: Said) -> Content:
    return {"text": {"body": said.words}, "type": "text"}


def _answer(business: Business, said: Said) -> Content:
    return {"from": business.number, "id": said.about or f"{said.message_id}-TEMPLATE"}


def _reply(said: Said) -> Content:
    kind = "list_reply" if said.kind is Kind.LIST_ROW else "button_reply"
    row = {"id": said.code, "title": said.words}
    return {"type": kind, kind: row | ({"description": said.detail} if said.detail else {})}


def _media(said: Said, mime_type: str) -> Content:
    digest = hashlib.sha256(said.message_id.encode()).digest()
    return {"mime_type": mime_type, "sha256": base64.b64encode(digest).decode(), "id": _media_id(said)}


def _media_id(said: Said) -> str:
    return str(int(hashlib.sha256(said.message_id.encode()).hexdigest(), 16))[:16]


def _url(said: Said) -> str:
    return f"https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid={_media_id(said)}"


def _card(name: str, number: str) -> Content:
    names = {"formatted_name": name, "first_name": name.split()[0] if name.split() else name}
    return {"name": names, "phones": [{"phone": f"+{number}", "wa_id": number, "type": "CELL"}]}
