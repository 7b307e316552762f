"""Tables as analysts like them: words for codes in either language, clock times, units and meanings."""

from __future__ import annotations

import numpy as np
import pytest

from twin.columns import TABLES
from twin.errors import RunError
from twin.results.frames import as_frame, clock_times

VISITS = {
    "id": np.array([1, 2, 3], np.uint64),
    "class": np.array([0, 1, 9], np.uint8),
    "out_s": np.array([30600.0, 86399.9, np.nan]),
}


def test_codes_become_words_of_the_language_and_strange_ones_are_missing():
    english, japanese = (as_frame("terminal_visits", VISITS, lang, ()) for lang in ("en", "ja"))
    assert english["class"].tolist()[:2] == ["ordinary", "booked"]
    assert japanese["class"].tolist()[:2] == ["一般", "予約"]
    assert english["class"].isna().tolist() == [False, False, True]
    assert (english["class"].cat.codes == japanese["class"].cat.codes).all()
    assert as_frame("terminal_visits", VISITS, None, ())["class"].tolist() == [0, 1, 9]


def test_clock_times_stand_behind_their_seconds():
    frame = as_frame("terminal_visits", VISITS, None, ["out_s"])
    assert list(frame.columns) == ["id", "class", "out_s", "out_clock"]
    assert frame["out_clock"].tolist() == ["08:30:00", "23:59:59", ""]
    assert clock_times([90000.0, -1.5]).tolist() == ["25:00:00", "-00:00:01"]
    assert frame.attrs["units"]["out_s"] == "s"
    assert "turned away" in frame.attrs["meanings"]["out_s"]


def test_a_column_that_is_not_there_is_named():
    with pytest.raises(RunError, match="no column 'in_s'"):
        as_frame("terminal_visits", VISITS, "en", ["in_s"])


def test_text_codes_are_words_too():
    frame = as_frame("transit_requests", {"outcome": np.array(["served", "no_show"])}, "ja", ())
    assert frame["outcome"].tolist() == ["乗車", "不乗車"]


def test_every_column_that_says_index_into_has_its_words_in_both_languages():
    late = {("traces", "body"), ("traces", "state")}  # gathered from the cards: BODIES and BODY_STATES
    for table in TABLES.values():
        for column in table.columns:
            if "index into" in column.meaning and (table.name, column.name) not in late:
                assert column.words, f"{table.name}.{column.name}"
            assert all(code and ja and not ja.isascii() for code, ja in column.words)
