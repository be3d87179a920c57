"""What the columns of a file are: guessed from titles and cells, changed by a person, checked before use."""

import pytest

from webapp.customers.attributes import attributes
from webapp.extensions import db
from webapp.imports import guessing
from webapp.imports.looking import Column

NUMBER = "+55 11 96123-4567"


@pytest.mark.parametrize(
    ("title", "ours"),
    [
        ("Phone Number", "phone"), ("TELEFONE", "phone"), ("teléfono_móvil", "phone"), ("Handy", "phone"),
        ("Nº de celular", ""), ("手机号", "phone"), ("Мобильный телефон", "phone"), ("رقم الهاتف", "phone"),
        ("WhatsApp-ID", "wa_id"), ("Nome Completo", "name"), ("Kundenname", "name"), ("etiquetas", "tags"),
        ("Opt-In", "consent"), ("Einwilligung", "consent"), ("Origem do consentimento", "evidence"),
        ("opt-in date", "given_at"), ("CITY", "attr:City"), ("attr:plan", "attr:plan"), ("E-Mail", ""),
        ("CEP", ""), ("", ""),
    ],
)  # fmt: skip
def test_titles_are_known_in_many_languages(title, ours):
    column = Column(title)
    column.add(NUMBER)
    assert guessing.columns([column, numbers("Phone")], {"city": "City"})[0] == ours


def numbers(title: str) -> Column:
    column = Column(title)
    column.add(NUMBER)
    return column


def test_numbers_are_found_under_any_title():
    strange = Column("x9")
    for _ in range(3):
        strange.add(NUMBER)
    born = Column("Born")
    born.add("1990-03-12")
    assert guessing.columns([born, strange], {}) == ["", "phone"]


def test_a_title_that_lies_is_not_believed():
    column = Column("Number")
    column.add("A-17")
    assert guessing.columns([column, numbers("Contact")], {}) == ["", "phone"]
    assert guessing.columns([column], {}) == ["phone"], "there is nothing better"


def test_who_is_known_by_an_id_needs_no_number():
    assert guessing.columns([numbers("wa_id"), numbers("Order")], {}) == ["wa_id", ""]
    assert guessing.columns([numbers("wa_id"), numbers("Phone")], {}) == ["wa_id", "phone"]


@pytest.mark.parametrize(
    ("cells", "may"),
    [
        (["sim", "Não", "talvez"], True), (["yes", "yes"], False), (["no"], True),
        (["no", "blue", "red"], False), ([], False),
    ],
)  # fmt: skip
def test_a_column_that_says_no_may_tell_consent(cells, may):
    column = Column("x9")
    for cell in cells:
        column.add(cell)
    assert guessing.may_tell_consent(column) is may


@pytest.mark.parametrize(
    ("cells", "type"),
    [
        (["1", "2.5"], "number"), (["01310", "20040"], "text"), (["true", "FALSE"], "boolean"),
        (["2026-03-31"], "date"), (["2026-03-31T10:00Z"], "datetime"), (["1", "x"], "text"), ([], "text"),
    ],
)  # fmt: skip
def test_a_new_attribute_gets_the_type_of_its_cells(cells, type):
    column = Column("Anything")
    for cell in cells:
        column.add(cell)
    assert guessing.type_of(column) == type


def test_who_leaves_out_what_may_be_consent_is_asked(imports):
    import_id = imports.bring("phone,x9\n+55 11 96123-4567,não\n")
    asked = "Does this say who opted out?"
    assert asked in imports.text(import_id)
    imports.say(import_id, column_1="consent")
    assert asked not in imports.text(import_id)
    told_elsewhere = imports.bring("phone,consent,x9\n+55 11 96123-4567,opted_out,não\n")
    assert asked not in imports.text(told_elsewhere)


def test_a_file_without_titles_loses_no_row(imports):
    import_id = imports.bring("+55 11 96123-4567,Ana\n+55 11 96123-4568,Bo\n")
    said = imports.fields(import_id)
    assert "titled" not in said
    assert (said["column-0"], said["column-1"]) == ("phone", "")
    page = imports.check(import_id, column_1="name")
    assert page.find(id="import-start").get_text() == "Import 2 customers"
    imports.start(import_id)
    imports.work()
    assert imports.row(import_id).counts["created"] == 2


def test_damage_is_told_by_column_with_counts(imports):
    import_id = imports.bring('phone,name\n"5,51E+12",#REF!\n5.51E+12,Ana\n+55 11 96123-4567,Jo\x01\n')
    text = imports.text(import_id)
    assert "2 cells are shortened by a spreadsheet" in text
    assert "1 cell is an error of a spreadsheet" in text
    assert "1 cell is with a control character" in text


