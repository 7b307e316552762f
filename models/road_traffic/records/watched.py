"""Streets that the scenario asks to be told of: metres of standing queue on each at the end of every period."""

from __future__ import annotations

from difflib import get_close_matches

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.city.city import StreetLayer
from twin.errors import ScenarioError
from twin.models.road_traffic.records.crossings import PERIOD_S


class WatchedStreets:
    """Sums of link queues by street.

    Parameters
    ----------
    names
        Names or aliases of streets, as on the map.
    drive
        The drive layer.

    Raises
    ------
    ScenarioError
        If a street is not on the map.
    """

    def __init__(self, names: tuple[str, ...], drive: StreetLayer) -> None:
        own = [drive.aliases.get(name, name) for name in names]
        missing = [name for name, street in zip(names, own, strict=True) if street not in drive.names]
        if missing:
            known = [*drive.names, *drive.aliases]
            close = get_close_matches(missing[0], known, n=5, cutoff=0.4) or known[:5]
            raise ScenarioError(
                f"no street of the map is named {missing[0]!r}",
                where="road_traffic.watched_streets",
                mend=f"names there: {', '.join(close)}",
            )
        self._streets = list(dict.fromkeys(own))
        self._links = [np.flatnonzero(drive.name_index == drive.names.index(street)) for street in self._streets]

    def rows(self, end_s: float, queue_m: Floats) -> dict[str, NDArray[np.generic]] | None:
        """Rows of ``road_streets`` for the period that ends at a moment; None where nothing is watched.

        Parameters
        ----------
        queue_m : (m,) float64
            Standing queue on each link at that moment.
        """
        if not self._streets:
            return None
        return {
            "from_s": np.full(len(self._streets), end_s - PERIOD_S),
            "street": np.array(self._streets),
            "queue_m": np.array([queue_m[links].sum() for links in self._links]),
        }
