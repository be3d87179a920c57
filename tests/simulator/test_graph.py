"""The Graph API of the simulator keeps the contract of Meta's, and reports what it sends, signed."""

import http.client
import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tests.factories import NOON
from tests.rows import every
from webapp import create_app
from webapp.customers.models import Customer
from webapp.extensions import db
from webapp.simulator import catalogue, orders, statuses
from webapp.simulator.acts import Business
from webapp.simulator.conditions import Conditions, Fate
from webapp.simulator.deliveries import DEMO_IDS
from webapp.simulator.message_log import Message, MessageLog
from webapp.simulator.network import MOST_SLOW, Network
from webapp.whatsapp.invented import MESSAGE_IDS, USER_IDS
from webapp.whatsapp.webhook.payloads import Status, parse

ACCOUNT, NUMBER = DEMO_IDS
TOKEN = "an access token"
GRAPH = "/simulator/graph/v26.0"
TO = "+5511988124410"
PAYLOADS = Path(__file__).parent.parent / "payloads"
PATIENCE_SECONDS = 30


@pytest.fixture
def network(app) -> Network:
    return app.extensions["heed-phone-network"]


@pytest.fixture
def graph(app) -> Callable[..., Any]:
    """Call the API: `graph("messages", body)` posts, without a body it gets."""

    def call(path: str, body: object = None, token: str | None = TOKEN) -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
        client = app.test_client()
        if body is None:
            return client.get(f"{GRAPH}/{path}", headers=headers)
        return client.post(f"{GRAPH}/{NUMBER}/{path}", json=body, headers=headers)

    return call


def body_of(**changed: Any) -> dict[str, Any]:
    """A message of the template `spring_sale`."""
    parameters = [
        {"type": "text", "parameter_name": "first_name", "text": "Ana"},
        {"type": "text", "parameter_name": "discount", "text": "30%"},
    ]
    stop = {"type": "payload", "payload": "OPT_OUT:7"}
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": TO,
        "type": "template",
        "template": {
            "name": "spring_sale",
            "language": {"code": "en_US"},
            "components": [
                {"type": "body", "parameters": parameters},
                {"type": "button", "sub_type": "quick_reply", "index": "0", "parameters": [stop]},
            ],
        },
        "biz_opaque_callback_data": "heed:7:1",
    } | changed


def template_of(name: str, language: str = "en_US", *components: Any) -> dict[str, Any]:
    return {"name": name, "language": {"code": language}, "components": list(components)}


def shape(value: Any) -> Any:
    """Keys and types of an answer."""
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items()}
    return [shape(each) for each in value] if isinstance(value, list) else type(value)


