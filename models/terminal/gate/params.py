"""Parameters of what serves and holds trucks: lanes, desks, cranes, yards, and how long services take."""

from __future__ import annotations

from typing import Literal

from twin.params import Params, quantity
from twin.units import ClockSpan, Seconds, Share

Law = Literal["exponential", "lognormal", "erlang", "deterministic"]
LaneKind = Literal["ordinary", "reserved", "booked_first", "mixed", "oversize", "trouble"]

#: Most servers of each kind; groups of servers have this size, so that counts may change at a fork.
MOST_LANES = 200
MOST_CRANES = 20
MOST_TROUBLE_PLACES = 500

_TODAY = "choice: today's gate, without the measure"
_SCENARIO = "given by the scenario"
_NO_JAPANESE_VALUE = "guess: no published Japanese value found"


class ServiceLaw(Params):
    """How long one service lasts: a law, its mean and its spread."""

    law: Law = quantity("lognormal", source=_NO_JAPANESE_VALUE, grade="G", fork="new_only")
    mean_s: Seconds = quantity(150.0, "s", source=_NO_JAPANESE_VALUE, grade="G", fork="new_only", gt=0, le=86400)
    cv: float = quantity(
        0.6,
        source=_NO_JAPANESE_VALUE,
        grade="G",
        fork="new_only",
        ge=0,
        le=10,
        doc="coefficient of variation of the lognormal law",
    )
    phases: int = quantity(
        3, source=_NO_JAPANESE_VALUE, grade="G", fork="new_only", ge=1, le=1000, doc="phases of the Erlang law"
    )


class GateService(ServiceLaw):
    """Reception and check of one truck in an in-gate lane."""

    mean_s: Seconds = quantity(
        150.0, "s", source=_NO_JAPANESE_VALUE, grade="G", fork="new_only", between=(90.0, 240.0), gt=0, le=86400
    )


class OutGateService(ServiceLaw):
    """Check of one truck at the out-gate."""

    mean_s: Seconds = quantity(42.0, "s", source=_NO_JAPANESE_VALUE, grade="G", fork="new_only", gt=0, le=86400)
    cv: float = quantity(0.5, source=_NO_JAPANESE_VALUE, grade="G", fork="new_only", ge=0, le=10)


class CraneService(ServiceLaw):
    """One box between truck and stack, without rehandles."""

    mean_s: Seconds = quantity(
        180.0, "s", source="guess from remembered RTG cycle times", grade="G", fork="new_only", gt=0, le=86400
    )
    cv: float = quantity(0.4, source=_NO_JAPANESE_VALUE, grade="G", fork="new_only", ge=0, le=10)


class TroubleTime(ServiceLaw):
    """How long it takes to mend the documents of a truck."""

    law: Law = quantity("exponential", source="guess: a law with a long tail", grade="G", fork="new_only")
    mean_s: Seconds = quantity(
        3600.0,
        "s",
        source="NCFRP Report 11 (US terminals): about 1 h each; Japan not found",
        grade="G",
        fork="new_only",
        gt=0,
        le=86400,
    )


class LaneGroup(Params):
    """Lanes of one kind at the in-gate."""

    count: int = quantity(
        source=_SCENARIO, grade="G", fork="now", ge=0, le=MOST_LANES, doc="lanes; DICT's number is not published"
    )
    kind: LaneKind = quantity(
        "ordinary",
        source=_TODAY,
        grade="D",
        fork="now",
        doc="reserved: booked trucks only; booked_first: ordinary ones when no booked truck waits; "
        "mixed: whoever joined first; ordinary: ordinary trucks only. Without conpas.reserved_lane all these "
        "are mixed. oversize: oversize trucks, see oversize; trouble: trucks in trouble, see trouble.at",
    )
    opening: tuple[ClockSpan, ...] | None = quantity(
        None, source="choice: as the terminal", grade="D", fork="now", doc="own opening hours, to stagger breaks"
    )


