"""Bodies that nobody should send: one broken piece costs only itself, and parsing never fails otherwise."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rows import every
from tests.whatsapp.deliveries import (
    ACCOUNT,
    PAYLOADS,
    RECEIVED,
    a_body,
    a_change,
    a_message,
    items_of,
    payload,
)
from webapp.whatsapp.webhook.payloads import (
    DEEPEST,
    Item,
    MalformedBody,
    Status,
    Unread,
    Words,
    canonical,
    parse,
)

STOP = json.dumps(a_body(a_change(messages=[a_message()])))


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"", "nothing"),
        (b"\x00", "a zero byte"),
        (b"{", "an open brace"),
        (b"{} {}", "two documents"),
        (STOP[:-1].encode(), "a cut delivery"),
        (STOP.encode("utf-16"), "another encoding"),
        (STOP.replace("STOP", "ST\xd6P").encode("latin-1"), "an old encoding"),
        (b"\xff\xfe\xfd", "no text at all"),
        (b"object=whatsapp", "a form"),
        (b"[" * 100_000, "100,000 open brackets"),
        (b"[" * 500, "500 open brackets"),
    ],
)
def test_what_cannot_be_read_as_json_is_a_malformed_body(raw: bytes, sentence: str) -> None:
    with pytest.raises(MalformedBody):
        parse(raw, RECEIVED)


@pytest.mark.parametrize("depth", [DEEPEST, DEEPEST + 1, 500, 100_000])
@pytest.mark.parametrize(("opened", "closed"), [("[", "]"), ('{"a":', "}")])
def test_a_body_that_is_nothing_but_depth_is_kept(depth: int, opened: str, closed: str) -> None:
    [item] = parse((opened * depth + "1" + closed * depth).encode(), RECEIVED)
    assert (type(item), item.malformed) == (Unread, True)


BESIDE = [
    ("NaN", "NaN"),
    ("-Infinity", "infinity"),
    ("9" * 5000, "a number of 5,000 digits"),
    ("[" * 500 + "]" * 500, "500 brackets"),
    ("[" * 100_000 + "]" * 100_000, "more brackets than Python reads"),
    ('{"a":' * 2000 + '"]]}"' + "}" * 2000, "braces around a text with brackets"),
]


@every(("nonsense", "sentence"), BESIDE, ids=[sentence for _, sentence in BESIDE])
@every("place", ['"1795165200"', '"STOP"', '"12025550107"', '"wamid.1"'])
def test_what_is_no_json_costs_only_its_own_item(nonsense: str, sentence: str, place: str) -> None:
    broken = json.dumps(a_message()).replace(place, nonsense)
    stop = json.dumps(a_message(id="wamid.2"))
    whole = json.dumps(a_body(a_change(messages=["x", "y"])))
    *_, last = parse(whole.replace('"x"', broken).replace('"y"', stop).encode(), RECEIVED)
    assert (type(last), last.text, last.key) == (Words, "STOP", "message:wamid.2"), sentence


def test_a_mark_of_the_byte_order_is_no_part_of_the_body() -> None:
    [item] = parse(STOP.encode("utf-8-sig"), RECEIVED)
    assert item.text == "STOP"


def test_the_error_does_not_repeat_the_body() -> None:
    with pytest.raises(MalformedBody) as caught:
        parse(b'{"from": "12025550107"', RECEIVED)
    assert "12025550107" not in str(caught.value)


@pytest.mark.parametrize("body", [None, True, 7, 1.5, "STOP", [], [a_message()], {}, {"entry": None}])
def test_json_that_is_no_delivery_is_kept(body: Any) -> None:
    [item] = items_of(body)
    assert (type(item), item.malformed, item.account_id) == (Unread, True, None)


def test_a_delivery_about_something_else_is_kept_and_not_read() -> None:
    [item] = items_of({**a_body(a_change(messages=[a_message()])), "object": "instagram"})
    assert (type(item), item.malformed) == (Unread, False)


def test_no_entries_are_no_items() -> None:
    assert items_of({"object": "whatsapp_business_account", "entry": []}) == []
    assert items_of(a_body()) == []
    assert items_of(a_body(a_change(messages=[]))) == []


NONSENSE = [None, True, 7, 1.5, "x", "", [], [[]], {}, {"x": None}]
GOOD = a_change(messages=[a_message()])


@pytest.mark.parametrize("broken", NONSENSE)
def test_a_broken_message_costs_only_itself(broken: Any) -> None:
    messages = [a_message(id="wamid.1"), broken, a_message(id="wamid.2")]
    first, middle, last = items_of(a_body(a_change(messages=messages)))
    assert (first.key, type(middle), last.key) == ("message:wamid.1", Unread, "message:wamid.2")
    assert middle.raw == (broken if isinstance(broken, dict) else {"piece": broken})


@pytest.mark.parametrize("broken", NONSENSE)
def test_a_broken_status_costs_only_itself(broken: Any) -> None:
    sent = {"id": "w", "status": "sent"}
    items = items_of(a_body(a_change(statuses=[sent, broken, sent])))
    assert [type(item) for item in items] == [Status, Unread, Status]


@pytest.mark.parametrize("broken", NONSENSE)
def test_a_broken_change_costs_only_itself(broken: Any) -> None:
    items = items_of(a_body(GOOD, broken, GOOD))
    assert [type(item) for item in items] == [Words, Unread, Words]
    assert items[1].account_id == ACCOUNT


@pytest.mark.parametrize("broken", NONSENSE)
def test_a_broken_entry_costs_only_itself(broken: Any) -> None:
    entry = {"id": ACCOUNT, "changes": [GOOD]}
    items = items_of({"object": "whatsapp_business_account", "entry": [entry, broken, entry]})
    assert [type(item) for item in items] == [Words, Unread, Words]


@every("broken", [None, True, 7, "x", {}, {"0": a_message()}])
@every("field", ["messages", "history", "user_preferences", "standby"])
def test_a_list_that_is_none_costs_only_itself(field: str, broken: Any) -> None:
    key = "messages" if field == "standby" else field
    items = items_of(a_body(a_change(field, **{key: broken}), GOOD))
    assert [type(item) for item in items] == [Unread, Words]
    assert (items[0].raw, items[0].malformed) == ({key: broken}, True)


def test_a_broken_list_beside_a_good_one_costs_only_itself() -> None:
    items = items_of(a_body(a_change(messages={"0": a_message()}, statuses=[{"id": "w", "status": "sent"}])))
    assert [type(item) for item in items] == [Unread, Status]


@pytest.mark.parametrize("broken", [*NONSENSE, "messages" * 20])
def test_a_change_with_a_broken_field_is_kept(broken: Any) -> None:
    [item] = items_of(a_body({**GOOD, "field": broken}))
    assert type(item) is Unread
    assert len(item.field) <= 60


@pytest.mark.parametrize("broken", NONSENSE)
def test_a_change_with_a_broken_value_is_kept(broken: Any) -> None:
    [item] = items_of(a_body({"field": "messages", "value": broken}))
    assert (type(item), item.malformed, item.field) == (Unread, True, "messages")


@pytest.mark.parametrize("broken", [*NONSENSE, 310000000000001])
def test_a_broken_number_id_is_a_missing_one(broken: Any) -> None:
    value = {**GOOD["value"], "metadata": {"phone_number_id": broken, "display_phone_number": broken}}
    [item] = items_of(a_body({"field": "messages", "value": value}))
    assert type(item) is Words
    assert item.phone_number_id == ("x" if broken == "x" else None)


def test_errors_about_the_number_are_kept_beside_the_message() -> None:
    items = items_of(a_body(a_change(messages=[a_message()], errors=[{"code": 131000}])))
    assert [type(item) for item in items] == [Words, Unread]
    assert items[1].malformed is False


def test_of_a_repeated_key_the_last_one_counts() -> None:
    [item] = parse(STOP.replace('"body": "STOP"', '"body": "hello", "body": "STOP"').encode(), RECEIVED)
    assert item.text == "STOP"


def test_a_number_too_large_for_a_float_is_no_time() -> None:
    [item] = parse(STOP.replace('"1795165200"', "1e999").encode(), RECEIVED)
    assert (type(item), item.occurred_at) == (Words, RECEIVED)


def test_a_batch_keeps_every_item_of_every_entry_in_order() -> None:
    entries = [
        {"id": str(entry), "changes": [a_change(messages=[a_message(id=f"w.{entry}.{n}")]) for n in range(3)]}
        for entry in range(3)
    ]
    items = items_of({"object": "whatsapp_business_account", "entry": entries})
    wanted = [(f"message:w.{entry}.{n}", str(entry)) for entry in range(3) for n in range(3)]
    assert [(item.key, item.account_id) for item in items] == wanted


def test_a_thousand_updates_with_a_thousand_contacts_are_read_quickly() -> None:
    contacts = [{"wa_id": str(n), "profile": {"name": f"N{n}"}} for n in reversed(range(1000))]
    messages = [a_message(id=f"wamid.{n}", **{"from": str(n)}) for n in range(1000)]
    started = time.perf_counter()
    items = items_of(a_body(a_change(messages=messages, contacts=contacts)))
    assert time.perf_counter() - started < 2
    assert [item.person.name for item in items] == [f"N{n}" for n in range(1000)]
    assert len({item.key for item in items}) == 1000


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def storable(item: Item) -> bool:
    canonical(item.raw)
    item.key.encode("utf-8")
    return len(item.key) <= 300 and len(item.kind) <= 30 and len(item.field) <= 60


@given(st.binary(max_size=200))
def test_any_bytes_are_items_or_a_malformed_body(raw: bytes) -> None:
    try:
        items = parse(raw, RECEIVED)
    except MalformedBody:
        return
    assert all(storable(item) for item in items)


@given(ANYTHING)
def test_any_json_is_items(body: Any) -> None:
    assert all(storable(item) for item in items_of(body))


@given(st.sampled_from(["messages", "standby", "history", "user_preferences"]), ANYTHING, ANYTHING)
def test_any_json_in_the_place_of_a_list_or_of_its_piece_is_items(field: str, piece: Any, whole: Any) -> None:
    for broken in ([piece], whole):
        value = dict.fromkeys(["messages", "statuses", "errors", "history", "user_preferences"], broken)
        assert all(storable(item) for item in items_of(a_body({"field": field, "value": value}, GOOD)))


@every("name", sorted(path.stem for path in PAYLOADS.glob("*.json")))
def test_a_payload_with_any_one_part_replaced_is_still_items(name: str) -> None:
    document = json.loads(payload(name))
    for holder, key in list(places(document)):
        whole = holder[key]
        for nonsense in NONSENSE:
            holder[key] = nonsense
            assert all(storable(item) for item in items_of(document)), (key, nonsense)
        holder[key] = whole


def places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every place of a document that holds something, as its holder and the key in it."""
    keys = node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
    for key in keys:
        yield node, key
        yield from places(node[key])
