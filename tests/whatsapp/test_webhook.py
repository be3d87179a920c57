"""The route itself: who may speak to it, what it refuses before it reads, what it answers."""

import io
import json

import pytest

from tests.whatsapp.deliveries import a_body, payload
from tests.whatsapp.posting import PATH, SECRET, decisions, everybody, kept, post, says
from webapp import create_app
from webapp.extensions import db
from webapp.whatsapp.webhook.signature import sign

FOUR_MIB = 4 * 1024 * 1024
STOP = payload("text_stop")


@pytest.fixture
def database_url(sqlite_url):
    """What is refused or answered here does not depend on the database."""
    return sqlite_url


def stored(app) -> list[str]:
    with app.app_context():
        return decisions()


HANDSHAKES = [
    ("Meta sets the address", {}, 200),
    ("a wrong token", {"hub.verify_token": "a verify tokem"}, 403),
    ("an empty token", {"hub.verify_token": ""}, 403),
    ("no token", {"hub.verify_token": None}, 403),
    ("a token in another script", {"hub.verify_token": "ключ"}, 403),
    ("another mode", {"hub.mode": "unsubscribe"}, 403),
    ("no mode", {"hub.mode": None}, 403),
    ("no challenge", {"hub.challenge": None}, 403),
    ("a challenge that is markup", {"hub.challenge": "<script>1</script>"}, 403),
    ("a challenge without end", {"hub.challenge": "1" * 201}, 403),
]


@pytest.mark.parametrize(("sentence", "changed", "code"), HANDSHAKES, ids=lambda value: str(value)[:30])
def test_the_handshake(client, sentence, changed, code):
    usual = {"hub.mode": "subscribe", "hub.verify_token": "a verify token", "hub.challenge": "1158201444"}
    query = {name: value for name, value in (usual | changed).items() if value is not None}
    response = client.get(PATH, query_string=query)
    assert response.status_code == code, sentence
    assert response.mimetype == "text/plain"
    assert (response.text == "1158201444") == (code == 200)


GOOD = sign(STOP, SECRET)
SIGNATURES = [
    ("signed with the app secret", GOOD, 200),
    ("not signed", None, 401),
    ("an empty header", "", 401),
    ("without the name of the method", GOOD.removeprefix("sha256="), 401),
    ("another method", GOOD.replace("sha256", "sha1"), 401),
    ("too short", GOOD[:-1], 401),
    ("no hexadecimal digits", "sha256=" + "g" * 64, 401),
    ("the right form, the wrong digits", "sha256=" + "0" * 64, 401),
    ("signed with another secret", sign(STOP, "another secret"), 401),
    ("signed with the verify token", sign(STOP, "a verify token"), 401),
    ("signed for another body", sign(STOP + b" ", SECRET), 401),
    ("signed over a body that was parsed and written again",
     sign(json.dumps(json.loads(STOP)).encode(), SECRET), 401),
]  # fmt: skip


@pytest.mark.parametrize(("sentence", "header", "code"), SIGNATURES, ids=lambda value: str(value)[:30])
def test_the_signature(app, client, sentence, header, code):
    headers = {} if header is None else {"X-Hub-Signature-256": header}
    response = client.post(PATH, data=STOP, headers=headers)
    assert response.status_code == code, sentence
    assert stored(app) == (["opt_out"] if code == 200 else [])


def test_two_app_secrets_count_while_one_is_replaced(database_url, tmp_path):
    app = create_app({
        "DATABASE_URL": database_url, "HEED_DATA_DIR": str(tmp_path), "SECRET_KEY": "k" * 32,
        "WHATSAPP_APP_SECRET": "the old one, an app secret", "WHATSAPP_VERIFY_TOKEN": "t",
    })  # fmt: skip
    for secret, code in [("the old one", 200), ("an app secret", 200), ("the old one, an app secret", 401)]:
        headers = {"X-Hub-Signature-256": sign(STOP, secret)}
        assert app.test_client().post(PATH, data=STOP, headers=headers).status_code == code
    with app.app_context():
        db.engine.dispose()


