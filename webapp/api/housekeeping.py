"""What the API keeps for a while only."""

from flask import Flask

from webapp import tasks
from webapp.api import idempotency


@tasks.each(minute="9")
def forget_old_keys(app: Flask) -> None:
    tasks.run(app, idempotency.forget)
