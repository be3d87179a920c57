"""What is no message: statuses, WhatsApp's own preferences, renewed ids, notices."""

from typing import Any

import pytest

from tests.whatsapp.deliveries import a_body, a_change, items_of
from webapp.whatsapp.webhook.payloads import Item, Person, Preference, Status, Unread


def test_a_renewed_user_id_is_read_in_its_withdrawn_form_too() -> None:
    update = {"wa_id": "1", "user_id": {"previous": "US.1", "current": "US.2"}, "timestamp": 1795165200}
    [item] = items_of(a_body(a_change("user_id_update", user_id_update=[update])))
    assert (item.old, item.new) == (Person(wa_id="1", user_id="US.1"), Person(wa_id="1", user_id="US.2"))
    [half] = items_of(a_body(a_change("user_id_update", user_id_update=[{"wa_id": "1", "user_id": "US.1"}])))
    assert type(half) is Unread


@pytest.mark.parametrize(
    ("errors", "code"),
    [
        ([{"code": 131049}, {"code": 131050}], 131050),
        ([{"code": 131049}, {"code": 131026}], 131049),
        ([None, {}, {"code": None}, {"code": "131050"}], 131050),
        ([{"code": True}], None),
        ([{"code": 10**12}], None),
        ([{"code": "9" * 12}], None),
        ({"code": 131050}, None),
        (None, None),
    ],
)
def test_the_native_stop_is_found_among_the_errors_of_a_status(errors: Any, code: int | None) -> None:
    [item] = items_of(a_body(a_change(statuses=[{"id": "w", "status": "failed", "errors": errors}])))
    assert (type(item), item.error_code, item.key) == (Status, code, "status:w:failed")


def test_in_a_group_the_recipient_of_a_status_is_the_participant() -> None:
    group = {"recipient_type": "group", "recipient_id": "G", "recipient_participant_id": "1"}
    [item] = items_of(a_body(a_change(statuses=[{"id": "w", "status": "read", **group}])))
    assert item.person == Person(wa_id="1")


def test_a_status_without_an_id_still_tells_of_the_native_stop() -> None:
    failed = {"status": "failed", "recipient_id": "1", "errors": [{"code": 131050}]}
    [item] = items_of(a_body(a_change(statuses=[failed])))
    assert (item.message_id, item.error_code, item.person) == (None, 131050, Person(wa_id="1"))


def preference(**parts: Any) -> dict[str, Any]:
    usual = {"wa_id": "1", "category": "marketing_messages", "value": "stop", "timestamp": 1795165200}
    return {**usual, **parts}


def preferences(*pieces: Any) -> list[Item]:
    return items_of(a_body(a_change("user_preferences", user_preferences=list(pieces))))


@pytest.mark.parametrize(
    "other",
    [
        {"value": "resume"},
        {"timestamp": 1795165201},
        {"wa_id": "2"},
        {"user_id": "US.1"},
        {"category": "other"},
    ],
)
def test_a_preference_is_told_by_all_that_it_says(other: dict[str, Any]) -> None:
    first, second = preferences(preference(), preference(**other))
    assert first.key != second.key


def test_a_preference_whose_time_became_a_text_is_the_same() -> None:
    first, second = preferences(preference(), preference(timestamp="1795165200", detail="other words"))
    assert first.key == second.key


def test_a_preference_of_the_future_and_of_nobody() -> None:
    signup, nobody, nothing = preferences(
        preference(value="signup"), preference(wa_id=None), preference(value=1)
    )
    assert (type(signup), signup.value) == (Preference, "signup")
    assert (type(nobody), type(nothing)) == (Unread, Unread)


def test_the_same_template_notice_at_another_time_is_another_event() -> None:
    """A template can be paused twice, in the same words: only the time of the entry differs."""
    change = a_change("message_template_status_update", event="PAUSED")
    entries = [
        {"id": "1", "time": time, "changes": [change]} for time in (1795165200, 1795251600, 1795251600)
    ]
    first, second, repeat = items_of({"object": "whatsapp_business_account", "entry": entries})
    assert first.key != second.key
    assert second.key == repeat.key
