"""Which keywords a business may configure, and how they are written down."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.consent.keyword_sets import is_core
from webapp.consent.keywords import US_LAW_WORDS, Decision, KeywordSet, check_words, parse_words, read_text


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (["stop"], ["STOP"]),
        (["  stop \t all\n"], ["STOP ALL"]),
        (["stop", "Stop", "STOP!"], ["STOP"]),
        (["stop", "end", "STOP"], ["STOP", "END"]),
        (["opt-out", "opt out", "optout"], ["OPT-OUT", "OPTOUT"]),
        (["arre\u0302t", "ARRÊT", "arret"], ["ARRÊT", "ARRET"]),
        (["İPTAL", "iptal"], ["İPTAL"]),
        (["iptal"], ["IPTAL"]),
        (["schluß"], ["SCHLUSS"]),
        (["τέλος"], ["ΤΈΛΟΣ"]),
        (["退订"], ["退订"]),
        (["შეჩერება"], ["შეჩერება"]),
        (["مى\u200cخواهم"], ["مى\u200cخواهم"]),
        (["st\u200bop\x00\ud83d"], ["STOP"]),
    ],
)
def test_keywords_are_kept_as_they_are_shown(typed, kept):
    words, errors = check_words(typed, ["START"], enabled=True)
    assert (list(words.opt_out), errors) == (kept, [])


@pytest.mark.parametrize(
    ("opt_out", "opt_in", "complaint"),
    [
        ([], ["START"], "Add at least one opt-out keyword"),
        (["STOP", " "], [], "A keyword is empty"),
        (["STOP", "\u200b"], [], "A keyword is empty"),
        (["STOP", "y"], [], "“Y” is too short"),
        (["STOP", "1"], [], "“1” is too short"),
        (["STOP", "停"], [], "“停” is too short"),
        (["STOP", "?!"], [], "“?!” holds no letter or digit"),
        (["STOP", "🛑"], [], "“🛑” holds no letter or digit"),
        (["STOP", "x" * 41], [], "longer than 40 characters"),
        (["STOP", "ß" * 21], [], "longer than 40 characters"),
        ([f"WORD {n}" for n in range(201)], [], "There are 201 opt-out keywords. Keep at most 200."),
        (["STOP"], [f"WORD {n}" for n in range(201)], "There are 201 opt-in keywords."),
        (["STOP", "START"], ["start!"], "“START!” is in both lists"),
        (["ARRÊT"], ["ARRET"], "“ARRET” is in both lists"),
        (["STOP"], ["ok", "y"], "“Y” is too short"),
    ],
)
def test_a_refusal_gives_the_reason(opt_out, opt_in, complaint):
    _, errors = check_words(opt_out, opt_in, enabled=True)
    assert [error for error in errors if complaint in error], errors
    assert len(errors) == 1


def test_words_at_the_limits_are_accepted():
    words, errors = check_words(["x" * 40, "no", *(f"W{n}" for n in range(198))], [], enabled=True)
    assert (len(words.opt_out), errors) == (200, [])


def test_without_the_switch_no_opt_out_keyword_is_needed():
    assert check_words([], [], enabled=False) == (KeywordSet((), ()), [])


def test_every_fault_is_named_once():
    _, errors = check_words(["STOP", "", "", "y"], [""], enabled=True)
    assert len(errors) == 2


@given(st.lists(st.text(max_size=50)), st.lists(st.text(max_size=50)))
def test_what_was_kept_is_kept_again_unchanged(opt_out, opt_in):
    words, _ = check_words(opt_out, opt_in, enabled=True)
    assert check_words(words.opt_out, words.opt_in, enabled=True)[0] == words


@given(st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=3))
def test_every_keyword_that_is_accepted_works(typed):
    words, errors = check_words(typed, [], enabled=True)
    if not errors:
        assert all(read_text(word, words).decision is Decision.OPT_OUT for word in words.opt_out)


@pytest.mark.parametrize(
    ("word", "core"),
    [
        ("STOP", True),
        ("UNSUBSCRIBE", True),
        ("OPT OUT", True),
        ("RET", False),
        ("Т1", False),
        ("END", False),
        ("iptal", False),
        ("τέλος", False),
        ("הסר", True),
        ("रोकें", True),
        ("退订", True),
        ("停", False),
        ("!", False),
    ],
)
def test_short_and_ambient_words_count_alone_only(word, core):
    assert is_core(word) is core


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("STOP, END; QUIT\nCANCEL\r\n", ["STOP", "END", "QUIT", "CANCEL"]),
        ("توقف، إيقاف؛ لغو", ["توقف", "إيقاف", "لغو"]),
        ("退订，停止、拒收；取消", ["退订", "停止", "拒收", "取消"]),
        ("stop  all , ,,", ["stop all"]),
        ("", []),
        (" \n;,", []),
    ],
)
def test_pasted_lists_are_parted_at_commas_semicolons_and_lines(raw, words):
    assert parse_words(raw) == words


def test_the_words_of_the_law_are_keywords_that_may_be_configured():
    words, errors = check_words(US_LAW_WORDS, ["START"], enabled=True)
    assert (words.opt_out, errors) == (US_LAW_WORDS, [])
