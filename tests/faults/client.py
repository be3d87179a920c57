"""Who speaks to a desk from outside, as Meta and an agent's browser do, and notes what it answers."""

import http.client
import re
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlencode

from tests.faults.history import Asked, History, Toggle, Word
from webapp.simulator.acts import Business, Said, Writer
from webapp.simulator.deliveries import DEMO_IDS, delivery, user_id_of
from webapp.whatsapp.webhook.signature import sign

SECRET = "an app secret"
WEBHOOK = "/webhooks/whatsapp"
PATIENCE = 40
"""Seconds."""
AT_ONCE = 8
NOBODY = 0
"""The status of a request that was not answered."""
BUSINESS = Business(*DEMO_IDS)


@dataclass
class Client:
    """`cookies` and `token` are a browser's, once somebody has signed in."""

    port: int
    history: History
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""
    crowd: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(AT_ONCE))

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, str]:
        """(status, text); each request has a connection of its own, as after a proxy's restart."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            kept = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            line.request(method, path, body, named | ({"Cookie": kept} if kept else {}))
            answer = line.getresponse()
            for given in answer.headers.get_all("Set-Cookie", ()):
                name, _, value = given.partition(";")[0].partition("=")
                self.cookies[name] = value
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException):
            return NOBODY, ""
        finally:
            line.close()

    def deliver(self, words: Sequence[Word]) -> None:
        """These messages come at once, each as a webhook of its own."""
        list(self.crowd.map(self._deliver, words))

    def _deliver(self, word: Word) -> None:
        writer = Writer("<b>=1+1</b>", word.number, user_id_of(word.number))
        said = Said(word.id, word.text, datetime.fromtimestamp(word.first_at, UTC))
        body = delivery(BUSINESS, writer, said)
        status, _ = self.ask("POST", WEBHOOK, body, X_Hub_Signature_256=sign(body, SECRET))
        self.note(word, status)

    def note(self, asked: Asked, status: int) -> None:
        asked.answers.append((time.time(), status))
        self.history.answers[status] += 1

    def sign_in(self, path: str) -> None:
        status, _ = self.ask("GET", path)
        assert status == http.HTTPStatus.SEE_OTHER, status
        _, page = self.ask("GET", "/opt-in")
        self.token = re.search(r'"X-CSRFToken": "([^"]+)"', page)[1]

    def post(self, path: str, **fields: object) -> int:
        """The status of a form."""
        form = urlencode({"csrf_token": self.token, **fields}).encode()
        kind = "application/x-www-form-urlencoded"
        return self.ask("POST", path, form, Content_Type=kind, HX_Request="true")[0]

    def switch_off(self, toggle: Toggle) -> None:
        self.note(toggle, self.post(f"/customers/{toggle.customer_id}/consent", status="opted_out"))

    def bring_again(self) -> None:
        """What was not taken yet, as Meta does, and an agent who sees an error."""
        self.deliver([word for word in self.history.words if not word.taken_at])
        for toggle in self.history.toggles:
            if not toggle.taken_at:
                self.switch_off(toggle)
