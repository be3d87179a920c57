"""One request to an endpoint that answers as badly as it may, or lies where nobody may have it lie."""

import socket

import pytest

from tests.endpoints.receiver import Answer
from tests.factories import at
from webapp.endpoints import post as post_module
from webapp.endpoints.post import LONGEST_ANSWER, Outcome, Parcel, Post

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def send(url: str, *, private: bool = True) -> Outcome:
    parcel = Parcel(url, (SECRET,), "msg_1", {"type": "heed.test"}, at(0))
    with Post(private=private) as post:
        return post.send(parcel)


@pytest.mark.parametrize(
    ("status", "taken"), [(200, True), (204, True), (299, True), (400, False), (404, False), (500, False)]
)
def test_only_a_2xx_counts(receiver, status, taken):
    receiver.answer = lambda _n: Answer(status, b"" if status == 204 else b"so")
    outcome = send(receiver.url)
    assert (outcome.status, outcome.taken) == (status, taken)
    assert taken or str(status) in outcome.failure


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(receiver, status):
    receiver.answer = lambda _n: Answer(status, headers={"Location": receiver.url})
    outcome = send(receiver.url)
    assert len(receiver.requests) == 1
    assert "redirect" in outcome.failure


def test_gone_is_told_apart(receiver):
    receiver.answer = lambda _n: Answer(410)
    assert send(receiver.url).gone


def test_no_answer_is_waited_for_only_so_long(receiver, monkeypatch):
    monkeypatch.setattr(post_module, "SECONDS_IN_ALL", 0.2)
    receiver.answer = lambda _n: Answer(silent=True)
    outcome = send(receiver.url)
    assert (outcome.status, outcome.taken) == (None, False)
    assert "No answer within" in outcome.failure


def test_of_an_endless_answer_no_more_is_read_than_is_shown(receiver):
    receiver.answer = lambda _n: Answer(200, b"y" * 10_000, endless=True)
    outcome = send(receiver.url)
    assert outcome.taken
    assert len(outcome.answer) == LONGEST_ANSWER


def test_a_body_that_drips_for_ever_costs_no_more_than_its_time(receiver, monkeypatch):
    monkeypatch.setattr(post_module, "SECONDS_TO_READ", 0.2)
    receiver.answer = lambda _n: Answer(200, b"", endless=True)
    outcome = send(receiver.url)
    assert outcome.taken
    assert outcome.answer.strip("x") == ""


def test_a_packed_answer_is_not_unpacked(receiver):
    import gzip

    bomb = gzip.compress(b"0" * 5_000_000)
    receiver.answer = lambda _n: Answer(200, bomb, headers={"Content-Encoding": "gzip"})
    answer = send(receiver.url).answer
    assert len(answer) <= LONGEST_ANSWER
    assert "0000000000" not in answer


def test_an_answer_is_kept_as_signs_that_can_be_shown(receiver):
    receiver.answer = lambda _n: Answer(200, b"\0\x1b[31m\xff<b>ok</b>\n")
    assert send(receiver.url).answer == "\N{REPLACEMENT CHARACTER}" * 2 + "[31m" + "\ufffd<b>ok</b>\n"


def test_what_is_no_http_is_a_failure():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        import threading

        def talk() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")

        thread = threading.Thread(target=talk)
        thread.start()
        outcome = send(f"http://127.0.0.1:{port}/")
        thread.join()
    assert "no HTTP" in outcome.failure


def test_nobody_listening_is_a_failure():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert send(f"http://127.0.0.1:{port}/").failure == "No connection could be opened."


def test_a_certificate_is_wanted(receiver):
    outcome = send(receiver.url.replace("http://", "https://"))
    assert not outcome.taken
    assert receiver.requests == []


REFUSED = "This address is not on the public internet, so Heed does not connect to it."


@pytest.mark.parametrize(
    "host",
    [
        "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.0.0.1.", "[::ffff:7f00:1]",
        "[::1]", "0", "127.0.0.1",
    ],
)  # fmt: skip
def test_this_machine_is_not_reached_by_any_of_its_names(receiver, host):
    port = receiver.url.rsplit(":", 1)[1].split("/")[0]
    outcome = send(f"https://{host}:{port}/", private=False)
    assert outcome.failure in (REFUSED, "Write the address in its usual form.")
    assert receiver.requests == []


def test_the_address_that_counts_is_the_one_that_is_connected_to(monkeypatch):
    """A name that leads to a public address first, and to this machine when it is asked again."""
    asked, reached = [], []
    find = socket.getaddrinfo

    def rebinding(host, port, *rest, **named):
        if host != "rebind.example":
            return find(host, port, *rest, **named)
        asked.append(host)
        address = "8.8.8.8" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    def connect(self, address):
        reached.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    monkeypatch.setattr(socket.socket, "connect", connect)
    assert send("https://rebind.example/", private=False).failure == "No connection could be opened."
    assert reached == [("8.8.8.8", 443)]
    assert send("https://rebind.example/", private=False).failure == REFUSED
    assert reached == [("8.8.8.8", 443)]


def test_a_name_that_leads_to_public_and_private_addresses_reaches_no_private_one(monkeypatch):
    reached = []

    def both(host, port, *_rest, **_named):
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in ("10.0.0.1", "8.8.8.8")
        ]

    def connect(self, address):
        reached.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", both)
    monkeypatch.setattr(socket.socket, "connect", connect)
    assert not send("https://both.example/", private=False).taken
    assert set(reached) == {"8.8.8.8"}
