"""Parameters of the kerb: who stops at shops, for how long, where the bays are, and who watches them; with sources.

What was read: that the city watches pockets of Midosuji by cameras, and tried light and sound in 2026; that loading is
allowed for 20 minutes in comparable Japanese rules; one distribution of stops. How many stop there, what drivers do who
find no bay, and what a warning achieves are guesses that wait for counts: read differences between variants, and the
answers over the ranges.
"""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import model_validator

from twin.params import Params, quantity
from twin.units import ClockSpan, Count, Metres, Seconds, Share, Speed

_MIN = 60.0
_HOURS = 24
_GUESS = "guess, no count or survey behind it"
_ALLEYS = (
    "derived: 68 % of stops in Seattle's alleys ended within 15 min (urbanfreightlab.com, Alley Infrastructure "
    "Inventory and Occupancy Study, 2018), with a guessed spread"
)
_TWENTY = (
    "20 min, as Sapporo once allowed loading (city.sapporo.jp, nisabaki) and as free loading bays of Japanese cities "
    "do (JSTE 7(2) A_160)"
)
_TRIAL = "hours of the trial of 29 January to 11 February 2026 (city.osaka.lg.jp, kensetsu 0000671551)"

Side = Literal["east", "west", "north", "south"]
VehicleClass = Literal["car", "van", "small_truck"]


def _profile(**weights: float) -> tuple[float, ...]:
    """24 hourly weights; ``h08=3`` is the weight from 08:00 to 09:00."""
    return tuple(weights.get(f"h{hour:02d}", 0.0) for hour in range(_HOURS))


_MORNING = _profile(h06=2, h07=4, h08=7, h09=9, h10=10, h11=8, h12=5, h13=6, h14=6, h15=5, h16=4, h17=3, h18=2, h19=1)
_ALL_DAY = _profile(h08=3, h09=7, h10=9, h11=9, h12=6, h13=7, h14=9, h15=8, h16=8, h17=8, h18=7, h19=6, h20=4)
_SHOPPING = _profile(h08=2, h09=3, h10=5, h11=7, h12=7, h13=7, h14=8, h15=8, h16=8, h17=9, h18=9, h19=8, h20=7, h21=6)


class VisitKind(Params):
    """One kind of vehicles that stop at shops."""

    vehicle_class: VehicleClass = quantity("small_truck", source="choice", grade="D", doc="class of its vehicles")
    per_shop_day: Count = quantity(
        1.0, "vehicles", source=_GUESS, grade="G", fork="new_only", ge=0, le=1000, doc="mean number per shop and day"
    )
    profile: tuple[float, ...] = quantity(
        _MORNING, source=_GUESS, grade="G", fork="new_only", min_length=_HOURS, max_length=_HOURS,
        doc="24 weights, one per hour in which they set out",
    )  # fmt: skip
    dwell_mean_s: Seconds = quantity(
        14 * _MIN, "s", source=_ALLEYS, grade="D", fork="new_only", gt=0, le=86400, between=(10 * _MIN, 20 * _MIN),
        doc="mean time that the work at the shop takes",
    )  # fmt: skip
    dwell_cv: Share = quantity(
        0.95, source=_ALLEYS, grade="D", fork="new_only", gt=0, le=5, between=(0.7, 1.2),
        doc="standard deviation of that time by its mean",
    )  # fmt: skip
    dwell_law: Literal["lognormal", "exponential"] = quantity(
        "lognormal", source="choice: skewed, never 0", grade="D", fork="new_only", doc="law of that time"
    )
    search: Share = quantity(
        0.35, source=_GUESS, grade="G", fork="now", ge=0, le=1, between=(0.2, 0.5),
        doc="share of those who find no bay free that searches on, where another pocket is near",
    )  # fmt: skip
    wait: Share = quantity(
        0.1, source=_GUESS, grade="G", fork="now", ge=0, le=1, between=(0.0, 0.2),
        doc="share that waits in the lane beside the pocket",
    )  # fmt: skip
    double_park: Share = quantity(
        0.45, source=_GUESS, grade="G", fork="now", ge=0, le=1, between=(0.25, 0.6),
        doc="share that stands in the lane for its work; what is left goes away",
    )  # fmt: skip
    search_at_most_s: Seconds = quantity(
        10 * _MIN, "s", source=_GUESS, grade="G", fork="now", ge=0, le=86400,
        doc="from the first pocket on; after that nobody searches on",
    )  # fmt: skip
    patience_mean_s: Seconds = quantity(
        6 * _MIN, "s", source=_GUESS, grade="G", fork="new_only", gt=0, le=86400 * 365,
        doc="mean of the exponential time after which who waits goes away",
    )  # fmt: skip

    @property
    def go_away(self) -> float:
        """Share of those who find no bay free that goes away at once."""
        return max(1.0 - self.search - self.wait - self.double_park, 0.0)

    @model_validator(mode="after")
    def _shares_fit(self) -> Self:
        total = self.search + self.wait + self.double_park
        if total > 1 + 1e-9:
            raise ValueError(f"search, wait and double_park add up to {total:.3g}; they are shares of the same drivers")
        if self.per_shop_day > 0 and not sum(self.profile) > 0:
            raise ValueError("profile has no weight above 0; give the hours in which they set out")
        if any(weight < 0 for weight in self.profile):
            raise ValueError(f"profile holds {min(self.profile):g}; weights are at least 0")
        return self


