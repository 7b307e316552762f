"""Arrays to a file and back, and files made to harm."""

from __future__ import annotations

import io
import struct
import zipfile

import numpy as np
import pytest

from twin.npz import read_npz, write_npz


def test_arrays_come_back_byte_for_byte(tmp_path):
    arrays = {"a|b": np.arange(5, dtype=np.uint64), "words": np.array(["夢洲", "x"]), "none": np.zeros((0, 3))}
    write_npz(tmp_path / "a.npz", arrays)
    back = read_npz(tmp_path / "a.npz")
    assert list(back) == list(arrays)
    for name, values in arrays.items():
        assert back[name].dtype == values.dtype
        assert back[name].tobytes() == values.tobytes()


def test_what_would_unfold_is_refused_before_it_does(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", a=np.zeros(10_000_000))
    with pytest.raises(ValueError, match="compressed"):
        read_npz(tmp_path / "a.npz")


def test_entries_that_lie_over_one_another_are_refused(tmp_path):
    write_npz(tmp_path / "a.npz", {"a": np.zeros(1000)})
    whole = (tmp_path / "a.npz").read_bytes()
    at = whole.index(b"PK\x01\x02")
    end = whole.index(b"PK\x05\x06")
    entry = whole[at:end]
    records = b"".join(entry.replace(b"a.npy", bytes([ord("b") + i]) + b".npy") for i in range(20))
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 20, 20, len(records), at, 0)
    (tmp_path / "b.npz").write_bytes(whole[:at] + records + tail)
    with pytest.raises(ValueError, match="over one another"):
        read_npz(tmp_path / "b.npz")


@pytest.mark.parametrize("kept", [0, 100, 4000])
def test_a_file_cut_short_is_a_value_error(tmp_path, kept):
    write_npz(tmp_path / "a.npz", {"a": np.arange(1000)})
    (tmp_path / "a.npz").write_bytes((tmp_path / "a.npz").read_bytes()[:kept])
    with pytest.raises(ValueError, match=r".+"):
        read_npz(tmp_path / "a.npz")


def test_a_shape_beyond_the_memory_is_a_value_error(tmp_path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (1 << 60,)})
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a.npy", header.getvalue() + b"\0" * 64)
    with pytest.raises(ValueError, match=r".+"):
        read_npz(tmp_path / "a.npz")


def test_objects_are_never_unpickled(tmp_path):
    np.savez(tmp_path / "a.npz", a=np.array([{"a": 1}], object))
    with pytest.raises(ValueError, match="allow_pickle"):
        read_npz(tmp_path / "a.npz")
