"""How this WhatsApp says no: code, HTTP status and words as the Graph API writes them. Pure.

Source: Meta, Cloud API error codes.
"""

from typing import Any

TITLES = {
    100: "Invalid parameter",
    190: "Error validating access token: Session has expired.",
    368: "Temporarily blocked for policies violations",
    130429: "Rate limit hit",
    131000: "Something went wrong",
    131026: "Message undeliverable",
    131042: "Business eligibility payment issue",
    131047: "Re-engagement message",
    131048: "Spam rate limit hit",
    131049: "This message was not delivered to maintain healthy ecosystem engagement.",
    131050: "This recipient has chosen to stop receiving marketing messages on WhatsApp from your business",
    131055: "Method not allowed",
    131056: "(Business Account, Consumer Account) pair rate limit hit",
    132000: "Number of parameters does not match the expected number of params",
    132001: "Template name does not exist in the translation",
    132015: "Template is paused",
}
ONLY_AS_STATUS = frozenset({131047, 131049, 131050})
"""WhatsApp takes the message first, and says later that it was not delivered."""
_HTTP = {190: 401, 368: 403, 131000: 500, 132001: 404}


class Refusal(Exception):
    """A call that this WhatsApp refuses; `answer` is the body. `http` is 400 where Meta names no other."""

    def __init__(self, code: int, details: str = "", http: int | None = None) -> None:
        super().__init__(f"{code} {details}")
        self.code = code
        self.http = http or _HTTP.get(code, 400)
        self._details = details or TITLES[code]

    @property
    def answer(self) -> dict[str, Any]:
        title = TITLES[self.code]
        error: dict[str, Any] = {
            "message": title if self.code == 190 else f"(#{self.code}) {title}",
            "type": "OAuthException",
            "code": self.code,
            "fbtrace_id": "Asimulator",
        }
        if self.code == 190:
            return {"error": error | {"error_subcode": 463}}
        details = {"messaging_product": "whatsapp", "details": self._details}
        return {"error": error | {"error_data": details}}


def as_status_error(code: int) -> dict[str, Any]:
    """One of the `errors` of a failed status."""
    title = TITLES[code]
    return {"code": code, "title": title, "message": title, "error_data": {"details": title}}
