"""What fills a template's variables, and what is sent then."""

import pytest

from webapp.campaigns.sending import message_parts
from webapp.campaigns.templates import variables
from webapp.campaigns.templates.bubble import bubble
from webapp.campaigns.templates.stop_labels import stops
from webapp.campaigns.templates.variables import Person, Unfilled, Variable

NAMED = [
    {
        "type": "HEADER",
        "format": "TEXT",
        "text": "News from {{shop}}",
        "example": {"header_text_named_params": [{"param_name": "shop", "example": "Casa Lume"}]},
    },
    {
        "type": "BODY",
        "text": "Hi {{first_name}}, {{first_name}}! In {{city}}.",
        "example": {"body_text_named_params": [{"param_name": "first_name", "example": "Ana"}]},
    },
    {"type": "FOOTER", "text": "Reply STOP"},
    {
        "type": "BUTTONS",
        "buttons": [
            {"type": "URL", "text": "See it", "url": "https://shop.example/{{1}}", "example": ["summer"]},
            {"type": "QUICK_REPLY", "text": "Tell me more"},
            {"type": "QUICK_REPLY", "text": "Parar promoções"},
            {"type": "PHONE_NUMBER", "text": "Call us", "phone_number": "+15550000"},
        ],
    },
]
POSITIONAL = [
    {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["https://example.com/x"]}},
    {"type": "BODY", "text": "{{1}}: {{2}} off", "example": {"body_text": [["Ana", "30%"]]}},
    {"type": "BUTTONS", "buttons": [{"type": "COPY_CODE", "text": "Copy code", "example": "SALE30"}]},
]
ANA = Person("Ana Souza", {"City": "São Paulo", "points": 12, "club": True, "note": "  "})


def test_named_variables_are_listed_once_in_the_order_of_the_parts() -> None:
    assert variables.variables_of(NAMED, "NAMED") == [
        Variable("header:shop", "header", "header shop", "Casa Lume"),
        Variable("body:first_name", "body", "first_name", "Ana"),
        Variable("body:city", "body", "city", ""),
        Variable("button:0:1", "url", "end of the link “See it”", "summer"),
    ]


def test_positional_variables_media_and_codes_are_listed() -> None:
    assert variables.variables_of(POSITIONAL, "POSITIONAL") == [
        Variable("header:image", "media", "link of the header image", ""),
        Variable("body:1", "body", "text {{1}}", "Ana"),
        Variable("body:2", "body", "text {{2}}", "30%"),
        Variable("button:0:1", "code", "code of “Copy code”", "SALE30"),
    ]


def test_a_named_message_carries_names_the_end_of_the_link_and_the_payloads() -> None:
    filled = {"header:shop": "Lume", "body:first_name": "Ana", "body:city": "Rio", "button:0:1": "a b?x=1"}
    assert message_parts.components_for(NAMED, "NAMED", filled, 7) == [
        {"type": "header", "parameters": [{"type": "text", "parameter_name": "shop", "text": "Lume"}]},
        {
            "type": "body",
            "parameters": [
                {"type": "text", "parameter_name": "first_name", "text": "Ana"},
                {"type": "text", "parameter_name": "city", "text": "Rio"},
            ],
        },
        {"type": "button", "sub_type": "url", "index": "0",
         "parameters": [{"type": "text", "text": "a%20b?x=1"}]},
        {"type": "button", "sub_type": "quick_reply", "index": "1",
         "parameters": [{"type": "payload", "payload": "Tell me more"}]},
        {"type": "button", "sub_type": "quick_reply", "index": "2",
         "parameters": [{"type": "payload", "payload": "OPT_OUT:7"}]},
    ]  # fmt: skip


def test_a_positional_message_carries_media_and_code_without_names() -> None:
    filled = {"header:image": "https://example.com/i.jpg", "body:1": "A", "body:2": "B", "button:0:1": "X1"}
    assert message_parts.components_for(POSITIONAL, "POSITIONAL", filled, 7) == [
        {"type": "header",
         "parameters": [{"type": "image", "image": {"link": "https://example.com/i.jpg"}}]},
        {"type": "body", "parameters": [{"type": "text", "text": "A"}, {"type": "text", "text": "B"}]},
        {"type": "button", "sub_type": "copy_code", "index": "0",
         "parameters": [{"type": "coupon_code", "coupon_code": "X1"}]},
    ]  # fmt: skip


def test_the_first_parameter_fills_the_first_number_wherever_a_translation_has_put_it() -> None:
    body = [
        {
            "type": "BODY",
            "text": "{{10}} {{2}} for you, {{1}} {{x}}",
            "example": {"body_text": [["Ana", "30%"]]},
        }
    ]
    filled = {"body:1": "Ana", "body:2": "30%", "body:10": "Only", "body:x": "!"}
    (sent,) = message_parts.components_for(body, "POSITIONAL", filled, 7)
    assert [parameter["text"] for parameter in sent["parameters"]] == ["Ana", "30%", "Only", "!"]
    assert variables.variables_of(body, "POSITIONAL")[0] == Variable("body:1", "body", "text {{1}}", "Ana")


def test_a_template_without_variables_sends_no_components() -> None:
    assert message_parts.components_for([{"type": "BODY", "text": "Hello"}], "POSITIONAL", {}, 7) == []


