"""All processes of a run take what one of them has made, and never half of it."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tests.made_once import made_once


def test_of_several_at_once_one_makes_it(tmp_path):
    begin, made = Barrier(4), []

    def make(draft):
        made.append(draft)
        draft.write_text("whole")

    def take(_):
        begin.wait()
        return made_once(tmp_path / "it", make).read_text()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(take, range(4))) == ["whole"] * 4
    assert len(made) == 1


def test_what_was_not_finished_is_made_again(tmp_path):
    def breaks(draft):
        draft.write_text("half")
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        made_once(tmp_path / "it", breaks)
    assert made_once(tmp_path / "it", lambda draft: draft.write_text("whole")).read_text() == "whole"
