from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.viz.packs import pack_columns, steps_of, unpack_columns

int32s = st.lists(st.integers(-(2**31), 2**31 - 1), max_size=40)


@given(int32s, int32s)
def test_columns_come_back_as_they_were(first, second):
    pack = pack_columns({"a": np.array(first, np.int64), "b": np.array(second, np.int64)})
    back = unpack_columns(pack)
    assert back["a"].tolist() == first
    assert back["b"].tolist() == second


def test_a_jump_over_the_whole_range_wraps_and_comes_back():
    extremes = np.array([-(2**31), 2**31 - 1, -(2**31), 0])
    assert unpack_columns(pack_columns({"a": extremes}))["a"].tolist() == extremes.tolist()


@pytest.mark.parametrize("value", [2**31, -(2**31) - 1])
def test_a_value_beyond_32_bits_is_named(value):
    with pytest.raises(ValueError, match=rf"column 'lon' holds .*{value}"):
        pack_columns({"lon": np.array([0, value])})


def test_the_same_columns_give_the_same_text():
    column = np.arange(1000) ** 2
    assert pack_columns({"a": column}) == pack_columns({"a": column})


def test_steps_are_rounded_to_the_nearest():
    assert steps_of(np.array([135.0000004, 134.9999996, 135.000001]), 135.0, 1e-6).tolist() == [0, 0, 1]
