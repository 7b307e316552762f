"""Signatures written as plain data come back as the types they were."""

from __future__ import annotations

import json
from typing import NamedTuple

import numpy as np
import pytest
from numba import typeof
from numba.core import types

from twin.jit_signatures import build, describe


class Pair(NamedTuple):
    """A named tuple as kernels take them."""

    first: object
    second: object


ROW = np.dtype([("key", "u8"), ("at_s", "f8"), ("link", "i4"), ("pair", "f8", (2,))], align=True)
VALUES = {
    "number": 1.5,
    "whole": 3,
    "yes": True,
    "byte": np.uint8(3),
    "plain": np.zeros(3),
    "table": np.zeros((3, 2), dtype=np.int32),
    "strided": np.zeros((4, 4))[::2, ::2],
    "fortran": np.zeros((4, 4), order="F"),
    "records": np.zeros(3, dtype=ROW),
    "packed": np.zeros(3, dtype=[("a", "i1"), ("b", "f8")]),
    "alike": Pair(np.zeros(1), np.zeros(1)),
    "unlike": Pair(np.zeros(1), 3),
    "tuple": (1, 2.0, np.zeros(1)),
    "nested": (Pair(np.zeros(2, dtype=ROW), 1), (1.0, 2.0)),
}


@pytest.mark.parametrize("name", VALUES)
def test_a_type_comes_back_as_it_was(name):
    kind = typeof(VALUES[name])
    told = describe(kind)
    assert told is not None
    assert build(json.loads(json.dumps(told))) == kind


def test_a_read_only_array_stays_one():
    fixed = np.zeros(3)
    fixed.setflags(write=False)
    assert build(describe(typeof(fixed))) == typeof(fixed) != typeof(np.zeros(3))


@pytest.mark.parametrize(
    "kind",
    [types.unicode_type, types.Omitted(3), types.literal(3), types.Tuple([types.unicode_type])],
    ids=["text", "omitted", "literal", "tuple of text"],
)
def test_what_no_other_process_could_make_again_is_not_told(kind):
    assert describe(kind) is None


@pytest.mark.parametrize("told", [["sack", []], "float7", ["named", "twin.jit", "no_such_class", []]])
def test_what_is_not_here_is_an_error(told):
    with pytest.raises((ValueError, KeyError, AttributeError)):
        build(told)
