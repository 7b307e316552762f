"""``twin city``: build cities from OpenStreetMap and look at them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from twin.cli_json import Json, print_json
from twin.errors import RunError, ScenarioError

city_app = typer.Typer(no_args_is_help=True, help="Build and look at cities (streets, places) from OpenStreetMap.")


@city_app.command("build", epilog="Example: twin city build kita.osm.pbf --out cities/kita")
def city_build(
    file: Annotated[Path | None, typer.Argument(help="OSM XML or PBF, Overpass JSON or GraphML, also .gz.")] = None,
    out: Annotated[Path, typer.Option("--out", help="Folder of the city.")] = ...,  # type: ignore[assignment]
    place: Annotated[str | None, typer.Option("--place", help="Place name, through OSMnx; needs internet.")] = None,
    bbox: Annotated[
        str | None, typer.Option("--bbox", help="west,south,east,north in degrees; needs internet.")
    ] = None,
    cache: Annotated[
        Path | None,
        typer.Option(
            "--cache", help="Folder of downloaded answers: with --place or --bbox, used first, also without internet."
        ),
    ] = None,
    clip: Annotated[
        str | None,
        typer.Option(
            "--clip", help="Only this part of FILE (OSM XML or PBF): west,south,east,north, or a GeoJSON of polygons."
        ),
    ] = None,
    scenery: Annotated[
        list[Path] | None,
        typer.Option("--scenery", help="Buildings to lay over the map: CityGML or GeoJSON, also .gz; several times."),
    ] = None,
    crs: Annotated[
        str | None, typer.Option("--crs", help="Grid in metres, e.g. EPSG:6674; by default chosen by the place.")
    ] = None,
    driving_side: Annotated[
        str | None, typer.Option("--driving-side", help="left or right; by default from the map.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Build a city from a map file, or from a place or box where there is internet."""
    from twin import cli_show_plan
    from twin.city.keeping.build import build_city, build_from_bbox, build_from_place, downloads_folder, save_city

    if clip is not None and file is None:
        raise ScenarioError(
            "--clip cuts a part out of FILE", mend="twin city build country.osm.pbf --clip BOX --out city"
        )
    if cache is not None and file is not None:
        raise ScenarioError("--cache keeps what --place and --bbox download", mend="leave it out")
    if sum(given is not None for given in (file, place, bbox)) != 1:
        raise ScenarioError("name exactly one of FILE, --place and --bbox", mend="twin city build map.osm --out city")
    if out.exists():
        raise RunError("the city's folder exists already", where=str(out), mend="choose another with --out")
    from twin.cli_progress import stage_progress

    kept = cache if cache is not None else downloads_folder()
    with stage_progress() as on_progress, ExitStack() as cut:
        if file is not None:
            if clip is not None:
                file = cut_out(
                    file, clip, Path(cut.enter_context(TemporaryDirectory(prefix="osaka-twin-"))), on_progress
                )
            city = build_city(
                file, name=out.name, crs=crs, driving_side=driving_side, progress=on_progress, scenery=scenery or ()
            )
        elif place is not None:
            city = build_from_place(
                place, name=out.name, crs=crs, driving_side=driving_side, progress=on_progress, cache=kept
            )
        else:
            city = build_from_bbox(
                _box(bbox or ""), name=out.name, crs=crs, driving_side=driving_side, progress=on_progress, cache=kept
            )
        try:
            save_city(city, out)
        except OSError as fault:
            raise RunError(
                f"cannot write the city: {fault}", where=str(out), mend="choose another folder with --out"
            ) from fault
    if as_json:
        print_json({"city": str(out), "report": dict(city.report)})
    else:
        cli_show_plan.show_city_report(city, out)


def cut_out(file: Path, clip: str, folder: Path, progress: Callable[[str, float], None]) -> Path:
    """The part of a map that a clip names, as a file of its own in a folder."""
    from twin.city.reading.clipped import ClipArea, clip_map

    target = folder / "clip.osm.pbf"
    clip_map(file, target, ClipArea(clip), progress)
    return target


@city_app.command("update", epilog="Example: twin city update cities/kita-2025 kita-2026.osm.pbf")
def city_update(
    old: Annotated[str, typer.Argument(help="A built city's folder, a map file or a bundled name.")],
    new: Annotated[str, typer.Argument(help="The same place at a later date.")],
    as_json: Json = False,
) -> None:
    """Tell what changed between two dates of a map: streets, lanes, speeds, lights, bans, places."""
    from twin import cli_show_plan
    from twin.city.keeping.build import find_city
    from twin.city.keeping.changes import change_lines, city_changes

    changes = city_changes(find_city(old, Path()), find_city(new, Path()))
    if as_json:
        print_json(changes)
    else:
        cli_show_plan.show_lines(change_lines(changes))


@city_app.command("info", epilog="Example: twin city info osaka_midosuji --json")
def city_info_command(
    city: Annotated[str, typer.Argument(help="A built city's folder, a map file or a bundled name.")],
    as_json: Json = False,
) -> None:
    """Say what a city holds."""
    from twin import cli_show_plan
    from twin.city.keeping.build import city_info, find_city

    facts = city_info(find_city(city, Path()))
    if as_json:
        print_json(facts)
    else:
        cli_show_plan.show_facts(facts)


@city_app.command("list")
def city_list(as_json: Json = False) -> None:
    """List the bundled districts."""
    from twin.city.keeping.build import list_cities

    cities = list_cities()
    if as_json:
        print_json({"cities": cities})
    else:
        print("\n".join(cities))


def _box(text: str) -> tuple[float, float, float, float]:
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError as fault:
        raise ScenarioError(
            f"--bbox {text!r} is not four numbers", mend="west,south,east,north, e.g. 135.49,34.66,135.51,34.71"
        ) from fault
    return west, south, east, north
