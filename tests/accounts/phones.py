"""Second steps of people in tests: an authenticator app that shows codes of any step."""

from dataclasses import dataclass

from flask import Flask

from webapp import clock
from webapp.accounts import second_step, totp, users
from webapp.accounts.second_step import new_secret
from webapp.database import writing
from webapp.extensions import db


@dataclass
class Phone:
    secret: bytes
    recovery_codes: list[str]

    def code(self, steps: int = 0) -> str:
        """What it shows now, or so many steps later. The first one was used at setting it up."""
        return totp.code(self.secret, totp.step_at(clock.now()) + steps)


def a_phone_of(app: Flask, email: str) -> Phone:
    """This user has a second step from now on; the code that set it up is of the step before this one."""
    secret = new_secret()
    with app.app_context(), writing():
        before = totp.code(secret, totp.step_at(clock.now()) - 1)
        codes = second_step.switch_on(users.find(email), secret, before, clock.now())
        db.session.commit()
    return Phone(secret, codes)
