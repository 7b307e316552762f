"""KPIs of the container-terminal gate.

Waits come by class. A booked truck that waits less than an ordinary one is **not** the effect of booking:
priority alone moves waits between trucks and leaves their mean unchanged. The effect of a measure is the
difference between variants, for all trucks and for each class.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from twin.arrays import Flags, Floats
from twin.kpi import Columns, Kpi, KpiInfo, Price, TableColumns
from twin.models.terminal.tables import TRUCK_CLASSES

#: Waiting surveys of the Japanese trucking associations count from 07:30 whoever joins the line earlier.
SURVEY_START_S = 27000.0
#: Hauliers with fewer trucks than this have no percentile worth comparing.
FEWEST_TRUCKS = 10
_SERVED = 0

_STATISTICS: dict[str, Callable[[Floats], float]] = {
    "mean": lambda x: float(x.mean()),
    "p50": lambda x: float(np.quantile(x, 0.50)),
    "p90": lambda x: float(np.quantile(x, 0.90)),
    "p95": lambda x: float(np.quantile(x, 0.95)),
    "max": lambda x: float(x.max()),
}
_WORDS = {"mean": ("平均", "mean"), "p50": ("中央値", "median"), "p90": ("90%値", "90th percentile"),
          "p95": ("95%値", "95th percentile"), "max": ("最大", "longest")}  # fmt: skip
_TIMES = {
    "wait": ("ゲート待ち時間", "wait until a lane calls"),
    "join_to_out": ("列並びからゲートアウトまで（7:30以前は7:30から）", "from joining the line to the out-gate"),
    "turn_time": ("ゲート受付からゲートアウトまで", "from gate service to the out-gate"),
}


def _time_infos() -> list[KpiInfo]:
    return [
        KpiInfo(
            f"terminal.{what}_{stat}_min", "min", "lower", f"{ja} {_WORDS[stat][0]}", f"{en}, {_WORDS[stat][1]}",
            headline=(what, stat) in (("wait", "mean"), ("wait", "p95"), ("join_to_out", "mean")),
        )
        for what, (ja, en) in _TIMES.items()
        for stat in _STATISTICS
    ]  # fmt: skip


INFOS: tuple[KpiInfo, ...] = (
    *_time_infos(),
    KpiInfo(
        "terminal.throughput_day",
        "trucks",
        "higher",
        "処理台数",
        "trucks served in the day",
        headline=True,
        additive=True,
    ),
    KpiInfo(
        "terminal.throughput_max_per_h",
        "trucks/h",
        "higher",
        "最大時間処理台数",
        "most trucks through the gate in an hour",
    ),
    KpiInfo(
        "terminal.throughput_mean_per_h",
        "trucks/h",
        "higher",
        "平均時間処理台数",
        "trucks served per hour of opening",
        additive=True,
    ),
    KpiInfo(
        "terminal.refused_trucks",
        "trucks",
        "lower",
        "受付できなかった台数",
        "trucks turned away",
        headline=True,
        additive=True,
    ),
    KpiInfo(
        "terminal.unfinished_trucks",
        "trucks",
        "lower",
        "終了時に残った台数",
        "trucks still waiting at the end",
        headline=True,
    ),
    KpiInfo("terminal.queue_max_trucks", "trucks", "lower", "最大待機台数", "most trucks in line", headline=True),
    KpiInfo(
        "terminal.queue_mean_trucks",
        "trucks",
        "lower",
        "平均待機台数（時間加重）",
        "trucks in line, over time",
        additive=True,
    ),
    KpiInfo(
        "terminal.queue_on_road_max_trucks", "trucks", "lower", "道路上の最大台数", "most trucks on the public road"
    ),
    KpiInfo(
        "terminal.queue_max_m", "m", "lower", "道路上の最大待機列長", "longest queue on the public road", headline=True
    ),
    KpiInfo(
        "terminal.queue_mean_m", "m", "lower", "道路上の平均待機列長（時間加重）", "queue on the public road, over time"
    ),
    KpiInfo(
        "terminal.queue_on_road_min", "min", "lower", "道路に列があった時間", "minutes with a queue on the public road"
    ),
    KpiInfo(
        "terminal.queue_on_road_truck_min",
        "truck-min",
        "lower",
        "道路上の延べ待機時間",
        "truck-minutes on the public road",
        headline=True,
        additive=True,
    ),
    KpiInfo("terminal.lane_use_share", "share", "neither", "レーン稼働率", "share of open lane time that is used"),
    KpiInfo(
        "terminal.crane_use_share",
        "share",
        "neither",
        "クレーン稼働率",
        "crane time used over that which trucks have in opening hours; work after closing counts",
    ),
    KpiInfo("terminal.yard_wait_mean_min", "min", "lower", "荷役待ち時間", "wait for a crane"),
    KpiInfo("terminal.idle_fuel_l", "L", "lower", "アイドリング燃料", "fuel burnt while waiting", additive=True),
    KpiInfo("terminal.co2_kg", "kg", "lower", "待機によるCO2", "CO2 of waiting", additive=True),
    KpiInfo("terminal.nox_kg", "kg", "lower", "待機によるNOx", "NOx of waiting", additive=True),
    KpiInfo(
        "terminal.waiting_fee_yen", "yen", "lower", "待機時間料", "waiting fee by the published tariff", additive=True
    ),
    KpiInfo(
        "terminal.drivers_over_hours",
        "drivers",
        "lower",
        "残り時間を超えた運転者",
        "drivers whose visit outlasted their hours",
        additive=True,
    ),
    KpiInfo(
        "terminal.haulier_p95_ratio",
        "ratio",
        "lower",
        "事業者間の95%値の比",
        "worst over best haulier, 95th percentile of wait",
    ),
    KpiInfo("terminal.booked_share", "share", "neither", "予約車の割合", "share of trucks that came booked"),
    KpiInfo("terminal.slots_offered", "places", "neither", "予約枠", "places offered"),
    KpiInfo("terminal.slots_booked", "places", "neither", "予約数", "bookings ever made"),
    KpiInfo("terminal.slots_used", "places", "higher", "利用された予約", "bookings used in their window"),
    KpiInfo("terminal.slots_no_show", "places", "lower", "無断不参", "bookings not used"),
    KpiInfo("terminal.slots_cancelled", "places", "neither", "期限内の取消", "bookings given back in time"),
    KpiInfo("terminal.slots_cancelled_late", "places", "lower", "期限後の取消", "bookings given back too late"),
    KpiInfo("terminal.slots_lapsed", "places", "neither", "失効した仮予約", "provisional bookings not confirmed"),
    KpiInfo("terminal.slots_released", "places", "neither", "当日開放された枠", "unused places taken at short notice"),
    KpiInfo(
        "terminal.slots_rebooked",
        "places",
        "neither",
        "遅着車に再割当された枠",
        "places given to trucks after their slot",
    ),
    KpiInfo("terminal.slots_unplaced", "trucks", "lower", "予約できなかった台数", "trucks that found no slot"),
)

#: Minutes of the gate hold those on the road; both priced would count them twice.
PRICES = {
    "terminal.wait_mean_min": (Price("time.large_truck", times="terminal.throughput_day"),),
    "terminal.co2_kg": (Price("co2"),),
    "terminal.idle_fuel_l": (Price("fuel.diesel"),),
    "terminal.waiting_fee_yen": (Price("transfer"),),
}
_UNITS = {info.name: info.unit for info in INFOS}


def compute(tables: TableColumns) -> list[Kpi]:
    """KPIs of one run.

    Parameters
    ----------
    tables
        ``terminal_visits``, ``terminal_queue``, ``terminal_slots``, ``terminal_constants`` and ``ledger``; an
        absent table has no rows.
    """
    visits = tables.get("terminal_visits", {})
    constants = _constants(tables.get("terminal_constants", {}))
    out = _time_kpis(visits)
    out += _flow_kpis(visits, tables.get("ledger", {}), constants)
    out += _queue_kpis(tables.get("terminal_queue", {}))
    out += _cost_kpis(visits, constants)
    out += _fairness_kpis(visits, constants)
    out += _slot_kpis(visits, tables.get("terminal_slots", {}))
    return out


def waiting_fee_yen(wait_s: Floats, after_s: float, fee_yen: float, late_after_s: float, late_fee_yen: float) -> float:
    """Waiting fee of all trucks: a fee for each half hour begun after the free time, a higher one later on.

    Parameters
    ----------
    wait_s : (n,) float64
    after_s, late_after_s
        Free time, and the wait from which the higher fee holds.
    fee_yen, late_fee_yen
        Fee per half hour begun.
    """
    unit_s = 1800.0
    first = np.ceil(np.clip(wait_s - after_s, 0.0, late_after_s - after_s) / unit_s)
    late = np.ceil(np.clip(wait_s - late_after_s, 0.0, None) / unit_s)
    return float((first * fee_yen + late * late_fee_yen).sum())


def _kpi(name: str, value: float, group: str = "all") -> Kpi:
    return Kpi(f"terminal.{name}", group, float(value), _UNITS[f"terminal.{name}"])


def _column(table: Columns, name: str) -> Floats:
    return np.asarray(table[name], np.float64) if name in table else np.zeros(0)


def _constants(table: Columns) -> dict[str, float]:
    if not table:
        return {}
    return dict(zip(np.asarray(table["name"]).tolist(), _column(table, "value").tolist(), strict=True))


def _classes(visits: Columns) -> dict[str, Flags]:
    """Rows of all trucks, and of each class as it set out."""
    classes = _column(visits, "class")
    return {"all": np.ones(len(classes), np.bool_)} | {name: classes == code for code, name in enumerate(TRUCK_CLASSES)}


def _sizes(visits: Columns, constants: dict[str, float]) -> dict[str, Flags]:
    """Rows of the hauliers of each size, which are numbered one size after the other."""
    haulier = _column(visits, "haulier_index")
    out, first = {}, 0.0
    sizes = [(key.split(":", 2), n) for key, n in constants.items() if key.startswith("hauliers:")]
    for (_, _, name), n in sorted(sizes, key=lambda size: int(size[0][1])):
        out[name] = (haulier >= first) & (haulier < first + n)
        first += n
    return out


def _time_kpis(visits: Columns) -> list[Kpi]:
    served = _column(visits, "reason") == _SERVED
    join = np.maximum(_column(visits, "join_s"), SURVEY_START_S)
    out_s = _column(visits, "out_s")
    times = {
        "wait": _column(visits, "wait_s"),
        "join_to_out": np.maximum(out_s - join, 0.0),
        "turn_time": out_s - _column(visits, "gate_start_s"),
    }
    groups = {name: served & rows for name, rows in _classes(visits).items()}
    return [
        _kpi(f"{what}_{stat}_min", rule(values[rows]) / 60.0 if rows.any() else math.nan, group)
        for what, values in times.items()
        for stat, rule in _STATISTICS.items()
        for group, rows in groups.items()
    ]


def _flow_kpis(visits: Columns, ledger: Columns, constants: dict[str, float]) -> list[Kpi]:
    served = _column(visits, "reason") == _SERVED
    gate_end = _column(visits, "gate_end_s")
    open_h = constants.get("gate_open_s", math.nan) / 3600.0
    out = []
    for group, rows in _classes(visits).items():
        ends = np.sort(gate_end[served & rows])
        most = (np.searchsorted(ends, ends + 3600.0) - np.arange(len(ends))).max() if len(ends) else 0
        out += [
            _kpi("throughput_day", len(ends), group),
            _kpi("throughput_max_per_h", most, group),
            _kpi("throughput_mean_per_h", len(ends) / open_h, group),
            _kpi("refused_trucks", (~served & rows).sum(), group),
        ]
    return [*out, _kpi("unfinished_trucks", _unfinished(ledger, len(served)))]


def _unfinished(ledger: Columns, ended: int) -> float:
    """Trucks that set out and had not ended their visit when the run ended."""
    if not ledger:
        return math.nan
    mine = (
        (np.asarray(ledger["model"]) == "terminal") & (np.asarray(ledger["account"]) == "trucks")
        & (np.asarray(ledger["entry"]) == "entered")
    )  # fmt: skip
    return float(_column(ledger, "count")[mine].sum()) - ended


def _queue_kpis(queue: Columns) -> list[Kpi]:
    time_s = _column(queue, "time_s")
    lengths = np.diff(time_s)
    total_s = float(lengths.sum())

    def integral(name: str) -> float:
        return float((_column(queue, name)[:-1] * lengths).sum())

    def most(name: str) -> float:
        values = _column(queue, name)
        return float(values.max()) if len(values) else 0.0

    def by_class(name: str) -> dict[str, Floats]:
        """Trucks of each class, wherever they stand."""
        every, booked = _column(queue, f"trucks_{name}"), _column(queue, f"booked_{name}")
        # A table without the column of booked trucks says nothing of classes.
        classes = {"ordinary": every - booked, "booked": booked} if len(booked) == len(every) else {}
        return {"all": every} | classes

    open_s = integral("lanes_open")
    out = []
    for group, trucks in by_class("in_line").items():
        mean = float((trucks[:-1] * lengths).sum()) / total_s if total_s > 0 else math.nan
        out += [_kpi("queue_max_trucks", trucks.max(initial=0.0), group), _kpi("queue_mean_trucks", mean, group)]
    for group, trucks in by_class("on_road").items():
        out += [
            _kpi("queue_on_road_max_trucks", trucks.max(initial=0.0), group),
            _kpi("queue_on_road_truck_min", float((trucks[:-1] * lengths).sum()) / 60.0, group),
        ]
    return [
        *out,
        _kpi("queue_max_m", most("metres_on_road_m")),
        _kpi("queue_mean_m", integral("metres_on_road_m") / total_s if total_s > 0 else math.nan),
        _kpi("queue_on_road_min", float(lengths[_column(queue, "trucks_on_road")[:-1] > 0].sum()) / 60.0),
        _kpi("lane_use_share", integral("lanes_busy") / open_s if open_s > 0 else math.nan),
    ]


def _cost_kpis(visits: Columns, constants: dict[str, float]) -> list[Kpi]:
    if not constants:
        return []
    of = constants
    wait, yard_wait = _column(visits, "wait_s"), _column(visits, "yard_wait_s")
    served = _column(visits, "reason") == _SERVED
    over = _column(visits, "out_s") - _column(visits, "join_s") > _column(visits, "hours_left_s")
    out = []
    for group, rows in _classes(visits).items():
        idle_s = float(wait[rows].sum() + yard_wait[rows].sum())
        fuel_l = idle_s * of["idle_fuel_per_s"]
        yard = yard_wait[rows & served]
        fee = waiting_fee_yen(wait[rows], of["fee_after_s"], of["fee_yen"], of["fee_late_after_s"], of["fee_late_yen"])
        out += [
            _kpi("yard_wait_mean_min", yard.mean() / 60.0 if len(yard) else math.nan, group),
            _kpi("idle_fuel_l", fuel_l, group),
            _kpi("co2_kg", fuel_l * of["fuel_co2"], group),
            _kpi("nox_kg", idle_s * of["idle_nox_per_s"], group),
            _kpi("waiting_fee_yen", fee, group),
            _kpi("drivers_over_hours", (over & rows).sum(), group),
        ]
    out += [_kpi("drivers_over_hours", (over & rows).sum(), size) for size, rows in _sizes(visits, of).items()]
    crane_s = of.get("crane_open_s", 0.0)
    return [*out, _kpi("crane_use_share", _column(visits, "crane_s").sum() / crane_s if crane_s > 0 else math.nan)]


def _fairness_kpis(visits: Columns, constants: dict[str, float]) -> list[Kpi]:
    """How far apart the 95th percentiles of wait of the hauliers lie: of all, and within each size."""
    served = _column(visits, "reason") == _SERVED
    haulier, p95 = _p95_by_haulier(_column(visits, "haulier_index")[served], _column(visits, "wait_s")[served])
    of_size = _sizes({"haulier_index": haulier}, constants)
    groups = {"all": np.ones(len(haulier), np.bool_)} | of_size
    return [_kpi("haulier_p95_ratio", _ratio(p95[rows]), group) for group, rows in groups.items()]


def _p95_by_haulier(haulier: Floats, wait: Floats) -> tuple[Floats, Floats]:
    """Hauliers with enough trucks, and the 95th percentile of wait of each, as ``np.quantile`` gives it."""
    order = np.lexsort((wait, haulier))
    sorted_wait = wait[order]
    numbers, starts, sizes = np.unique(haulier[order], return_index=True, return_counts=True)
    enough = sizes >= FEWEST_TRUCKS
    at = 0.95 * (sizes[enough] - 1)
    below = starts[enough] + np.floor(at).astype(np.int64)
    above = starts[enough] + np.ceil(at).astype(np.int64)
    low, high = sorted_wait[below], sorted_wait[above]
    return numbers[enough], low + (high - low) * (at - np.floor(at))


def _ratio(p95: Floats) -> float:
    return float(p95.max() / p95.min()) if len(p95) > 1 and p95.min() > 0 else math.nan


def _slot_kpis(visits: Columns, slots: Columns) -> list[Kpi]:
    booked = _column(visits, "class") == TRUCK_CLASSES.index("booked")
    out = [_kpi("booked_share", booked.mean() if len(booked) else math.nan)]
    if slots:
        out += [
            _kpi(f"slots_{name}", _column(slots, f"{name}_count").sum())
            for name in ("offered", "booked", "used", "no_show", "cancelled", "cancelled_late", "lapsed", "released",
                         "rebooked")
        ]  # fmt: skip
        out += [_kpi("slots_unplaced", _column(slots, "unplaced_count").max(initial=0.0))]
    return out
