"""Deliveries with one mangled item: whatever it is, it is answered, and the STOP beside it is applied.

The seeds are fixed, so that the same deliveries come every time.
"""

import copy
import json
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.whatsapp.deliveries import PAYLOADS, RECEIVED, a_body, payload
from tests.whatsapp.posting import apart, kept, post, says
from webapp.customers import identities
from webapp.customers.models import IdentityKind
from webapp.whatsapp.webhook.payloads import Words, parse

WEBHOOKS = [path.stem for path in sorted(PAYLOADS.glob("*.json")) if b'"entry"' in path.read_bytes()]
TIMES = ["1795165200000", 1795165200, 1795165200.5, "-1", -1, "9" * 30, 10**18, "tomorrow", "", "0x10", 0]
TEXTS = ["", " ", "STOP", "x" * 5000, "\ud800", "a\0b", "‮STOP", "😀" * 300, "null", "\x1b[31m"]
OTHERS = [None, True, False, [], {}, [[]], [None], {"": None}, 1e308, -0.0, 2**63, 2**64, [{}] * 3]
RAW = ["NaN", "-Infinity", "1e999", "9" * 5000, "[" * 900 + "]" * 900, '{"a":' * 80 + "1" + "}" * 80,
       '{"type":"text","type":"button"}']  # fmt: skip
"""What Python's own writer would not write."""
SENTINEL = "\ue000raw\ue000"
DELIVERIES = 150
Place = tuple[Any, Any]


def places(node: Any) -> Iterator[Place]:
    keys = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
    for key in keys:
        yield node, key
        yield from places(node[key])


def mangled(name: str, dice: Random) -> tuple[Any, str]:
    """One change of this payload with one to three of its parts made something else, and a raw text that
    takes the place of the sentinel."""
    change = copy.deepcopy(json.loads(payload(name))["entry"][0]["changes"][0])
    for _ in range(dice.randint(1, 3)):
        found = list(places(change))
        if not found:
            break
        holder, key = dice.choice(found)
        mangle(holder, key, dice)
    return change, dice.choice(RAW)


def mangle(holder: Any, key: Any, dice: Random) -> None:
    match dice.randrange(6):
        case 0:
            del holder[key]
        case 1:
            holder[key] = [holder[key]] * dice.randint(1, 4)
        case 2:
            holder[key] = {"text": holder[key], str(key): holder[key]}
        case 3:
            holder[key] = dice.choice(TIMES)
        case 4:
            holder[key] = SENTINEL
        case _:
            holder[key] = dice.choice([*TEXTS, *OTHERS])


def body_of(*changes: Any, raw: str) -> bytes:
    return json.dumps(a_body(*changes)).replace(json.dumps(SENTINEL), raw).encode()


@pytest.fixture
def database_url(sqlite_url):
    """The parser is the same for both, and what it lets through is stored by `test_hostile_payloads`."""
    return sqlite_url


def is_opted_out(number: str) -> bool:
    customer = identities.find(IdentityKind.WA_ID, number)
    return customer is not None and customer.status == "opted_out"


@pytest.mark.parametrize("seed", range(3))
def test_a_stop_beside_a_mangled_item_is_always_applied(app, seed):
    dice, client, people = Random(f"mangled {seed}"), app.test_client(), []
    for n in range(DELIVERIES // 3):
        change, raw = mangled(dice.choice(WEBHOOKS), dice)
        people.append(f"4420794600{n:02}")
        stop = says("STOP", message_id=f"wamid.beside{seed}.{n}", **{"from": people[-1]})
        around = dice.sample([change, stop], 2)
        assert post(client, body_of(*around, raw=raw)).status_code == 200, (seed, n)
    with app.app_context():
        assert [number for number in people if not is_opted_out(number)] == []
        assert len(kept()) >= len(people)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1", "cp037"])
def test_an_encoding_that_is_not_utf_8_is_kept_for_a_person_or_read(app, encoding):
    body = json.dumps(a_body(says("STÖP")), ensure_ascii=False).encode(encoding)
    assert post(app.test_client(), body).status_code == 200
    with app.app_context():
        [message] = kept()
        assert bool(message.failure) == (encoding != "utf-8-sig")


@given(st.sampled_from(WEBHOOKS), st.integers(0, 10**6))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_a_stop_beside_a_mangled_item_is_always_read(name, seed):
    change, raw = mangled(name, Random(seed))
    items = apart(parse, body_of(change, says("STOP", message_id="wamid.beside"), raw=raw), RECEIVED)
    last = items[-1]
    assert (type(last), last.text, last.message_id) == (Words, "STOP", "wamid.beside")