class ParcelKind(VisitKind):
    """Parcels (宅配): short stops all day."""

    vehicle_class: VehicleClass = quantity("van", source="choice", grade="D", doc="class of its vehicles")
    per_shop_day: Count = quantity(
        1.5, "vehicles", source=_GUESS, grade="G", fork="new_only", ge=0, le=1000, doc="mean number per shop and day"
    )
    profile: tuple[float, ...] = quantity(
        _ALL_DAY, source=_GUESS, grade="G", fork="new_only", min_length=_HOURS, max_length=_HOURS,
        doc="24 weights, one per hour in which they set out",
    )  # fmt: skip
    dwell_mean_s: Seconds = quantity(
        8 * _MIN, "s", source=_GUESS, grade="G", fork="new_only", gt=0, le=86400, between=(5 * _MIN, 12 * _MIN),
        doc="mean time that the work at the shop takes",
    )  # fmt: skip


class PickupKind(VisitKind):
    """Setting down and picking up people (送迎・乗降)."""

    vehicle_class: VehicleClass = quantity("car", source="choice", grade="D", doc="class of its vehicles")
    per_shop_day: Count = quantity(
        4.0, "vehicles", source=_GUESS, grade="G", fork="new_only", ge=0, le=1000, doc="mean number per shop and day"
    )
    profile: tuple[float, ...] = quantity(
        _SHOPPING, source=_GUESS, grade="G", fork="new_only", min_length=_HOURS, max_length=_HOURS,
        doc="24 weights, one per hour in which they set out",
    )  # fmt: skip
    dwell_mean_s: Seconds = quantity(
        3 * _MIN, "s", source=_GUESS, grade="G", fork="new_only", gt=0, le=86400, between=(_MIN, 6 * _MIN),
        doc="mean time until people are in or out",
    )  # fmt: skip
    search: Share = quantity(
        0.15, source=_GUESS, grade="G", fork="now", ge=0, le=1, between=(0.05, 0.3),
        doc="share of those who find no bay free that searches on, where another pocket is near",
    )  # fmt: skip
    double_park: Share = quantity(
        0.65, source=_GUESS, grade="G", fork="now", ge=0, le=1, between=(0.4, 0.8),
        doc="share that stands in the lane; what is left goes away",
    )  # fmt: skip


class StretchParams(Params):
    """One side of a street between two crossings."""

    street: str = quantity(..., source="the map", grade="D", min_length=1, doc="name of the street on the map")
    between: tuple[str, str] = quantity(..., source="the map", grade="D", doc="names of the two cross streets")
    side: Side = quantity(..., source="the map", grade="D", doc="side of the street")


