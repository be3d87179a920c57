"""Whose words a message holds: the turns that the sample payloads do not show."""

from typing import Any

import pytest

from tests.rows import every
from tests.whatsapp.deliveries import BUSINESS, a_body, a_change, a_message, item_of, items_of
from webapp.whatsapp.webhook.payloads import (
    Button,
    HiddenEdit,
    Item,
    NumberChange,
    Passive,
    Person,
    Reaction,
    Status,
    Unread,
    Wordless,
    Words,
)


def edited(**message: Any) -> dict[str, Any]:
    edit = {"original_message_id": "wamid.0", "message": message}
    return a_message(type="edit", text=None, edit=edit)


def interactive(kind: str, **content: Any) -> dict[str, Any]:
    return a_message(type="interactive", text=None, interactive={"type": kind, kind: content})


def media(kind: str, **content: Any) -> dict[str, Any]:
    return a_message(type=kind, text=None, **{kind: content})


@every(
    ("message", "expected", "fields", "sentence"),
    [
        (media("video", caption="stop"), Words, {"text": "stop", "channel": "caption"}, "a video's caption"),
        (media("document", caption="stop", filename="x"), Words, {"text": "stop"}, "a document's caption"),
        (media("document", filename="STOP.pdf"), Wordless, {"kind": "document"}, "a file's name is no word"),
        (media("image", caption=None), Wordless, {"kind": "image"}, "a picture without caption"),
        (media("image", caption=""), Wordless, {"kind": "image"}, "a picture with an empty caption"),
        (media("image", caption=7), Unread, {"malformed": True}, "a caption that is a number"),
        (media("audio", voice=False), Wordless, {"kind": "audio"}, "music is no voice note"),
        (media("sticker"), Wordless, {"kind": "sticker"}, "a sticker"),
        (media("location", name="Stop"), Wordless, {"kind": "location"}, "a place called Stop"),
        (media("order", text="stop"), Wordless, {"kind": "order"}, "the remark on an order"),
        (media("hologram", body="stop"), Wordless, {"kind": "hologram"}, "a kind that is new to us"),
        (
            media("unsupported", type="poll"),
            Wordless,
            {"kind": "unsupported"},
            "what WhatsApp cannot pass on",
        ),
        (
            media("unsupported", type="edit"),
            HiddenEdit,
            {"kind": "unsupported"},
            "an edit that WhatsApp does not pass on",
        ),
        (edited(type="text", text={"body": "stop"}), Words, {"text": "stop", "channel": "edit"}, "an edit"),
        (edited(type="image", image={"caption": "stop"}), Words, {"channel": "edit"}, "an edited caption"),
        (edited(type="image", image={}), Wordless, {"kind": "edit"}, "an edit without words"),
        (edited(), Unread, {"malformed": True}, "an edit of nothing"),
        (interactive("nfm_reply", body="Sent"), Wordless, {"kind": "nfm_reply"}, "a form"),
        (a_message(type="interactive"), Wordless, {"kind": "interactive"}, "a tap that lost its content"),
        (interactive("list_reply", id="x"), Button, {"machine_id": "x", "label": ""}, "a row without title"),
        (interactive("button_reply", title="Stop"), Button, {"machine_id": None}, "a button without code"),
        (interactive("button_reply", id=7), Unread, {"malformed": True}, "neither code nor label"),
        (media("button", payload=7, text="Stop"), Button, {"machine_id": None, "label": "Stop"}, "a number"),
        (media("reaction", message_id="x"), Reaction, {"emoji": ""}, "a reaction taken back"),
        (media("reaction", emoji=""), Reaction, {"emoji": ""}, "the same with an empty emoji"),
        (media("reaction", emoji=7), Unread, {"malformed": True}, "an emoji that is a number"),
        (a_message(text=None), Unread, {"malformed": True}, "a text without its text"),
        (a_message(text={"body": 7}), Unread, {"malformed": True}, "a text that is a number"),
        (a_message(type=None), Unread, {"malformed": True}, "no type"),
        (a_message(**{"from": None}), Unread, {"malformed": True}, "no sender"),
        (a_message(**{"from": 12025550107}), Unread, {"malformed": True}, "a number as sender"),
        (a_message(**{"from": ""}), Unread, {"malformed": True}, "an empty sender"),
        (a_message(text={"body": "stop \ud800"}), Words, {"text": "stop \ud800"}, "half a character"),
        (a_message(group_id="g", type="sticker"), Passive, {"text": None}, "a sticker in a group"),
        (a_message(group_id=7), Passive, {"channel": "group"}, "a group whose id is a number"),
        (a_message(group_id=""), Words, {}, "an empty group is no group"),
    ],
)
def test_what_a_message_becomes(
    message: dict[str, Any], expected: type[Item], fields: dict[str, Any], sentence: str
) -> None:
    item = item_of(message)
    assert type(item) is expected, sentence
    assert {name: getattr(item, name) for name in fields} == fields, sentence


