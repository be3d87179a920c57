"""What becomes of a message at the Graph API, against a server that behaves as badly as it may."""

import asyncio
import json
import socket
import time
from collections.abc import Iterator

import pytest

from tests.fakes import Script, ScriptedGraph
from tests.whatsapp.deliveries import PAYLOADS
from webapp.campaigns.sending.codes import RULES
from webapp.campaigns.sending.sender import Accepted, Answer, Message, NotStarted, Recipient, Refused, Unclear
from webapp.config import Settings
from webapp.whatsapp.graph import graph as graph_module
from webapp.whatsapp.graph.graph import LONGEST_ANSWER, GraphSender

NUMBER = "310000000000001"
TOKEN = "a token that nobody else may see"
ANA = Recipient("5511900000001")
MEI = Recipient("DE.7f000000000000000003", by_user_id=True)
HTML = b"<html><body>Sorry, something went wrong.</body></html>"


@pytest.fixture
def graph() -> Iterator[ScriptedGraph]:
    with ScriptedGraph() as graph:
        yield graph


def settings(url: str) -> Settings:
    return Settings.from_environ(
        {"GRAPH_API_URL": url, "WHATSAPP_ACCESS_TOKEN": TOKEN, "WHATSAPP_PHONE_NUMBER_ID": NUMBER}
    )


def message(**fields: object) -> Message:
    usual = {"recipient": ANA, "template": "spring_sale", "language": "pt_BR", "callback": "7:1"}
    return Message(**{"marketing": False, **usual, **fields})


def send(url: str, *messages: Message, marketing_endpoint: bool = False) -> list[Answer]:
    """One after the other, by one sender."""

    async def run() -> list[Answer]:
        sender = GraphSender(settings(url), marketing_endpoint=marketing_endpoint, slots=4)
        try:
            return [await sender.send(each) for each in messages]
        finally:
            await sender.close()

    return asyncio.run(run())


def answer_to(graph: ScriptedGraph, script: Script) -> Answer:
    graph.answer = lambda _body, _n: script
    return send(graph.url, message())[0]


def example(name: str) -> dict:
    return json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))


def test_a_message_has_the_form_of_metas_example(graph):
    wanted = example("api_send_template_request")
    components = wanted["template"]["components"]
    sent = message(components=components, callback="cmp_0007:rcp_000001")
    assert send(graph.url, sent) == [Accepted("wamid.scripted.0", wa_id="5511900000001")]
    [request] = graph.requests
    assert request.body == wanted
    assert request.path == f"/v26.0/{NUMBER}/messages"
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"


def test_a_user_id_goes_as_recipient_and_comes_back(graph):
    [answer] = send(graph.url, message(recipient=MEI, language="de", callback=""))
    assert answer == Accepted("wamid.scripted.0", user_id=MEI.value)
    assert graph.bodies == [{**example("api_send_bsuid_request"), "biz_opaque_callback_data": ""}]


@pytest.mark.parametrize(
    ("marketing", "has_it", "path", "sentence"),
    [
        (True, True, "marketing_messages", "marketing goes by its endpoint where the account has it"),
        (True, False, "messages", "else like all others"),
        (False, True, "messages", "and nothing else goes by it, for it would be refused"),
    ],
)
def test_the_endpoint(graph, marketing, has_it, path, sentence):
    sent = message(marketing=marketing, recipient=Recipient("+919000000001"), language="en_US")
    send(graph.url, sent, marketing_endpoint=has_it)
    [request] = graph.requests
    assert request.path.endswith(f"/{path}"), sentence
    strict = {key: value for key, value in request.body.items() if key != "biz_opaque_callback_data"}
    if path == "marketing_messages":
        assert strict == example("api_marketing_messages_request")
    assert ("product_policy" in strict) == (path == "marketing_messages")


JUDGED = [
    (Script.accept(), Accepted("wamid.scripted.0", "5511900000001"), "an id is an acceptance"),
    (
        Script(200, {"messages": [{"id": "wamid.1", "message_status": "held_for_quality_assessment"}]}),
        Accepted("wamid.1"),
        "what WhatsApp holds back is accepted, also without a contact",
    ),
    (
        Script(200, {"messages": [{"id": "wamid.1", "message_status": "paused"}]}),
        Accepted("wamid.1"),
        "so too",
    ),
    (Script.malformed(), Unclear("malformed"), "half an answer says nothing"),
    (Script.raw(200, b""), Unclear("malformed"), "nor does an empty one"),
    (Script(200, ["wamid"]), Unclear("malformed"), "nor one of another form"),
    (Script(200, {"messages": []}), Unclear("malformed"), "nor one without an id"),
    (Script(200, {"messages": [{"id": 7}]}), Unclear("malformed"), "nor one whose id is no text"),
    (Script(200, {"messages": [{"id": "w" * 201}]}), Unclear("malformed"), "nor one whose id is endless"),
    (Script.raw(200, b'"' + b"x" * LONGEST_ANSWER + b'"'), Unclear("malformed"), "nor one that never ends"),
    (Script.raw(200, b"[" * 100_000), Unclear("malformed"), "nor one that nests without end"),
    (Script.reset(), Unclear("reset"), "a connection that breaks leaves it open"),
    (Script.raw(500, HTML), Unclear("server_error"), "so does a fault in words for people"),
    (Script.raw(502, b""), Unclear("server_error"), "or in none"),
    (Script(503, {"error": {"code": "?"}}), Unclear("server_error"), "or with a code that is none"),
    (Script(500, {"error": {"code": True}}), Unclear("server_error"), "or with one of another type"),
    (Script.error(131000, 500), Refused(500, 131000), "a fault with WhatsApp's code is a clear no"),
    (Script(400, {"error": {"code": "131026"}}), Refused(400, 131026), "a code may be a text"),
    (Script.error(131050, 200), Refused(200, 131050), "an error under a good status is an error"),
    (Script.error(130429, 429, Retry_After="7"), Refused(429, 130429, 7.0), "haste may name its pause"),
    (Script.raw(429, b"", Retry_After="30"), Refused(429, None, 30.0), "also without a code"),
    (Script.raw(429, b"", Retry_After="soon"), Refused(429), "a pause that is no number is none"),
    (Script.raw(400, HTML), Refused(400), "a refusal without a code is still one"),
    (Script.raw(404, b""), Refused(404), "whatever its status"),
    (Script.raw(302, b"", Location="/elsewhere"), Refused(302), "nothing is sent after a redirect"),
]


