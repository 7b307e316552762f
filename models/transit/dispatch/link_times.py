"""Link times of the hours to come, learned from how long vehicles took on past days.

It learns from the mean times over links in the table ``road_links`` of past runs, or of detectors in that form, and
from nothing else: no flows, no incidents, no weather. What lights and turns cost is in these times. Of a link and slot
of the day few vehicles tell little: its time is drawn towards what the slot makes of all links, by the posterior mean
of a time under a prior worth some vehicles.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.errors import TableError

_DAY_S = 86400.0
#: Length of a slot of the day (G).
SLOT_S = 1800.0
_SLOTS = int(_DAY_S / SLOT_S)
#: Vehicles that the prior of a link and slot is worth, and those that "times are free flow" is worth for a slot (G).
_PRIOR_VEHICLES, _PRIOR_OF_SLOT = 5.0, 20.0
_COLUMNS = ("from_s", "link_index", "outflow_count", "time_mean_s")
_WHERE = "transit.dispatch.forecast.table"


def learn_profile(table: Mapping[str, NDArray[np.generic]], free_s: Floats, name: str) -> Floats:
    """Expected seconds over each link by slot of the day.

    Parameters
    ----------
    table
        Columns ``from_s`` (seconds since midnight of any day), ``link_index``, ``outflow_count`` and ``time_mean_s``.
    free_s : (m,) float64
        Seconds over each link when it is free.
    name
        The table's name, for messages.

    Returns
    -------
    (48, 1 + m) float64
        In the form of the board ``road.link_time_profile_s``.

    Raises
    ------
    TableError
        If columns are missing, links are not of this city, or nobody drove.
    """
    missing = [column for column in _COLUMNS if column not in table]
    if missing:
        mend = "map them under columns; the table road_links of a run has them"
        raise TableError(f"the table {name!r} lacks {', '.join(missing)}", where=_WHERE, mend=mend)
    link = np.asarray(table["link_index"], np.int64)
    count, mean_s = np.asarray(table["outflow_count"], np.float64), np.asarray(table["time_mean_s"], np.float64)
    if link.size and not 0 <= link.min() <= link.max() < free_s.size:
        raise TableError(
            f"the table {name!r} has links from {link.min()} to {link.max()}, the city has {free_s.size}",
            where=_WHERE, mend="take road_links of a run in the same city",
        )  # fmt: skip
    seen = (count > 0) & (mean_s > 0) & np.isfinite(mean_s)
    if not seen.any():
        raise TableError(f"nobody drives in the table {name!r}", where=_WHERE, mend="take a day with vehicles")
    slot = (np.asarray(table["from_s"], np.float64) % _DAY_S // SLOT_S).astype(np.int64)
    vehicles, took_s = np.zeros((_SLOTS, free_s.size)), np.zeros((_SLOTS, free_s.size))
    np.add.at(vehicles, (slot[seen], link[seen]), count[seen])
    np.add.at(took_s, (slot[seen], link[seen]), count[seen] * mean_s[seen])
    usual_s = np.where(np.isfinite(free_s), free_s, 0.0)
    some_s = _PRIOR_OF_SLOT * float(usual_s.mean())
    ratio = (took_s.sum(axis=1) + some_s) / ((vehicles * usual_s).sum(axis=1) + some_s)
    prior_s = ratio[:, None] * free_s
    expected_s = (took_s + _PRIOR_VEHICLES * prior_s) / (vehicles + _PRIOR_VEHICLES)
    return np.column_stack([SLOT_S * np.arange(_SLOTS), expected_s])
