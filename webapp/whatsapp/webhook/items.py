"""What a webhook delivery is made of: one frozen class for each thing that can be done with a piece of it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Person:
    """The identities under which WhatsApp shows one person. Any of them can be missing, the number too.

    `user_id` is the business-scoped user id, `parent_user_id` the one shared by linked portfolios.
    `name` and `username` are what the person calls themselves: never a key, never evidence.
    """

    wa_id: str | None = None
    user_id: str | None = None
    parent_user_id: str | None = None
    name: str | None = None
    username: str | None = None

    @property
    def known(self) -> bool:
        """Whether anything here can be looked up."""
        return bool(self.wa_id or self.user_id or self.parent_user_id)


@dataclass(frozen=True, kw_only=True)
class Item:
    """One piece of a delivery.

    `key` tells a repeated delivery: equal keys are the same event. `kind` is WhatsApp's own word for the
    piece (the type of a message, "status", "user_preferences"), or "unread".
    `account_id` is the WhatsApp Business Account. `raw` is the piece itself: the message, the status, the
    preference; for a change that nobody reads, the change with its field and value.
    """

    key: str
    kind: str
    field: str
    account_id: str | None
    phone_number_id: str | None
    raw: dict[str, Any] = field(hash=False, repr=False)


@dataclass(frozen=True, kw_only=True)
class Words(Item):
    """The customer's own words. `channel` is "text", "caption", "edit", or "standby" for any of them there.

    Words that were `forwarded` are somebody else's: show them, do not act on them. Those that came
    `from_advertisement` were written by the advertiser and sent by a tap (Meta, click to WhatsApp).
    """

    person: Person
    message_id: str | None
    text: str
    channel: str
    occurred_at: datetime
    forwarded: bool
    in_reply_to: str | None
    from_advertisement: bool = False


@dataclass(frozen=True, kw_only=True)
class Button(Item):
    """A tap on a template's quick reply, on a reply button, or on the row of a list.

    `machine_id` is the code that was set at sending (the label again when none was); `label` is what the
    customer saw, or "".
    """

    person: Person
    message_id: str | None
    machine_id: str | None
    label: str
    occurred_at: datetime
    in_reply_to: str | None


@dataclass(frozen=True, kw_only=True)
class Reaction(Item):
    """An emoji on a message; "" when the reaction was taken back."""

    person: Person
    message_id: str | None
    emoji: str
    occurred_at: datetime


@dataclass(frozen=True, kw_only=True)
class Passive(Item):
    """Said in a group, or long ago: `text` (None when there were no words) is no statement to us now.

    `channel` is "group" or "history".
    """

    person: Person
    message_id: str | None
    text: str | None
    channel: str
    occurred_at: datetime


@dataclass(frozen=True, kw_only=True)
class Wordless(Item):
    """A message that holds no words of the customer: voice, sticker, place, card, order, deletion, form."""

    person: Person
    message_id: str | None
    occurred_at: datetime


@dataclass(frozen=True, kw_only=True)
class HiddenEdit(Wordless):
    """An earlier message was changed, and WhatsApp does not pass on what it says now."""


@dataclass(frozen=True, kw_only=True)
class Preference(Item):
    """WhatsApp's own switch for offers: `value` is "stop", "resume", "signup", or a word that is new to us.

    `signup_id` names the signup that somebody went through.
    """

    person: Person
    value: str
    category: str | None
    occurred_at: datetime
    signup_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Status(Item):
    """What became of a message that we sent. `callback` is the text that we attached at sending."""

    person: Person
    message_id: str | None
    status: str
    error_code: int | None
    occurred_at: datetime
    callback: str | None


@dataclass(frozen=True, kw_only=True)
class NumberChange(Item):
    """One person moved from the `old` identities to the `new` ones. Both are known."""

    old: Person
    new: Person
    message_id: str | None
    occurred_at: datetime


@dataclass(frozen=True, kw_only=True)
class Notice(Item):
    """WhatsApp tells something about our account, number or templates; no person is concerned."""

    occurred_at: datetime


@dataclass(frozen=True, kw_only=True)
class TemplateNotice(Notice):
    """About one template. It is known by its id, or by name and language."""

    template_id: str | None
    name: str | None
    language: str | None


@dataclass(frozen=True, kw_only=True)
class CategoryAnnounced(TemplateNotice):
    """It will be of the category `coming`; `effective_at` is None when WhatsApp did not say when."""

    coming: str
    effective_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class CategoryChanged(TemplateNotice):
    category: str


@dataclass(frozen=True, kw_only=True)
class TemplateStatusChanged(TemplateNotice):
    """`event` is WhatsApp's word: APPROVED, PAUSED, DISABLED … `category` is the one that it has then."""

    event: str
    category: str | None


@dataclass(frozen=True, kw_only=True)
class TemplateQualityChanged(TemplateNotice):
    quality: str


@dataclass(frozen=True, kw_only=True)
class AccountRestricted(Notice):
    """No campaign may start `until` then; None: until WhatsApp lifts it. `why` follows "this account:"."""

    until: datetime | None
    why: str


@dataclass(frozen=True, kw_only=True)
class AccountReinstated(Notice):
    """The account may send again."""


@dataclass(frozen=True, kw_only=True)
class MarketingEndpointOpened(Notice):
    """The terms of the Marketing Messages API were accepted."""


@dataclass(frozen=True, kw_only=True)
class ThroughputRaised(Notice):
    """The number may send 1,000 messages a second (Meta, throughput)."""


@dataclass(frozen=True, kw_only=True)
class Unread(Item):
    """Anything else. `reason` is a sentence for people.

    `malformed` parts the two sorts: True for a shape that could not be read and that a person should see,
    False for what is known, or new, and simply not read here (echoes, templates, account changes).
    `around` is what stood beside a malformed piece and is needed to read it again: the time of the entry,
    the business number, the contacts with its ids.
    """

    reason: str
    malformed: bool
    around: dict[str, Any] | None = field(default=None, hash=False, repr=False)


@dataclass(frozen=True, kw_only=True)
class AccountSignal(Notice):
    """A word about our account or number that stands on the status page until the next one on its `subject`.

    `tone` is "good", "warning" or "bad"; `sentence` says what it is, `advice` what to do. One that `pauses`
    holds running campaigns.
    """

    subject: str
    tone: str
    sentence: str
    advice: str
    pauses: bool = False