def test_the_answer_is_empty_and_needs_no_form_token(client):
    response = post(client, STOP)
    assert (response.status_code, response.data) == (200, b"")


@pytest.mark.parametrize("counted", [True, False], ids=["with a length", "in chunks"])
@pytest.mark.parametrize(("size", "code"), [(FOUR_MIB, 200), (FOUR_MIB + 1, 413)])
def test_a_delivery_of_more_than_four_mebibytes_is_refused(app, client, size, code, counted):
    raw = STOP.ljust(size)
    headers = {"X-Hub-Signature-256": sign(raw, SECRET)}
    body = {"data": raw}
    if not counted:
        body = {"input_stream": io.BytesIO(raw), "environ_overrides": {"wsgi.input_terminated": True}}
        headers["Transfer-Encoding"] = "chunked"
    assert client.post(PATH, headers=headers, **body).status_code == code
    assert stored(app) == (["opt_out"] if code == 200 else [])


@pytest.mark.parametrize(("encoding", "code"), [
    ("gzip", 415), ("br", 415), ("gzip, identity", 415), ("identity", 200), ("Identity", 200),
])  # fmt: skip
def test_a_content_encoding_is_refused(app, client, encoding, code):
    headers = {"X-Hub-Signature-256": sign(STOP, SECRET), "Content-Encoding": encoding}
    assert client.post(PATH, data=STOP, headers=headers).status_code == code
    assert stored(app) == (["opt_out"] if code == 200 else [])


@pytest.mark.parametrize("raw", [b"", b"STOP", b"{", b"\xff\xfe", b"[" * 100_000])
def test_a_body_that_is_no_json_is_kept_once_and_answered(app, client, raw):
    """Sending it again would not help."""
    assert [post(client, raw).status_code for _ in range(2)] == [200, 200]
    with app.app_context():
        [letter] = kept()
        assert (letter.raw, letter.decision) == (raw, "")
        assert letter.failure


def test_no_number_name_or_word_enters_the_logs(app, client, caplog):
    caplog.set_level("DEBUG")
    body = a_body(says("Private words, STOP"), says("x", **{"from": "no number"}))
    post(client, body)
    post(client, b"Private words")
    client.get(PATH, query_string={"hub.verify_token": "Private words"})
    assert caplog.records
    for secret in ("12025550107", "no number", "Private words", "wamid"):
        assert secret not in caplog.text


def test_a_delivery_of_another_number_or_account_is_kept_and_not_applied(database_url, tmp_path):
    for setting, ours in [
        ("WHATSAPP_PHONE_NUMBER_ID", "999"),
        ("WHATSAPP_BUSINESS_ACCOUNT_ID", "888"),
    ]:
        app = create_app({
            "DATABASE_URL": database_url, "HEED_DATA_DIR": str(tmp_path), "SECRET_KEY": "k" * 32,
            "WHATSAPP_APP_SECRET": SECRET, "WHATSAPP_VERIFY_TOKEN": "t", setting: ours,
        })  # fmt: skip
        assert post(app.test_client(), a_body(says("STOP", message_id=ours))).status_code == 200
        with app.app_context():
            assert kept()[-1].decision == "not_ours"
            assert everybody() == []
            db.session.remove()
            db.engine.dispose()


def test_a_delivery_of_the_configured_number_is_applied(database_url, tmp_path):
    app = create_app({
        "DATABASE_URL": database_url, "HEED_DATA_DIR": str(tmp_path), "SECRET_KEY": "k" * 32,
        "WHATSAPP_APP_SECRET": SECRET, "WHATSAPP_VERIFY_TOKEN": "t",
        "WHATSAPP_PHONE_NUMBER_ID": "310000000000001", "WHATSAPP_BUSINESS_ACCOUNT_ID": "210000000000001",
    })  # fmt: skip
    post(app.test_client(), a_body(says("STOP")))
    with app.app_context():
        assert decisions() == ["opt_out"]
        db.session.remove()
        db.engine.dispose()
