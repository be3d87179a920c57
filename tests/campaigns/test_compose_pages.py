"""Composing a campaign: its name, its template with the variables, whom it means."""

import io

import pytest
from bs4 import BeautifulSoup

from tests.campaigns.factories import a_campaign, a_template
from tests.factories import a_customer
from webapp.campaigns.models import Campaign, CampaignPerson
from webapp.consent.rules import Status
from webapp.customers.attributes import attributes
from webapp.customers.models import Customer
from webapp.customers.tags import tags
from webapp.extensions import db

HOSTILE = '<script>alert("1")</script>'
GREETING = [
    {"type": "BODY", "text": "Hi {{first_name}}, see {{city}}."},
    {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Stop promotions"}]},
]


@pytest.fixture
def draft(app) -> int:
    """A draft with a template of two variables and no audience."""
    with app.app_context():
        return a_campaign(
            a_template(components=GREETING), audience={"include": [], "exclude": []}, name=HOSTILE
        ).id


def some_words() -> None:
    """Tags and an attribute that a filter can name."""
    for name in ("vip", "gold"):
        tags.define(name)
    attributes.define("city", "text")
    attributes.define("points", "number")
    db.session.commit()


def campaign_of(campaign_id: int) -> Campaign:
    return db.session.get_one(Campaign, campaign_id)


def filled(**more: object) -> dict[str, object]:
    return {
        "version": 1, "source:body:first_name": "name", "text:body:first_name": "friend",
        "source:body:city": "text", "text:body:city": "Rio", **more,
    }  # fmt: skip


def test_an_empty_list_leads_to_the_templates_and_then_to_a_new_campaign(desk, app) -> None:
    client = desk("manager")
    assert client.soup("/campaigns").select_one("#templates-first")["href"] == "/templates"
    with app.app_context():
        a_template()
    assert client.soup("/campaigns").select_one("#campaign-first")["href"] == "/campaigns/new"


def test_the_list_shows_drafts_but_no_tests_and_no_hostile_markup(desk, app, draft) -> None:
    with app.app_context():
        a_campaign(campaign_of(draft).template, name="Only a test", test_of_id=draft)
    page = desk("viewer").soup("/campaigns")
    assert [link.get_text() for link in page.select("tbody a")] == [HOSTILE]
    assert page.select_one(".pill").get_text(strip=True) == "Draft"
    assert not page.find("script", string=True)
    assert not page.select("#campaign-new, [id^=duplicate-]")


def test_a_new_campaign_needs_a_name_and_goes_to_its_template(desk, app) -> None:
    client = desk("manager")
    assert "Give the campaign a name" in client.htmx("/campaigns/new", method="POST", name=" ").text
    answer = client.send("/campaigns/new", name="Spring")
    assert answer.status_code == 303
    assert answer.location.endswith("/edit")
    scripted = client.htmx("/campaigns/new", method="POST", name="Summer")
    assert scripted.headers["HX-Redirect"].endswith("/edit")
    with app.app_context():
        assert set(db.session.scalars(db.select(Campaign.name))) == {"Spring", "Summer"}


def test_viewers_and_agents_read_a_draft_and_managers_edit_it(desk, draft) -> None:
    for role in ("viewer", "agent"):
        client = desk(role)
        for path in ("edit", "edit/audience", "review"):
            assert client.get(f"/campaigns/{draft}/{path}").status_code == 200
        for path in ("edit", "edit/audience", "launch", "test", "pause", "cancel", "duplicate", "delete"):
            assert client.send(f"/campaigns/{draft}/{path}").status_code == 403
        assert not client.soup(f"/campaigns/{draft}/edit").select("#template-continue")
    assert desk("manager").soup(f"/campaigns/{draft}/edit").select("#template-continue")


def test_unfilled_variables_are_named_until_they_are_filled(desk, app, draft) -> None:
    client = desk("manager")
    assert "Not filled yet: first_name, city." in client.get(f"/campaigns/{draft}/edit").text
    with app.app_context():
        template = campaign_of(draft).template_id
    answer = client.send(f"/campaigns/{draft}/edit", **filled(template=template))
    assert answer.location.endswith("/edit/audience")
    assert "Not filled yet" not in client.get(f"/campaigns/{draft}/edit").text
    with app.app_context():
        assert campaign_of(draft).parameters == {
            "body:first_name": {"name": True, "fallback": "friend"},
            "body:city": {"text": "Rio"},
        }


def test_the_bubble_is_shown_for_a_customer_and_for_the_form_as_it_stands(desk, app, draft) -> None:
    with app.app_context():
        ana = a_customer(HOSTILE).id
        template = campaign_of(draft).template_id
    client = desk("manager")
    fields = filled(template=template, shown=ana)
    bubble = client.htmx(f"/campaigns/{draft}/preview", method="POST", **fields).text
    assert "<mark>&lt;script&gt;" in bubble
    assert "<mark>Rio</mark>" in bubble
    assert "{{city}}" in client.get(f"/campaigns/{draft}/preview?shown={ana}").text


def test_the_second_of_two_editors_is_told_and_nothing_typed_is_lost(desk, app, draft) -> None:
    first, second = desk("manager"), desk("manager")
    with app.app_context():
        template = campaign_of(draft).template_id
    assert first.send(f"/campaigns/{draft}/edit", **filled(template=template)).status_code == 303
    late = second.send(f"/campaigns/{draft}/edit", **filled(template=template, **{"text:body:city": "Lima"}))
    assert late.status_code == 409
    assert "changed this campaign meanwhile" in late.text
    assert "Lima" in late.text
    assert 'name="version" value="2"' in late.text
    stale = second.send(f"/campaigns/{draft}/edit/audience", version=1, include_everybody="1")
    assert stale.status_code == 409
    with app.app_context():
        assert campaign_of(draft).parameters["body:city"] == {"text": "Rio"}
        assert campaign_of(draft).audience["include"] == []


def test_an_audience_of_a_filter_numbers_and_a_file(desk, app, draft) -> None:
    with app.app_context():
        known = a_customer("Ana", phone="+55 11 98888 7777").id
        some_words()
    fields = {
        "version": 1, "include_tags": "vip, gold", "include_status": "opted_in",
        "include_attr_key": ["city", ""], "include_attr_value": ["Rio", ""],
        "include_numbers": "+55 11 98888-7777, +55 11 97777 6666",
        "exclude_file": (io.BytesIO(b"name,phone\nBen,+55 11 96666 5555\n"), "out.csv"),
    }  # fmt: skip
    answer = desk("manager").send(f"/campaigns/{draft}/edit/audience", **fields)
    assert answer.location.endswith("/review")
    with app.app_context():
        audience = campaign_of(draft).audience
        args = {"tag": ["vip", "gold"], "attr": ["city:Rio"], "status": "opted_in"}
        assert audience["include"] == [{"kind": "filter", "args": args}, {"kind": "people"}]
        assert audience["exclude"] == [{"kind": "people"}]
        rows = db.session.execute(
            db.select(CampaignPerson.excluded, CampaignPerson.customer_id).order_by(
                CampaignPerson.excluded, CampaignPerson.customer_id
            )
        ).all()
        assert [excluded for excluded, _ in rows] == [False, False, True]
        assert rows[0].customer_id == known
        assert {customer.status for customer in db.session.scalars(db.select(Customer))} == {Status.UNKNOWN}


def test_malformed_numbers_are_named_by_line_and_nothing_is_kept(desk, app, draft) -> None:
    answer = desk("manager").send(
        f"/campaigns/{draft}/edit/audience", version=1, include_numbers="+55 11 97777 6666\nnot a number"
    )
    assert answer.status_code == 422
    assert "Line 2: “not a number”" in answer.text
    assert "not a number</textarea>" in answer.text
    page = BeautifulSoup(answer.text, "html.parser")
    assert page.select_one("[autofocus]")["id"] == "include-numbers", "the page opens where it is wrong"
    with app.app_context():
        assert not db.session.scalars(db.select(CampaignPerson)).all()
        assert not db.session.scalars(db.select(Customer)).all()


def test_those_named_by_number_can_be_forgotten(desk, app, draft) -> None:
    client = desk("manager")
    client.send(f"/campaigns/{draft}/edit/audience", version=1, include_numbers="+5511977776666")
    assert "1 customer named by number" in client.get(f"/campaigns/{draft}/edit/audience").text
    client.send(f"/campaigns/{draft}/edit/audience", version=2, include_forget="1", include_everybody="1")
    with app.app_context():
        assert campaign_of(draft).audience["include"] == [{"kind": "everybody"}]


def test_a_file_that_is_no_csv_is_refused_with_a_sentence(desk, draft) -> None:
    file = (io.BytesIO(b"\xff\xfe\x00PK"), "out.csv")
    answer = desk("manager").send(f"/campaigns/{draft}/edit/audience", version=1, include_file=file)
    assert answer.status_code == 422
    assert "This file is not a CSV in UTF-8." in answer.text


def test_the_preview_says_anew_what_the_form_lacks(desk, app, draft) -> None:
    with app.app_context():
        template = campaign_of(draft).template_id
    client, path = desk("manager"), f"/campaigns/{draft}/preview"
    half = client.htmx(path, method="POST", **filled(template=template, **{"text:body:city": ""})).text
    assert '<span id="filled">1 of 2 filled</span>' in half
    assert "Not filled yet: city." in half
    whole = client.htmx(path, method="POST", **filled(template=template)).text
    assert '<span id="filled">2 of 2 filled</span>' in whole
    assert "Not filled yet" not in whole
    assert "hx-partial" not in client.htmx(path, method="POST").text, "the review has no such form"


def test_going_on_with_nothing_filled_is_asked_about_once(desk, app, draft) -> None:
    with app.app_context():
        template = campaign_of(draft).template_id
    client, path = desk("manager"), f"/campaigns/{draft}/edit"
    asks = client.send(path, version=1, template=template)
    assert asks.status_code == 422
    assert "No variable is filled yet." in asks.text
    assert '<input type="hidden" name="unfilled" value="1">' in asks.text
    assert client.send(path, version=1, template=template, unfilled="1").status_code == 303


def test_an_audience_of_nothing_stays_on_the_step(desk, app, draft) -> None:
    answer = desk("manager").send(f"/campaigns/{draft}/edit/audience", version=1, exclude_q="vip")
    assert answer.status_code == 422
    assert "Choose who shall get it." in answer.text
    assert 'value="vip"' in answer.text
    with app.app_context():
        assert campaign_of(draft).audience == {"include": [], "exclude": []}


def test_the_rail_says_how_many_customers_were_found(desk, draft) -> None:
    client = desk("manager")
    client.send(f"/campaigns/{draft}/edit/audience", version=1, include_numbers="+5511977776666")
    for path in ("edit", "edit/audience", "review"):
        rail = client.soup(f"/campaigns/{draft}/{path}").select_one("#step-audience small")
        assert rail.get_text() == "1 customer found"


WRONG: list[tuple[dict[str, object], str]] = [
    ({"include_tags": "vip, vpi"}, "There is no tag “vpi”."),
    ({"include_attr_key": "town", "include_attr_value": "Rio"}, "There is no attribute “town”."),
    ({"include_attr_key": "", "include_attr_value": "Rio"}, "Choose an attribute."),
    ({"include_attr_key": "city", "include_attr_value": ""}, "Write a value."),
    ({"include_attr_key": "points", "include_attr_value": "many"}, "Write a number like 1500"),
    ({"exclude_tags": "vpi"}, "There is no tag “vpi”."),
    ({"include_tags": ",".join(f"t{n}" for n in range(21))}, "At most 20 can be used."),
]


@pytest.mark.parametrize(("fields", "said"), WRONG, ids=[said for _, said in WRONG])
def test_what_a_filter_cannot_mean_is_refused_in_words(desk, app, draft, fields, said: str) -> None:
    with app.app_context():
        some_words()
    path = f"/campaigns/{draft}/edit/audience"
    answer = desk("manager").send(path, version=1, include_everybody="1", **fields)
    assert answer.status_code == 422
    assert said in BeautifulSoup(answer.text, "html.parser").select_one(".error").text
    with app.app_context():
        assert campaign_of(draft).audience == {"include": [], "exclude": []}


def test_attributes_are_added_and_removed_with_and_without_scripts(desk, app, draft) -> None:
    with app.app_context():
        some_words()
        attributes.set_attributes(a_customer("Ana"), {"city": "Rio"})
        db.session.commit()
    client, path = desk("manager"), f"/campaigns/{draft}/edit/audience"
    typed = {"version": 1, "include_attr_key": ["city", "points"], "include_attr_value": ["Rio", "7"]}

    def rows(html: str) -> list[str]:
        return [field["value"] for field in BeautifulSoup(html, "html.parser").select(
            "#include-attrs input[name=include_attr_value]")]  # fmt: skip

    for pressed, left, focus in (
        ({"add": "include"}, ["Rio", "7", ""], "include-attr-3"),
        ({"drop": "include-1"}, ["7"], "include-attr-1"),
        ({"drop": "include-2"}, ["Rio"], "include-attr-1"),
    ):
        for answer in (
            client.send(path, **typed, **pressed),
            client.htmx(f"{path}/attributes?side=include", method="POST", **typed, **pressed),
        ):
            assert answer.status_code == 200
            assert rows(answer.text) == left
            assert f'data-focus="{focus}"' in answer.text
    offered = client.htmx(f"{path}/attributes?side=include", method="POST", **typed).text
    assert '<datalist id="include-attr-1-values"><option value="Rio">' in offered


def counted(client, draft: int, **fields: object) -> BeautifulSoup:
    answer = client.htmx(f"/campaigns/{draft}/edit/audience/count", method="POST", **fields)
    return BeautifulSoup(answer.text, "html.parser")


def test_the_number_follows_the_form_and_nothing_is_written(desk, app, draft) -> None:
    with app.app_context():
        some_words()
        for name, status, phone in (("Ana", Status.OPTED_IN, "+5511988887777"),
                                    ("Ben", Status.OPTED_OUT, "+5511977776666"),
                                    ("Cem", Status.UNKNOWN, "+5511966665555")):  # fmt: skip
            tags.set_tags(a_customer(name, status, phone), ["vip"] if name != "Cem" else [])
        db.session.commit()
    client = desk("manager")
    everybody = "Will send to 1 customer. Left out: 1 opted out, 1 no record."
    stranger = "+5511955554444"
    cases = [
        ({}, "Nobody is chosen yet."),
        ({"include_everybody": "1"}, everybody),
        ({"include_tags": "vip"}, "Will send to 1 customer. Left out: 1 opted out."),
        ({"include_everybody": "1", "exclude_status": "opted_out"},
         "Will send to 1 customer. Left out: 1 no record."),
        ({"include_everybody": "1", "exclude_numbers": "+5511988887777"},
         "Will send to 0 customers. Left out: 1 opted out, 1 no record."),
        ({"include_numbers": f"+55 11 98888 7777\n{stranger}\n{stranger}"},
         "Will send to 1 customer. Left out: 1 no record."),
        ({"include_numbers": stranger}, "Will send to 0 customers. Left out: 1 no record."),
        ({"include_numbers": f"+5511988887777\n{stranger}", "exclude_numbers": stranger},
         "Will send to 1 customer."),
        ({"include_tags": "vpi"}, "Will send to 0 customers."),
    ]  # fmt: skip
    for fields, said in cases:
        page = counted(client, draft, **fields)
        assert " ".join(page.find("p").get_text().split()) == said, fields
    file = (io.BytesIO(f"phone\n{stranger}\n+5511988887777\n".encode()), "in.csv")
    assert "Will send to 1 customer" in counted(client, draft, include_file=file).text
    with app.app_context():
        assert len(db.session.scalars(db.select(Customer)).all()) == 3
        assert not db.session.scalars(db.select(CampaignPerson)).all()
    saved = client.send(f"/campaigns/{draft}/edit/audience", version=1, include_everybody="1")
    assert everybody in " ".join(client.soup(saved.location).select_one("#sentence").get_text().split())


NOTES: list[tuple[dict[str, str], str]] = [
    ({"include_tags": "vpi"}, "There is no tag “vpi”."),
    ({"include_attr_key": "city", "include_attr_value": "Rio"}, "Nobody has Rio as city now."),
    ({"include_numbers": "x"}, "Line 1: “x” holds no digits."),
    ({"include_numbers": "+5511988887777\n+5511988887777"}, "1 line repeats a number (2)."),
    ({"include_numbers": "+5511988887777"}, "1 number becomes a new customer with no record."),
]


@pytest.mark.parametrize(("fields", "said"), NOTES, ids=[said for _, said in NOTES])
def test_what_needs_a_look_stands_beside_the_fields(desk, app, draft, fields, said: str) -> None:
    with app.app_context():
        some_words()
    partials = counted(desk("manager"), draft, include_everybody="1", **fields).select("hx-partial")
    assert said in partials[0].text
    assert not partials[1].text.strip()


@pytest.mark.parametrize(
    ("link", "status"),
    [
        ("http://shop.example/a.jpg", 422),
        ("a.jpg", 422),
        ("https://", 422),
        ("https://shop.example/a.jpg", 303),
    ],
)
def test_a_header_image_is_a_link_that_whatsapp_can_load(desk, app, link: str, status: int) -> None:
    with app.app_context():
        template = a_template(components=[{"type": "HEADER", "format": "IMAGE"}])
        draft = a_campaign(template).id
        fields = {"version": 1, "template": template.id, "text:header:image": link}
    answer = desk("manager").send(f"/campaigns/{draft}/edit", **fields)
    assert answer.status_code == status
    assert ("A link that begins with https://" in answer.text) is (status == 422)
