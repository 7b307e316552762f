"""The figure that a calibration is asked of: named by the caller, or that of the main question."""

from __future__ import annotations

from dataclasses import dataclass

from twin.errors import ScenarioError
from twin.kpi_seen import AT
from twin.scenario.language.questions import AmountError, amount_of
from twin.scenario.language.schema import Scenario
from twin.scenario.language.validate import nearest


@dataclass(frozen=True)
class Asked:
    """A figure, and the value it should reach; no target: its doubt alone is told."""

    kpi: str = ""
    group: str = "all"
    target: float | None = None
    direction: str = "higher"


def asked_of(scenario: Scenario, kpi: str, target: str | None) -> Asked:
    """The figure and its target.

    Parameters
    ----------
    scenario
        A checked scenario.
    kpi
        Figure, as ``pedestrian.stay_share`` or ``pedestrian.stay_share@gps``; empty: of the main question.
    target
        As written, for example ``50 %``.

    Raises
    ------
    ScenarioError
        If there is no such figure or sensor, or the target is no amount of it.
    """
    from twin.results.kpis import infos

    if not kpi:
        if target is not None:
            raise ScenarioError("a target needs its figure", where="--target", mend="add --kpi pedestrian.stay_share")
        main = next((q for q in scenario.questions.listed if q.main), None)
        check = next((c for c in (main.checks if main else ()) if c.first is None and c.role == "target"), None)
        return Asked(check.kpi, check.group, check.bound, check.better) if check else Asked()
    known = infos()
    name, _, sensor = kpi.partition(AT)
    if name not in known:
        raise ScenarioError(f"there is no figure {name!r}", where="--kpi", mend=nearest(name, known))
    if sensor and sensor not in scenario.head.sensors:
        raise ScenarioError(
            f"there is no sensor {sensor!r}", where="--kpi", mend=nearest(sensor, scenario.head.sensors) or "declare it"
        )
    info = known[name]
    direction = "lower" if info.better == "lower" else "higher"
    if target is None:
        return Asked(kpi, "all", None, direction)
    try:
        return Asked(kpi, "all", amount_of(target, info.unit)[0], direction)
    except AmountError as fault:
        raise ScenarioError(fault.what, where="--target", mend=fault.mend) from fault
