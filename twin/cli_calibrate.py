"""``twin calibrate``: which values agree with what was counted, and what to measure next."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from twin.cli_json import Json, print_json
from twin.cli_language import languages, spoken


def calibrate(
    scenario: Annotated[Path, typer.Argument(help="Scenario file with observed: and values with ranges.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for calibration.json. Default: calibrations/NAME.")
    ] = None,
    variant: Annotated[str | None, typer.Option("--variant", help="Variant that is today. Default: the first.")] = None,
    key: Annotated[
        list[str] | None, typer.Option("--key", help="Only parameters that begin so; may be given again.")
    ] = None,
    kpi: Annotated[str, typer.Option("--kpi", help="Figure asked of. Default: that of the main question.")] = "",
    target: Annotated[str | None, typer.Option("--target", help='Value to reach, e.g. "50 %".')] = None,
    runs: Annotated[int, typer.Option("--runs", min=0, help="Runs of each wave; 0: as many as needed.")] = 0,
    waves: Annotated[int, typer.Option("--waves", min=1, max=4, help="Waves of runs.")] = 2,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Instead of the one in the file.")] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Processes; results do not depend on it. Default: all cores.")
    ] = None,
    allow_read: Annotated[
        list[Path] | None, typer.Option("--allow-read", help="A further folder tables may be read from.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Find which values in the ranges agree with what was observed; the same command goes on where it was stopped."""
    from twin import service
    from twin.cli_progress import study_progress

    with study_progress() as on_progress:
        content = service.calibrate(
            scenario,
            out,
            variant=variant,
            keys=key or (),
            kpi=kpi,
            target=target,
            runs=runs,
            waves=waves,
            seed=seed,
            workers=workers or os.cpu_count() or 1,
            allow_read=allow_read or [],
            on_progress=on_progress,
        )
    if as_json:
        print_json(content)
        return
    for lang in languages():
        for sentence in content["sentences"][lang]:
            print(sentence)
    folder = out or Path("calibrations") / str(content["name"])
    print(spoken(f"\n{content['runs']} runs\nwrote {folder / 'calibration.json'}"))
    print(spoken(f"next: calibration: {folder / 'calibration.json'} in a scenario stands on it"))
