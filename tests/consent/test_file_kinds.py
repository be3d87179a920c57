"""A file is evidence by what its bytes are, from the first to the last, whatever it is called."""

import pytest

from tests.exhibits import BAD, GOOD, HARMLESS_NAMES, HOSTILE_NAMES, HTML, a_jpeg, a_pdf, a_png
from webapp.consent.file_kinds import LARGEST_FILE, UnusableFile, harmless_name, read_upload


@pytest.mark.parametrize("kind", GOOD)
def test_a_whole_file_is_taken_as_what_it_is(kind):
    assert read_upload(GOOD[kind], "misnamed.exe").kind.name == kind


@pytest.mark.parametrize("what", BAD)
def test_what_is_not_whole_or_of_another_kind_is_refused(what):
    content, word = BAD[what]
    with pytest.raises(UnusableFile, match=word):
        read_upload(content, "form.pdf")


def test_an_image_that_is_called_pdf_stays_an_image():
    assert read_upload(a_png(), "form.pdf").kind.media_type == "image/png"


def test_the_largest_file_is_taken_and_one_byte_more_is_not():
    padding = LARGEST_FILE - len(a_pdf(b""))
    assert read_upload(a_pdf(b" " * padding), "").kind.name == "PDF"
    with pytest.raises(UnusableFile, match="larger than 5 MB"):
        read_upload(a_pdf(b" " * (padding + 1)), "")


@pytest.mark.parametrize("content", [a_pdf(HTML), a_png(HTML), a_pdf() + b"\r\n"])
def test_what_stands_inside_is_the_browsers_business_to_leave_alone(content):
    """It is served as what it is and never run: see the pages' tests."""
    assert read_upload(content, "").content == content


def test_a_file_that_begins_as_one_kind_and_ends_as_another_is_refused():
    for two in (a_pdf()[:-8] + a_jpeg(), a_jpeg() + a_pdf(), a_png() + a_jpeg()):
        with pytest.raises(UnusableFile):
            read_upload(two, "")


@pytest.mark.parametrize("name", HARMLESS_NAMES)
def test_a_plain_name_is_kept(name):
    assert harmless_name(name) == name


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_any_other_name_is_dropped(name):
    assert harmless_name(name) == ""
    assert read_upload(a_pdf(), name).name == ""
