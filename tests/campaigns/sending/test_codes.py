"""What each of WhatsApp's codes makes Heed do (Meta, Cloud API error codes)."""

from tests.rows import every
from webapp.campaigns.sending.codes import RULES, Action, rule_of

TABLE = [
    (131050, 0, "a person who stopped our marketing is never sent any again", Action.PLATFORM_STOP, None),
    (131049, 0, "WhatsApp's own cap costs one person, and is no opt-out", Action.SKIP, None),
    (130472, 400, "an experiment costs one person", Action.SKIP, None),
    (131026, 400, "somebody who cannot be reached costs one person", Action.SKIP, None),
    (131047, 0, "a closed window costs one person", Action.SKIP, None),
    (131021, 400, "our own number is left out", Action.SKIP, None),
    (131030, 400, "who is not on the list of test numbers is left out", Action.SKIP, None),
    (131062, 400, "a user id that this message must not use is left out", Action.SKIP, None),
    (137000, 400, "somebody whose identity is in doubt is left out", Action.SKIP, None),
    (131056, 400, "a person who got too many in a short time waits", Action.WAIT_PERSON, 4),
    (130429, 400, "the whole number slows down", Action.WAIT_NUMBER, 1),
    (80007, 400, "an account that called too often waits for minutes", Action.WAIT_NUMBER, 120),
    (4, 400, "so does the app", Action.WAIT_NUMBER, 120),
    (131057, 500, "maintenance takes about a minute", Action.WAIT_NUMBER, 60),
    (1, 400, "an unknown fault passes", Action.RETRY, 4),
    (2, 503, "a service that is down comes back", Action.RETRY, 4),
    (131000, 500, "something went wrong, and may go right", Action.RETRY, 4),
    (131016, 500, "an overloaded service comes back", Action.RETRY, 4),
    (133004, 503, "a server that is away comes back", Action.RETRY, 4),
    (
        131053,
        400,
        "a file that cannot be fetched fails for all",
        Action.RETRY_ONCE_THEN_PAUSE,
        4,
    ),
    (131051, 0, "a kind of message that came in concerns no campaign", Action.NOTHING, None),
    (131052, 0, "nor does a file that came in", Action.NOTHING, None),
    (131048, 400, "a spam limit pauses the campaign", Action.PAUSE, None),
    (131064, 400, "so do violations of categories", Action.PAUSE, None),
    (368, 403, "a restricted account pauses all campaigns", Action.PAUSE_ALL, None),
    (131031, 403, "so does a locked one", Action.PAUSE_ALL, None),
    (130497, 403, "a forbidden country leaves out its people", Action.SKIP_COUNTRY, None),
    (131042, 400, "nothing goes without a payment method", Action.PAUSE, None),
    (131044, 400, "the same under its other code", Action.PAUSE, None),
    (0, 401, "a token that nobody takes pauses", Action.PAUSE, None),
    (190, 401, "so does an expired one", Action.PAUSE, None),
    (3, 403, "a missing capability pauses", Action.PAUSE, None),
    (10, 403, "a missing permission pauses", Action.PAUSE, None),
    (131005, 403, "so does denied access", Action.PAUSE, None),
    (200, 403, "the first of the Graph API's permission codes", Action.PAUSE, None),
    (299, 403, "and the last", Action.PAUSE, None),
    (131037, 400, "a display name that is not approved pauses", Action.PAUSE, None),
    (131045, 500, "a number without its certificate pauses", Action.PAUSE, None),
    (133010, 400, "a number that is not registered pauses", Action.PAUSE, None),
    (33, 400, "a bad request may concern one row", Action.SKIP_ROW, None),
    (100, 400, "a bad parameter may concern one row", Action.SKIP_ROW, None),
    (131008, 400, "a missing parameter may concern one row", Action.SKIP_ROW, None),
    (131009, 400, "a bad value may concern one row", Action.SKIP_ROW, None),
    (132000, 400, "too few values may concern one row", Action.SKIP_ROW, None),
    (132008, 400, "so may values that do not match", Action.SKIP_ROW, None),
    (132012, 400, "or that have the wrong form", Action.SKIP_ROW, None),
    (132018, 400, "or that are not valid", Action.SKIP_ROW, None),
    (132001, 404, "a template that is missing would fail for all", Action.PAUSE, None),
    (132005, 400, "a text that is too long pauses, and costs one row then", Action.PAUSE_THEN_SKIP, None),
    (132007, 400, "a template against the policy pauses", Action.PAUSE, None),
    (132015, 400, "a paused template pauses the campaign", Action.PAUSE, None),
    (132016, 0, "a disabled one too, also by webhook", Action.PAUSE, None),
    (132068, 400, "a blocked flow pauses", Action.PAUSE, None),
    (132069, 400, "a throttled flow pauses", Action.PAUSE, None),
    (131063, 400, "marketing by the wrong endpoint pauses", Action.PAUSE, None),
    (131055, 400, "so does utility by the marketing endpoint", Action.PAUSE, None),
    (134100, 400, "the same under its other code", Action.PAUSE, None),
    (134101, 400, "a template that is being synchronised takes ten minutes", Action.WAIT_CAMPAIGN, 600),
    (134102, 500, "a template that is unavailable pauses", Action.PAUSE, None),
    (135000, 400, "a refusal without a reason may concern one row", Action.SKIP_ROW, None),
]
WITHOUT_A_RULE = [
    (199, 400, "a code below the permission codes is new to us", Action.SKIP_ROW, None),
    (300, 400, "so is one above them", Action.SKIP_ROW, None),
    (999999, 500, "a code that is new to us costs one row, and is not sent again", Action.SKIP_ROW, None),
    (999999, 429, "a new code of the HTTP status for haste slows down", Action.WAIT_NUMBER, 1),
    (None, 429, "the HTTP status for haste slows down by itself", Action.WAIT_NUMBER, 1),
    (None, 400, "a refusal without a code costs one row", Action.SKIP_ROW, None),
    (None, 404, "whatever its status", Action.SKIP_ROW, None),
    (None, 0, "a failed status without a code costs one row", Action.SKIP_ROW, None),
    (None, 302, "an address that leads elsewhere would do so for all", Action.PAUSE, None),
    (131049, 429, "a code that we know counts for more than the HTTP status", Action.SKIP, None),
]


def test_the_table_has_every_code():
    assert {row[0] for row in TABLE} - {200, 299} == set(RULES)


@every(("code", "http", "sentence", "action", "seconds"), [*TABLE, *WITHOUT_A_RULE])
def test_the_code(code, http, sentence, action, seconds):
    rule = rule_of(code, http)
    assert (rule.code, rule.action, rule.seconds) == (code, action, seconds), sentence


@every("rule", RULES.values(), ids=lambda rule: str(rule.code))
def test_every_rule_speaks_to_people(rule):
    for words in (rule.what, rule.does):
        assert words[0].isupper()
        assert not words.endswith(".")
