"""Parameters of the service: booking ahead, channels, cancelling, types of vans, shifts, breaks, fares, costs."""

from __future__ import annotations

from pydantic import field_validator, model_validator

from twin.params import Params, quantity
from twin.units import ClockSpan, Count, Seconds, Share

#: Most breaks of a shift.
MOST_BREAKS = 4
_NOT_PUBLISHED = "not published for Osaka; choice: as if nobody did"


class Phone(Params):
    """Booking by phone: a queue before operators, with hours of its own."""

    share: Share = quantity(
        0.0, "%", source=_NOT_PUBLISHED, grade="G", fork="new_only", ge=0, le=1, doc="Requests that are made by phone."
    )
    hours: ClockSpan = quantity(
        (25200.0, 61200.0),
        "",
        source="phone 7:00-17:00 in 2021 (creators.yahoo.co.jp/aya/0100160836)",
        grade="V",
        fork="new_only",
        doc="Calls at other hours are refused as phone_closed.",
    )
    operators: Count = quantity(
        2.0, "people", source="our guess", grade="G", fork="new_only", ge=1, le=1000, multiple_of=1
    )
    handling_s: Seconds = quantity(
        120.0, "s", source="our guess", grade="G", fork="new_only", gt=0, le=3600, doc="Length of every call."
    )
    patience_s: Seconds = quantity(
        300.0,
        "s",
        source="our guess",
        grade="G",
        fork="new_only",
        ge=0,
        le=86400,
        doc="Who is not answered by then hangs up and is refused as phone_gave_up.",
    )


class Booking(Params):
    """Requests for a later time, cancelling, and not coming."""

    ahead_share: Share = quantity(
        0.0,
        "%",
        source=_NOT_PUBLISHED,
        grade="G",
        fork="new_only",
        ge=0,
        le=1,
        doc="Requests that are made before the time for which a ride is wanted.",
    )
    lead_mean_s: Seconds = quantity(
        43200.0,
        "s",
        source="our guess",
        grade="G",
        fork="new_only",
        gt=0,
        le=864000,
        doc="Mean time from booking to the wanted ride; exponential, cut at `at_most_s`.",
    )
    at_most_s: Seconds = quantity(
        259200.0,
        "s",
        source="app, LINE and phone from 3 days ahead, 2025 (wacoca.com 2675795)",
        grade="V",
        fork="new_only",
        gt=0,
        le=864000,
        doc="How far ahead one may book; requests of a table for later are refused as too_early.",
    )
    arrive_by_share: Share = quantity(
        0.3,
        "%",
        source="our guess: trips to clinics and stations have a time of arrival",
        grade="G",
        fork="new_only",
        ge=0,
        le=1,
        doc="Of those who book ahead, who give a latest arrival in place of an earliest pick-up.",
    )
    cancel_share: Share = quantity(
        0.0,
        "%",
        source=_NOT_PUBLISHED,
        grade="G",
        fork="new_only",
        ge=0,
        le=1,
        doc="Requests taken back before boarding.",
    )
    no_show_share: Share = quantity(
        0.0, "%", source=_NOT_PUBLISHED, grade="G", fork="new_only", ge=0, le=1, doc="Requests for which nobody comes."
    )
    no_show_wait_s: Seconds = quantity(
        180.0,
        "s",
        source="our guess",
        grade="G",
        fork="now",
        ge=0,
        le=3600,
        doc="How long a van waits for those who do not come, as far as promises to others allow.",
    )
    phone: Phone = Phone()

    @model_validator(mode="after")
    def _shares_fit(self) -> Booking:
        if self.cancel_share + self.no_show_share > 1:
            raise ValueError("cancel_share and no_show_share make more than 100 %")
        return self


class Break(Params):
    """A break of a driver, at the depot."""

    between: ClockSpan = quantity(source="the scenario", grade="D", doc="Earliest and latest beginning.")
    length_s: Seconds = quantity(source="the scenario", grade="D", gt=0, le=43200)


class Shift(Params):
    """Duty of some vans of a type: from and back to the depot."""

    hours: ClockSpan = quantity(source="the scenario", grade="D", doc="On duty, back at the depot by the end.")
    vans: Count = quantity(source="the scenario", grade="D", ge=1, le=100_000, multiple_of=1, doc="Vans on this shift.")
    breaks: tuple[Break, ...] | None = quantity(
        None,
        "",
        source="Labour Standards Act, article 34: 45 minutes in more than 6 hours, 60 in more than 8; begun between a "
        "third of the shift and two thirds of it less the break (guess)",
        grade="M",
        doc="Breaks; without them what the law asks for, as one break.",
    )

    @field_validator("breaks")
    @classmethod
    def _few(cls, value: tuple[Break, ...] | None) -> tuple[Break, ...] | None:
        if value is not None and len(value) > MOST_BREAKS:
            raise ValueError(f"a shift has {MOST_BREAKS} breaks at most, got {len(value)}")
        return value

    def breaks_s(self) -> list[tuple[float, float, float]]:
        """Breaks as (earliest beginning, latest beginning, length)."""
        if self.breaks is not None:
            return [(*one.between, one.length_s) for one in self.breaks]
        from_s, to_s = self.hours
        span_s = to_s - from_s
        length_s = 0.0 if span_s <= 6 * 3600 else 2700.0 if span_s <= 8 * 3600 else 3600.0
        return [(from_s + span_s / 3, to_s - span_s / 3 - length_s, length_s)] if length_s else []

    @model_validator(mode="after")
    def _fits(self) -> Shift:
        from_s, to_s = self.hours
        if to_s - from_s > 86400:
            raise ValueError("a shift lasts 24 h at most")
        for early_s, late_s, length_s in self.breaks_s():
            if late_s < early_s or early_s < from_s or late_s + length_s > to_s:
                raise ValueError("a break does not fit into its shift")
        return self