@pytest.mark.parametrize(("script", "expected", "sentence"), JUDGED, ids=[row[2] for row in JUDGED])
def test_the_answer(graph, script, expected, sentence):
    assert answer_to(graph, script) == expected, sentence
    assert len(graph.requests) == 1, "whatever the answer is, the message went out once"


@pytest.mark.parametrize("code", sorted(RULES))
def test_every_code_is_a_clear_refusal(graph, code):
    http = {0: 401, 190: 401, 132001: 404, 131057: 500, 134102: 500, 133004: 503}.get(code, 400)
    assert answer_to(graph, Script.error(code, http)) == Refused(http, code)


def test_an_answer_that_does_not_come_leaves_it_open(graph, monkeypatch):
    monkeypatch.setattr(graph_module, "SECONDS_IN_ALL", 0.05)
    assert answer_to(graph, Script.accept(delay=5)) == Unclear("timeout")


def test_a_slow_answer_is_waited_for(graph):
    assert isinstance(answer_to(graph, Script.accept(delay=0.3)), Accepted)


def test_nobody_listening_is_no_start():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert send(f"http://127.0.0.1:{port}", message()) == [NotStarted()]


def test_a_server_without_tls_is_no_start(graph):
    assert send(graph.url.replace("http:", "https:"), message()) == [NotStarted()]
    assert graph.requests == []


def test_a_handshake_that_never_ends_is_no_start(monkeypatch):
    monkeypatch.setattr(graph_module, "SECONDS_TO_CONNECT", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert send(f"https://127.0.0.1:{silent.getsockname()[1]}", message()) == [NotStarted()]


def test_a_connection_that_is_ready_too_late_carries_nothing_and_stays_warm(graph):
    """So the message goes back to its gate, and its second try does not wait for the handshake again."""
    late = message(latest_start=time.monotonic() - 0.001)
    answers = send(graph.url, late, message(latest_start=time.monotonic() + 60))
    assert answers == [NotStarted("late"), Accepted("wamid.scripted.0", "5511900000001")]
    assert len(graph.requests) == 1
    assert graph.opened == 1


def test_connections_are_used_again(graph):
    send(graph.url, *[message()] * 5)
    assert (len(graph.requests), graph.opened) == (5, 1)


def test_a_warm_connection_that_breaks_does_not_send_twice(graph):
    """aiohttp repeats a request by itself on a kept connection; a message must not be."""
    graph.answer = lambda _body, n: Script.reset() if n else Script.accept()
    answers = send(graph.url, message(), message())
    assert answers[1] == Unclear("reset")
    assert len(graph.requests) == 2


def test_many_go_side_by_side_within_the_slots(graph):
    graph.answer = lambda _body, _n: Script.accept(delay=0.05)

    async def run() -> list[Answer]:
        sender = GraphSender(settings(graph.url), marketing_endpoint=False, slots=3)
        answers = await asyncio.gather(*[sender.send(message(callback=str(n))) for n in range(12)])
        await sender.close()
        return answers

    assert len({answer.wamid for answer in asyncio.run(run())}) == 12
    assert graph.opened == 3


def test_messages_side_by_side_keep_their_own_latest_start(graph):
    async def run() -> list[Answer]:
        sender = GraphSender(settings(graph.url), marketing_endpoint=False, slots=4)
        late, early = message(latest_start=time.monotonic() - 1), message()
        answers = await asyncio.gather(sender.send(early), sender.send(late), sender.send(early))
        await sender.close()
        return answers

    assert [type(answer) for answer in asyncio.run(run())] == [Accepted, NotStarted, Accepted]


def test_the_token_stands_in_no_log_and_in_no_answer(graph, caplog):
    caplog.set_level("DEBUG")
    graph.answer = lambda _body, n: [Script.error(190, 401), Script.reset(), Script.malformed()][n]
    answers = send(graph.url, message(), message(), message())
    assert TOKEN not in caplog.text + repr(answers)
