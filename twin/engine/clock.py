"""The only owner of time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Clock:
    """Common instants of a run: ``now = start + tick * step``, never a running sum.

    Times are seconds since midnight of day one; 24:30 is 88200.
    """

    start_s: float
    step_s: float
    tick: int = 0

    @property
    def now_s(self) -> float:
        """The instant every model has reached."""
        return self.start_s + self.tick * self.step_s

    @property
    def next_s(self) -> float:
        """The instant every model goes to next."""
        return self.start_s + (self.tick + 1) * self.step_s


def clock_text(time_s: float) -> str:
    """Time of day as in timetables: 88230 s is 24:30:30."""
    whole = int(time_s)
    return f"{whole // 3600:02d}:{whole % 3600 // 60:02d}:{whole % 60:02d}"
