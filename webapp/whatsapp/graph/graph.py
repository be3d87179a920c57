"""Messages by the Graph API: each goes on the wire at most once, and its answer is judged.

Source: Meta, Cloud API messages and Marketing Messages API for WhatsApp; Cloud API error codes.
"""

import json
import re
import time
from contextvars import ContextVar
from typing import Any

import aiohttp
from yarl import URL

from webapp.campaigns.sending.sender import (
    Accepted,
    Answer,
    Message,
    NotStarted,
    Refused,
    Slots,
    Text,
    Unclear,
)
from webapp.config import Settings
from webapp.whatsapp.graph.answers import content_of, error_code, json_object, objects_at
from webapp.whatsapp.webhook.reading import identifier

SECONDS_TO_CONNECT = 10
SECONDS_IN_ALL = 40
LONGEST_ANSWER = 1 << 20
NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
"""Refused, no such name, no TLS, no connection in time: all of it before the first byte of the request."""

_latest_start: ContextVar[float] = ContextVar("latest_start", default=float("inf"))
_SECONDS = re.compile(r"[0-9]{1,5}")


class TooLate(Exception):
    """The connection was ready only after the message's latest start."""


class PunctualConnector(aiohttp.TCPConnector):
    """Hands out a connection only in time. A late one goes to the pool, so that the next message finds it
    warm: a slow TLS handshake then costs a second try and never keeps a campaign from starting."""

    async def connect(
        self, req: aiohttp.ClientRequest, traces: list[Any], timeout: aiohttp.ClientTimeout
    ) -> Any:
        connection = await super().connect(req, traces, timeout)
        if time.monotonic() > _latest_start.get():
            connection.release()
            raise TooLate
        return connection


class GraphSender:
    """`sender.Sender` for the Graph API. Belongs to the event loop of its first `send`."""

    def __init__(self, settings: Settings, *, marketing_endpoint: bool, slots: int) -> None:
        """`slots`: messages on the wire at once. `marketing_endpoint`: whether the account has it."""
        self.slots = Slots(slots)
        self._marketing_endpoint = marketing_endpoint
        base = URL(f"{settings.graph_api_url}/{settings.phone_number_id}")
        self._messages, self._marketing_messages = base / "messages", base / "marketing_messages"
        self._token = settings.access_token
        self._session: aiohttp.ClientSession | None = None

    async def send(self, message: Message | Text) -> Answer:
        """Hand over one message. Never raises for what the network or WhatsApp does."""
        mark = _latest_start.set(message.latest_start if isinstance(message, Message) else float("inf"))
        try:
            return await self._post(message)
        except TooLate:
            return NotStarted("late")
        except NEVER_SENT:
            return NotStarted()
        except TimeoutError:
            return Unclear("timeout")
        except (aiohttp.ClientError, OSError):
            return Unclear("reset")
        finally:
            _latest_start.reset(mark)

    async def close(self) -> None:
        if self._session:
            await self._session.close()
            self._session = None

    async def _post(self, message: Message | Text) -> Answer:
        special = isinstance(message, Message) and message.marketing and self._marketing_endpoint
        url = self._marketing_messages if special else self._messages
        body = json.dumps(_body(message, special)).encode()
        async with self._open_session().post(url, data=body, allow_redirects=False) as response:
            content = await _content(response)
            return _judge(response.status, content, response.headers.get("Retry-After", ""))

    def _open_session(self) -> aiohttp.ClientSession:
        """Opened late, because a session takes the event loop that runs then."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=PunctualConnector(limit=self.slots.number),
                headers={"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"},
                timeout=aiohttp.ClientTimeout(total=SECONDS_IN_ALL, connect=SECONDS_TO_CONNECT),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


def _body(message: Message | Text, by_marketing_endpoint: bool) -> dict[str, Any]:
    content = _text(message) if isinstance(message, Text) else _template(message, by_marketing_endpoint)
    to = message.recipient
    address = {"recipient": to.value} if to.by_user_id else {"to": f"+{to.value.lstrip('+')}"}
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        **address,
        **content,
        "biz_opaque_callback_data": message.callback,
    }


def _text(message: Text) -> dict[str, Any]:
    return {"type": "text", "text": {"preview_url": False, "body": message.body}}


def _template(message: Message, by_marketing_endpoint: bool) -> dict[str, Any]:
    """STRICT: what the marketing endpoint does not take must not go out by the other one unseen."""
    policy = {"product_policy": "STRICT", "message_activity_sharing": False} if by_marketing_endpoint else {}
    template = {"name": message.template, "language": {"code": message.language}}
    components = {"components": message.components} if message.components else {}
    return {"type": "template", **policy, "template": template | components}


async def _content(response: aiohttp.ClientResponse) -> bytes:
    """The answer's body; one that breaks off after a clear refusal is empty."""
    try:
        return await content_of(response, LONGEST_ANSWER)
    except (aiohttp.ClientError, TimeoutError, OSError):
        if response.status < 400:
            raise
        return b""


def _judge(http: int, content: bytes, retry_after: str) -> Answer:
    answer = json_object(content)
    if http < 300 and (accepted := _accepted(answer)):
        return accepted
    code = error_code(answer)
    if code is None and http < 300:
        return Unclear("malformed")
    if code is None and http >= 500:
        return Unclear("server_error")
    return Refused(http, code, float(retry_after) if _SECONDS.fullmatch(retry_after) else None)


def _accepted(answer: dict[str, Any]) -> Accepted | None:
    """Whatever its `message_status` is: what WhatsApp holds back it releases, or reports as failed."""
    messages, contacts = objects_at(answer, "messages"), objects_at(answer, "contacts")
    wamid = identifier(messages[0].get("id")) if messages else None
    if wamid is None:
        return None
    contact = contacts[0] if contacts else {}
    return Accepted(wamid, identifier(contact.get("wa_id")), identifier(contact.get("user_id")))
