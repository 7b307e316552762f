"""Rows of tables that a model has finished and nobody has taken yet: the one buffer of all models."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from twin.columns import TABLES

Columns = Mapping[str, NDArray[np.generic]]


class GrowingTables:
    """Tables that grow at their end, are drained now and then, and go into checkpoints.

    Rows are copied when they are appended and have the types that their table declares.
    """

    def __init__(self) -> None:
        self._parts: dict[str, list[dict[str, NDArray[np.generic]]]] = {}

    def append(self, table: str, rows: Columns) -> None:
        """Keep rows at the end of a table.

        Parameters
        ----------
        table
            Name of a declared table.
        rows
            Column -> (n,) array; every column the table declares must be there.

        Raises
        ------
        KeyError
            If the table is not declared, or a column of it is missing.
        """
        columns = TABLES[table].columns
        if len(rows[columns[0].name]):
            self._parts.setdefault(table, []).append(
                {c.name: np.array(rows[c.name], np.str_ if c.dtype == "str" else c.dtype) for c in columns}
            )

    def drain(self) -> dict[str, dict[str, NDArray[np.generic]]]:
        """All rows kept, table -> column -> (n,) array; they are then forgotten."""
        out = self._joined()
        self._parts = {}
        return out

    def state(self) -> dict[str, NDArray[np.generic]]:
        """The rows kept, as arrays named ``table/column``; they stay."""
        joined = self._joined()
        self._parts = {table: [columns] for table, columns in joined.items()}
        return {f"{table}/{name}": values for table, columns in joined.items() for name, values in columns.items()}

    def restore(self, state: Columns) -> None:
        """Put back what :meth:`state` gave, in place of what is kept."""
        self._parts = {}
        for key, values in state.items():
            table, name = key.split("/")
            self._parts.setdefault(table, [{}])[0][name] = values

    def _joined(self) -> dict[str, dict[str, NDArray[np.generic]]]:
        return {
            table: {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
            for table, parts in self._parts.items()
        }
