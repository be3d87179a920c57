"""Changes of the settings in words, whatever shape the change was kept in."""

import json

import pytest

from webapp.events.policy_words import lines

BYE = {"opted_out": "No more offers."}


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ({"confirm_since": None}, {"confirm_since": "2026-11-30T00:00:00Z"}, ["Confirmations: off → on"]),
        ({"confirmation_texts": {}}, {"confirmation_texts": {"": BYE}},
         ["Confirmation of an opt-out (all other languages): “No more offers.”"]),
        ({"confirmation_texts": {"pt": BYE}}, {"confirmation_texts": {}},
         ["Confirmation of an opt-out (pt): taken away"]),
        ({"wordings": {"1": None}}, {"wordings": {"1": {"name": "Box", "text": "Yes"}}},
         ["Wording “Box”: added"]),
        ({"wordings": {"1": {"name": "Box", "text": "Yes"}}},
         {"wordings": {"1": {"name": "Box", "text": "Yes!"}}},
         ["Wording “Box”: a new version, “Yes!”"]),
        ({"wordings": {"1": {"name": "Box", "text": "Yes", "retired": False}}},
         {"wordings": {"1": {"name": "Box", "text": "Yes", "retired": True}}}, ["Wording “Box”: retired"]),
        ({"endpoint:3": {"off": False}}, {"endpoint:3": {"off": True}}, ["Endpoint 3: switched off"]),
        ({"endpoint:3": {"name": "CRM"}}, {"endpoint:3": {}}, ["Endpoint 3: deleted"]),
        ({"endpoint:3": {"types": []}}, {"endpoint:3": {"types": ["a", "b"]}}, ["Endpoint 3: types a, b"]),
        ({"inbound_days": 90}, {"inbound_days": 30}, ["Texts of customers are kept for: 90 days → 30 days"]),
        ({"new": 1}, {"new": 2}, ["new: 1 → 2"]),
    ],
)  # fmt: skip
def test_a_change_is_told_in_words(before, after, said):
    assert lines(json.dumps({"before": before, "after": after})) == said


@pytest.mark.parametrize("evidence", ["", "{", "[]", '{"before": 1, "after": 2}', '{"before": {}}'])
def test_what_cannot_be_read_gives_none(evidence):
    assert lines(evidence) == []
