"""``twin view``, ``twin film`` and ``twin tracks``: the moving scene as a page, stills, a film, and as data."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

import typer

from twin.cli_language import spoken
from twin.errors import ScenarioError

Runs = Annotated[
    list[Path], typer.Argument(metavar="RUN [RUN]", help="A study, or one of its runs/VARIANT/NNN; two to compare.")
]
Variants = Annotated[
    list[str] | None,
    typer.Option("--variant", help="Variant to show alone; twice for two. Default: today against the first measure."),
]
Replication = Annotated[int, typer.Option("--replication", min=0)]
View = Annotated[str, typer.Option("--view", help="3d, flat, or auto: 3D where a graphics card draws it.")]


def view(
    runs: Runs,
    out: Annotated[Path | None, typer.Option("--out", help="HTML file. Default: beside the run.")] = None,
    no_open: Annotated[bool, typer.Option("--no-open", help="Write the page, do not open a browser.")] = False,
    variant: Variants = None,
    replication: Replication = 0,
    lang: Annotated[str, typer.Option("--lang", help="Language the page opens in: ja or en.")] = "ja",
    stills: Annotated[
        Path | None, typer.Option("--stills", help="Also write a PNG per chapter, and a gallery, into this folder.")
    ] = None,
    size: Annotated[str, typer.Option("--size", help="Of stills, in pixels.")] = "3840x2160",
    kind: View = "auto",
) -> None:
    """Write one HTML page with the moving 3D scene of a run, or of two side by side; it opens without internet."""
    from twin import service

    words, size_px, shown = language(lang), _size(size), _view(kind)
    first, against = _two(runs)
    target = service.view(first, out, against=against, variant=variant, replication=replication, lang=words)
    print(spoken(f"wrote {target}"))
    if stills is not None:
        from twin.cli_progress import stage_progress
        from twin.service_film import stills as take

        with stage_progress() as tell:
            paths = take(
                target, stills, size_px=size_px, lang=words, view=shown,
                on_still=lambda done, total: tell(f"still {min(done + 1, total)} of {total}", done / total),
            )  # fmt: skip
        print(spoken(f"wrote {len(paths) - 1} stills and {paths[-1]}"))
    if not no_open:
        import webbrowser

        webbrowser.open(target.resolve().as_uri())


def film(
    runs: Runs,
    chapters: Annotated[
        bool, typer.Option("--chapters/--day", help="From chapter to chapter, or the whole clock under one camera.")
    ] = True,
    out: Annotated[Path | None, typer.Option("--out", help="MP4 file. Default: beside the run.")] = None,
    variant: Variants = None,
    replication: Replication = 0,
    seconds: Annotated[
        float | None, typer.Option("--seconds", help="Of film per chapter (default 5), or in all with --day (60).")
    ] = None,
    size: Annotated[str, typer.Option("--size", help="In pixels.")] = "1920x1080",
    fps: Annotated[int, typer.Option("--fps", help="Frames per second.")] = 24,
    lang: Annotated[str, typer.Option("--lang", help="Language of the captions: ja or en.")] = "ja",
    kind: View = "auto",
) -> None:
    """Film a run, or two side by side, as MP4; an installed Chromium draws it."""
    from twin import service_film
    from twin.cli_progress import stage_progress

    first, against = _two(runs)
    with stage_progress() as tell:
        target = service_film.film(
            first, out, against=against, variant=variant, replication=replication, chapters=chapters, seconds=seconds,
            size_px=_size(size), fps=fps, lang=language(lang), view=_view(kind),
            on_frame=lambda done, total: tell(f"frame {min(done + 1, total)} of {total}", done / total),
        )  # fmt: skip
    print(spoken(f"wrote {target}"))


def tracks(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A study, or one of its runs/VARIANT/NNN.")],
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the files. Default: beside the run.")] = None,
    variant: Annotated[str | None, typer.Option("--variant", help="Variant of a study. Default: the first.")] = None,
    replication: Replication = 0,
) -> None:
    """Write who moved where for other programs: Moving Features JSON, tracks for PedPy, layers as GeoParquet."""
    from twin import service_scene

    for path in service_scene.tracks(run, out, variant=variant, replication=replication):
        print(f"wrote {path}")


def _two(runs: list[Path]) -> tuple[Path, Path | None]:
    if len(runs) > 2:
        raise ScenarioError(f"{len(runs)} runs are named, a page shows one or two", mend="name two of them")
    return runs[0], runs[1] if len(runs) == 2 else None


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{2,5})[x×](\d{2,5})", text.strip())
    if not found:
        raise ScenarioError(f"--size must be width and height in pixels, got {text[:40]!r}", mend="write 1920x1080")
    return int(found[1]), int(found[2])


def _view(text: str) -> Literal["auto", "3d", "flat"]:
    if text not in ("auto", "3d", "flat"):
        raise ScenarioError(f"--view must be auto, 3d or flat, got {text[:40]!r}", mend="leave it out: auto")
    return "auto" if text == "auto" else "3d" if text == "3d" else "flat"


def language(text: str) -> Literal["ja", "en"]:
    """Language of a page.

    Raises
    ------
    ScenarioError
        If it is neither.
    """
    if text not in ("ja", "en"):
        raise ScenarioError(f"--lang {text!r} is no language of the page", mend="say ja or en")
    return "ja" if text == "ja" else "en"
