"""Parameters of mode choice: what each way of travelling costs in minutes and yen, and how people weigh them."""

from __future__ import annotations

from twin.params import Params, quantity
from twin.units import Count, Metres, Seconds, Share, Speed

#: Ways of travelling, in the order of all arrays.
MODES = ("walk", "bicycle", "bus", "van", "taxi", "car")
WALK, BICYCLE, BUS, VAN, TAXI, CAR = range(len(MODES))
#: Nests: what is alike and takes from one another first.
NESTS: dict[str, tuple[int, ...]] = {"active": (WALK, BICYCLE), "public": (BUS, VAN), "door_to_door": (TAXI, CAR)}
_GUESS = "our guess"
_SHARES = (
    "set so that ikuno_bus_or_vans without vans has shares near those remembered of person-trip surveys in Osaka, rail "
    "left out: 28 % on foot, 50 % by bicycle, 3.5 % by bus, 1.5 % by taxi, 17 % by car"
)
_WARDMAN = "remembered: 1.5 to 2.5 times riding (Wardman 2004, Transport Policy 11(4))"


class Constants(Params):
    """What speaks against a way beyond time and money, in time of riding; walking is the measure."""

    bicycle_s: Seconds = quantity(-360.0, "s", source=_SHARES, grade="M", between=(-900.0, 300.0), ge=-14400, le=14400)
    bus_s: Seconds = quantity(960.0, "s", source=_SHARES, grade="M", between=(300.0, 1800.0), ge=-14400, le=14400)
    van_s: Seconds = quantity(
        1260.0,
        "s",
        source="our guess: that of the bus, and five minutes of booking",
        grade="G",
        between=(600.0, 2700.0),
        ge=-14400,
        le=14400,
    )
    taxi_s: Seconds = quantity(5400.0, "s", source=_SHARES, grade="M", between=(3600.0, 7200.0), ge=-14400, le=14400)
    car_s: Seconds = quantity(-1200.0, "s", source=_SHARES, grade="M", between=(-2400.0, 0.0), ge=-14400, le=14400)


class NestScales(Params):
    """Dissimilarity within a nest: 1 makes it plain logit, small values make its ways almost the same."""

    active: float = quantity(0.8, source=_GUESS, grade="G", between=(0.5, 1.0), gt=0.05, le=1)
    public: float = quantity(0.6, source=_GUESS, grade="G", between=(0.3, 1.0), gt=0.05, le=1)
    door_to_door: float = quantity(0.8, source=_GUESS, grade="G", between=(0.5, 1.0), gt=0.05, le=1)


class Owners(Params):
    """Who could take a bicycle or a car; people in wheelchairs take no bicycle."""

    bicycle_share: Share = quantity(0.7, "%", source=_GUESS, grade="G", between=(0.5, 0.9), ge=0, le=1)
    bicycle_age65_share: Share = quantity(0.5, "%", source=_GUESS, grade="G", between=(0.3, 0.7), ge=0, le=1)
    car_share: Share = quantity(
        0.25,
        "%",
        source="our guess: fewer than one car to two households in Osaka (remembered), and it is not always free",
        grade="G",
        between=(0.1, 0.4),
        ge=0,
        le=1,
    )
    car_age65_share: Share = quantity(0.15, "%", source=_GUESS, grade="G", between=(0.05, 0.3), ge=0, le=1)


class Known(Params):
    """Who has a van among their options."""

    van_share: Share = quantity(
        0.2,
        "%",
        source="17 % knew of the service in Ikuno, 20 % in Hirano, July 2021 (trafficnews 110148)",
        grade="V",
        between=(0.1, 0.6),
        ge=0,
        le=1,
        doc="Who knows of the vans and would book one; for all others there are none.",
    )