def test_another_encoding_reads_the_file_again(imports):
    import_id = imports.bring("телефон;имя\n+7 916 123-45-67;Анна\n".encode("cp1251"))
    assert "Анна" not in imports.text(import_id)
    imports.say(import_id, encoding="cp1251")
    said = imports.fields(import_id)
    assert (said["column-0"], said["column-1"], said["country"]) == ("phone", "name", "RU")
    assert "Анна" in imports.text(import_id)


def test_another_way_of_reading_shows_its_columns_before_anything_is_checked(imports):
    import_id = imports.bring("phone|name,x\n+55 11 96123-4567|Ana,1\n")
    imports.say(import_id, then="check", separator="|")
    assert imports.row(import_id).state == "uploaded"
    assert imports.fields(import_id)["column-1"] == ""
    assert "name,x" in imports.text(import_id)


def test_numbers_tell_the_country_of_those_without_a_code(imports):
    import_id = imports.bring("phone\n+55 11 96123-4567\n+55 21 96123-4567\n+44 7911 123456\n11 96123-4568\n")
    assert imports.fields(import_id)["country"] == "BR"
    assert "Import 4 customers" in imports.check(import_id).text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"column_0": ""}, "Say which column holds the phone number"),
        ({"column_1": "phone"}, "Two columns are “Phone”."),
        ({"column_1": "new", "name_1": "a:b"}, "A name may not hold “:”."),
        ({"column_1": "new", "name_1": "x" * 61}, "A name has 1 to 60 characters."),
        ({"column_1": "new", "name_1": "CITY", "column_2": "attr:City"}, "Two columns are “CITY”."),
        ({"country": "XX"}, "Choose a country from the list."),
        ({"tags": "a\x07b"}, "line breaks or control characters"),
        ({"tags": ",".join(f"t{n}" for n in range(21))}, "At most 20 tags"),
        ({"evidence": "x" * 2001}, "Keep it to 2,000 characters"),
    ],
)
def test_what_does_not_fit_is_told_in_place_and_nothing_begins(imports, fields, words):
    with imports.app.app_context():
        attributes.define("City", "text")
        db.session.commit()
    import_id = imports.bring("phone,name,town\n+55 11 96123-4567,Ana,Rio\n")
    answer = imports.say(import_id, then="check", **fields)
    assert answer.status_code == 422
    assert words in answer.text
    assert imports.row(import_id).state == "uploaded"


def test_words_of_consent_are_asked_for_before_anything_begins(imports):
    """Without scripts the page has not shown them when the column is chosen."""
    import_id = imports.bring("phone,x\n+55 11 96123-4567,yes\n+55 11 96123-4568,perhaps\n")
    answer = imports.say(import_id, then="check", column_1="consent")
    assert answer.status_code == 422
    assert "Say what these words mean." in answer.text
    imports.say(import_id, column_1="consent")
    said = imports.fields(import_id)
    assert [(said[f"word-{n}"], said[f"meaning-{n}"]) for n in (0, 1)] == [
        ("yes", "opted_in"),
        ("perhaps", ""),
    ]
    imports.check(import_id)
    assert imports.row(import_id).counts["refused"] == 1


def test_an_attribute_on_record_keeps_its_type(imports):
    with imports.app.app_context():
        attributes.define("points", "number")
        db.session.commit()
    import_id = imports.bring("phone,Points\n+55 11 96123-4567,many\n")
    assert imports.fields(import_id)["column-1"] == "attr:points"
    assert "points: " in imports.check(import_id).get_text()
    assert imports.row(import_id).counts["refused"] == 1


def test_what_was_said_stands_after_a_reload(imports):
    import_id = imports.bring()
    imports.say(import_id, column_5="new", name_5="Town", type_5="text", tags="spring", consent="opted_out")
    said = imports.fields(import_id)
    expected = {"column-5": "new", "name-5": "Town", "tags": "spring", "consent": "opted_out"}
    assert {name: said[name] for name in expected} == expected


def test_hostile_titles_and_cells_are_text(imports):
    hostile = "<script>alert(1)</script>"
    import_id = imports.bring(f'phone,{hostile},=HYPERLINK("x")\n+55 11 96123-4567,{hostile},=1+1\n')
    page = imports.client.get(f"/imports/{import_id}").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_values_that_the_form_does_not_offer_change_nothing(imports):
    import_id = imports.bring()
    before = imports.row(import_id).options
    imports.say(
        import_id, encoding="rot13", separator="x", consent="erased", column_0="phone", column_5="attr:None"
    )
    assert imports.row(import_id).options == before
