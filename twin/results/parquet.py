"""Columns to Parquet and back, always the same bytes for the same columns."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from twin.columns import Column
from twin.errors import RunError

_ROW_GROUP = 65536


def _arrow_type(dtype: str) -> pa.DataType:
    return pa.string() if dtype == "str" else pa.from_numpy_dtype(np.dtype(dtype))


def schema_of(columns: tuple[Column, ...]) -> pa.Schema:
    """Explicit schema; unit and meaning stand in each field's metadata."""
    return pa.schema(
        [
            pa.field(c.name, _arrow_type(c.dtype), nullable=False, metadata={"unit": c.unit, "meaning": c.meaning})
            for c in columns
        ]
    )


def write_columns(path: Path, columns: tuple[Column, ...], data: Mapping[str, NDArray[np.generic]]) -> int:
    """Write columns with their declared types; returns the number of rows.

    Raises
    ------
    KeyError
        If a declared column is missing.
    """
    arrays = []
    for column in columns:
        values = np.asarray(data[column.name])
        if column.dtype == "str":
            arrays.append(pa.array([str(v) for v in values], pa.string()))
        else:
            arrays.append(pa.array(values.astype(column.dtype, copy=False)))
    table = pa.Table.from_arrays(arrays, schema=schema_of(columns))
    # We open files ourselves: Arrow takes a name for a URI, and for UTF-8, which it is not in every locale.
    with path.open("wb") as file:
        pq.write_table(table, file, compression="zstd", row_group_size=_ROW_GROUP, version="2.6", store_schema=False)
        # Before any manifest names it: a power cut must not leave a name without its bytes.
        file.flush()
        os.fsync(file.fileno())
    return table.num_rows


def read_columns(path: Path) -> dict[str, NDArray[np.generic]]:
    """Read every column as a numpy array (text as unicode arrays).

    Raises
    ------
    RunError
        If the file is missing, cut short or no Parquet.
    """
    try:
        # In this thread alone: a thread of Arrow's that still holds the file when Python ends takes the process down.
        with path.open("rb") as file, pq.ParquetFile(file, pre_buffer=False) as parquet:
            table = parquet.read(use_threads=False)
    except (OSError, pa.ArrowInvalid, pa.ArrowException) as fault:
        raise RunError(
            f"the table cannot be read: {fault}",
            where=str(path),
            mend="the file is damaged; run the scenario again, or copy the run folder anew",
        ) from fault
    out: dict[str, NDArray[np.generic]] = {}
    for name in table.column_names:
        column = table.column(name)
        if pa.types.is_string(column.type):
            out[name] = np.array(column.to_pylist(), dtype=np.str_)
        else:
            out[name] = column.to_numpy()
    return out
