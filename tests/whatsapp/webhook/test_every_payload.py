"""Every payload, posted signed to the real route of an empty desk: what becomes of it and of its people."""

import pytest

from tests.whatsapp.deliveries import PAYLOADS, payload
from tests.whatsapp.posting import decisions, everybody, post, state

UNKNOWN, OUT, IN = ("unknown",), ("opted_out",), ("opted_in",)
HELD, STOPPED = ("unknown", "held"), ("unknown", "stopped")
NO_WEBHOOK = "a body that is no delivery is kept for a person to see"
OTHERS = "kept raw, nobody is concerned"

TABLE = [
    ("text_stop", "the word STOP opts out", ["opt_out"], [OUT]),
    ("standby_inbound_stop", "also while Meta's agent holds the chat", ["opt_out"], [OUT]),
    ("text_start", "the word START opts in", ["opt_in"], [IN]),
    ("button_stop_promotions", "WhatsApp's ready-made button opts out", ["opt_out"], [OUT]),
    ("button_custom_payload", "so does our code under a label in any language", ["opt_out"], [OUT]),
    ("edit_text", "a request in a sentence goes to a person", ["review"], [HELD]),
    ("text_stop_unicode", "so does one in another language", ["review"], [HELD]),
    ("group_text_stop", "a stop in a group never changes a state by itself", ["review"], [HELD]),
    ("user_preferences_stop", "WhatsApp's own stop stands beside consent", ["platform_stop"], [STOPPED]),
    ("user_preferences_resume", "its end opts nobody in", ["lift_platform_stop"], [UNKNOWN]),
    ("status_failed_131050_user_stopped", "a refusal tells of WhatsApp's stop", ["platform_stop"], [STOPPED]),
    ("system_user_changed_number", "a moved person is known by both numbers", ["none"], [UNKNOWN]),
    ("image_caption_stop", "a caption in words that are not configured", ["none"], [UNKNOWN]),
    ("brazil_no_ninth_digit_text", "a word that is not configured", ["none"], [UNKNOWN]),
    ("text_username_no_phone_stop", "a person without a number is heard, too", ["review"], [HELD]),
    ("text_mentions_stop_not_optout", "ordinary chatter", ["none"], [UNKNOWN]),
    ("text_reply_to_template_stop", "a word that is not configured", ["none"], [UNKNOWN]),
    ("interactive_button_reply", "a button of another meaning", ["none"], [UNKNOWN]),
    ("interactive_list_reply", "a list row of another meaning", ["none"], [UNKNOWN]),
    ("reaction", "a thumb is no statement", ["none"], [UNKNOWN]),
    ("revoke", "a deletion undoes nothing", ["none"], [UNKNOWN]),
    ("audio_voice", "a voice note holds no words", ["none"], [UNKNOWN]),
    ("contacts_request_share", "a card holds no words", ["none"], [UNKNOWN]),
    ("history_threads", "what was said long ago creates nobody", ["none", "none", "none"], []),
    ("smb_message_echo", "the business's own words", ["none"], []),
    *[(f"status_{word}", OTHERS, ["none"], []) for word in ("delivered", "read", "sent")],
    ("status_failed_131048_spam", "a limit of the number is nobody's wish", ["none"], []),
    ("status_failed_131049_ecosystem", "a cap of WhatsApp's is nobody's wish", ["none"], []),
    ("account_update_restriction", OTHERS, ["none"], []),
    ("template_category_update_completed", OTHERS, ["none"], []),
    ("template_category_update_impending", OTHERS, ["none"], []),
    ("template_status_approved", OTHERS, ["none"], []),
    ("template_status_paused", OTHERS, ["none"], []),
    ("unknown_field", OTHERS, ["none"], []),
    ("signature_vectors", NO_WEBHOOK, ["dead"], []),
    ("verification_get", NO_WEBHOOK, ["dead"], []),
    *[(path.stem, NO_WEBHOOK, ["dead"], []) for path in sorted(PAYLOADS.glob("api_*.json"))],
]


def test_the_table_is_complete():
    assert {file for file, *_ in TABLE} == {path.stem for path in PAYLOADS.glob("*.json")}


@pytest.mark.parametrize(("file", "sentence", "expected", "states"), TABLE, ids=[row[0] for row in TABLE])
def test_the_payload(app, file, sentence, expected, states):
    assert post(app.test_client(), payload(file)).status_code == 200
    with app.app_context():
        assert decisions() == expected, sentence
        assert [state(customer) for customer in everybody()] == states, sentence
