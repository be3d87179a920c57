"""Watches every page of a journey: what a browser complains of fails the journey, unless it is expected."""

import re
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, WebError

TELL_VIOLATIONS = """addEventListener("securitypolicyviolation", (event) =>
  console.error(`content security policy: ${event.violatedDirective} ${event.blockedURI}`))"""
HOST = "127.0.0.1"


class Guard:
    """Hears errors and warnings of the console and of scripts, violations of the policy, foreign requests."""

    def __init__(self) -> None:
        self.complaints: list[str] = []
        self.expected: list[str] = []

    def watch(self, context: BrowserContext) -> None:
        context.add_init_script(TELL_VIOLATIONS)
        self.listen(context)

    def listen(self, context: BrowserContext) -> None:
        context.on("console", self._console)
        context.on("weberror", self._web_error)
        context.on("request", self._request)

    def leave(self, context: BrowserContext) -> None:
        """Another guard goes on with this context."""
        context.remove_listener("console", self._console)
        context.remove_listener("weberror", self._web_error)
        context.remove_listener("request", self._request)

    def expect(self, *patterns: str) -> None:
        """Complaints that this journey is about; each of them has to come."""
        self.expected += patterns

    def check(self) -> None:
        missing = [p for p in self.expected if not any(re.search(p, said) for said in self.complaints)]
        surprising = [s for s in self.complaints if not any(re.search(p, s) for p in self.expected)]
        assert not surprising, "\n".join(surprising)
        assert not missing, f"expected, and never said: {missing}"

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"console: {message.text} ({message.location.get('url')})")

    def _web_error(self, error: WebError) -> None:
        self.complaints.append(f"script: {error.error}")

    def _request(self, request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme in ("http", "https", "ws", "wss") and url.hostname != HOST:
            self.complaints.append(f"a request that leaves the host: {request.url}")
