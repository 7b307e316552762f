"""Who moved, in forms that other programs read: Moving Features JSON, text that PedPy reads, GeoParquet."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from twin.errors import RunError
from twin.results.run_folder import Run
from twin.viz.geo_frames import layer_of, layers_of
from twin.viz.run_view import RunView, read_run_view
from twin.viz.trips import trip_starts

#: Day of a run that names none: Moving Features ask for a date, so the file says that this one is made up.
NO_DATE = "2000-01-01"
#: Frames a second of tracks for PedPy; densities and speeds over seconds need no more.
FRAMES_PER_S = 2.0


def write_moving_features(run: Run, out: Path) -> Path:
    """Write every recorded trip as a moving point of OGC Moving Features JSON (OGC 19-045r3, prism).

    Positions are longitude and latitude (WGS 84), moments local time without an offset; between two points a body moves
    straight and evenly. The state of a body is a property over time that holds until the next.

    Raises
    ------
    RunError
        If the run has no traces or is damaged, or the file cannot be written.
    """
    seen = _traced(run)
    day = datetime.fromisoformat(seen.date or NO_DATE)
    head = {
        "type": "FeatureCollection",
        "crs": {"type": "Name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}},
        "trs": {"type": "Name", "properties": {"name": "urn:ogc:data:time:iso8601"}},
        "properties": {
            "title": seen.title["en"],
            "variant": run.variant,
            "replication": run.replication,
            "share_of_bodies": seen.traces_share,
            "date_known": bool(seen.date),
            "attribution": list(seen.attribution),
        },
    }

    def write(file: IO[str]) -> None:
        # The collection may be larger than memory likes: features go out one by one.
        file.write(json.dumps(head, ensure_ascii=False)[:-1] + ', "features": [')
        for n, feature in enumerate(_features(seen, day)):
            file.write((",\n" if n else "\n") + json.dumps(feature, ensure_ascii=False, allow_nan=False))
        file.write("\n]}\n")

    return _whole(out, write)


def _features(seen: RunView, day: datetime) -> Iterator[dict[str, Any]]:
    traces = seen.traces
    starts = trip_starts(traces)
    for first, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        # A moment may stand once in a moving point; of two rows at one, the later is what holds from then on.
        last_of_moment = np.append(np.diff(traces.time_s[first:end]) > 0, True)
        rows = first + np.flatnonzero(last_of_moment)
        body = seen.bodies[traces.body[first]] if traces.body[first] < len(seen.bodies) else str(traces.body[first])
        names = seen.body_states.get(body, ())
        moments = [(day + timedelta(seconds=float(s))).isoformat(timespec="milliseconds") for s in traces.time_s[rows]]
        states = [names[s] if s < len(names) else str(s) for s in traces.state[rows].tolist()]
        yield {
            "type": "Feature",
            "id": f"{body}-{traces.id[first]}-{traces.trip[first]}",
            "properties": {"body": body, "id": str(traces.id[first]), "trip": int(traces.trip[first])},
            "temporalGeometry": {
                "type": "MovingPoint",
                "datetimes": moments,
                "coordinates": [
                    [round(x, 7), round(y, 7)]
                    for x, y in zip(traces.lon_deg[rows].tolist(), traces.lat_deg[rows].tolist(), strict=True)
                ],
                "interpolation": "Linear",
            },
            "temporalProperties": [
                {"datetimes": moments, "state": {"type": "Text", "values": states, "interpolation": "Step"}}
            ],
        }


def write_pedpy(run: Run, out: Path, *, frames_per_s: float = FRAMES_PER_S) -> Path:
    """Write where everybody on foot is, frame by frame, as text that PedPy and JPSreport read.

    A row is id, frame, easting and northing in metres of the city's CRS less a round corner, which the first lines
    name. Frame 0 is the start of the clock; positions lie on the lines between two points of the record. Each walk
    from place to place is a person of its own, numbered from 1: who stays somewhere has left the pavement.

    Raises
    ------
    RunError
        If the run has no traces of anybody on foot or is damaged, or the file cannot be written.
    """
    seen = _traced(run)
    table = run.table("traces")
    order = np.lexsort((table["time_s"], table["trip"], table["id"], table["body"]))
    x_m, y_m = table["x_m"][order].astype(np.float64), table["y_m"][order].astype(np.float64)
    on_foot = np.flatnonzero(seen.traces.body == _code(seen, "walker"))
    if not len(on_foot):
        raise RunError("nobody on foot was recorded", where=str(run.folder), mend="raise record.traces and run again")
    corner = np.floor(np.array([x_m[on_foot].min(), y_m[on_foot].min()]) / 100) * 100
    starts = trip_starts(seen.traces)
    walks = _walks(seen, starts)

    def write(file: IO[str]) -> None:
        file.write(f"# framerate: {frames_per_s:g}\n# id frame x/m y/m\n")
        file.write(
            f"# frame 0: {seen.from_s:g} s of the day; x and y from {corner[0]:g}, {corner[1]:g} in {seen.crs}\n"
        )
        for number, (first, end) in enumerate(walks, 1):
            time_s = seen.traces.time_s[first:end] - seen.from_s
            frames = np.arange(np.ceil(time_s[0] * frames_per_s), np.floor(time_s[-1] * frames_per_s) + 1)
            at = (np.interp(frames / frames_per_s, time_s, v[first:end]) for v in (x_m - corner[0], y_m - corner[1]))
            rows = zip(frames.tolist(), *(v.tolist() for v in at), strict=True)
            file.writelines(f"{number} {int(frame)} {x:.3f} {y:.3f}\n" for frame, x, y in rows)

    return _whole(out, write)


def _walks(seen: RunView, starts: NDArray[np.int64]) -> list[tuple[int, int]]:
    """First row and the row behind the last of every stretch of path on which somebody on foot walks."""
    names = seen.body_states.get("walker", ())
    staying = names.index("staying") if "staying" in names else -1
    # The state of a row holds until the next; from the last row of a trip nothing leads on.
    walking = (seen.traces.body == _code(seen, "walker")) & (seen.traces.state != staying)
    walking[starts[1:] - 1] = False
    edge = np.diff(np.concatenate([[False], walking, [False]]).astype(np.int8))
    return list(zip(np.flatnonzero(edge > 0).tolist(), (np.flatnonzero(edge < 0) + 1).tolist(), strict=True))


def write_geoparquet(run: Run, folder: Path) -> list[Path]:
    """Write every layer of a run (streets, places, scenery, trips, tables that name places) as GeoParquet.

    Raises
    ------
    RunError
        If the run is damaged, or a file cannot be written.
    """
    written = []
    for name in layers_of(run):
        try:
            frame = layer_of(run, name)
        except RunError:
            # A run without traces or scenery has no such layer; damage is found below, where the run is read again.
            read_run_view(run)
            continue
        if not len(frame):
            continue
        target = folder / f"{name}.parquet"
        beside = target.with_name(target.name + ".tmp")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            frame.to_parquet(beside)
            os.replace(beside, target)
        except OSError as fault:
            beside.unlink(missing_ok=True)
            raise _cannot(target, fault) from fault
        written.append(target)
    return written


def _traced(run: Run) -> RunView:
    seen = read_run_view(run)
    if not len(seen.traces.time_s):
        raise RunError(
            "the run has no record of movements (traces)",
            where=str(run.folder),
            mend="set record.traces in the scenario, e.g. {traces: 5 %}, and run it again",
        )
    return seen


def _code(seen: RunView, body: str) -> int:
    return seen.bodies.index(body) if body in seen.bodies else -1


def _whole(out: Path, write: Callable[[IO[str]], None]) -> Path:
    """Write a text file that is found whole or not at all."""
    beside = out.with_name(out.name + ".tmp")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("w", encoding="utf-8", newline="\n") as file:
            write(file)
        os.replace(beside, out)
    except OSError as fault:
        beside.unlink(missing_ok=True)
        raise _cannot(out, fault) from fault
    return out


def _cannot(out: Path, fault: OSError) -> RunError:
    return RunError(f"the tracks cannot be written: {fault}", where=str(out), mend="name another folder with --out")