def example(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("token", [None, "", "another token"])
@pytest.mark.parametrize("path", [f"{ACCOUNT}/message_templates", NUMBER, ACCOUNT])
def test_without_the_token_there_is_error_190(graph, path, token):
    answer = graph(path, token=token)
    assert (answer.status_code, answer.json["error"]["code"]) == (401, 190)
    assert "error_data" not in answer.json["error"]


def test_a_message_needs_the_token_and_no_csrf_token(graph):
    assert graph("messages", body_of(), token="wrong").status_code == 401
    assert graph("messages", body_of()).status_code == 200


def test_a_desk_without_a_token_opens_to_nobody(database_url, tmp_path):
    given = {"DATABASE_URL": database_url, "HEED_DATA_DIR": str(tmp_path), "SECRET_KEY": "s" * 32}
    web = {"WHATSAPP_APP_SECRET": "a", "WHATSAPP_VERIFY_TOKEN": "b", "HEED_SIMULATOR": "1"}
    app = create_app(given | web | {"WHATSAPP_ACCESS_TOKEN": ""})
    answer = app.test_client().get(f"{GRAPH}/{NUMBER}", headers={"Authorization": "Bearer "})
    assert answer.status_code == 401
    with app.app_context():
        db.engine.dispose()


def test_every_route_of_the_simulator_is_public_or_requires_a_role(app):
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        assert hasattr(view, "required_role") != hasattr(view, "public"), rule
        if "public" in vars(view) and rule.rule.startswith("/simulator"):
            assert rule.rule.startswith(GRAPH)


def test_the_templates_come_in_pages_and_each_once(graph):
    found, path = [], f"{ACCOUNT}/message_templates?fields=name&limit=5"
    while path:
        page = graph(path).json
        assert len(page["data"]) <= 5
        found += page["data"]
        following = page["paging"].get("next")
        path = following and following.partition(f"{GRAPH}/")[2]
    assert found == catalogue.TEMPLATES
    assert len({template["id"] for template in found}) == len(found)


def test_the_catalogue_holds_what_campaigns_have_to_cope_with():
    languages = {t["language"] for t in catalogue.TEMPLATES if t["name"] == "early_access"}
    assert len(languages) >= 3
    assert [t["name"] for t in catalogue.TEMPLATES if t.get("correct_category")] == ["order_news"]
    assert "PAUSED" in {t["status"] for t in catalogue.TEMPLATES}
    assert {"NAMED", "POSITIONAL"} == {t["parameter_format"] for t in catalogue.TEMPLATES}


def test_the_number_tells_its_throughput_and_the_account_its_marketing_endpoint(graph):
    assert graph(f"{NUMBER}?fields=throughput").json["throughput"] == {"level": "STANDARD"}
    account = graph(f"{ACCOUNT}?fields=marketing_messages_lite_api_status").json
    assert account["marketing_messages_lite_api_status"] == "ONBOARDED"


@pytest.mark.parametrize("path", ["1", "1/message_templates", f"{ACCOUNT}/message_templates?limit=0"])
def test_what_there_is_not_is_error_100(graph, path):
    answer = graph(path)
    assert (answer.status_code, answer.json["error"]["code"]) == (400, 100)


@pytest.mark.parametrize("endpoint", ["messages", "marketing_messages"])
def test_a_message_is_answered_as_meta_does(graph, endpoint):
    answer = graph(endpoint, body_of()).json
    assert shape(answer) == shape(example("api_send_template_response"))
    assert answer["contacts"] == [{"input": TO, "wa_id": TO[1:]}]
    assert answer["messages"][0]["id"].startswith(MESSAGE_IDS)


def test_somebody_without_a_number_is_known_by_the_user_id(graph):
    body = body_of(recipient=f"{USER_IDS}700001")
    del body["to"]
    answer = graph("messages", body).json
    assert shape(answer) == shape(example("api_send_bsuid_response"))
    assert answer["contacts"][0]["user_id"] == f"{USER_IDS}700001"


def test_a_number_wins_over_a_user_id(graph):
    assert "wa_id" in graph("messages", body_of(recipient=f"{USER_IDS}700001")).json["contacts"][0]


ONE_PARAMETER = {
    "type": "body",
    "parameters": [{"type": "text", "parameter_name": "first_name", "text": "Ana"}],
}


@every(
    ("body", "status", "code"),
    [
        ([], 400, 100),
        ({}, 400, 100),
        (body_of(messaging_product="sms"), 400, 100),
        (body_of(type="text"), 400, 100),
        (body_of(to="nobody"), 400, 100),
        (body_of(to=None), 400, 100),
        (body_of(template="spring_sale"), 400, 100),
        (body_of(biz_opaque_callback_data="x" * 513), 400, 100),
        (body_of(template=template_of("spring_sale") | {"components": {}}), 400, 100),
        (body_of(template=template_of("spring_sale", "en_US", {"type": "body"})), 400, 100),
        (body_of(template=template_of("winter_sale")), 404, 132001),
        (body_of(template=template_of("spring_sale", "fr")), 404, 132001),
        (body_of(template=template_of("spring_sale", "en_US")), 400, 132000),
        (body_of(template=template_of("spring_sale", "en_US", ONE_PARAMETER)), 400, 132000),
        (body_of(template=template_of("opt_out_confirmed", "en_US", ONE_PARAMETER)), 400, 132000),
        (body_of(template=template_of("spring_sale", "de")), 400, 132015),
    ],
    ids=[
        "a list is malformed",
        "an empty object is malformed",
        "another product",
        "another kind than a template",
        "a number without digits",
        "no address",
        "a template that is no object",
        "callback data beyond 512 signs",
        "components that are no list",
        "a component without parameters",
        "an unknown template",
        "a template in a language that it does not have",
        "no parameters where two are needed",
        "one parameter where two are needed",
        "a parameter where none is needed",
        "a paused template",
    ],
)
def test_a_wrong_body_is_refused_with_metas_code_and_leaves_nothing(graph, network, body, status, code):
    answer = graph("messages", body)
    assert (answer.status_code, answer.json["error"]["code"]) == (status, code)
    assert shape(answer.json) == shape(example("api_error_131056"))
    assert network.messages.of([TO[1:]]) == []


def test_the_marketing_endpoint_takes_marketing_only(graph):
    utility = body_of(template=template_of("opt_out_confirmed"))
    assert graph("marketing_messages", utility).json["error"]["code"] == 131055
    assert graph("messages", utility).status_code == 200


def test_another_number_than_ours_sends_nothing(app):
    answer = app.test_client().post(
        f"{GRAPH}/1/messages", json=body_of(), headers={"Authorization": f"Bearer {TOKEN}"}
    )
    assert (answer.status_code, answer.json["error"]["code"]) == (400, 100)


def test_what_was_sent_is_kept_as_its_reader_sees_it(graph, network):
    graph("messages", body_of())
    (message,) = network.messages.of([TO[1:]])
    assert message.picture.body == "Hi Ana, spring begins with 30% off at Casa Lume."
    assert message.picture.buttons == [orders.Button("quick_reply", "Stop promotions", "OPT_OUT:7")]
    assert (message.status, message.callback) == ("accepted", "heed:7:1")


@pytest.mark.parametrize(
    ("code", "status"), [("130429", 400), ("131056", 400), ("190", 401), ("131000", 500), ("368", 403)]
)
def test_a_chosen_code_is_answered_with_its_http_status_and_nothing_arrives(graph, network, code, status):
    network.messages.choose(Conditions(outcome=code))
    answer = graph("messages", body_of())
    assert (answer.status_code, answer.json["error"]["code"]) == (status, int(code))
    assert network.messages.of([TO[1:]]) == []


@pytest.mark.parametrize("code", ["131049", "131050", "131047"])
def test_what_meta_reports_later_is_accepted_first(graph, network, code):
    network.messages.choose(Conditions(outcome=code, way="answer"))
    assert graph("messages", body_of()).status_code == 200


def test_an_unreadable_answer_is_200_and_the_message_arrives(graph, network):
    network.messages.choose(Conditions(outcome="malformed"))
    answer = graph("messages", body_of())
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.data)
    assert len(network.messages.of([TO[1:]])) == 1


