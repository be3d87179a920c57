"""Every kind of webhook body, and what it becomes."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from tests.rows import every
from tests.whatsapp.deliveries import ACCOUNT, NUMBER, PAYLOADS, RECEIVED, payload
from webapp.whatsapp.webhook.items import (
    AccountRestricted,
    CategoryAnnounced,
    CategoryChanged,
    TemplateStatusChanged,
)
from webapp.whatsapp.webhook.payloads import (
    Button,
    Item,
    NumberChange,
    Passive,
    Person,
    Preference,
    Reaction,
    Status,
    Unread,
    Wordless,
    Words,
    parse,
)

ANA = Person(wa_id="5511900000001", user_id="BR.70000000000000000001", name="Ana Exemplo")
ANA_BY_NUMBER = Person(wa_id="5511900000001")
JOE = Person(wa_id="12025550107", user_id="US.70000000000000000002", name="Joe Sample")
JOE_UNNAMED = Person(wa_id="12025550107", user_id="US.70000000000000000002")
JOE_BY_NUMBER = Person(wa_id="12025550107")
MEI = Person(user_id="DE.7f000000000000000003", name="Mei Beispiel", username="mei.beispiel")
ZEYNEP = Person(wa_id="905000000001", user_id="TR.70000000000000000004", name="Zeynep Örnek")
CAMPAIGN = "wamid.ecQSH8YIV9/+/HS5mcyF8ZCsRsi833KOcP5szoYeM+aw6l9dmMmHXkHZ"
Expected = list[tuple[type[Item], dict[str, Any]]]

ORDER_NEWS = {"template_id": "610000000000001", "name": "order_news", "language": "en-US"}

NOT_A_DELIVERY: Expected = [(Unread, {"malformed": True, "phone_number_id": None, "field": ""})]


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def words(text: str, person: Person, seconds: int, **fields: Any) -> Expected:
    usual = {"channel": "text", "forwarded": False, "in_reply_to": None, "phone_number_id": NUMBER}
    expected = {**usual, "text": text, "person": person, "occurred_at": at(seconds), **fields}
    return [(Words, expected)]


def button(code: str, label: str, person: Person, **fields: Any) -> Expected:
    return [(Button, {"machine_id": code, "label": label, "person": person, **fields})]


def status(word: str, person: Person, **fields: Any) -> Expected:
    usual = {"error_code": None, "callback": "cmp_0007:rcp_000001", "phone_number_id": NUMBER}
    return [(Status, {**usual, "status": word, "person": person, **fields})]


def notice(kind: type[Item], **fields: Any) -> Expected:
    return [(kind, {"kind": "notice", "account_id": ACCOUNT, **fields})]


def kept(field: str) -> Expected:
    return [(Unread, {"field": field, "malformed": False})]


TABLE: list[tuple[str, str, Expected]] = [
    ("text_stop", "a plain opt-out", words("STOP", JOE, 1795165200, account_id=ACCOUNT, kind="text")),
    ("text_start", "a plain opt-in", words("Start", JOE, 1795165260)),
    (
        "text_stop_unicode",
        "marks, quotes and emoji stay in the words: folding is the rule's affair",
        words(
            "\u200f„הסירו אותי“ 🛑\n",
            Person(wa_id="972500000001", user_id="IL.70000000000000000009", name="דן דוגמה"),
            1795165205,
        ),
    ),
    (
        "text_reply_to_template_stop",
        "a reply tells which message it answers",
        words("Parar", ANA, 1795165210, in_reply_to=CAMPAIGN),
    ),
    (
        "text_mentions_stop_not_optout",
        "ordinary words are words too",
        words("Bom dia, o entregador pode parar na portaria?", ANA, 1795165211),
    ),
    (
        "text_username_no_phone_stop",
        "a person without a number is known by the user id",
        words("Abmelden", MEI, 1795165220),
    ),
    (
        "brazil_no_ninth_digit_text",
        "the WhatsApp id stays as it came",
        words(
            "Sair",
            Person(wa_id="556590000001", user_id="BR.70000000000000000006", name="Bia Modelo"),
            1795165231,
        ),
    ),
    (
        "image_caption_stop",
        "the words of a picture stand under it",
        words("SAIR", ANA, 1795165260, channel="caption", kind="image"),
    ),
    (
        "edit_text",
        "an edit is a new statement with its own time",
        words("Stop sending me offers", JOE, 1795165280, channel="edit", kind="edit"),
    ),
    (
        "standby_inbound_stop",
        "while Meta's agent holds the chat the words come on standby",
        words("STOP", JOE, 1795165510, channel="standby", field="standby"),
    ),
    (
        "button_stop_promotions",
        "the ready-made button has its label as code",
        button("Stop promotions", "Stop promotions", ANA, in_reply_to=CAMPAIGN, occurred_at=at(1795165240)),
    ),
    (
        "button_custom_payload",
        "a code of ours beside a translated label",
        button("OPT_OUT:cmp_0007", "Listeden çık", ZEYNEP, kind="button"),
    ),
    (
        "interactive_button_reply",
        "a reply button has id and title",
        button("consent:optin:marketing", "Yes, send me offers", JOE, kind="button_reply"),
    ),
    (
        "interactive_list_reply",
        "a row of a list has id and title; its description was ours",
        button("consent:scope:orders_only", "Only order updates", JOE, kind="list_reply"),
    ),
    ("reaction", "a reaction is its emoji", [(Reaction, {"emoji": "👎", "person": JOE})]),
    ("audio_voice", "a voice note has no words", [(Wordless, {"kind": "voice", "person": ANA})]),
    ("revoke", "a deletion has no words", [(Wordless, {"kind": "revoke", "person": JOE})]),
    (
        "contacts_request_share",
        "a card has no words",
        [(Wordless, {"kind": "contacts", "person": replace(MEI, wa_id="4915112345678")})],
    ),
    (
        "group_text_stop",
        "what is said in a group is no statement to us",
        [(Passive, {"channel": "group", "text": "stop", "person": JOE, "occurred_at": at(1795165290)})],
    ),
    (
        "history_threads",
        "the history: the customer's old words are passive, ours are not read",
        [
            (Unread, {"malformed": False, "field": "history"}),
            (Passive, {"channel": "history", "text": "start", "person": JOE_BY_NUMBER}),
            (Unread, {"malformed": False, "field": "history"}),
        ],
    ),
    (
        "system_user_changed_number",
        "a change of number names both numbers and both user ids",
        [
            (
                NumberChange,
                {
                    "old": JOE_UNNAMED,
                    "new": Person(wa_id="12025550188", user_id="US.70000000000000000099"),
                    "occurred_at": at(1795165300),
                },
            )
        ],
    ),
    (
        "user_preferences_stop",
        "the native stop, its time a number",
        [
            (
                Preference,
                {
                    "value": "stop",
                    "category": "marketing_messages",
                    "person": ANA,
                    "occurred_at": at(1795165310),
                },
            )
        ],
    ),
    ("user_preferences_resume", "the native resume", [(Preference, {"value": "resume", "person": ANA})]),
    ("status_sent", "accepted", status("sent", ANA, message_id=CAMPAIGN, occurred_at=at(1795165320))),
    ("status_delivered", "delivered", status("delivered", ANA, message_id=CAMPAIGN)),
    ("status_read", "read", status("read", ANA, message_id=CAMPAIGN)),
    (
        "status_failed_131050_user_stopped",
        "a failure has no contacts, and this one is the native stop",
        status("failed", ANA_BY_NUMBER, error_code=131050),
    ),
    (
        "status_failed_131049_ecosystem",
        "a cap, no opt-out",
        status("failed", JOE_BY_NUMBER, error_code=131049),
    ),
    ("status_failed_131048_spam", "a limit", status("failed", JOE_BY_NUMBER, error_code=131048)),
    ("smb_message_echo", "our own text is nobody's statement", kept("smb_message_echoes")),
    (
        "template_category_update_impending",
        "a category to come: what WhatsApp calls the new one is the present one",
        notice(CategoryAnnounced, **ORDER_NEWS, coming="MARKETING", effective_at=at(1795251600)),
    ),
    (
        "template_category_update_completed",
        "a change of category",
        notice(CategoryChanged, **ORDER_NEWS, category="MARKETING", occurred_at=at(1795251600)),
    ),
    (
        "template_status_approved",
        "an approval, perhaps as another category than was asked for",
        notice(TemplateStatusChanged, **ORDER_NEWS, event="APPROVED", category="MARKETING"),
    ),
    (
        "template_status_paused",
        "a pause, without a reason",
        notice(TemplateStatusChanged, **ORDER_NEWS, event="PAUSED", category="MARKETING"),
    ),
    (
        "account_update_restriction",
        "a restriction, with its end",
        notice(AccountRestricted, until=at(1795770000), occurred_at=at(1795165200)),
    ),
    ("unknown_field", "a field of the future", kept("some_future_field")),
    ("api_send_template_request", "a request of ours", NOT_A_DELIVERY),
    ("api_send_template_response", "an answer", NOT_A_DELIVERY),
    ("api_send_bsuid_request", "a request of ours", NOT_A_DELIVERY),
    ("api_send_bsuid_response", "an answer", NOT_A_DELIVERY),
    ("api_marketing_messages_request", "a request of ours", NOT_A_DELIVERY),
    ("api_confirmation_text_request", "a request of ours", NOT_A_DELIVERY),
    ("api_error_131056", "an error", NOT_A_DELIVERY),
    ("api_error_190", "an error", NOT_A_DELIVERY),
    ("api_templates_page1", "a listing", NOT_A_DELIVERY),
    ("api_templates_page2", "a listing", NOT_A_DELIVERY),
    ("verification_get", "a description of the handshake", NOT_A_DELIVERY),
    ("signature_vectors", "a description of signatures", NOT_A_DELIVERY),
]


@every(("file", "sentence", "expected"), TABLE, ids=[row[0] for row in TABLE])
def test_what_a_body_becomes(file: str, sentence: str, expected: Expected) -> None:
    items = parse(payload(file), RECEIVED)
    assert [type(item) for item in items] == [wanted for wanted, _ in expected], sentence
    for item, (_, fields) in zip(items, expected, strict=True):
        assert {name: getattr(item, name) for name in fields} == fields, sentence


def test_the_table_covers_every_payload() -> None:
    assert {file for file, _, _ in TABLE} == {path.stem for path in PAYLOADS.glob("*.json")}


def test_every_item_of_every_payload_has_a_key_of_its_own() -> None:
    keys = [item.key for file, _, _ in TABLE for item in parse(payload(file), RECEIVED)]
    assert len(set(keys)) == len(keys)


def test_a_repeated_delivery_has_the_same_keys() -> None:
    for file, _, _ in TABLE:
        later = parse(payload(file), RECEIVED.replace(year=2027))
        assert [item.key for item in later] == [item.key for item in parse(payload(file), RECEIVED)]


def test_raw_is_the_piece_itself() -> None:
    value = json.loads(payload("text_stop"))["entry"][0]["changes"][0]["value"]
    assert parse(payload("text_stop"), RECEIVED)[0].raw == value["messages"][0]


def test_raw_of_a_change_that_is_not_read_is_the_change() -> None:
    change = json.loads(payload("unknown_field"))["entry"][0]["changes"][0]
    assert parse(payload("unknown_field"), RECEIVED)[0].raw == change