class VanType(Params):
    """Vans of one kind."""

    count: Count = quantity(source="the scenario", grade="D", ge=0, le=100_000, multiple_of=1, doc="Vans there are.")
    seats: Count = quantity(
        8.0,
        "seats",
        source="one-box van for 8 passengers (creators.yahoo.co.jp/aya/0100160836)",
        grade="V",
        ge=0,
        le=100,
        multiple_of=1,
        doc="Passengers beside those in wheelchairs.",
    )
    wheelchair_spaces: Count = quantity(
        1.0, "spaces", source="our guess", grade="G", ge=0, le=20, multiple_of=1, doc="Places for wheelchairs."
    )
    step_free: bool = quantity(True, "", source="our guess", grade="G", doc="Whether one boards without a step.")
    shifts: tuple[Shift, ...] = quantity(
        (), "", source="choice: on duty in all hours of service, without breaks", grade="D", doc="Duties of the day."
    )

    @model_validator(mode="after")
    def _enough(self) -> VanType:
        if self.count > 0 and self.seats + self.wheelchair_spaces < 1:
            raise ValueError("a van without seats and places carries nobody; give it seats")
        edges = sorted({shift.hours[0] for shift in self.shifts})
        for at_s in edges:
            needed = sum(int(s.vans) for s in self.shifts if s.hours[0] <= at_s < s.hours[1])
            if needed > self.count:
                raise ValueError(
                    f"shifts overlap: {needed} vans are on duty at {at_s / 3600:g} h, the type has {self.count:g}"
                )
        return self


class Fare(Params):
    """What riders pay."""

    adult_yen: float = quantity(
        210.0,
        "yen",
        source="210 yen in Ikuno and Hirano (saitoshika-west.com)",
        grade="V",
        fork="new_only",
        ge=0,
        le=1e5,
    )
    child_yen: float = quantity(
        110.0,
        "yen",
        source="110 yen in Ikuno and Hirano (saitoshika-west.com)",
        grade="V",
        fork="new_only",
        ge=0,
        le=1e5,
    )
    child_share: Share = quantity(
        0.0, "%", source=_NOT_PUBLISHED, grade="G", fork="new_only", ge=0, le=1, doc="Riders at the child's fare."
    )
    pass_yen: float = quantity(
        5000.0, "yen", source="pass of 30 days (saitoshika-west.com)", grade="V", fork="new_only", ge=0, le=1e6
    )
    pass_share: Share = quantity(
        0.0, "%", source=_NOT_PUBLISHED, grade="G", fork="new_only", ge=0, le=1, doc="Riders who hold a pass."
    )
    pass_rides: float = quantity(
        20.0, "rides", source="our guess", grade="G", fork="new_only", gt=0, le=1000, doc="Rides of a pass in 30 days."
    )

    @property
    def mean_yen(self) -> float:
        """Revenue per rider."""
        single = (1 - self.child_share) * self.adult_yen + self.child_share * self.child_yen
        return (1 - self.pass_share) * single + self.pass_share * self.pass_yen / self.pass_rides


class Costs(Params):
    """What the service costs, and what it burns."""

    vehicle_hour_yen: float = quantity(
        4000.0,
        "yen",
        source="driver's wage of about 2,000 yen an hour x 1.15 over a labour share of 60 % (goo blog hisap_surfrider, "
        "kotsutorisetsu Yokohama); the rest is a guess",
        grade="G",
        between=(3000.0, 6000.0),
        ge=0,
        le=1e5,
        doc="All costs of an hour of a van on duty but fuel.",
    )
    fuel_km_per_l: float = quantity(
        8.8,
        "km/L",
        source="HiAce wagon, WLTC (car-mo)",
        grade="V",
        gt=0,
        le=100,
        doc="Kilometres to a litre of petrol.",
    )
    fuel_yen_per_l: float = quantity(175.0, "yen", source="our guess", grade="G", ge=0, le=1000)
    co2_kg_per_km: float = quantity(
        0.30, "kg", source="8.8 km/L WLTC, 7.4 to 7.8 in use, 2.3 kg/L", grade="D", ge=0, le=10
    )
