"""What the phone delivers is what WhatsApp delivers, to the letter."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from webapp.simulator.acts import OFFERS, Business, Kind, Said, Writer
from webapp.simulator.deliveries import LONG_AGO, delivery, user_id_of
from webapp.whatsapp.invented import MESSAGE_IDS, USER_IDS
from webapp.whatsapp.webhook.payloads import (
    Button,
    Item,
    NumberChange,
    Passive,
    Preference,
    Reaction,
    Unread,
    Wordless,
    Words,
    parse,
)

PAYLOADS = Path(__file__).parent.parent / "payloads"
BUSINESS = Business("210000000000001", "310000000000001", "12025550142")
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
JOE = Writer("Joe Sample", "12025550107", "US.70000000000000000002")
MOVED = Writer("Joe Sample", "12025550188", "US.70000000000000000099")
ANA = Writer("Ana Exemplo", "5511900000001", "BR.70000000000000000001")
MEI = Writer("Mei Beispiel", None, "DE.7f000000000000000003", username="mei.beispiel")
ZEYNEP = Writer("Zeynep Örnek", "905000000001", "TR.70000000000000000004")


def example(name: str) -> dict[str, Any]:
    return json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))


def value_of(body: dict[str, Any]) -> dict[str, Any]:
    return body["entry"][0]["changes"][0]["value"]


def message_in(body: dict[str, Any]) -> dict[str, Any]:
    value = value_of(body)
    lists = value.get("messages") or value.get("user_preferences") or value.get("standby", {}).get("messages")
    return lists[0]


SAME = [
    ("text_stop", JOE, Said("", "STOP", NOW)),
    ("text_username_no_phone_stop", MEI, Said("", "Abmelden", NOW)),
    ("button_stop_promotions", ANA, Said("", "Stop promotions", NOW, Kind.BUTTON)),
    ("button_custom_payload", ZEYNEP, Said("", "Listeden çık", NOW, Kind.BUTTON, "OPT_OUT:cmp_0007")),
    (
        "interactive_list_reply",
        JOE,
        Said("", "Only order updates", NOW, Kind.LIST_ROW, "consent:scope:orders_only", "No offers or news"),
    ),
    (
        "interactive_button_reply",
        JOE,
        Said("", "Yes, send me offers", NOW, Kind.REPLY_BUTTON, "consent:optin:marketing"),
    ),
    ("image_caption_stop", ANA, Said("", "SAIR", NOW, Kind.PHOTO)),
    ("edit_text", JOE, Said("", "Stop sending me offers", NOW, Kind.EDIT)),
    ("revoke", JOE, Said("", "x", NOW, Kind.REVOKE)),
    ("reaction", JOE, Said("", "👎", NOW, Kind.REACTION)),
    ("audio_voice", ANA, Said("", "0:04", NOW, Kind.VOICE)),
    ("contacts_request_share", MEI, Said("", "x", NOW, Kind.SHARE)),
    ("group_text_stop", JOE, Said("", "stop", NOW, Kind.GROUP)),
    ("standby_inbound_stop", JOE, Said("", "STOP", NOW, Kind.STANDBY)),
    ("user_preferences_stop", ANA, Said("", "x", NOW, Kind.PREFERENCE, "stop")),
    ("user_preferences_resume", ANA, Said("", "x", NOW, Kind.PREFERENCE, "resume")),
    (
        "system_user_changed_number",
        JOE,
        Said("", "x", NOW, Kind.MOVE, "user_changed_number", moved_to=MOVED),
    ),
]
INVENTED = {"sha256", "url", "id", "original_message_id", "message_id", "group_id", "phone", "wa_id"}
"""Digests, ids and addresses within a message: invented here, and only their presence counts."""


def without_invented(node: Any) -> Any:
    if isinstance(node, dict):
        return {
            key: type(value).__name__ if key in INVENTED and kept(node, key) else without_invented(value)
            for key, value in node.items()
        }
    return [without_invented(each) for each in node] if isinstance(node, list) else node


def kept(node: dict[str, Any], key: str) -> bool:
    """A row's id and a sender's number are no inventions."""
    told = {"title", "from_user_id", "profile", "category", "previous_user_id"} & node.keys()
    return not told or key in ("group_id",)


@pytest.mark.parametrize(("name", "writer", "said"), SAME, ids=[name for name, *_ in SAME])
def test_it_equals_the_platforms(name: str, writer: Writer, said: Said) -> None:
    wanted = example(name)
    model = message_in(wanted)
    at = datetime.fromtimestamp(int(model["timestamp"]), UTC)
    answered = model.get("context", {}).get("id", "")
    about = model.get(str(said.kind), {}).get("original_message_id", answered)
    said = replace(said, message_id=model.get("id", ""), at=at, about=about)
    made = json.loads(delivery(BUSINESS, writer, said))
    assert without_invented(made) == without_invented(wanted)


def test_a_message_of_the_history_has_the_shape_of_the_platforms() -> None:
    wanted, made = (
        value_of(body)["history"][0]
        for body in (
            example("history_threads"),
            json.loads(delivery(BUSINESS, JOE, Said("w", "start", NOW, Kind.HISTORY))),
        )
    )
    model, message = wanted["threads"][0]["messages"][1], made["threads"][0]["messages"][0]
    assert (set(made), set(made["metadata"]), set(message)) == (
        set(wanted),
        set(wanted["metadata"]),
        set(model),
    )
    assert message["timestamp"] == str(int((NOW - LONG_AGO).timestamp()))
    assert value_of(json.loads(delivery(BUSINESS, JOE, Said("w", "x", NOW, Kind.HISTORY)))).keys() == (
        value_of(example("history_threads")).keys()
    )


ITEMS = {
    Kind.TEXT: Words,
    Kind.BUTTON: Button,
    Kind.LIST_ROW: Button,
    Kind.REPLY_BUTTON: Button,
    Kind.PHOTO: Words,
    Kind.EDIT: Words,
    Kind.REVOKE: Wordless,
    Kind.REACTION: Reaction,
    Kind.VOICE: Wordless,
    Kind.STICKER: Wordless,
    Kind.FORWARD: Words,
    Kind.GROUP: Passive,
    Kind.STANDBY: Words,
    Kind.HISTORY: Passive,
    Kind.PREFERENCE: Preference,
    Kind.MOVE: NumberChange,
}
"""What the desk reads of each kind; cards are left to their own tests."""


@pytest.mark.parametrize("writer", [JOE, MEI], ids=["with a number", "without a number"])
@pytest.mark.parametrize(("kind", "expected"), ITEMS.items(), ids=[kind.value for kind in ITEMS])
def test_the_desk_reads_every_kind_of_everybody(kind: Kind, expected: type[Item], writer: Writer) -> None:
    code = {Kind.PREFERENCE: "stop", Kind.MOVE: "user_changed_user_id"}.get(kind, "OPT_OUT:1")
    to = replace(writer, user_id="US.2")
    (item,) = parse(
        delivery(BUSINESS, writer, Said("w", "STOP", NOW, kind, code, about="v", moved_to=to)), NOW
    )
    assert type(item) is expected
    person = item.old if isinstance(item, NumberChange) else item.person
    assert (person.wa_id or person.user_id) in (writer.wa_id, writer.user_id)


def test_every_line_of_the_menu_is_read_by_the_desk() -> None:
    for group in OFFERS.values():
        for key, line in group.items():
            said = Said("w", line.words or "STOP", NOW, line.kind, line.code, line.detail, "v", MOVED)
            assert type(parse(delivery(BUSINESS, JOE, said), NOW)[0]) is not Unread, key


def test_forwarded_words_are_marked_as_such() -> None:
    (item,) = parse(delivery(BUSINESS, JOE, Said("w", "STOP", NOW, Kind.FORWARD)), NOW)
    assert isinstance(item, Words)
    assert item.forwarded


def test_the_body_is_ascii_as_metas_is() -> None:
    writer = Writer("Zoë", "12025550103", user_id_of("12025550103"))
    assert delivery(BUSINESS, writer, Said(f"{MESSAGE_IDS}1", "不要再发", NOW)).isascii()


def test_a_number_always_has_the_same_invented_user_id() -> None:
    assert user_id_of("12025550103") == user_id_of("12025550103") != user_id_of("12025550104")
    assert user_id_of("12025550103").startswith(USER_IDS)
