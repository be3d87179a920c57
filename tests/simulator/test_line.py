"""The line to the webhook: it notes what was answered, and what went wrong."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.factories import NOON
from webapp.simulator.acts import Kind, Said
from webapp.simulator.delivery_log import KEPT, Delivery, DeliveryLog
from webapp.simulator.line import Line, Parcel


def said(words: str = "STOP", kind: Kind = Kind.TEXT) -> Said:
    return Said(f"wamid.{words}", words, NOON, kind)


@pytest.fixture
def line(tmp_path: Path) -> Line:
    return Line(DeliveryLog(tmp_path / "deliveries.db"))


@pytest.fixture
def carried(line: Line) -> Callable[..., Delivery]:
    """Carry a body, and wait for what the log says of it."""

    def carry(port: int, secret: str = "an app secret", body: bytes = b"{}") -> Delivery:
        id = line.log.begin("7", said())
        line.send(Parcel(id, port, body, secret)).result(timeout=30)
        return line.log.of("7")[-1]

    return carry


def test_an_accepted_delivery_is_noted_with_its_time(carried, port):
    delivery = carried(port)
    assert delivery.arrived
    assert delivery.milliseconds > 0


def test_the_webhook_refuses_a_wrong_signature(carried, port):
    delivery = carried(port, secret="somebody else's secret")
    assert (delivery.status, delivery.arrived) == (401, False)


def test_an_unreachable_webhook_is_noted_with_the_reason(carried):
    delivery = carried(port=1)
    assert delivery.status is None
    assert "refused" in delivery.failure


def test_the_log_tells_phones_apart_and_keeps_the_order(line):
    for words in ("STOP", "START"):
        line.log.begin("7", said(words))
    line.log.begin("8", said("hello", Kind.BUTTON))
    assert [delivery.words for delivery in line.log.of("7")] == ["STOP", "START"]
    (other,) = line.log.of("8")
    assert (other.words, other.kind, other.sent_at, other.status) == ("hello", Kind.BUTTON, NOON, None)


def test_the_log_forgets_what_is_old(line):
    for _ in range(KEPT + 1):
        line.log.begin("7", said())
    assert [delivery.id for delivery in line.log.of("7", KEPT + 1)] == list(range(2, KEPT + 2))


def test_the_latest_message_of_a_kind_can_be_found_again(line):
    for each in (said("one"), said("two"), said("0:04", Kind.VOICE)):
        line.log.begin("7", each)
    line.log.begin("8", said("other"))
    assert line.log.latest("7", [Kind.TEXT]) == ("wamid.two", "two")
    assert line.log.latest("7", [Kind.EDIT]) is None
