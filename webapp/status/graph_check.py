"""Does WhatsApp take the token, does the token see the number, and do both clocks agree? One request tells.

Source: Meta, Cloud API error codes; Graph API error handling.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from webapp import outgoing
from webapp.campaigns.sending import codes
from webapp.config import Settings
from webapp.outgoing import Answer
from webapp.status.line import BAD, GOOD, WARNING, Line, named
from webapp.whatsapp import launch
from webapp.whatsapp.graph.answers import error_code, json_object

SECONDS = 5
CLOCKS_MAY_DIFFER, FAR_APART = timedelta(seconds=30), timedelta(minutes=5)
"""The header has whole seconds, and the answer takes a while."""
ADVICE = (
    ((0, 190), "The token has expired or was revoked: make one for a system user in Meta’s business settings,"
               " set WHATSAPP_ACCESS_TOKEN and restart."),
    ((33, 100), "The token sees no number of this id: copy the id, not the number, from WhatsApp → API setup"
                " into WHATSAPP_PHONE_NUMBER_ID, and give the system user the account."),
    ((3, 10, 131005, *range(200, 300)), "The token lacks a permission: it needs whatsapp_business_messaging"
                                        " and whatsapp_business_management."),
)  # fmt: skip
OTHERWISE = "Read what WhatsApp Manager says of this account."
NOT_NOW = (1, 2, 4, 80007, 131016)

access = named("graph", "WhatsApp’s answer")


def lines(settings: Settings, now: datetime) -> Iterator[Line]:
    if names := launch.missing(settings):
        yield access(WARNING, f"WhatsApp was not asked, for there is no {names}.", "Set what is missing.")
        return
    url = f"{settings.graph_api_url}/{settings.phone_number_id}?fields=id"
    headers = {"Authorization": f"Bearer {settings.access_token}", "User-Agent": "Heed"}
    try:
        answer = outgoing.send(url, None, headers, method="GET", seconds=SECONDS)
    except outgoing.NOT_ANSWERED as problem:
        host = urlsplit(settings.graph_api_url).hostname
        words = f"{host} did not answer within {SECONDS} seconds ({type(problem).__name__})."
        yield access(WARNING, words, "Check this machine’s way out: name service, firewall, proxy.")
    else:
        yield _judged(settings, answer)
        yield from _clock(answer, now)


def _judged(settings: Settings, answer: Answer) -> Line:
    content = json_object(answer.body)
    if answer.status == 200 and content.get("id") == settings.phone_number_id:
        return access(GOOD, "The token is good and sees the number.")
    code = error_code(content)
    if code is None:
        words = f"What answers under GRAPH_API_URL is not WhatsApp (HTTP {answer.status})."
        return access(BAD, words, "Check GRAPH_API_URL, or unset it.")
    return _refused(code, answer.status)


def _refused(code: int, http: int) -> Line:
    said = f"{codes.rule_of(code, http).what} (code {code})."
    if code in NOT_NOW or http >= 500:
        return access(WARNING, said, "Try again later.")
    known = next((advice for codes_of, advice in ADVICE if code in codes_of), OTHERWISE)
    return access(BAD, said, known)


def _clock(answer: Answer, now: datetime) -> Iterator[Line]:
    if answer.date is None:
        return
    line, apart = named("graph-clock", "Clock"), abs(answer.date - now)
    if apart <= CLOCKS_MAY_DIFFER:
        yield line(GOOD, "It agrees with WhatsApp’s.")
        return
    words = f"It differs from WhatsApp’s by {round(apart.total_seconds())} seconds."
    yield line(BAD if apart > FAR_APART else WARNING, words, "Let it follow a time server: order is by time.")