def test_a_missing_value_is_named_and_nothing_is_sent() -> None:
    with pytest.raises(Unfilled) as missing:
        message_parts.components_for(NAMED, "NAMED", {"header:shop": "Lume", "body:city": None}, 7)
    assert missing.value.keys == ["body:first_name", "body:city", "button:0:1"]


@pytest.mark.parametrize(
    ("parameter", "expected"),
    [
        ({"text": "Rio"}, "Rio"),
        ({"attribute": "city", "fallback": "your town"}, "São Paulo"),
        ({"attribute": "points"}, "12"),
        ({"attribute": "club"}, "true"),
        ({"attribute": "note", "fallback": "none"}, "none"),
        ({"attribute": "birthday", "fallback": "soon"}, "soon"),
        ({"attribute": "birthday"}, None),
        ({"name": True, "fallback": "friend"}, "Ana Souza"),
        ({"fallback": "friend"}, "friend"),
        ({"text": "two\nlines\tand      spaces"}, "two lines and spaces"),
        ({"text": "{{first_name}} <b>*bold*</b> %s {0}"}, "{{first_name}} <b>*bold*</b> %s {0}"),
        ({"text": "x" * 1024}, "x" * 1024),
        ({"text": "x" * 1025}, None),
        ({"text": "x" * 1025, "fallback": "short"}, "short"),
        ({"text": " \n "}, None),
        ({}, None),
        (None, None),
        ("Rio", None),
        ({"text": 7}, None),
    ],
)
def test_what_fills_a_variable_of_the_body(parameter, expected) -> None:
    wanted = [Variable("body:city", "body", "city")]
    assert variables.values(wanted, {"body:city": parameter}, ANA) == {"body:city": expected}


def test_a_person_without_a_name_gets_the_fallback() -> None:
    wanted = [Variable("body:1", "body", "1")]
    parameters = {"body:1": {"name": True, "fallback": "friend"}}
    assert variables.values(wanted, parameters, Person("")) == {"body:1": "friend"}


@pytest.mark.parametrize(("place", "longest"), [("header", 60), ("code", 20), ("url", 2000)])
def test_each_place_has_its_longest_value_and_says_so(place: str, longest: int) -> None:
    wanted = [Variable("k", place, "k")]
    too_long = {"k": {"attribute": "city", "fallback": "x" * (longest + 1)}}
    assert variables.misfits(wanted, too_long) == {"k": f"At most {longest:,} characters fit here"}
    assert variables.misfits(wanted, {"k": {"text": "x" * longest}}) == {}
    assert variables.values(wanted, {"k": {"text": "x" * longest}}, ANA)["k"]
    assert variables.values(wanted, {"k": {"text": "x" * (longest + 1)}}, ANA)["k"] is None


@pytest.mark.parametrize(
    ("parameter", "expected"),
    [
        ({"text": "x"}, True),
        ({"attribute": "city"}, True),
        ({"fallback": "x"}, True),
        ({"name": True}, True),
        ({"name": "yes"}, False),
        ({"text": "  "}, False),
        ({"attribute": ""}, False),
        ({}, False),
        (None, False),
        ("x", False),
    ],
)
def test_whether_something_is_said_to_fill_a_variable(parameter, expected: bool) -> None:
    assert variables.is_set(parameter) is expected


@pytest.mark.parametrize(
    "label",
    ["Stop promotions", "STOP", "unsubscribe", "Parar promoções", "PARAR  PROMOÇÕES", "Darse de baja",
     "Arrêter les promotions", "Werbung stoppen", "Abmelden", "إيقاف العروض الترويجية", "停止促销", "Opt-out",
     "プロモーションを停止", "Promosyonları durdur"],
)  # fmt: skip
def test_labels_that_stop(label: str) -> None:
    assert stops(label)


@pytest.mark.parametrize("label", ["Tell me more", "Cancel", "Cancel order", "Bus stop", "Yes", "", "START"])
def test_labels_that_do_not_stop(label: str) -> None:
    assert not stops(label)


def test_the_bubble_shows_what_is_filled_and_what_is_open() -> None:
    shown = bubble(NAMED, {"body:first_name": "{{city}}", "body:city": None})
    assert shown.header == [("News from ", False), ("{{shop}}", False)]
    assert shown.body == [
        ("Hi ", False), ("{{city}}", True), (", ", False), ("{{city}}", True), ("! In ", False),
        ("{{city}}", False), (".", False),
    ]  # fmt: skip
    assert shown.footer == "Reply STOP"
    assert shown.buttons[0] == ("url", "See it")
    assert bubble(POSITIONAL, {}).media == "image"


@pytest.mark.parametrize(
    ("link", "fits"),
    [("https://a.example/i.jpg", True), ("http://a.example/i.jpg", False), ("i.jpg", False),
     ("https://", False), ("https://a.example/i .jpg", False), ("javascript:https://a.example", False)],
)  # fmt: skip
def test_media_that_is_no_secure_link_counts_as_missing(link: str, fits: bool) -> None:
    wanted = [Variable("header:image", "media", "link of the header image")]
    parameters = {"header:image": {"text": link}}
    assert variables.values(wanted, parameters, ANA)["header:image"] == (link if fits else None)
    assert (variables.misfits(wanted, parameters) == {}) is fits