@pytest.mark.parametrize(("share", "met"), [(100, 200), (50, 100), (10, 20), (1, 2)])
def test_a_share_is_met_exactly_and_evenly(share, met):
    chosen = Conditions(outcome="131026", share=share)
    fates = [chosen.fate(n) for n in range(1, 201)]
    assert fates.count(Fate(refused_with=131026)) == met
    assert fates.count(Fate()) == 200 - met


def test_new_conditions_begin_to_count_anew(network):
    assert [network.messages.next_number()[1] for _ in range(2)] == [1, 2]
    network.messages.choose(Conditions(outcome="131026"))
    assert network.messages.next_number() == (Conditions(outcome="131026"), 1)


def test_at_most_two_long_answers_are_held_back_and_further_ones_refused(graph, network):
    network.messages.choose(Conditions(delay=40000))
    with ExitStack() as busy:
        for _ in range(MOST_SLOW):
            busy.enter_context(network.room_for(40))
        answer = graph("messages", body_of())
    assert (answer.status_code, answer.json["error"]["code"]) == (503, 130429)
    assert network.messages.of([TO[1:]]) == []


def test_a_short_delay_is_waited_for(graph, network):
    network.messages.choose(Conditions(delay=150))
    start = time.monotonic()
    assert graph("messages", body_of()).status_code == 200
    assert time.monotonic() - start >= 0.15


def course(fate: Fate | None = None, n: int = 1, **chosen: Any) -> list[tuple[float, statuses.Status]]:
    wanted = orders.order(body_of(), marketing_only=False)
    return statuses.course("wamid.1", wanted, Conditions(**chosen), fate or Fate(), n, NOON)


def test_the_same_number_always_has_the_same_course():
    assert course(n=3) == course(n=3)
    assert len({len(course(n=n)) for n in range(1, 20)}) == 2, "some are read, others are not"


def test_some_are_reported_out_of_order_and_none_loses_its_time():
    shuffled = 0
    for n in range(1, 101):
        arrival = {status.word: seconds for seconds, status in course(n=n)}
        shuffled += arrival["delivered"] < arrival["sent"]
        at = {status.word: status.at for _, status in course(n=n)}
        assert at["sent"] < at["delivered"]
    assert 0 < shuffled < 50


