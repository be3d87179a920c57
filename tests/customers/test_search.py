import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.customers.search import _folded, fold, number_in, parts, searchable


@pytest.mark.parametrize(
    ("typed", "name", "why"),
    [
        ("sao", "São", "a Latin accent may be left out"),
        ("SÃO", "sao", "or typed where there is none"),
        ("strasse", "Straße", "sharp s is two letters"),
        ("lodz", "Łódź", "a stroke counts as an accent here"),
        ("αθηνα", "Αθήνα", "Greek stress"),
        ("артем", "Артём", "Cyrillic dots"),
        ("احمد", "أحمد", "hamza carriers"),
        ("obrien", "O’Brien", "apostrophes of any kind"),
        ("istanbul", "İstanbul", "the dotted capital I"),
        ("mueller gmbh", "Mueller\tGmbH", "white space is one space"),
        ("ａｎａ", "Ana", "full-width letters"),
    ],
)
def test_two_spellings_of_a_name_meet(typed: str, name: str, why: str) -> None:
    assert fold(typed) == fold(name), why


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        ("ivanov", "Иванов", "there is no transliteration"),
        ("が", "か", "kana marks make another sound"),
        ("कि", "क", "Indic vowel signs make another word"),
        ("ปา", "ป่า", "Thai tone marks make another word"),
    ],
)
def test_two_words_stay_two(one: str, other: str, why: str) -> None:
    assert fold(one) != fold(other), why


@given(st.text())
def test_folding_twice_changes_nothing_and_any_text_folds(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    fold(text).encode()


def test_the_searchable_text_is_the_folded_name_and_the_digits_of_each_number_once() -> None:
    assert searchable("São Bento", ["+55 11 98765-4321", "5511987654321"]) == "sao bento 5511987654321"
    assert searchable("", ["5215512345678"]) == "5215512345678 525512345678"
    assert searchable("Ana", []) == "ana"


@pytest.mark.parametrize(
    ("name", "pairs"),
    [
        ("周静怡", ["周静", "静怡"]),
        ("周静", ["周静"]),
        ("李", []),
        ("山田 太郎", ["山田", "太郎"]),
        ("김민수", ["김민", "민수"]),
        ("Ana王小明", ["王小", "小明"]),
        ("谢谢谢", ["谢谢"]),
        ("𠮷野家", ["𠮷野", "野家"]),
        ("Иван हिन्दी", []),
    ],
)
def test_each_pair_of_neighbours_in_a_name_without_spaces_is_a_word_of_its_own(name, pairs) -> None:
    assert searchable(name, ["8613910555556"]) == " ".join([fold(name), "8613910555556", *pairs])


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("周静", (" 周静",)), ("周静怡", ("周静怡",)), ("周", ("周",)), ("Jo 静怡", (" jo", " 静怡")),
        ("jos", ("jos",)), ("j", ("j",)), ("12", (" 12",)), ("0%", ("0%",)), ("", ()),
    ],
)  # fmt: skip
def test_two_signs_are_asked_for_where_a_word_begins(query, wanted) -> None:
    assert parts(query) == wanted


@pytest.mark.parametrize(
    ("query", "number", "why"),
    [
        ("+55 (11) 98765-4321", "5511987654321", "any writing"),
        ("0055 11 98765 4321", "5511987654321", "the prefix for dialling abroad"),
        ("011 98765 4321", "11987654321", "the national 0"),
        ("٠١٢٣٤٥", "12345", "digits of other scripts"),
        ("4321", "4321", "the last digits"),
        ("12", "", "two digits are no number"),
        ("007", "", "nor is what is left after the zeros"),
        ("24 hours", "", "letters make it a name"),
        ("", "", "nothing"),
    ],
)
def test_a_query_that_can_only_be_a_number(query: str, number: str, why: str) -> None:
    assert number_in(query) == number, why


@given(st.text(st.characters(max_codepoint=0x17F)))
def test_accented_letters_fold_by_themselves_into_what_they_fold_to_in_a_text(text: str) -> None:
    assert fold(text) == _folded(text)
