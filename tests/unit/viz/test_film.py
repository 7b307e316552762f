from __future__ import annotations

import io
import subprocess
import sys
from itertools import pairwise

import pytest

from twin.errors import RunError
from twin.viz.film import TITLE_S, Frame, frames_of_chapters, frames_of_day, write_film

WHOLE = (135.40, 34.60, 135.60, 34.80)
NEAR = [135.50, 34.69, 135.51, 34.70]
CLOCK = (18000.0, 72000.0)
TOLD = [{"at_s": 39120.0, "bounds": NEAR}, {"at_s": 71990.0, "bounds": None}]
FPS = 10


def test_every_chapter_has_its_time_and_the_clock_stands_at_its_moment_when_the_camera_is_there():
    frames = frames_of_chapters(TOLD, WHOLE, CLOCK, FPS, 4.0)
    assert len(frames) == round((TITLE_S + 2 * 4.0) * FPS)
    for number, chapter in enumerate(TOLD):
        mine = [f for f in frames if f.chapter == number]
        assert mine[0].at_s == pytest.approx(chapter["at_s"], abs=20.0 / FPS)
        assert {f.bounds for f in mine} == {tuple(chapter["bounds"] or WHOLE)}
        # What the chapter tells is said only once it is so.
        assert all(f.at_s >= chapter["at_s"] for f in mine)


def test_the_clock_never_runs_back_and_never_past_the_end():
    at = [f.at_s for f in frames_of_chapters(TOLD, WHOLE, CLOCK, FPS, 4.0)]
    assert at == sorted(at)
    assert at[-1] == CLOCK[1]


def test_a_camera_that_comes_nearer_keeps_its_goal_in_the_picture_and_never_jumps():
    flight = [f.bounds for f in frames_of_chapters(TOLD[:1], WHOLE, CLOCK, FPS, 4.0)]
    for west, south, east, north in flight:
        assert west <= NEAR[0] + 1e-9 and east >= NEAR[2] - 1e-9  # noqa: PT018  (one condition: it is inside)
        assert south <= NEAR[1] + 1e-9 and north >= NEAR[3] - 1e-9  # noqa: PT018
    widths = [east - west for west, _, east, _ in flight]
    assert all(a >= b - 1e-12 for a, b in pairwise(widths))
    assert max(a / b for a, b in pairwise(widths)) < 2.5


def test_the_film_of_a_day_goes_from_begin_to_end():
    frames = frames_of_day(WHOLE, CLOCK, FPS, 6.0)[round(TITLE_S * FPS) :]
    assert (frames[0].at_s, frames[-1].at_s, len(frames)) == (*CLOCK, 60)


class Projector:
    """Stands for a browser: counts what it was asked to draw."""

    def __init__(self):
        self.shown = []

    def show(self, **what):
        self.shown.append(what)

    def jpeg(self):
        return b"picture"


def encoder(tmp_path, body):
    """A program that stands for ffmpeg."""
    path = tmp_path / "encoder"
    path.write_text(f"#!{sys.executable}\nimport sys\n{body}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


KEEPS = "open(sys.argv[-1], 'wb').write(sys.stdin.buffer.read())"


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for ffmpeg is a script with a first line")
class TestEncoding:
    def test_frames_reach_the_encoder_in_order_and_equal_ones_are_drawn_once(self, tmp_path):
        projector, told = Projector(), []
        frames = [Frame(1.0, -1, WHOLE)] * 3 + [Frame(2.0, 0, WHOLE)]
        out = write_film(
            projector, frames, tmp_path / "新しい" / "a.mp4", encoder(tmp_path, KEEPS), FPS, lambda *n: told.append(n)
        )
        assert out.read_bytes() == b"picture" * 4
        assert [s["at_s"] for s in projector.shown] == [1.0, 2.0]
        assert told == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]
        assert [p.name for p in out.parent.iterdir()] == ["a.mp4"]

    def test_an_encoder_that_gives_up_leaves_nothing_and_is_quoted(self, tmp_path):
        fails = encoder(tmp_path, "sys.exit('no space left')")
        with pytest.raises(RunError, match="no space left"):
            write_film(Projector(), [Frame(1.0, -1, WHOLE)] * 5, tmp_path / "a.mp4", fails, FPS)
        assert not list(tmp_path.glob("*.mp4"))

    def test_a_stopped_film_leaves_nothing(self, tmp_path):
        def stop(done, _):
            if done == 2:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            write_film(
                Projector(), [Frame(1.0, -1, WHOLE)] * 5, tmp_path / "a.mp4", encoder(tmp_path, KEEPS), FPS, stop
            )
        assert not list(tmp_path.glob("*.mp4"))


def test_the_real_encoder_makes_an_mp4_of_h264(tmp_path):
    ffmpeg = pytest.importorskip("imageio_ffmpeg", reason="the extra `film` is not installed").get_ffmpeg_exe()
    image = pytest.importorskip("PIL.Image", reason="needs a JPEG to encode")
    buffer = io.BytesIO()
    image.new("RGB", (321, 241), (200, 80, 10)).save(buffer, "JPEG")
    projector = Projector()
    projector.jpeg = buffer.getvalue
    out = write_film(projector, [Frame(float(n), -1, WHOLE) for n in range(5)], tmp_path / "a.mp4", ffmpeg, FPS)
    said = subprocess.run([ffmpeg, "-hide_banner", "-i", str(out)], capture_output=True, text=True, check=False).stderr
    assert "h264" in said
    assert "320x240" in said
    assert "yuv420p" in said
