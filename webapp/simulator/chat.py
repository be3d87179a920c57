"""What a phone shows: what it wrote and what was sent to it, in the order of time."""

from dataclasses import dataclass

from webapp import clock
from webapp.simulator.delivery_log import Delivery
from webapp.simulator.message_log import Message
from webapp.simulator.network import network, webhook
from webapp.simulator.phones import Phone
from webapp.simulator.statuses import Status


@dataclass(frozen=True)
class Chat:
    deliveries: list[Delivery]
    messages: list[Message]

    @property
    def entries(self) -> list[Delivery | Message]:
        return sorted([*self.messages, *self.deliveries], key=lambda entry: entry.sent_at)

    @property
    def tag(self) -> str:
        """Another one whenever there is something else to see. ASCII, for it travels in a header."""
        wrote = ".".join(f"{it.id}-{it.status or (it.failure and 'failed')}" for it in self.deliveries)
        return f"{wrote}|{'.'.join(f'{it.id}-{it.status}' for it in self.messages)}"


def chat(phone: Phone) -> Chat:
    """What stands on this phone. Looking at it reads its messages, and WhatsApp reports that."""
    messages = network().messages
    if messages.conditions().receipts:
        for message in messages.of(phone.reached_at):
            if message.status == "delivered":
                _read(message)
    return Chat(network().line.log.of(phone.key), [m for m in messages.of(phone.reached_at) if _here(m)])


def _here(message: Message) -> bool:
    """One that failed never arrived."""
    return message.status != "failed"


def _read(message: Message) -> None:
    network().messages.mark([(message.wamid, "read")])
    status = Status(
        message.wamid, "read", clock.now(), message.address, message.by_user_id, message.callback,
        message.picture.category,
    )  # fmt: skip
    network().outbox.put(0, status, webhook())
