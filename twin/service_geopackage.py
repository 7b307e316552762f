"""What a study says of streets, for QGIS: flow and level of service of every link, and every edit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from twin.looks import BLUE, BLUISH_GREEN, ORANGE, REDDISH_PURPLE, SKY_BLUE, VERMILLION, LinkFlow
from twin.models import registry
from twin.results.geopackage import Layer, write_layers
from twin.results.link_flows import Flows, flows_of
from twin.results.run_folder import Study

if TYPE_CHECKING:
    from twin.city.city import StreetLayer
    from twin.city.editing.types import EditedCity

_LEVELS = {"A": BLUE, "B": SKY_BLUE, "C": BLUISH_GREEN, "D": ORANGE, "E": VERMILLION, "F": "#7F2704"}
#: Width of the busiest link and of an empty one, in millimetres.
_WIDEST_MM, _NARROWEST_MM = 2.4, 0.2
_EDITS = {
    "closed": (VERMILLION, "通行止め"),
    "fewer_lanes": (ORANGE, "車線減"),
    "more_lanes": (BLUISH_GREEN, "車線増"),
    "speed": (BLUE, "速度変更"),
    "access": ("#B8A800", "通行車種の変更"),
    "pavement": (REDDISH_PURPLE, "歩道拡幅"),
    "new": (SKY_BLUE, "新設"),
}
_ALIASES = {
    "link_index": "区間番号",
    "way_id": "ウェイ番号",
    "street": "通り",
    "flow_day": "通行量（1日）",
    "flow_hour": "通行量（最大の1時間）",
    "flow_change": "最初の案との差（1日）",
    "level": "サービス水準",
    "line_mm": "線の太さ",
}


def write_geopackage(study: Study, path: Path) -> Path | None:
    """Write layers ``links_LAYER_VARIANT`` and ``edits_VARIANT`` in the CRS of the city, which of Osaka is EPSG:6674.

    Flows are means over the replications of the first kind of day. A study without tables of runs has no flows.

    Parameters
    ----------
    study
        A finished study; every file read is held against its manifests.
    path
        The file.

    Returns
    -------
    Path or None
        The file; None where there is nothing to write.

    Raises
    ------
    RunError
        If the study is damaged, or the file cannot be written.
    """
    from twin.city.editing.edits import apply_edits
    from twin.city.keeping.build import open_city
    from twin.scenario.plan.plan import Plan

    if study.search:
        return None
    study.vouched("plan.json")
    study.vouched("city/arrays.npz")
    plan, city = Plan.read(study.folder), open_city(study.folder / "city")
    made = {variant.get("of") or variant["name"] for variant in plan.content["variants"] if variant.get("setting")}
    variants = [name for name in study.variants if name not in made]
    by_run = {name: next(v for v in plan.content["variants"] if name in (v["name"], v.get("of"))) for name in variants}
    edited = {name: apply_edits(city, entry.get("edits", [])) for name, entry in by_run.items()}
    layers = [*_flow_layers(study, edited), *_edit_layers(edited)]
    return write_layers(path, layers) if layers else None


def _flow_layers(study: Study, edited: dict[str, EditedCity]) -> Iterator[Layer]:
    if study.manifest["lean"]:
        return
    day = study.days[0] or None
    smallest = float(((study.plan.get("output") or {}).get("privacy") or {}).get("smallest_cell", 0.0))
    for told in registry.reported().values():
        for flow in told.flows:
            first: dict[int, float] = {}
            for nth, (variant, of) in enumerate(edited.items()):
                runs = [study.run(variant, replication, day) for replication in range(study.replications)]
                tables = [run.table(flow.table) for run in runs if flow.table in run.tables]
                if not tables:
                    continue
                streets = of.city.drive if flow.layer == "drive" else of.city.walk
                base = of.base_link[flow.layer]
                yield _flow_layer(
                    flow, variant, streets, base, tables, of.city.crs, first, is_first=nth == 0, smallest=smallest
                )


def _flow_layer(
    flow: LinkFlow,
    variant: str,
    streets: StreetLayer,
    base: Any,
    tables: list[Any],
    crs: str,
    first: dict[int, float],
    *,
    is_first: bool,
    smallest: float,
) -> Layer:
    import geopandas
    import shapely

    from twin.city.editing.streets import shape_of

    with np.errstate(divide="ignore"):
        found = flows_of(flow, tables, streets.length_m, streets.length_m / streets.free_speed_mps)
    if is_first:
        first.update({int(b): float(value) for b, value in zip(base, found.day, strict=True)})
    names = [streets.names[i] if i >= 0 else "" for i in streets.name_index.tolist()]
    before = np.array([first.get(int(b), np.nan) for b in base])
    if smallest:
        # A count of few people is no more shown on a street than in a table.
        few = (found.day > 0) & (found.day < smallest)
        found = Flows(np.where(few, np.nan, found.day), np.where(few, np.nan, found.hour), found.level)
    shown = np.nan_to_num(found.day)
    widest = max(float(shown.max(initial=0.0)), 1.0)
    frame = geopandas.GeoDataFrame(
        {
            "link_index": np.arange(len(names)),
            "way_id": np.asarray(streets.way_id, np.int64),
            "street": names,
            "flow_day": np.round(found.day, 3),
            "flow_hour": np.round(found.hour, 3),
            "flow_change": np.round(found.day - before, 3),
            "level": found.level,
            "line_mm": np.round(
                _NARROWEST_MM + (_WIDEST_MM - _NARROWEST_MM) * np.sqrt(np.nan_to_num(found.day) / widest), 3
            ),
        },
        geometry=[shapely.LineString(shape_of(streets, i)) for i in range(len(names))],
        crs=crs,
    )
    classes = {letter: (color, f"サービス水準{letter}") for letter, color in _LEVELS.items()}
    return Layer(f"links_{flow.layer}_{variant}", frame, "level", classes, "line_mm", _ALIASES)


def _edit_layers(edited: dict[str, EditedCity]) -> Iterator[Layer]:
    from twin.city.editing.table import edit_frame

    for variant, of in edited.items():
        if of.touched:
            yield Layer(f"edits_{variant}", edit_frame(of), "kind", _EDITS)
