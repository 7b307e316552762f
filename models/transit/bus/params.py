"""Parameters of the bus on fixed routes."""

from __future__ import annotations

from itertools import pairwise

from pydantic import field_validator, model_validator

from twin.params import Params, quantity
from twin.units import ClockSpan, Count, Metres, Seconds


class Headway(Params):
    """How often a line leaves its first stop in some hours of the day."""

    hours: ClockSpan = quantity(source="the scenario", grade="D", doc="From the first departure to before the last.")
    every_s: Seconds = quantity(source="the scenario", grade="D", ge=60, le=86400, doc="Time between departures.")


class BusLine(Params):
    """Departures of one line of the list of lines."""

    headways: tuple[Headway, ...] = quantity(
        source="the scenario", grade="D", min_length=1, doc="Headways by hours of the day; hours may not overlap."
    )
    both_ways: bool = quantity(
        True, "", source="choice: a line runs both ways", grade="D", doc="Whether buses also run from last to first."
    )

    @field_validator("headways")
    @classmethod
    def _apart(cls, value: tuple[Headway, ...]) -> tuple[Headway, ...]:
        spans = sorted(one.hours for one in value)
        for (from_s, to_s), (next_s, _) in pairwise(spans):
            if next_s < to_s:
                hours = f"{from_s / 3600:g} h to {to_s / 3600:g} h and from {next_s / 3600:g} h"
                raise ValueError(f"headways overlap: hours from {hours}")
        return value


class BusParams(Params):
    """Fixed routes by a timetable: a table of stop times, or a list of lines with headways."""

    times_table: str | None = quantity(
        None,
        "",
        source="the scenario",
        grade="D",
        doc="Name of a table of stop times: a GTFS feed (`gtfs_day:` under tables), or route, trip, sequence, stop, "
        "lat, lon, arrival_s, departure_s.",
    )
    stops_table: str | None = quantity(
        None,
        "",
        source="the scenario",
        grade="D",
        doc="Name of a table of the stops of lines in their order: line, stop, minutes (from the stop before) "
        "and, where stops are none of the city, lat and lon.",
    )
    lines: dict[str, BusLine] = quantity(
        default_factory=dict, source="the scenario", grade="D", doc="Departures of the lines of that table, by line."
    )
    fare_yen: float = quantity(
        210.0,
        "yen",
        source="Osaka City Bus and BRT 210 yen a ride (hiratake.dev 2024-05-12; saitoshika-west.com)",
        grade="V",
        fork="no",
        ge=0,
        le=1e5,
        doc="Of every ride; changing costs it again.",
    )
    fare_age65_yen: float | None = quantity(
        None,
        "yen",
        source="choice: as for everybody; with the pass of residents of 70 and older it is 50 yen",
        grade="G",
        fork="no",
        ge=0,
        le=1e5,
        doc="Mean fare of a ride of people of 65 and older, if it is another. What changing is worth to them goes by "
        "the fare of all.",
    )
    walk_at_most_m: Metres = quantity(
        800.0, "m", source="our guess: ten minutes", grade="G", ge=0, le=5000, doc="To the first, from the last stop."
    )
    change_walk_at_most_m: Metres = quantity(
        300.0, "m", source="our guess", grade="G", ge=0, le=5000, doc="Between two rides."
    )
    change_s: Seconds = quantity(
        60.0, "s", source="our guess", grade="G", ge=0, le=3600, doc="Least time to change, walks left out."
    )
    rides_at_most: Count = quantity(
        3.0, "rides", source="our choice", grade="G", ge=1, le=8, multiple_of=1, doc="Rides of a journey."
    )
    places: Count = quantity(
        56.0,
        "people",
        source="remembered: a medium-sized bus carries about 56 people, a large one about 75",
        grade="M",
        ge=1,
        le=300,
        multiple_of=1,
        doc="People that a bus holds; who is beyond that is counted, and rides all the same.",
    )
    km_yen: float = quantity(
        477.0,
        "yen",
        source="fixed-route bus, national mean 2018 (goo blog on block costs of the transport ministry)",
        grade="V",
        ge=0,
        le=1e5,
        doc="All costs of a bus-kilometre; a small bus costs about 9 % less (same source).",
    )
    km_co2_kg: float = quantity(
        0.8,
        "kg",
        source="remembered: 3 to 3.5 km a litre of diesel in town, 2.6 kg a litre",
        grade="M",
        ge=0,
        le=10,
        doc="CO2 of a bus-kilometre.",
    )

    def fares_yen(self) -> tuple[float, ...]:
        """Fare of a ride of each age group, in the order of ``AGE_GROUPS``."""
        older = self.fare_yen if self.fare_age65_yen is None else self.fare_age65_yen
        return self.fare_yen, older, self.fare_yen

    @model_validator(mode="after")
    def _one_source(self) -> BusParams:
        if (self.times_table is None) == (self.stops_table is None):
            raise ValueError(
                "give times_table: the name of a table of stop times, or stops_table: and lines:, and not both"
            )
        if self.stops_table is not None and not self.lines:
            raise ValueError(
                "stops_table has no lines; say when they run, for example lines: {'12': {headways: [...]}}"
            )
        if self.times_table is not None and self.lines:
            raise ValueError("a table of stop times tells its departures; leave lines out")
        return self


class ReachParams(Params):
    """Places within reach door to door, by bus and by van, cell by cell."""

    within_s: Seconds = quantity(
        1800.0, "s", source="the question: places within 30 minutes", grade="D", ge=60, le=14400, doc="Door to door."
    )
    cell_m: Metres = quantity(
        250.0, "m", source="quarter of a grid square of 1 km (mesh of the census)", grade="M", ge=50, le=5000
    )
    hours: ClockSpan = quantity(
        (25200.0, 68400.0), "", source="our choice: by day", grade="G", doc="Departures are spread over these hours."
    )
    every_s: Seconds = quantity(
        600.0, "s", source="our choice", grade="G", ge=60, le=7200, doc="Time between departures."
    )
