"""What of the gate can be counted or timed in the street."""

from __future__ import annotations

from twin.models.terminal.tables import TRUCK_CLASSES, TRUCK_KINDS, TRUCK_REASONS
from twin.observables import Observable

_GROUPS = {"kind": TRUCK_KINDS, "class": TRUCK_CLASSES}
_COUNTERS = ("gate_count", "camera", "loop", "ticket")
_SERVED = ("reason", str(TRUCK_REASONS.index("served")))


def _passages(name: str, time: str, ja: str, en: str) -> Observable:
    return Observable(
        name, "passages", "trucks", "terminal_visits", time, ja, en, sensors=_COUNTERS, id="id", groups=_GROUPS
    )


def _durations(name: str, time: str, length: str, ja: str, en: str) -> Observable:
    return Observable(
        name,
        "durations",
        "min",
        "terminal_visits",
        time,
        ja,
        en,
        sensors=("ticket",),
        id="id",
        length=length,
        groups=_GROUPS,
        only=_SERVED,
    )


OBSERVABLES: tuple[Observable, ...] = (
    _passages("terminal.line_join_count", "join_s", "列に並んだ台数", "trucks that join the line"),
    _passages("terminal.gate_in_count", "gate_end_s", "ゲートを通過した台数（搬入出）", "trucks that pass the in-gate"),
    _passages("terminal.gate_out_count", "out_s", "退場した台数", "trucks that leave the out-gate"),
    _durations("terminal.gate_wait_min", "join_s", "wait_s", "ゲート待ち時間", "time in line until a lane calls"),
    Observable(
        "terminal.queue_trucks",
        "level",
        "trucks",
        "terminal_queue",
        "time_s",
        "待機台数",
        "trucks in line, yards included",
        sensors=("camera",),
        length="trucks_in_line",
    ),
    Observable(
        "terminal.road_queue_trucks",
        "level",
        "trucks",
        "terminal_queue",
        "time_s",
        "道路上の待機台数",
        "trucks in line on the public road",
        sensors=("camera",),
        length="trucks_on_road",
    ),
)
