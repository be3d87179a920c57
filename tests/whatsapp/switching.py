"""The keywords switched off and on, as somebody at the desk would."""

from webapp import clock
from webapp.consent import policy
from webapp.consent.keywords import KeywordSet
from webapp.consent.policy import Wishes
from webapp.extensions import db


def switch(enabled: bool, opt_out: tuple[str, ...] = ("STOP",), packs: tuple[str, ...] = ()) -> None:
    wishes = Wishes(enabled, KeywordSet(opt_out, ("START",)), False, packs)
    policy.change(wishes, version=None, actor="system", now=clock.now())
    db.session.commit()
