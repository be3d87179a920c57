"""Notices about our account come in any order; the latest one counts."""

from datetime import timedelta

import pytest

from tests.factories import NOON
from webapp.campaigns import switch
from webapp.database import writing
from webapp.extensions import db
from webapp.whatsapp.inbound import template_effects
from webapp.whatsapp.webhook.items import AccountReinstated, AccountRestricted


def notice(kind, seconds, **fields):
    return kind(
        key=f"{kind.__name__}{seconds}", kind="account_update", field="account_update", raw={},
        phone_number_id=None, account_id="1", occurred_at=NOON + timedelta(seconds=seconds), **fields,
    )  # fmt: skip


RESTRICTED = notice(AccountRestricted, 10, until=None, why="it is restricted")
AGAIN = notice(AccountRestricted, 30, until=None, why="it is disabled")
LIFTED = notice(AccountReinstated, 20)


@pytest.mark.parametrize(
    ("notices", "restricted", "sentence"),
    [
        ([RESTRICTED], True, "a restriction counts"),
        ([RESTRICTED, LIFTED], False, "until it is lifted"),
        ([LIFTED, RESTRICTED], False, "also when the older notice comes last"),
        ([LIFTED, AGAIN], True, "a later one counts again"),
        ([AGAIN, LIFTED, RESTRICTED], True, "whatever comes after it from before"),
        ([RESTRICTED, RESTRICTED], True, "a repeat changes nothing"),
    ],
)
def test_the_latest_word_about_the_account_counts(app, notices, restricted, sentence):
    with app.app_context(), writing():
        for each in notices:
            template_effects.apply(each, NOON)
        db.session.commit()
        assert bool(switch.current().restricted_until) == restricted, sentence
