"""Many who sign in at once: each password takes 64 MiB, and the desk has others to answer."""

from queue import Queue
from threading import Event, Lock, Semaphore, Thread

import pytest
from argon2 import PasswordHasher
from flask import Flask

from tests.accounts.people import csrf_token
from webapp.accounts import crowd

HURRYING = 4
LONG = 60
"""Seconds; nobody waits for them but a test that fails."""
A_WHILE = 0.5
"""In which one more would begin, if nothing kept it."""


class SlowHashes:
    """Hashes of which none ends before it may; how many there were at once."""

    def __init__(self) -> None:
        self.begun, self.may_end, self.most = Semaphore(0), Event(), 0
        self._now, self._lock = 0, Lock()

    def hash(self, *_: object) -> str:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        self.begun.release()
        self.may_end.wait(LONG)
        with self._lock:
            self._now -= 1
        return ""


def test_two_passwords_are_looked_at_at_once_some_wait_and_all_others_come_again_later(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, answers = SlowHashes(), Queue()
    monkeypatch.setattr(PasswordHasher, "hash", slow.hash)

    def guess(number: int) -> None:
        client = app.test_client()
        form = {"email": f"guess{number}@example.com", "password": "x", "csrf_token": csrf_token(client)}
        answers.put(client.post("/sign-in", data=form))

    most = crowd.AT_ONCE + crowd.WAITING
    threads = [Thread(target=guess, args=[number]) for number in range(most + HURRYING)]
    for thread in threads:
        thread.start()
    try:
        sent_away = [answers.get(timeout=LONG) for _ in range(HURRYING)]
        assert all(slow.begun.acquire(timeout=LONG) for _ in range(crowd.AT_ONCE))
        assert not slow.begun.acquire(timeout=A_WHILE)
    finally:
        slow.may_end.set()
        for thread in threads:
            thread.join()
    assert {answer.status_code for answer in sent_away} == {429}
    assert {answer.headers["Retry-After"] for answer in sent_away} == {"5"}
    assert {answers.get().status_code for _ in range(most)} == {422}
    assert slow.most == crowd.AT_ONCE
