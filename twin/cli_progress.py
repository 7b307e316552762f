"""Progress of long work on standard error: a bar in a terminal or notebook, a line every ten seconds in a pipe.

The bar of a study is drawn by whoever tells of progress, not by a thread of its own: beside one, workers could not be
forked.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from twin.cli_language import spoken
from twin.errors import printable

_err = Console(stderr=True)
#: A log file should tell that work goes on, and stay short.
_LINE_EVERY_S = 10.0
_DRAW_EVERY_S = 0.1


class _Told:
    """What is under way and how far it is: drawn as a bar, or told as lines where nobody could see a bar move."""

    def __init__(self, bar: Progress, first: str) -> None:
        self._bar, self._task = bar, bar.add_task(first, total=1.0)
        self._began = self._last = self._drawn = time.monotonic()
        bar.refresh()
        self._lines = not (_err.is_terminal or _err.is_jupyter)

    def tell(self, share: float, what: str) -> None:
        what = spoken(what)
        self._bar.update(self._task, completed=share, description=escape(what))
        now = time.monotonic()
        if now - self._drawn >= _DRAW_EVERY_S or share >= 1.0:
            self._drawn = now
            self._bar.refresh()
        if not self._lines or now - self._last < _LINE_EVERY_S:
            return
        self._last, spent = now, now - self._began
        left = spoken(f", about {spent * (1 - share) / share:,.0f} s left") if 0.01 < share < 1 else ""
        _err.print(printable(f"{what}: {100 * share:.0f} %, {spent:,.0f} s{left}"), markup=False, highlight=False)


class StudyProgress:
    """Hears of a study: kernels that are compiled before the first run, then runs."""

    def __init__(self, told: _Told) -> None:
        self._told = told

    def __call__(self, share: float, done: int, total: int) -> None:
        """Take note of a share of all work done, and of runs done of all."""
        self._told.tell(share, f"run {min(done + 1, total)} of {total}")

    def compiling(self, done: int, total: int) -> None:
        """Take note of kernels compiled, of all that are needed."""
        self._told.tell(0.0, f"compiling kernels, once on this machine: {done} of {total}")


@contextmanager
def study_progress() -> Iterator[StudyProgress]:
    """Progress of a study with the time left."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(
        *columns, console=_err, transient=True, auto_refresh=False, disable=not (_err.is_terminal or _err.is_jupyter)
    ) as bar:
        yield StudyProgress(_Told(bar, "preparing"))


@contextmanager
def stage_progress() -> Iterator[Callable[[str, float], None]]:
    """Progress of a job in named stages."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=_err, transient=True, disable=not (_err.is_terminal or _err.is_jupyter)) as bar:
        told = _Told(bar, "reading")

        def update(stage: str, share: float) -> None:
            told.tell(share, stage)

        yield update
