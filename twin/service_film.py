"""Stills and films of a scene, drawn by an installed Chromium; see ``viz/projector.py``."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from twin.api import PathLike
from twin.errors import ScenarioError
from twin.service_scene import scene_of

if TYPE_CHECKING:
    from twin.results.run_folder import Run, Study
    from twin.viz.film import OnFrame
    from twin.viz.projector import Projector
    from twin.viz.stills import OnStill

Lang = Literal["ja", "en"]
Kind = Literal["auto", "3d", "flat"]
EXTRA = "film"
T = TypeVar("T")
#: 4K.
MOST_SIDE_PX = 7680
_FEWEST_SIDE_PX = 320


def stills(
    page: Path,
    folder: PathLike,
    *,
    size_px: tuple[int, int] = (3840, 2160),
    lang: Lang = "ja",
    view: Kind = "auto",
    on_still: OnStill | None = None,
) -> list[Path]:
    """Take a PNG of every chapter of a page, and write a gallery beside them that any browser shows.

    Parameters
    ----------
    page
        HTML file that :func:`twin.service.view` wrote.
    folder
        Where the files go.
    size_px
        Width and height; 3840 x 2160 is 4K.
    lang
        Language of the captions in the pictures; the gallery has both.
    view
        ``3d``, ``flat``, or ``auto``: 3D where a graphics card draws it.
    on_still
        Called with the stills taken and all there are.

    Returns
    -------
    list of Path
        The stills, then ``index.html``.

    Raises
    ------
    ScenarioError
        If a library is missing, or the size cannot be drawn.
    RunError
        If there is no Chromium, or the files cannot be written.
    """
    from twin.viz.stills import take_stills

    def take() -> list[Path]:
        with _projector(page, size_px, lang, view) as projector:
            return take_stills(projector, Path(folder), on_still)

    return _apart_from_notebooks(take)


def film(
    run: PathLike | Study | Run,
    out: PathLike | None = None,
    *,
    against: PathLike | Study | Run | None = None,
    variant: str | Sequence[str] | None = None,
    replication: int = 0,
    chapters: bool = True,
    seconds: float | None = None,
    size_px: tuple[int, int] = (1920, 1080),
    fps: int = 24,
    lang: Lang = "ja",
    view: Kind = "auto",
    on_frame: OnFrame | None = None,
) -> Path:
    """Film a run, or two side by side, as MP4.

    Parameters
    ----------
    run, against, variant, replication
        As in :func:`twin.service.view`.
    out
        File; by default ``film.mp4`` in the study, or beside the run.
    chapters
        From chapter to chapter; otherwise the whole clock under one camera.
    seconds
        Of the film, per chapter (5 if not given), or in all (60).
    size_px, lang, view
        As in :func:`stills`.
    fps
        Frames per second.
    on_frame
        Called with the frames drawn and all there are.

    Raises
    ------
    ScenarioError
        If a library is missing, or the size, length or rate cannot be filmed.
    RunError
        If a run is damaged, there is no Chromium, the encoder fails, or the file cannot be written.
    """
    from twin.experiments.extras import needed
    from twin.viz.film import frames_of_chapters, frames_of_day, write_film
    from twin.viz.scene_3d import write_scene

    length_s = seconds if seconds is not None else 5.0 if chapters else 60.0
    if not (0.5 <= length_s <= 3600 and 1 <= fps <= 60):
        raise ScenarioError(
            f"{length_s:g} s at {fps} frames per second cannot be filmed",
            mend="take 0.5 to 3600 seconds, 1 to 60 frames per second",
        )
    encoder = str(needed("imageio_ffmpeg", EXTRA).get_ffmpeg_exe())
    parts, usual = scene_of(run, against, variant=variant, replication=replication)
    target = (
        Path(out) if out is not None else usual.with_name("film.mp4" if usual.stem == "scene" else f"{usual.stem}.mp4")
    )

    def shoot(page: Path) -> Path:
        with _projector(page, size_px, lang, view) as projector:
            facts, told = projector.facts(), projector.chapters()
            clock = (facts["clock"]["from_s"], facts["clock"]["to_s"])
            west, south, east, north = facts["whole"]
            whole = (west, south, east, north)
            frames = (
                frames_of_chapters(told, whole, clock, fps, length_s)
                if chapters and told
                else frames_of_day(whole, clock, fps, length_s)
            )
            return write_film(projector, frames, target, encoder, fps, on_frame)

    with tempfile.TemporaryDirectory() as folder:
        page = write_scene(parts, Path(folder) / "scene.html", lang=lang)
        return _apart_from_notebooks(lambda: shoot(page))


def _apart_from_notebooks(work: Callable[[], T]) -> T:
    """Work that drives a browser, in a thread of its own where an event loop runs, as it does in notebooks."""
    import asyncio
    from concurrent.futures import ThreadPoolExecutor

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return work()
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work).result()


def _projector(page: Path, size_px: tuple[int, int], lang: Lang, view: Kind) -> Projector:
    from twin.browsers import browsers
    from twin.experiments.extras import needed
    from twin.viz.projector import Projector

    if not all(_FEWEST_SIDE_PX <= side <= MOST_SIDE_PX for side in size_px):
        raise ScenarioError(
            f"a picture of {size_px[0]} x {size_px[1]} cannot be drawn",
            mend=f"take sides of {_FEWEST_SIDE_PX} to {MOST_SIDE_PX}, for example 3840x2160",
        )
    needed("playwright.sync_api", EXTRA)
    kin = [path for path in browsers() if not any(other in path.lower() for other in ("firefox", "safari"))]
    return Projector(page, kin, size_px=size_px, lang=lang, view=view)
