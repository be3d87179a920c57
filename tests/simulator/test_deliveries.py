"""What the phone delivers is what WhatsApp delivers, to the letter."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from webapp.simulator.deliveries import Business, Said, Writer, delivery, user_id_of
from webapp.whatsapp.invented import MESSAGE_IDS, USER_IDS
from webapp.whatsapp.payloads import Button, Words, parse

PAYLOADS = Path(__file__).parent.parent / "payloads"
BUSINESS = Business("210000000000001", "310000000000001", "12025550142")
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def example(name: str) -> dict[str, Any]:
    return json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))


def message_in(body: dict[str, Any]) -> dict[str, Any]:
    return body["entry"][0]["changes"][0]["value"]["messages"][0]


def said_in(body: dict[str, Any], words: str, *, tapped: bool = False) -> Said:
    message = message_in(body)
    return Said(message["id"], words, datetime.fromtimestamp(int(message["timestamp"]), UTC), tapped)


def test_a_text_equals_the_platforms():
    wanted = example("text_stop")
    writer = Writer("Joe Sample", "12025550107", "US.70000000000000000002")
    assert json.loads(delivery(BUSINESS, writer, said_in(wanted, "STOP"))) == wanted


def test_a_tap_equals_the_platforms_but_for_the_id_of_the_template_message():
    wanted = example("button_stop_promotions")
    writer = Writer("Ana Exemplo", "5511900000001", "BR.70000000000000000001")
    made = json.loads(delivery(BUSINESS, writer, said_in(wanted, "Stop promotions", tapped=True)))
    message_in(made)["context"]["id"] = message_in(wanted)["context"]["id"]
    assert made == wanted


def test_somebody_who_hides_the_number_equals_the_platforms():
    wanted = example("text_username_no_phone_stop")
    writer = Writer("Mei Beispiel", None, "DE.7f000000000000000003", username="mei.beispiel")
    assert json.loads(delivery(BUSINESS, writer, said_in(wanted, "Abmelden"))) == wanted


def test_the_desk_reads_the_words_and_the_person():
    writer = Writer("Zoë Esempio", "12025550103", user_id_of("12025550103"))
    (item,) = parse(delivery(BUSINESS, writer, Said(f"{MESSAGE_IDS}1", "Stop 🙏", NOW)), NOW)
    assert isinstance(item, Words)
    assert (item.text, item.channel, item.message_id) == ("Stop 🙏", "text", f"{MESSAGE_IDS}1")
    assert (item.person.wa_id, item.person.name) == ("12025550103", "Zoë Esempio")
    assert item.occurred_at == NOW


def test_the_desk_reads_a_tap():
    writer = Writer("Zoë Esempio", "12025550103", user_id_of("12025550103"))
    said = Said(f"{MESSAGE_IDS}2", "Stop promotions", NOW, tapped=True)
    (item,) = parse(delivery(BUSINESS, writer, said), NOW)
    assert isinstance(item, Button)
    assert (item.machine_id, item.label) == ("Stop promotions", "Stop promotions")


def test_the_body_is_ascii_as_metas_is():
    writer = Writer("Zoë", "12025550103", user_id_of("12025550103"))
    assert delivery(BUSINESS, writer, Said("wamid.1", "不要再发", NOW)).isascii()


def test_a_number_always_has_the_same_invented_user_id():
    assert user_id_of("12025550103") == user_id_of("12025550103") != user_id_of("12025550104")
    assert user_id_of("12025550103").startswith(USER_IDS)
