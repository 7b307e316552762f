"""Arrays to a file and back: npz as numpy knows it, never compressed and never a pickle.

Run folders and cities may come from anybody. What is stored as it stands cannot unfold into more than the file holds.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[np.generic]]


def write_npz(path: Path, arrays: Mapping[str, NDArray[np.generic]]) -> None:
    """Write arrays under their names, through to the disk.

    Raises
    ------
    OSError
        If the disk is full or the folder cannot be written.
    """
    with path.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]
        file.flush()
        os.fsync(file.fileno())


def read_npz(path: Path) -> Arrays:
    """Read all arrays of a file.

    Raises
    ------
    OSError
        If the file is missing or cannot be read.
    ValueError
        If it is cut short, no npz, holds objects, or would unfold into more than it is long.
    """
    try:
        with path.open("rb") as file:
            with zipfile.ZipFile(file) as archive:
                items = archive.infolist()
                stored = all(item.compress_type == zipfile.ZIP_STORED for item in items)
                if not stored or sum(item.file_size for item in items) > path.stat().st_size:
                    raise ValueError("its arrays are compressed or lie over one another; they must stand as they are")
            file.seek(0)
            with np.load(file, allow_pickle=False) as arrays:
                return {name: arrays[name] for name in arrays.files}
    except (EOFError, KeyError, MemoryError, zipfile.BadZipFile) as fault:
        raise ValueError(str(fault) or type(fault).__name__) from fault
