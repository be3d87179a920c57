"""What the careful reader of every page complains of, and what it lets pass."""

import pytest

from tests.reader import Reader, check

SOUND = """<!doctype html><html><body><p id="a">Text<br>more</p>
<template><p id="a">for later</p><button></button></template>
<form method="post"><input type="hidden" name="token"><label for="n">Name</label><input id="n"></form>
<form><input type="search" id="q" aria-label="Search"></form>
<label>Plan <select id="s"><option>Pro</select></label><b id="t">Zoë</b>
<button id="b">&amp;</button><textarea id="x" aria-labelledby="t" aria-describedby="h x-error"></textarea>
<p class="error" id="x-error">Too long</p><p class="error" role="alert">Gone</p></body></html>"""


def test_a_sound_page_passes():
    check(SOUND, partial=False)


@pytest.mark.parametrize(
    ("piece", "complaint"),
    [
        ('<p id="a"></p>', "ids twice"),
        ('<form><input id="c" aria-label="x"></form>', "without an address"),
        ("<button>Save</button>", "without an id"),
        ('<button id="c"> <template>Save</template> </button>', "without a name"),
        ('<input id="c">', "without a name"),
        ('<label for="other">Name</label><input id="c">', "without a name"),
        ('<label> </label><select id="c"></select>', "without a name"),
        ('<b id="e"></b><textarea id="c" aria-labelledby="e"></textarea>', "without a name"),
        ('<p class="error" id="c-error">Too long</p>', "that no field names"),
        ('<svg><path d="M0"/></svg><p>unclosed<input id="c">', "without a name"),
    ],
)
def test_each_fault_is_named(piece: str, complaint: str):
    with pytest.raises(AssertionError, match=complaint):
        check(SOUND.replace("</body>", f"{piece}</body>"), partial=False)


def test_a_fragment_is_no_whole_page():
    with pytest.raises(AssertionError, match="whole page"):
        check(SOUND, partial=True)
    check('<tr id="r"><td>1</td></tr>', partial=True)


def test_what_follows_an_element_that_is_never_closed_stands_beside_it():
    [paragraph] = Reader("<p>a<br>b<path/><b>c</b></p>").page.content
    assert [part if isinstance(part, str) else part.name for part in paragraph.content] == [
        "a", "br", "b", "path", "b",
    ]  # fmt: skip
