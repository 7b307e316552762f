"""Fuel and CO2 of trips: so much per kilometre, so much per hour, by class."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.columns import VEHICLE_CLASSES
from twin.models.road_traffic.records.params import FuelParams


class Consumption:
    """Fuel by class of vehicle.

    Parameters
    ----------
    params
        Litres per metre and per second, fuels, and their CO2.
    """

    def __init__(self, params: FuelParams) -> None:
        self._per_m = np.array([getattr(params.driving, name) for name in VEHICLE_CLASSES])
        self._per_s = np.array([getattr(params.running, name) for name in VEHICLE_CLASSES])
        self._kg_per_l = np.array([getattr(params.co2, getattr(params.fuels, name)) for name in VEHICLE_CLASSES])

    def of(self, vehicle_class: NDArray[np.integer], metres_m: Floats, time_s: Floats) -> tuple[Floats, Floats]:
        """Litres and kilograms of CO2 of trips.

        Parameters
        ----------
        vehicle_class : (n,) int
            Index into ``VEHICLE_CLASSES``.
        metres_m, time_s : (n,) float64
            Length and duration, waiting on the road included.
        """
        fuel_l = self._per_m[vehicle_class] * metres_m + self._per_s[vehicle_class] * time_s
        return fuel_l, fuel_l * self._kg_per_l[vehicle_class]