class Frontage(StretchParams):
    """Shops along one side of a street, evenly spaced."""

    shops: Count = quantity(
        ..., "shops", source="the scenario", grade="D", fork="no", ge=1, le=4000, multiple_of=1, doc="shops there"
    )


class Bays(StretchParams):
    """Loading pockets (沿道アクセススペース) along one side of a street, evenly spaced."""

    pockets: Count = quantity(
        ..., "pockets", source="the scenario", grade="D", fork="no", ge=0, le=500, multiple_of=1, doc="pockets there"
    )
    bays_each: Count = quantity(
        2.0, "bays", source="32 bays in 15 places of Kyoto's Shijo-dori (Kyoto Shimbun)", grade="D", fork="no",
        ge=1, le=100, multiple_of=1, doc="bays of each pocket",
    )  # fmt: skip


class Cameras(Params):
    """AI cameras that look at pockets; with light and sound they speak to drivers, else they report to patrols."""

    count: Count = quantity(
        0.0, "cameras", source="choice: none; the plan names 0 to 15", grade="D", fork="now", ge=0, le=500,
        multiple_of=1, doc="pockets with one, the busiest first",
    )  # fmt: skip
    detects: Share = quantity(
        0.9, source=_GUESS, grade="G", fork="now", ge=0, le=1, between=(0.7, 0.98),
        doc="share of stands against the rules that one notices",
    )  # fmt: skip
    after_s: Seconds = quantity(
        120.0, "s", source=_GUESS, grade="G", fork="now", ge=0, le=86400, between=(60.0, 300.0),
        doc="time against the rules after which it does",
    )  # fmt: skip
    light_and_sound: bool = quantity(
        True, source="tried in 2026 (city.osaka.lg.jp, kensetsu 0000671551)", grade="V", fork="now",
        doc="whether it speaks to the driver; without, it reports to the patrols only",
    )  # fmt: skip
    complies: Share = quantity(
        0.5, source=_GUESS + "; results of the trial of 2026 were not found", grade="G", fork="now", ge=0, le=1,
        between=(0.2, 0.8), doc="share of those spoken to who leave",
    )  # fmt: skip
    respond_s: Seconds = quantity(
        90.0, "s", source=_GUESS, grade="G", fork="now", ge=0, le=86400, doc="time until they do"
    )
    deters: Share = quantity(
        0.2, source=_GUESS, grade="G", fork="now", ge=0, le=1, between=(0.0, 0.5),
        doc="share of drivers who keep to the rules where they see one",
    )  # fmt: skip


class Guards(Params):
    """Guards (誘導員) who stand at pockets all the hours."""

    count: Count = quantity(
        0.0, "guards", source="choice: none", grade="D", fork="now", ge=0, le=500, multiple_of=1,
        doc="pockets with one, the busiest without a camera first",
    )  # fmt: skip
    detects: Share = quantity(1.0, source=_GUESS, grade="G", fork="now", ge=0, le=1, doc="as of cameras")
    after_s: Seconds = quantity(60.0, "s", source=_GUESS, grade="G", fork="now", ge=0, le=86400, doc="as of cameras")
    complies: Share = quantity(
        0.8, source=_GUESS, grade="G", fork="now", ge=0, le=1, between=(0.6, 0.95), doc="as of cameras"
    )
    respond_s: Seconds = quantity(60.0, "s", source=_GUESS, grade="G", fork="now", ge=0, le=86400, doc="as of cameras")
    deters: Share = quantity(
        0.6, source=_GUESS, grade="G", fork="now", ge=0, le=1, between=(0.3, 0.9), doc="as of cameras"
    )


