"""Changes that somebody makes in the table, and takes back so that the next round finds the same."""

import json
import re
import uuid
from collections.abc import Iterator
from itertools import islice

from bench.browser import Browser, Unexpected

TABLE = "/opt-in"
AT_ONCE = 100
_CUSTOMER = re.compile(r'id="customer-(\d+)"')
_OPTED_IN = f"{TABLE}?status=opted_in"


class Changes:
    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._customer = next(self._shown(_OPTED_IN))
        self._tag = f"bench {uuid.uuid4().hex[:8]}"
        self._many = list(islice(self._shown(f"{TABLE}?per_page={AT_ONCE}"), AT_ONCE))

    def toggle(self) -> float:
        """Milliseconds of the switch of somebody who is opted in."""
        path = f"/customers/{self._customer}/consent"
        answer = self._browser.post(path, TABLE, status="opted_out")
        said = json.loads(answer.headers["HX-Trigger"])["toast"]
        self._browser.post(said["undo_url"], TABLE, event=said["event"])
        return answer.ms

    def bulk(self) -> float:
        """Milliseconds of a tag for a hundred, and of the page on which they are shown afterwards."""
        given = self._save("add_tags")
        shown = self._page()
        self._save("remove_tags")
        return given + shown

    def three_toggles(self) -> float:
        return 3 * self.toggle() + self._page()

    def _page(self) -> float:
        return self._browser.get(f"{TABLE}?per_page={AT_ONCE}", behind=TABLE).ms

    def _save(self, action: str) -> float:
        answer = self._browser.post(
            f"/bulk/{action}/save", TABLE, customer=self._many, tags=self._tag, expected=len(self._many),
            dialog=uuid.uuid4().hex,
        )  # fmt: skip
        said = json.loads(answer.headers["HX-Trigger"])["toast"]["message"]
        if not said.startswith(f"{len(self._many)} customers changed."):
            raise Unexpected(f"A bulk change said: {said}")
        return answer.ms

    def _shown(self, url: str) -> Iterator[str]:
        return iter(_CUSTOMER.findall(self._browser.get(url).text))