class LaneClosure(Params):
    """Lanes that are shut for a while, for example for works."""

    lanes: str = quantity(source=_SCENARIO, grade="G", fork="now", doc="name of the group of lanes")
    count: int = quantity(source=_SCENARIO, grade="G", fork="now", ge=1, le=200)
    hours: ClockSpan = quantity(source=_SCENARIO, grade="G", fork="now")


class Trouble(Params):
    """Trucks whose documents are not in order."""

    share: Share = quantity(
        0.05, "%", source="NCFRP Report 11 (US terminals); Japan not found", grade="G", fork="new_only", ge=0, le=1
    )
    lasts: TroubleTime = TroubleTime()
    at: Literal["own_lane", "in_lane", "gate_lane"] = quantity(
        "own_lane",
        source="guess: trucks in trouble are sent aside",
        grade="G",
        fork="no",
        doc="own_lane: mended at a desk behind the gate; in_lane: the lane waits for it; gate_lane: sorted out before "
        "the gate into lanes of kind trouble, which wait for it",
    )
    places: int = quantity(40, source=_NO_JAPANESE_VALUE, grade="G", fork="now", ge=1, le=MOST_TROUBLE_PLACES)


class Oversize(Params):
    """Trucks too wide or too high for most lanes; they matter where there are lanes of kind oversize."""

    share: Share = quantity(0.03, "%", source=_NO_JAPANESE_VALUE, grade="G", fork="new_only", ge=0, le=1)
    lanes_take_others: bool = quantity(
        False,
        source="guess: oversize lanes are kept free",
        grade="G",
        fork="no",
        doc="whether an oversize lane serves other trucks when no oversize truck waits",
    )


class VesselWork(Params):
    """Hours in which vessels take cranes from the trucks."""

    hours: ClockSpan = quantity(source=_SCENARIO, grade="G", fork="now")
    cranes_per_block: int = quantity(1, source=_SCENARIO, grade="G", fork="now", ge=1, le=20)


class Yard(Params):
    """Stacks with RTG cranes behind the gate."""

    blocks: int = quantity(16, source="guess: DICT's number is not published", grade="G", fork="no", ge=1, le=200)
    cranes_per_block: int = quantity(
        2, source="guess: DICT's number of RTGs is not published", grade="G", fork="now", ge=1, le=MOST_CRANES
    )
    vessel_work: tuple[VesselWork, ...] = quantity(
        (), source="choice: none; vessel work comes before trucks", grade="D", fork="now"
    )
    service: CraneService = CraneService()
    rehandles_per_pickup: float = quantity(
        0.6,
        source="remembered order of magnitude",
        grade="M",
        fork="new_only",
        ge=0,
        le=20,
        doc="boxes in the way of a laden box that is fetched, on average",
    )
    rehandle_s: Seconds = quantity(90.0, "s", source="guess", grade="G", fork="new_only", ge=0, le=3600)
    drive_s: Seconds = quantity(
        120.0,
        "s",
        source="guess: 1 km inside the terminal at 30 km/h",
        grade="G",
        fork="no",
        ge=0,
        le=7200,
        doc="from gate to block, from block to block and to the out-gate, each",
    )


class OutGate(Params):
    """Lanes at the out-gate."""

    lanes: int = quantity(6, source="guess: not published", grade="G", fork="now", ge=1, le=MOST_LANES)
    service: OutGateService = OutGateService()


class HoldingYard(Params):
    """Spaces in which trucks wait off the road."""

    spaces: int = quantity(source=_SCENARIO, grade="G", fork="no", ge=0, le=20_000)
    refuse: Share = quantity(
        0.0,
        "%",
        source="choice: everybody uses it",
        grade="G",
        fork="new_only",
        ge=0,
        le=1,
        doc="share of drivers who would rather wait on the road",
    )
    place: str = quantity("", source=_SCENARIO, grade="D", fork="no", doc="id of the yard in the city, for pictures")
