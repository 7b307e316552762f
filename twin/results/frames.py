"""Tables of a run as analysts like them: words for codes, clock times, units and meanings beside the numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from twin.columns import TABLES, Column
from twin.errors import RunError

if TYPE_CHECKING:
    import pandas as pd


def as_frame(
    name: str, columns: Mapping[str, NDArray[np.generic]], lang: Literal["ja", "en"] | None, clock: Sequence[str]
) -> pd.DataFrame:
    """A table as a DataFrame.

    Parameters
    ----------
    name
        Name of the table.
    columns
        Its columns.
    lang
        Language of the words that stand for codes; they become categoricals. None leaves codes as they are.
    clock
        Columns of moments, in seconds since midnight of day one: each gets a column of clock times behind it.

    Returns
    -------
    pandas.DataFrame
        ``attrs["units"]`` and ``attrs["meanings"]`` hold unit and meaning of each column.

    Raises
    ------
    RunError
        If a column of ``clock`` is none of the table's.
    """
    import pandas as pd

    declared: dict[str, Column] = {c.name: c for c in TABLES[name].columns} if name in TABLES else {}
    strange = [column for column in clock if column not in columns]
    if strange:
        raise RunError(f"the table {name!r} has no column {strange[0]!r}", mend=f"columns here: {', '.join(columns)}")
    content: dict[str, Any] = {}
    for column, values in columns.items():
        words = declared[column].words if column in declared and lang else ()
        content[column] = _words_for(values, words, lang) if words else values
        if column in clock:
            content[f"{column.removesuffix('_s')}_clock"] = clock_times(values)
    frame = pd.DataFrame(content)
    frame.attrs["units"] = {c.name: c.unit for c in declared.values()}
    frame.attrs["meanings"] = {c.name: c.meaning for c in declared.values()}
    return frame


def _words_for(values: NDArray[np.generic], words: Sequence[tuple[str, str]], lang: str | None) -> pd.Categorical[Any]:
    """Words for codes, in the order in which they are declared; a code without a word is missing."""
    import pandas as pd

    shown = pd.Index([ja if lang == "ja" else code for code, ja in words])
    if values.dtype.kind in "iu":
        codes = values.astype(np.int64)
        known = (codes >= 0) & (codes < len(words))
        return pd.Categorical.from_codes(np.where(known, codes, -1), categories=shown)
    of_code = {code: nth for nth, (code, _) in enumerate(words)}
    return pd.Categorical.from_codes([of_code.get(str(value), -1) for value in values.tolist()], categories=shown)


def clock_times(seconds: Any) -> NDArray[np.object_]:
    """``HH:MM:SS`` of moments in seconds since midnight of day one; past midnight the hours go on, nan is empty."""
    moments = np.asarray(seconds, np.float64)
    out = np.empty(moments.shape, np.object_)
    for place, moment in np.ndenumerate(moments):
        if not np.isfinite(moment):
            out[place] = ""
            continue
        whole = int(np.floor(abs(moment)))
        sign = "-" if moment < 0 else ""
        out[place] = f"{sign}{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"
    return out
