"""What of walking around can be counted or timed in the street."""

from __future__ import annotations

from twin.observables import Observable, Stays

_CLASS: dict[str, tuple[str, ...]] = {"class": ()}
_EXITS = ("gate_count", "camera", "beacon")

OBSERVABLES: tuple[Observable, ...] = (
    Observable(
        "pedestrian.link_flow_count",
        "periods",
        "people",
        "pedestrian_links",
        "from_s",
        "歩行者通行量（人）",
        "people who step onto a link",
        sensors=("camera", "gate_count"),
        weight="entries_count",
        where="link_index",
        layer="walk",
        period_s=600.0,
    ),
    Observable(
        "pedestrian.arrivals_count",
        "passages",
        "people",
        "pedestrian_visits",
        "enter_s",
        "駅出口から出た人数",
        "people who come out of an exit",
        sensors=_EXITS,
        id="id",
        weight="people",
        where="entry_exit",
        layer="exit",
        groups=_CLASS,
    ),
    Observable(
        "pedestrian.departures_count",
        "passages",
        "people",
        "pedestrian_visits",
        "leave_s",
        "駅出口に入った人数",
        "people who go in at an exit",
        sensors=_EXITS,
        id="id",
        weight="people",
        where="leave_exit",
        layer="exit",
        groups=_CLASS,
    ),
    Observable(
        "pedestrian.dwell_share",
        "bands",
        "share",
        "pedestrian_visits",
        "enter_s",
        "滞在時間帯別の割合",
        "share of visitors by length of stay",
        sensors=("gps", "beacon"),
        id="id",
        length="dwell_s",
        weight="people",
        groups=_CLASS,
        only=("counted", "1"),
    ),
    Observable(
        "pedestrian.zone_share",
        "periods",
        "share",
        "pedestrian_stays",
        "from_s",
        "滞在時間の地区別割合",
        "share of the time spent at places by zone",
        sensors=("gps",),
        weight="person_s",
        where="place",
        period_s=600.0,
    ),
)

STAYS = Stays(
    table="pedestrian_visits",
    id="id",
    start="enter_s",
    end="leave_s",
    length="dwell_s",
    arrive="entry_exit",
    leave="leave_exit",
    band="stay_band",
    bounds=("circulation_kpi.stay_from_s", "circulation_kpi.stay_to_s"),
    weight="people",
    kpis=(
        "pedestrian.stay_share",
        "pedestrian.short_share",
        "pedestrian.long_share",
        "pedestrian.dwell_mean_min",
        "pedestrian.dwell_p50_min",
        "pedestrian.dwell_p95_min",
    ),
)
