"""A Graph API that answers as a test wants, on a port of its own."""

import asyncio
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from types import TracebackType
from typing import Any

from aiohttp import web


@dataclass(frozen=True)
class Script:
    """One answer: it comes after `delay` seconds, or, when it is `cut`, the connection breaks instead."""

    http: int = 200
    body: Any = None
    """Bytes as they are, anything else as JSON; None: the message is accepted."""
    delay: float = 0.0
    cut: bool = False
    headers: dict[str, str] = field(default_factory=dict, hash=False)

    @classmethod
    def accept(cls, *, delay: float = 0.0) -> "Script":
        return cls(delay=delay)

    @classmethod
    def error(cls, code: int | None, http: int = 400, *, delay: float = 0.0, **headers: str) -> "Script":
        """An error of WhatsApp's; `Retry_After="7"` becomes a header."""
        error = {"message": f"(#{code})", "type": "OAuthException", "code": code, "fbtrace_id": "A0"}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return cls(http, {"error": error}, delay, headers=named)

    @classmethod
    def reset(cls, *, delay: float = 0.0) -> "Script":
        """The request is read, then the connection breaks."""
        return cls(delay=delay, cut=True)

    @classmethod
    def malformed(cls) -> "Script":
        return cls(200, b'{"messages": [')

    @classmethod
    def raw(cls, http: int, body: bytes, *, delay: float = 0.0, **headers: str) -> "Script":
        return cls(http, body, delay, headers={name.replace("_", "-"): v for name, v in headers.items()})


@dataclass(frozen=True)
class Received:
    """A request. `at`: time.time() of its arrival."""

    at: float
    path: str
    body: dict[str, Any] = field(hash=False)
    headers: dict[str, str] = field(hash=False, repr=False)


Answering = Callable[[dict[str, Any], int], Script]


class ScriptedGraph:
    """`with ScriptedGraph() as graph:` serves `graph.url` (a GRAPH_API_URL) in a thread.

    `answer(body, n)` makes the answer to the n-th message, from 0; the default accepts. `requests` are the
    messages received, `opened` counts the connections. `templates` are listed in pages of `page_size`;
    `next_host`, when set, replaces this server in the links from page to page. `listings` are the paths and
    queries of these pages. `throughput` and `marketing_api` are fields of number and account. `failure`
    answers all GETs. A template's
    `message_send_ttl_seconds` can be set; `changes` are (template id, body), and `refusal(template id)`
    answers instead when it is not None.
    """

    def __init__(self, answer: Answering | None = None) -> None:
        self.answer: Answering = answer or (lambda _body, _n: Script())
        self.requests: list[Received] = []
        self.templates: list[dict[str, Any]] = []
        self.page_size = 100
        self.next_host = ""
        self.failure: Script | None = None
        self.listings: list[str] = []
        self.changes: list[tuple[str, dict[str, Any]]] = []
        self.refusal: Callable[[str], Script | None] = lambda _id: None
        self.throughput = "STANDARD"
        self.marketing_api = "INELIGIBLE"
        self.url = ""
        self.opened = 0
        self._numbers = count()
        self._loop, self._ready = asyncio.new_event_loop(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="scripted graph")

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [received.body for received in self.requests]

    def __enter__(self) -> "ScriptedGraph":
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._start())
        self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(self._stop())
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    async def _start(self) -> None:
        app = web.Application(client_max_size=4 << 20)
        app.router.add_post("/{version}/{node}", self._change)
        app.router.add_post("/{path:.*}", self._message)
        app.router.add_get("/{version}/{node}/message_templates", self._listing)
        app.router.add_get("/{version}/{node}", self._node)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0, handler_cancellation=True)
        await self._runner.setup()
        self._listener = await self._loop.create_server(self._open, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._listener.sockets[0].getsockname()[1]}/v26.0"

    def _open(self) -> asyncio.Protocol:
        self.opened += 1
        assert self._runner.server
        return self._runner.server()

    async def _stop(self) -> None:
        self._listener.close()
        await self._runner.cleanup()

    async def _message(self, request: web.Request) -> web.StreamResponse:
        body = json.loads(await request.read())
        n = next(self._numbers)
        self.requests.append(Received(time.time(), request.path, body, dict(request.headers)))
        script = self.answer(body, n)
        if script.delay:
            await asyncio.sleep(script.delay)
        if script.cut:
            return self._cut(request)
        return _respond(script, _accepted(body, n) if script.body is None else script.body)

    def _cut(self, request: web.Request) -> web.StreamResponse:
        if request.transport:
            request.transport.abort()
        return web.Response()

    async def _listing(self, request: web.Request) -> web.StreamResponse:
        self.listings.append(request.path_qs)
        if self.failure:
            return _respond(self.failure, self.failure.body)
        start = int(request.query.get("after", "0"))
        end = start + self.page_size
        paging: dict[str, Any] = {"cursors": {"before": str(start), "after": str(end)}}
        if end < len(self.templates):
            link = request.url.update_query(after=str(end))
            paging["next"] = str(link.with_host(self.next_host) if self.next_host else link)
        return web.json_response({"data": self.templates[start:end], "paging": paging})

    async def _change(self, request: web.Request) -> web.StreamResponse:
        id, body = request.match_info["node"], json.loads(await request.read())
        self.changes.append((id, body))
        if refusal := self.refusal(id):
            return _respond(refusal, refusal.body)
        self.templates = [each | (body if each["id"] == id else {}) for each in self.templates]
        return web.json_response({"success": True})

    async def _node(self, request: web.Request) -> web.StreamResponse:
        if self.failure:
            return _respond(self.failure, self.failure.body)
        fields = {
            "throughput": {"level": self.throughput},
            "marketing_messages_lite_api_status": self.marketing_api,
        }
        asked = request.query.get("fields", "").split(",")
        node = {key: value for key, value in fields.items() if key in asked}
        return web.json_response({**node, "id": request.match_info["node"]})


def _respond(script: Script, body: Any) -> web.Response:
    if isinstance(body, bytes):
        return web.Response(status=script.http, body=body, headers=script.headers)
    return web.json_response(body, status=script.http, headers=script.headers)


def _accepted(body: dict[str, Any], n: int) -> dict[str, Any]:
    """As WhatsApp answers: a number comes back as its wa_id, a user id as itself."""
    to, user = body.get("to", ""), body.get("recipient")
    contact = {"input": to, "wa_id": to.lstrip("+")} if to else {"input": user, "user_id": user}
    return {
        "messaging_product": "whatsapp",
        "contacts": [contact],
        "messages": [{"id": f"wamid.scripted.{n}", "message_status": "accepted"}],
    }
