"""One request to an endpoint: never to a forbidden address, never for longer than 15 seconds, and of the
answer no more is read than is shown."""

import asyncio
import socket
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import aiohttp
from yarl import URL

from webapp.database import compact_json
from webapp.endpoints import addresses, signing

SECONDS_IN_ALL = 15
SECONDS_TO_READ = 2
"""For the body of an answer whose status is there already: what it says is only shown to people."""
LONGEST_ANSWER = 2048
GONE = 410
UNSIGNED = "Its secret cannot be read with this SECRET_KEY, so nothing can be signed."


@dataclass(frozen=True)
class Parcel:
    """What is sent, and where to. `at` is the time of this attempt."""

    url: str
    secrets: tuple[str, ...] = field(repr=False)
    webhook_id: str
    content: dict[str, Any] = field(repr=False)
    at: datetime


@dataclass(frozen=True)
class Outcome:
    """What came back. `failure` says why the message was not taken, "" when it was."""

    status: int | None = None
    answer: str = ""
    failure: str = ""

    @property
    def taken(self) -> bool:
        return not self.failure

    @property
    def gone(self) -> bool:
        return self.status == GONE


class NotAllowed(OSError):
    """The address of this socket must not be connected to; the message is a sentence."""


class Post:
    """`with Post(private=…) as post: post.send(parcel)`. Connections stay open between parcels."""

    def __init__(self, *, private: bool, here_only: bool = False) -> None:
        """`private`: whether machines of one's own network may be reached; `here_only`: none but this one."""
        self._private, self._here_only = private, here_only
        self._plain = False
        self._runner = asyncio.Runner()
        self._session: aiohttp.ClientSession | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._session:
            self._runner.run(self._session.close())
        self._runner.close()

    def send(self, parcel: Parcel) -> Outcome:
        """Never raises for what the network or the receiver does."""
        return self._runner.run(self._send(parcel))

    async def _send(self, parcel: Parcel) -> Outcome:
        if not parcel.secrets:
            return Outcome(failure=UNSIGNED)
        if wrong := addresses.wrong(parcel.url, private=self._private):
            return Outcome(failure=wrong)
        if self._here_only and not addresses.is_here(parcel.url):
            return Outcome(failure="This desk holds demo data, so it tells only systems on this machine.")
        try:
            return await self._post(parcel)
        except TimeoutError:
            return Outcome(failure=f"No answer within {SECONDS_IN_ALL} seconds.")
        except aiohttp.ClientConnectorCertificateError:
            return Outcome(failure="Its certificate is not valid for this address.")
        except aiohttp.ClientConnectorError as error:
            refused = isinstance(error.os_error, NotAllowed)
            return Outcome(failure=str(error.os_error) if refused else "No connection could be opened.")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Outcome(failure=f"The connection broke or the answer is no HTTP ({type(error).__name__}).")

    async def _post(self, parcel: Parcel) -> Outcome:
        url, body = URL(parcel.url), compact_json(parcel.content).encode()
        self._plain = url.scheme == "http"
        signed = signing.headers(parcel.secrets, parcel.webhook_id, int(parcel.at.timestamp()), body)
        async with self._opened().post(url, data=body, headers=signed, allow_redirects=False) as response:
            answer = await _first_bytes(response)
            return Outcome(response.status, _text(answer), _failure(response.status))

    def _opened(self) -> aiohttp.ClientSession:
        """Opened late, because a session takes the event loop that runs then."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(socket_factory=self._socket, use_dns_cache=False),
                headers={
                    "Content-Type": "application/json",
                    "User-Agent": "Heed",
                    "Accept-Encoding": "identity",
                },
                timeout=aiohttp.ClientTimeout(total=SECONDS_IN_ALL),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
            )
        return self._session

    def _socket(self, target: Any) -> socket.socket:
        """A socket for this address, which it is connected to next: no name is looked up in between."""
        family, kind, protocol, _, address = target
        if refusal := addresses.refusal(address[0], plain=self._plain, private=self._private):
            raise NotAllowed(refusal)
        return socket.socket(family, kind, protocol)


async def _first_bytes(response: aiohttp.ClientResponse) -> bytes:
    """What comes within the time and the size; the rest is not waited for."""
    content = bytearray()
    try:
        async with asyncio.timeout(SECONDS_TO_READ):
            while len(content) < LONGEST_ANSWER and (chunk := await response.content.read(LONGEST_ANSWER)):
                content += chunk
    except (aiohttp.ClientError, TimeoutError, OSError):
        response.close()
    if not response.content.at_eof():
        response.close()
    return bytes(content[:LONGEST_ANSWER])


def _text(content: bytes) -> str:
    """As text of which every sign can be shown, and stored: PostgreSQL takes no NUL."""
    signs = content.decode("utf-8", "replace")
    return "".join(
        sign if sign.isprintable() or sign in "\n\t" else "\N{REPLACEMENT CHARACTER}" for sign in signs
    )


def _failure(status: int) -> str:
    if 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        return f"It answered {status}, a redirect. Heed follows none: give the new address."
    if status == GONE:
        return "It answered 410: it does not want events any more."
    return f"It answered {status}."