@pytest.mark.parametrize(
    ("context", "forwarded"),
    [
        ({"forwarded": True}, True),
        ({"frequently_forwarded": True}, True),
        ({"forwarded": False}, False),
        ({"id": "wamid.0"}, False),
        (None, False),
        ([], False),
    ],
)
def test_forwarded_words_are_marked(context: Any, forwarded: bool) -> None:
    assert item_of(a_message(context=context)).forwarded is forwarded
    assert item_of(edited(type="text", text={"body": "x"}, context=context)).forwarded is forwarded


def test_a_contact_is_found_by_id_and_not_by_position() -> None:
    contacts = [
        {"wa_id": "2", "user_id": "US.2", "profile": {"name": "Two"}},
        {"wa_id": "1", "user_id": "US.1", "parent_user_id": "US.ENT.1", "profile": {"name": "One"}},
    ]
    messages = [a_message(**{"from": "1"}), a_message(**{"from": None, "from_user_id": "US.2"})]
    one, two = items_of(a_body(a_change(messages=messages, contacts=contacts)))
    assert one.person == Person(wa_id="1", user_id="US.1", parent_user_id="US.ENT.1", name="One")
    assert two.person == Person(wa_id="2", user_id="US.2", name="Two")


@pytest.mark.parametrize(
    ("contacts", "sentence"),
    [
        ([{"wa_id": "999", "user_id": "US.9", "profile": {"name": "X"}}], "somebody else alone in the list"),
        ([{"wa_id": "12025550107", "user_id": "US.9", "profile": {"name": "X"}}], "a contradicting user id"),
        ([None, 7, "x", [], {"wa_id": 12025550107}, {"profile": None}], "nonsense"),
        ({"wa_id": "12025550107", "profile": {"name": "X"}}, "an object instead of a list"),
        (None, "null"),
    ],
)
def test_a_contact_that_is_not_the_sender_adds_nothing(contacts: Any, sentence: str) -> None:
    item = item_of(a_message(from_user_id="US.1"), contacts=contacts)
    assert item.person == Person(wa_id="12025550107", user_id="US.1"), sentence


def test_a_parent_id_is_read_from_the_message() -> None:
    item = item_of(a_message(from_user_id="US.1", from_parent_user_id="US.ENT.1"))
    assert item.person.parent_user_id == "US.ENT.1"


@pytest.mark.parametrize("broken", [None, "", " ", 7, True, [], {}, "a\0b", "\ud800", "x" * 201])
def test_an_opt_out_without_a_usable_id_still_counts_and_is_told_by_its_content(broken: Any) -> None:
    item = item_of({**a_message(), "id": broken})
    assert (type(item), item.message_id, item.text) == (Words, None, "STOP")
    assert item.key == item_of({**a_message(), "id": broken}).key
    assert item.key != item_of({**a_message(timestamp="1795165201"), "id": broken}).key


def test_standby_shares_the_key_of_the_live_message() -> None:
    live, [standby] = (
        item_of(a_message()),
        items_of(a_body(a_change("standby", standby={"messages": [a_message()]}))),
    )
    assert (live.key, live.channel) == ("message:wamid.1", "text")
    assert (standby.key, standby.channel) == ("message:wamid.1", "standby")


@pytest.mark.parametrize(
    ("earlier", "field", "sentence"),
    [
        (a_message(), "history", "a copy in the history"),
        (a_message(group_id="g"), "messages", "a group message"),
        (media("unsupported"), "messages", "a message that could not be passed on yet"),
        (a_message(text={"body": None}), "messages", "a broken message"),
        (edited(type="text", text={"body": "stop"}), "messages", "an edit under the id of the original"),
    ],
)
def test_nothing_else_makes_a_live_message_look_like_a_repeat(
    earlier: dict[str, Any], field: str, sentence: str
) -> None:
    assert item_of(earlier, field).key != item_of(a_message()).key, sentence


