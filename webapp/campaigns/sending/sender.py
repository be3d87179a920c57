"""What sending means to a campaign: a message goes in, one of four answers comes out. Pure.

The sender itself is an argument of the pump; the Graph API's stands in `whatsapp.graph.graph`.
"""

from dataclasses import dataclass, field
from typing import Any, Protocol

SECONDS_TO_THE_WIRE = 0.25
"""A message that is not on the wire so long after its claim goes back and passes the gate again."""


@dataclass(frozen=True)
class Recipient:
    """Where a message goes: a number (`to`), or a business-scoped user id (`recipient`)."""

    value: str
    by_user_id: bool = False


@dataclass(frozen=True)
class Message:
    """One template message. `callback` names the delivery, so that a status settles it without our answer."""

    recipient: Recipient
    template: str
    language: str
    callback: str
    marketing: bool
    """Whether it goes by the marketing endpoint, where the account has it."""
    components: list[dict[str, Any]] = field(default_factory=list, hash=False)
    latest_start: float = float("inf")
    """On the clock of `time.monotonic`: after this instant it must not go on the wire."""


@dataclass(frozen=True)
class Text:
    """A text free of form, which WhatsApp takes only inside the person's open window of 24 hours."""

    recipient: Recipient
    body: str
    callback: str


@dataclass(frozen=True)
class Accepted:
    """WhatsApp took it: `wamid` is its id; `wa_id` or `user_id` the address that WhatsApp knows."""

    wamid: str
    wa_id: str | None = None
    user_id: str | None = None


@dataclass(frozen=True)
class Refused:
    """WhatsApp said clearly that it does not send it. `code` is its own, None when it gave none."""

    http: int
    code: int | None = None
    retry_after: float | None = None
    """Seconds, when WhatsApp named them."""


@dataclass(frozen=True)
class NotStarted:
    """No byte of it went on the wire."""

    why: str = "connection"


@dataclass(frozen=True)
class Unclear:
    """It went on the wire and no clear answer came back: it may arrive. There is no way to ask."""

    why: str
    """`timeout`, `reset`, `malformed` or `server_error`."""


Answer = Accepted | Refused | NotStarted | Unclear


class Slots:
    """How many messages may be on the wire at once, over all pumps of an event loop."""

    def __init__(self, number: int) -> None:
        self.number = self._free = number

    def take(self, most: int) -> int:
        """Take as many as are free, `most` at most."""
        taken = min(most, self._free)
        self._free -= taken
        return taken

    def give_back(self, number: int = 1) -> None:
        self._free += number


class Sender(Protocol):
    slots: Slots

    async def send(self, message: Message | Text) -> Answer:
        """Hand over one message. Never raises for what the network or WhatsApp does."""

    async def close(self) -> None: ...
