"""Fuel and CO2 of each class of vehicle, with their sources."""

from __future__ import annotations

from typing import Literal

from twin.params import Params, quantity
from twin.units import CarbonPerLitre, FuelPerDistance, FuelRate

_PETROL = "Japanese emission factors: 2.32 kg per litre of petrol"
_DIESEL = "Japanese emission factors: 2.58 kg per litre of diesel oil"
_TRUCK_IDLING = "Environment Agency of Japan (1997): 0.22-0.30 L per 10 min, 10-t truck"
Fuel = Literal["petrol", "diesel"]


class FuelCo2(Params):
    """CO2 of burning a litre."""

    petrol: CarbonPerLitre = quantity(2.32, "kg/L", source=_PETROL, grade="V", fork="now", ge=0, le=5)
    diesel: CarbonPerLitre = quantity(2.58, "kg/L", source=_DIESEL, grade="V", fork="now", ge=0, le=5)


class DrivingFuel(Params):
    """Fuel per kilometre of each class, beside the fuel per hour: what a long trip without time would take."""

    car: FuelPerDistance = quantity(
        4.5e-5,
        "L/km",
        source="guess: 13 km/L at 25 km/h with the fuel per hour; 0.03 to 0.07",
        grade="G",
        fork="now",
        ge=0,
        le=0.002,
    )
    van: FuelPerDistance = quantity(
        9.2e-5,
        "L/km",
        source="guess: 7.6 km/L, as owners of such a wagon report, at 20 km/h with the fuel per hour; 0.07 to 0.11",
        grade="G",
        fork="now",
        ge=0,
        le=0.002,
    )
    small_truck: FuelPerDistance = quantity(
        1e-4,
        "L/km",
        source="guess: 7 km/L at 25 km/h with the fuel per hour; 0.07 to 0.14",
        grade="G",
        fork="now",
        ge=0,
        le=0.002,
    )
    container_truck: FuelPerDistance = quantity(
        3e-4,
        "L/km",
        source="guess: 3 km/L at 40 km/h with the fuel per hour; 0.22 to 0.40",
        grade="G",
        fork="now",
        ge=0,
        le=0.002,
    )
    bus: FuelPerDistance = quantity(
        2.2e-4,
        "L/km",
        source="guess: 3 km/L at 15 km/h with the fuel per hour; 0.17 to 0.30",
        grade="G",
        fork="now",
        ge=0,
        le=0.002,
    )


class RunningFuel(Params):
    """Fuel per hour of each class with its engine running, moving or not."""

    car: FuelRate = quantity(
        0.8 / 3600,
        "L/h",
        source="remembered: idling cars, 0.13 to 0.14 L per 10 min; 0.6 to 1.0",
        grade="M",
        fork="now",
        ge=0,
        le=0.01,
    )
    van: FuelRate = quantity(
        0.8 / 3600, "L/h", source="guess: as cars; 0.6 to 1.2", grade="G", fork="now", ge=0, le=0.01
    )
    small_truck: FuelRate = quantity(
        1.0 / 3600,
        "L/h",
        source="guess: between cars and large trucks; 0.6 to 1.3",
        grade="G",
        fork="now",
        ge=0,
        le=0.01,
    )
    container_truck: FuelRate = quantity(
        1.5 / 3600, "L/h", source=f"{_TRUCK_IDLING}; 1.3 to 3.0 elsewhere", grade="V", fork="now", ge=0, le=0.01
    )
    bus: FuelRate = quantity(
        1.5 / 3600, "L/h", source="guess: as large trucks; 1.3 to 3.0", grade="G", fork="now", ge=0, le=0.01
    )


class ClassFuels(Params):
    """What each class burns."""

    car: Fuel = quantity("petrol", source="choice: most cars in Japan", grade="D", fork="now")
    van: Fuel = quantity("petrol", source="choice: most vans of on-demand transit", grade="G", fork="now")
    small_truck: Fuel = quantity("diesel", source="choice", grade="G", fork="now")
    container_truck: Fuel = quantity("diesel", source="choice: all tractors", grade="D", fork="now")
    bus: Fuel = quantity("diesel", source="choice: most buses", grade="D", fork="now")


class FuelParams(Params):
    """Fuel by speed: litres = per kilometre x kilometres + per hour x hours.

    Per kilometre that is a + b / v: what a street costs at free flow, and more the slower it is driven, as running-cost
    tables by speed fall from 10 to 40 km/h. It leaves out gradients, cold starts, and the air drag of motorways.
    """

    driving: DrivingFuel = DrivingFuel()
    running: RunningFuel = RunningFuel()
    fuels: ClassFuels = ClassFuels()
    co2: FuelCo2 = FuelCo2()
