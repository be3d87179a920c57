"""What invented people said about marketing, and when: the histories that the demo ledger tells. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from webapp.consent.rules import Source, Status, Turn
from webapp.demo.people import Person, chances

HELD = {
    8: "Stop. Thank you",
    21: "please, no more messages",
    37: "no me escriban más, quiero darme de baja",
}
"""Who waits for a review, by number from the newest: on the first page, and few enough to read."""
WAITING_SINCE = {8: timedelta(hours=3), 21: timedelta(days=2), 37: timedelta(days=8)}
"""How long ago they wrote; what waits for ten days becomes an opt-out."""
STOPPED_IN_WHATSAPP = 5
"""The number of one on the first page who did; among the others it is a share of all."""
AN_OPT_OUT_OF_TODAY = {1: timedelta(minutes=2), 3: timedelta(minutes=51), 12: timedelta(hours=4)}

ENDINGS = {"opted in": 77, "opted out": 12, "no record": 8, "stopped in WhatsApp": 1, "came back": 2}
WAYS_IN = {"web_form": 38, "paper_form": 11, "in_store": 13, "START": 12, "API": 11, "import": 15}
WAYS_OUT = {"STOP": 52, "button": 28, "agent": 20}
SPELLINGS = ("STOP", "stop", "Stop", "STOP.", "stop!", "Stop 🙏")


@dataclass(frozen=True)
class Step:
    """One thing that a customer said, and what was made of it. `turn` is None for a statement of consent."""

    at: datetime
    source: Source
    status: Status | None = None
    turn: Turn | None = None
    channel: str = ""
    words: str = ""
    matched: str = ""

    @property
    def by_message(self) -> bool:
        return self.source in (Source.KEYWORD, Source.BUTTON)


def story(n: int, person: Person, created_at: datetime, now: datetime) -> list[Step]:
    """The steps of person `n`, oldest first; none for who has no record."""
    rng = chances(n, "story")
    ending = _ending(n, rng)
    if ending == "no record":
        return []
    start = min(created_at + timedelta(minutes=rng.randint(0, 90)), now - timedelta(minutes=1))
    steps = [_opt_in(n, person, start, rng)]
    if ending == "opted in":
        return steps
    return steps + _later_steps(ending, n, _moments(n, start, now, rng), rng)


def _ending(n: int, rng: Random) -> str:
    drawn = _drawn(ENDINGS, rng)
    if n in HELD:
        return "on hold"
    if n in AN_OPT_OUT_OF_TODAY:
        return "opted out"
    return "stopped in WhatsApp" if n == STOPPED_IN_WHATSAPP else drawn


def _moments(n: int, start: datetime, now: datetime, rng: Random) -> list[datetime]:
    """Two instants between `start` and now, in order, with whole seconds as WhatsApp's are."""
    if n in AN_OPT_OUT_OF_TODAY:
        return [(now - AN_OPT_OUT_OF_TODAY[n]).replace(microsecond=0)] * 2
    if n in HELD:
        return [max(start, now - WAITING_SINCE[n]).replace(microsecond=0) + timedelta(seconds=1)] * 2
    parts = sorted(rng.uniform(0.05, 0.95) for _ in range(2))
    return [(start + part * (now - start)).replace(microsecond=0) for part in parts]


def _later_steps(ending: str, n: int, moments: list[datetime], rng: Random) -> list[Step]:
    first, second = moments
    if ending == "on hold":
        return [Step(first, Source.KEYWORD, turn=Turn.HELD, channel="whatsapp", words=HELD[n])]
    if ending == "stopped in WhatsApp":
        words = "WhatsApp's setting for offers: stop"
        return [Step(first, Source.WHATSAPP, turn=Turn.STOPPED, channel="whatsapp", words=words)]
    if ending == "came back":
        return [_opt_out(first, rng), _own_opt_in(second)]
    return [_opt_out(first, rng)]


def _opt_in(n: int, person: Person, at: datetime, rng: Random) -> Step:
    way = _drawn(WAYS_IN, rng)
    if way == "START":
        return _own_opt_in(at.replace(microsecond=0))
    words = {
        "web_form": f"“{person.consent}”, https://shop.example/signup/{n:06}",
        "paper_form": f"Signed form no. {n:05}, folder {at.year}",
        "in_store": f"Said yes at the counter in {person.city}: “{person.consent}”",
        "API": f"“{person.consent}”, checkout no. {n:06}",
        "import": f"Sign-up sheet of {at:%B %Y}, row {n % 900 + 2}",
    }
    source = {"API": Source.API, "import": Source.IMPORT}.get(way, Source.AGENT)
    channel = {"API": "web_form", "import": ""}.get(way, way)
    return Step(at, source, Status.OPTED_IN, channel=channel, words=words[way])


def _own_opt_in(at: datetime) -> Step:
    return Step(at, Source.KEYWORD, Status.OPTED_IN, channel="whatsapp", words="START", matched="START")


def _opt_out(at: datetime, rng: Random) -> Step:
    way = _drawn(WAYS_OUT, rng)
    if way == "agent":
        return Step(at, Source.AGENT, Status.OPTED_OUT)
    if way == "button":
        label = "Stop promotions"
        return Step(at, Source.BUTTON, Status.OPTED_OUT, channel="whatsapp", words=label, matched=label)
    words = rng.choice(SPELLINGS)
    return Step(at, Source.KEYWORD, Status.OPTED_OUT, channel="whatsapp", words=words, matched="STOP")


def _drawn(weights: dict[str, int], rng: Random) -> str:
    return rng.choices(list(weights), list(weights.values()))[0]