class ChoiceParams(Params):
    """Everybody who travels in the area chooses how, by nested logit; who takes a van asks for it.

    Demand is then that of all who travel, in place of that of the vans.
    """

    travellers_per_day: Count | None = quantity(
        None,
        "people",
        source="the scenario",
        grade="D",
        fork="new_only",
        ge=0,
        le=10_000_000,
        doc="People who travel in the area on a day, by whatever way; who travels twice counts twice. With a table of "
        "demand its rows are the trips.",
    )
    minute_utility: float = quantity(
        0.05,
        "",
        source="remembered: models of urban trips have 0.02 to 0.06 for a minute in a vehicle",
        grade="M",
        between=(0.02, 0.08),
        fork="no",
        gt=0,
        le=1,
        doc="Utility of a minute of riding; large values mean that all decide alike.",
    )
    hour_yen: float = quantity(
        1800.0,
        "yen",
        source="39.60 yen a minute of a car (manual of 2018, unverified) by some 1.3 people a car (remembered)",
        grade="D",
        between=(1000.0, 3000.0),
        fork="no",
        gt=0,
        le=100_000,
        doc="Worth of an hour of riding.",
    )
    walk_weight: float = quantity(2.0, source=_WARDMAN, grade="M", between=(1.5, 2.5), ge=0, le=10)
    wait_weight: float = quantity(2.0, source=_WARDMAN, grade="M", between=(1.5, 2.5), ge=0, le=10)
    stop_wait_at_most_s: Seconds = quantity(
        600.0, "s", source=_GUESS, grade="G", ge=0, le=7200,
        doc="Longest wait at the first stop of a bus: who knows the timetable spends the rest elsewhere.",
    )  # fmt: skip
    elsewhere_weight: float = quantity(
        0.5, source=_GUESS, grade="G", between=(0.2, 1.0), ge=0, le=10, doc="Worth of that rest, by that of riding."
    )
    change_penalty_s: Seconds = quantity(
        600.0, "s", source="remembered: a change weighs as 5 to 15 minutes in a vehicle", grade="M", ge=0, le=7200
    )
    constants: Constants = Constants()
    nest_scales: NestScales = NestScales()
    owners: Owners = Owners()
    known: Known = Known()
    bicycle_mps: Speed = quantity(3.3, "m/s", source="remembered: 12 km/h in town", grade="M", gt=0, le=15)
    drive_time_factor: float = quantity(
        1.0,
        source="choice: an empty road",
        grade="D",
        fork="no",
        ge=0.2,
        le=10,
        doc="Drives that people expect, by those of an empty road: above 1 where the day is slower.",
    )
    taxi_wait_s: Seconds = quantity(420.0, "s", source=_GUESS, grade="G", between=(180.0, 900.0), ge=0, le=7200)
    taxi_first_yen: float = quantity(
        600.0, "yen", source="normal taxi in Osaka from 2023-05-31 (Osaka prefecture)", grade="V", ge=0, le=100_000
    )
    taxi_first_distance_m: Metres = quantity(
        1300.0, "m", source="the same; 1,200 m from 2025-11-05 (fujipost.com 15333)", grade="V", ge=0, le=100_000
    )
    taxi_step_yen: float = quantity(
        100.0, "yen", source="normal taxi in Osaka from 2023-05-31 (Osaka prefecture)", grade="V", ge=0, le=100_000
    )
    taxi_step_distance_m: Metres = quantity(
        260.0, "m", source="the same; 231 m from 2025-11-05 (fujipost.com 15333)", grade="V", gt=0, le=100_000
    )
    car_km_yen: float = quantity(20.0, "yen", source=_GUESS, grade="G", ge=0, le=1000, doc="Fuel alone.")
    parking_yen: float = quantity(200.0, "yen", source=_GUESS, grade="G", between=(0.0, 600.0), ge=0, le=100_000)
    car_km_co2_kg: float = quantity(
        0.17, "kg", source="132 g a passenger-km (ministry, 2021, recalled) by 1.3 people", grade="M", ge=0, le=10
    )
    taxi_km_co2_kg: float = quantity(
        0.34, "kg", source="our guess: that of a car, and as many empty kilometres again", grade="G", ge=0, le=10
    )
    refused_felt_s: Seconds = quantity(
        2700.0, "s", source=_GUESS, grade="G", between=(1800.0, 5400.0), ge=0, le=86400,
        doc="A refusal counts in the expected wait as so long a wait.",
    )  # fmt: skip
    days: Count = quantity(
        3.0, "days", source="our choice", grade="G", ge=1, le=100, multiple_of=1,
        doc="Days from which waits are learned, each tried again and again; never the day of the run.",
    )  # fmt: skip
    iterations_at_most: Count = quantity(
        40.0, "rounds", source="our choice", grade="G", ge=1, le=1000, multiple_of=1
    )  # fmt: skip
    settled_s: Seconds = quantity(
        10.0, "s", source="our choice", grade="G", gt=0, le=3600,
        doc="Expected waits are settled when those that follow from them differ by no more, on average.",
    )  # fmt: skip