class Patrols(Params):
    """Patrols (駐車監視員) who walk from pocket to pocket."""

    count: Count = quantity(
        0.0, "patrols", source="choice: none", grade="D", fork="no", ge=0, le=200, multiple_of=1, doc="patrols"
    )
    people: Count = quantity(
        2.0, "people", source="private wardens walk in pairs in Japan (remembered)", grade="M", fork="no", ge=1, le=10,
        multiple_of=1, doc="people in each, for staff hours",
    )  # fmt: skip
    walk_speed_mps: Speed = quantity(
        1.34, "m/s", source="Weidmann (1993), mean free speed", grade="M", fork="now", gt=0, le=10, doc="their speed"
    )
    look_s: Seconds = quantity(
        120.0, "s", source=_GUESS, grade="G", fork="now", gt=0, le=86400, doc="time they spend at a pocket"
    )
    complies: Share = quantity(
        0.9, source=_GUESS, grade="G", fork="now", ge=0, le=1, between=(0.7, 1.0), doc="as of cameras"
    )
    respond_s: Seconds = quantity(60.0, "s", source=_GUESS, grade="G", fork="now", ge=0, le=86400, doc="as of cameras")
    to_reports: bool = quantity(
        True, source="choice", grade="D", fork="now", doc="whether they go where cameras have reported somebody first"
    )


class KerbParams(Params):
    """Loading and stopping at the kerb: visits to shops, bays, and who watches them."""

    hours: ClockSpan = quantity(
        (8 * 3600.0, 20 * 3600.0), source=_TRIAL, grade="V", fork="no",
        doc="hours in which vehicles come, bays are counted and somebody watches",
    )  # fmt: skip
    limit_s: Seconds = quantity(
        20 * _MIN,
        "s",
        source=_TWENTY,
        grade="D",
        fork="no",
        gt=0,
        le=86400,
        doc="longest stand that a bay is meant for",
    )
    reach_m: Metres = quantity(
        150.0, "m", source=_GUESS, grade="G", fork="no", ge=0, le=5000, between=(80.0, 250.0),
        doc="how far from its shop a driver takes a bay, as the crow flies",
    )  # fmt: skip
    manoeuvre_s: Seconds = quantity(
        15.0, "s", source=_GUESS, grade="G", fork="no", ge=1, le=600,
        doc="from the decision to drive on until it is on the road, and from a stand in the lane until those who drive "
        "feel it, at its begin and its end; the step of the clock can be no longer",
    )  # fmt: skip
    lane_left: Share = quantity(
        0.5, "lanes", source=_GUESS, grade="G", fork="no", gt=0, lt=1, between=(0.3, 0.7),
        doc="what is left of a street to those who pass where standing vehicles would take all its lanes",
    )  # fmt: skip
    deliveries: VisitKind = VisitKind()
    parcels: ParcelKind = ParcelKind()
    pickups: PickupKind = PickupKind()
    frontages: dict[str, Frontage] = quantity(
        default_factory=dict, source="the scenario", grade="D", fork="no",
        doc="shops by name of the frontage, each with street, between, side and shops",
    )  # fmt: skip
    bays: dict[str, Bays] = quantity(
        default_factory=dict, source="the scenario", grade="D", fork="no",
        doc="pockets by name of the stretch, each with street, between, side, pockets and bays_each",
    )  # fmt: skip
    cameras: Cameras = Cameras()
    guards: Guards = Guards()
    patrols: Patrols = Patrols()

    @property
    def kinds(self) -> tuple[VisitKind, ...]:
        """Kinds of visits, in the order of ``tables.KINDS``."""
        return (self.deliveries, self.parcels, self.pickups)

    @model_validator(mode="before")
    @classmethod
    def _no_empty_name(cls, data: Any) -> Any:
        for part in ("frontages", "bays"):
            if isinstance(data, dict) and "" in (data.get(part) or {}):
                raise ValueError(f"{part} holds a stretch without a name")
        return data

    def estimate_agents(self) -> float:
        """Vehicles of a day."""
        shops = sum(frontage.shops for frontage in self.frontages.values())
        return shops * sum(kind.per_shop_day for kind in self.kinds)