def test_without_receipts_only_failures_are_reported():
    assert course(receipts=False) == []
    ((_, failed),) = course(Fate(fails_with=131050), receipts=False)
    assert (failed.word, failed.code) == ("failed", 131050)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("status_sent", None),
        ("status_delivered", None),
        ("status_read", None),
        ("status_failed_131050_user_stopped", 131050),
        ("status_failed_131049_ecosystem", 131049),
    ],
)
def test_a_status_has_the_shape_of_metas(name, code):
    value = example(name)["entry"][0]["changes"][0]["value"]
    wanted = set(value), set(value["statuses"][0]) - {"recipient_user_id"}
    word = value["statuses"][0]["status"]
    status = statuses.Status("wamid.1", word, NOON, TO[1:], False, "heed:7:1", "MARKETING", code)
    body = statuses.delivery(Business(ACCOUNT, NUMBER), [status])
    made = json.loads(body)["entry"][0]["changes"][0]["value"]
    assert (set(made), set(made["statuses"][0])) == wanted
    (item,) = parse(body, NOON)
    assert isinstance(item, Status)
    assert (item.message_id, item.status, item.error_code) == ("wamid.1", word, code)
    assert (item.callback, item.occurred_at) == ("heed:7:1", NOON)


def over_http(port: int, body: dict[str, Any]) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    try:
        connection.request("POST", f"{GRAPH}/{NUMBER}/messages", json.dumps(body), headers)
        return connection.getresponse().read()
    finally:
        connection.close()


@pytest.fixture
def sent(network: Network, port: int) -> Iterator[Callable[..., Message]]:
    """Send over HTTP and wait until the webhook took the status; the message then."""

    def send(status: str, to: str = TO) -> Message:
        wamid = json.loads(over_http(port, body_of(to=to)))["messages"][0]["id"]
        return settled(network.messages, wamid, status)

    return send


def settled(log: MessageLog, wamid: str, status: str) -> Message:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        message = log.find(wamid)
        if message and message.status == status:
            return message
    raise AssertionError(f"the webhook did not take the status {status}")


def test_the_real_webhook_takes_the_signed_statuses(sent):
    assert sent("delivered").callback == "heed:7:1"


def test_131050_becomes_a_platform_stop_on_the_desk(app, network, sent):
    network.messages.choose(Conditions(outcome="131050"))
    with app.app_context():
        customer = db.session.scalars(select(Customer).limit(1)).one()
        number = next(i.value for i in customer.identities)
        id = customer.id
    sent("failed", to=f"+{number}")
    with app.app_context():
        assert db.session.get(Customer, id).platform_stop_at is not None


def test_a_broken_connection_ends_without_an_answer_and_the_message_arrives(network, port):
    network.messages.choose(Conditions(outcome="reset"))
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        over_http(port, body_of())
    (message,) = network.messages.of([TO[1:]])
    assert message.sent_at <= datetime.now(UTC)


EDITS = [
    ("early_access", 43200, 200),
    ("early_access", 2592000, 200),
    ("early_access", 60, 100),
    ("early_access", 2592001, 100),
    ("early_access", -1, 100),
    ("order_shipped", 30, 200),
    ("order_shipped", -1, 200),
    ("order_shipped", 43201, 100),
    ("early_access", "43200", 100),
    ("early_access", True, 100),
]
"""A template, seconds, and 200 or WhatsApp's code."""


@pytest.mark.parametrize(("name", "seconds", "expected"), EDITS)
def test_a_time_to_live_is_taken_within_the_limits_of_the_category(app, graph, name, seconds, expected):
    template = catalogue.find(name, "en_US")
    answer = app.test_client().post(
        f"{GRAPH}/{template['id']}",
        json={"message_send_ttl_seconds": seconds},
        headers={"Authorization": f"Bearer {TOKEN}"},
    )
    listed = graph(f"{ACCOUNT}/message_templates?limit=100").json["data"]
    [now] = [each.get("message_send_ttl_seconds") for each in listed if each["id"] == template["id"]]
    if expected == 200:
        assert (answer.status_code, answer.json, now) == (200, {"success": True}, seconds)
    else:
        assert (answer.status_code, answer.json["error"]["code"], now) == (400, expected, None)


def test_only_a_template_of_this_account_can_be_changed_and_only_with_the_token(app):
    body = {"message_send_ttl_seconds": 43200}
    client, bearer = app.test_client(), {"Authorization": f"Bearer {TOKEN}"}
    assert client.post(f"{GRAPH}/610", json=body, headers=bearer).json["error"]["code"] == 100
    assert client.post(f"{GRAPH}/610000000000001", json=body).status_code == 401
