"""A film of a scene: frames of the page, handed one by one to an encoder that a Python package ships.

Clock and camera are set for every frame, so that a film does not depend on how fast this machine draws.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twin.errors import RunError
from twin.viz.projector import Projector

#: Called with the frames taken and all there are.
OnFrame = Callable[[int, int], None]
Bounds = tuple[float, float, float, float]

TITLE_S = 2.5
TITLE, NOTHING = -1, -2
#: Of a chapter's time, the camera is on its way for this long at most.
_FLIGHT_S = 1.6
#: While a chapter is looked at, the city's clock runs this many times as fast.
_SPEED = 20.0


@dataclass(frozen=True)
class Frame:
    """One frame: clock, caption (a chapter's number, :data:`TITLE` or :data:`NOTHING`) and camera."""

    at_s: float
    chapter: int
    bounds: Bounds


def frames_of_chapters(
    chapters: Sequence[dict[str, Any]], whole: Bounds, clock: tuple[float, float], fps: int, chapter_s: float
) -> list[Frame]:
    """Title, then every chapter: the clock races and the camera flies to it, then both look on.

    Parameters
    ----------
    chapters
        ``at_s`` and ``bounds`` of each.
    whole
        Camera of the title and of chapters without one: west, south, east, north in degrees.
    clock
        Begin and end of the run, seconds since midnight of day one.
    fps
        Frames per second of the film.
    chapter_s
        Seconds of the film per chapter.
    """
    at_s, camera = clock[0], whole
    out = [Frame(at_s, TITLE, whole)] * round(TITLE_S * fps)
    flight = round(min(_FLIGHT_S, chapter_s / 2) * fps)
    stay = max(1, round(chapter_s * fps) - flight)
    for number, chapter in enumerate(chapters):
        to_s = float(chapter["at_s"])
        found = chapter["bounds"]
        there: Bounds = (found[0], found[1], found[2], found[3]) if found else whole
        for n in range(flight):
            share = _eased((n + 1) / flight)
            # On the way nothing is said: what a chapter tells is not yet so.
            out.append(Frame(at_s + share * (to_s - at_s), NOTHING, _between(camera, there, share)))
        for n in range(stay):
            out.append(Frame(min(clock[1], to_s + (n + 1) * _SPEED / fps), number, there))
        at_s, camera = out[-1].at_s, there
    return out


def frames_of_day(whole: Bounds, clock: tuple[float, float], fps: int, length_s: float) -> list[Frame]:
    """Title, then the whole clock at one speed under one camera."""
    title = [Frame(clock[0], TITLE, whole)] * round(TITLE_S * fps)
    count = max(2, round(length_s * fps))
    return [*title, *(Frame(clock[0] + (clock[1] - clock[0]) * n / (count - 1), TITLE, whole) for n in range(count))]


def write_film(
    projector: Projector, frames: Sequence[Frame], out: Path, encoder: str, fps: int, on_frame: OnFrame | None = None
) -> Path:
    """Draw every frame and encode them as MP4 (H.264); found whole or not at all.

    Parameters
    ----------
    projector
        The page, open.
    frames
        What to show.
    out
        File to write.
    encoder
        Path of an ffmpeg.
    fps
        Frames per second.
    on_frame
        Progress.

    Raises
    ------
    RunError
        If the encoder fails, or the file cannot be written.
    """
    beside = out.with_name(out.name + ".tmp.mp4")
    command = [encoder, "-hide_banner", "-loglevel", "error", "-y", "-f", "image2pipe", "-framerate", str(fps)]
    # Players want even sides and colours at half the width.
    command += ["-c:v", "mjpeg", "-i", "-", "-vf", "scale=trunc(iw/2)*2:trunc(ih/2)*2:out_range=tv,format=yuv420p"]
    command += ["-c:v", "libx264", "-crf", "20", "-movflags", "+faststart", str(beside)]
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile() as heard:
            _encode(command, _drawn(projector, frames, on_frame), heard)
        os.replace(beside, out)
    except OSError as fault:
        raise RunError(
            f"the film cannot be written: {fault}", where=str(out), mend="name another file with --out"
        ) from fault
    finally:
        beside.unlink(missing_ok=True)
    return out


def _drawn(projector: Projector, frames: Sequence[Frame], on_frame: OnFrame | None) -> Iterator[bytes]:
    """Pictures of frames; one that is like the last is not drawn again."""
    last, picture = None, b""
    for done, frame in enumerate(frames):
        if on_frame:
            on_frame(done, len(frames))
        if frame != last:
            projector.show(at_s=frame.at_s, chapter=frame.chapter, bounds=frame.bounds)
            picture, last = projector.jpeg(), frame
        yield picture
    if on_frame:
        on_frame(len(frames), len(frames))


def _encode(command: Sequence[str], pictures: Iterator[bytes], heard: Any) -> None:
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=heard) as encoder:  # noqa: S603
        assert encoder.stdin is not None  # noqa: S101  (for the type checker)
        try:
            for picture in pictures:
                encoder.stdin.write(picture)
            encoder.stdin.close()
        except BrokenPipeError:
            pass  # it ended by itself and says why
        except BaseException:
            encoder.kill()
            raise
    if encoder.returncode:
        heard.seek(0)
        said = heard.read().decode("utf-8", "replace").strip().splitlines()
        raise RunError(
            f"the encoder gave up: {said[-1][:200] if said else f'exit code {encoder.returncode}'}",
            where=command[0],
            mend="look whether the disk is full; pip install --upgrade imageio-ffmpeg",
        )


def _eased(share: float) -> float:
    """Slow, fast, slow: a camera that starts and stops at once makes people seasick."""
    return share * share * (3.0 - 2.0 * share)


def _between(here: Bounds, there: Bounds, share: float) -> Bounds:
    """A frame between two, whose width changes by equal factors."""
    out = []
    for low, high in ((0, 2), (1, 3)):
        spans = (here[high] - here[low], there[high] - there[low])
        middles = ((here[high] + here[low]) / 2, (there[high] + there[low]) / 2)
        span = spans[0] * (spans[1] / spans[0]) ** share
        # Seen from the wider frame, the middle moves as the span does, so that the goal stays in the picture.
        if spans[0] == spans[1]:
            along = share
        else:
            along = (span - spans[0]) / (spans[1] - spans[0])
        middle = middles[0] + along * (middles[1] - middles[0])
        out.append((middle - span / 2, middle + span / 2))
    (west, east), (south, north) = out
    return west, south, east, north
