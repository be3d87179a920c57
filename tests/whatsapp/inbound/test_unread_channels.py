"""The rows of the keyword corpus whose channel only a webhook has: words that are never read as consent."""

import pytest

from tests.consent.corpus import cases
from tests.whatsapp.deliveries import a_change, a_message
from tests.whatsapp.posting import decisions, deliver, everybody, fails, moves, post, prefers, says, state


def a_wordless(kind, **content):
    return says("", type=kind, **{kind: content})


CHANNELS = {
    "revoke": lambda text: a_wordless("revoke", original_message_id="wamid.0", text=text),
    "quoted": lambda text: says("Thanks", context={"id": "wamid.0", "from": "12025550142", "text": text}),
    "profile_name": lambda text: a_change(
        messages=[a_message(text={"body": "Hi"})],
        contacts=[{"wa_id": "12025550107", "profile": {"name": text}}],
    ),
    "filename": lambda text: a_wordless("document", filename=text, id="1"),
    "location": lambda text: a_wordless("location", name=text, latitude=1.0, longitude=1.0),
    "referral": lambda text: says("Hi", referral={"headline": text, "body": text}),
    "system": lambda text: moves("12025550107", "12025550188", body=text),
    "audio": lambda text: a_wordless("audio", id="1", voice=True, transcript=text),
    "sticker": lambda text: a_wordless("sticker", id="1", emoji=text),
    "pref_webhook": lambda text: prefers(text),
    "status_error": lambda text: fails(int(text)),
}
ROWS = [case for case in cases() if case.channel in CHANNELS]


@pytest.fixture
def database_url(sqlite_url):
    """What is read does not depend on the database."""
    return sqlite_url


@pytest.mark.parametrize(
    ("text", "expected", "channel"), ROWS, ids=[f"{row.channel} {row.text}" for row in ROWS]
)
def test_the_corpus_in_a_webhook(app, text, expected, channel):
    deliver(app, CHANNELS[channel](text))
    with app.app_context():
        assert decisions() == [expected]
        held = ("unknown", "held") if expected == "review" else ("unknown",)
        assert [state(customer) for customer in everybody()] == [held] * (channel != "status_error")


@pytest.mark.parametrize("text", ["STOP", "START"])
@pytest.mark.parametrize(
    ("sentence", "change"),
    [
        ("what the business wrote in its app", lambda text: a_change(
            "smb_message_echoes", message_echoes=[a_message(to="12025550107", text={"body": text})])),
        ("what Meta's agent wrote", lambda text: a_change(
            "standby", message_echoes=[a_message(to="12025550107", text={"body": text})])),
        ("what the business wrote long ago", lambda text: a_change(
            "history", messages=[a_message(to="12025550107", text={"body": text})])),
        ("a card about somebody", lambda text: a_wordless("contacts", name={"formatted_name": text})),
        ("the answers of a form", lambda text: says("", type="interactive", interactive={
            "type": "nfm_reply", "nfm_reply": {"body": "Sent", "name": "flow", "response_json": text}})),
        ("the remark of an order", lambda text: a_wordless("order", text=text)),
    ],
)  # fmt: skip
def test_no_statement_is(app, text, sentence, change):
    assert post(app.test_client(), {"entry": [{"changes": [change(text)]}]}).status_code == 200
    with app.app_context():
        assert not {"opt_out", "opt_in", "review"} & set(decisions()), sentence
        assert {state(customer) for customer in everybody()} <= {("unknown",)}