def test_media_of_the_history_looks_live_and_is_not() -> None:
    item = item_of(media("image", caption="STOP"), field="history")
    assert (type(item), item.channel, item.text) == (Passive, "history", "STOP")


@pytest.mark.parametrize(
    "ours",
    [
        {"from": BUSINESS},
        {"from": BUSINESS, "to": "12025550107"},
        {"to": "12025550107"},
        {"to_user_id": "US.1"},
    ],
)
def test_our_own_words_in_the_history_are_nobodys_statement(ours: dict[str, str]) -> None:
    item = item_of(a_message(**ours), field="history")
    assert (type(item), item.malformed) == (Unread, False)


def test_a_tap_in_the_history_keeps_its_label_as_text() -> None:
    item = item_of(media("button", payload="OPT_OUT", text="Stop promotions"), field="history")
    assert (type(item), item.text) == (Passive, "Stop promotions")


def test_the_number_is_compared_by_its_digits() -> None:
    body = a_body(a_change("history", messages=[a_message(**{"from": BUSINESS})]))
    body["entry"][0]["changes"][0]["value"]["metadata"]["display_phone_number"] = "+1 (202) 555-0142"
    assert type(items_of(body)[0]) is Unread


def test_a_declined_history_is_an_error_and_no_breakage() -> None:
    declined = [{"errors": [{"code": 2593109}]}]
    [item] = items_of(a_body(a_change("history", history=declined)))
    assert (type(item), item.malformed) == (Unread, False)


def test_standby_also_carries_taps_receipts_and_the_agents_own_texts() -> None:
    standby = {
        "messages": [media("button", payload="OPT_OUT", text="Stop")],
        "statuses": [{"id": "wamid.1", "status": "read"}],
        "message_echoes": [{"id": "wamid.2", "message": {"text": {"body": "STOP"}}}],
    }
    items = items_of(a_body(a_change("standby", standby=standby)))
    assert [type(item) for item in items] == [Button, Status, Unread]
    assert items[2].malformed is False


def test_standby_with_its_lists_one_level_higher_is_read_too() -> None:
    item = item_of(a_message(), field="standby")
    assert (type(item), item.channel) == (Words, "standby")


@pytest.mark.parametrize(
    ("sender", "system", "old", "new"),
    [
        (
            {"from": "1", "from_user_id": "US.1"},
            {"type": "user_changed_number", "wa_id": "2", "user_id": "US.2", "previous_user_id": "US.0"},
            Person(wa_id="1", user_id="US.0"),
            Person(wa_id="2", user_id="US.2"),
        ),
        (
            {"from": None},
            {"type": "user_changed_user_id", "user_id": "US.2", "previous_user_id": "US.1"},
            Person(user_id="US.1"),
            Person(user_id="US.2"),
        ),
        (
            {"from": None, "from_user_id": "US.1", "from_parent_user_id": "US.ENT.1"},
            {"type": "user_changed_user_id", "user_id": "US.2", "parent_user_id": "US.ENT.2"},
            Person(user_id="US.1", parent_user_id="US.ENT.1"),
            Person(user_id="US.2", parent_user_id="US.ENT.2"),
        ),
        (
            {"from": None},
            {"type": "customer_changed_number", "new_wa_id": "2", "customer": "1"},
            Person(wa_id="1"),
            Person(wa_id="2"),
        ),
    ],
)
def test_a_change_of_identity_names_the_old_and_the_new(
    sender: dict[str, Any], system: dict[str, Any], old: Person, new: Person
) -> None:
    item = item_of(a_message(type="system", system=system, **sender))
    assert (type(item), item.old, item.new, item.kind) == (NumberChange, old, new, system["type"])


@pytest.mark.parametrize(
    "system",
    [None, [], {"type": "user_changed_number"}, {"type": "user_changed_number", "wa_id": 7}],
)
def test_half_a_change_of_identity_is_shown_to_a_person(system: Any) -> None:
    item = item_of({**a_message(type="system"), "system": system})
    assert (type(item), item.malformed) == (Unread, True)


def test_another_system_message_has_no_words() -> None:
    item = item_of(a_message(type="system", system={"type": "customer_identity_changed", "body": "STOP"}))
    assert (type(item), item.kind) == (Wordless, "customer_identity_changed")
