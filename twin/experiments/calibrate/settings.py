"""How a calibration is done, and what is asked of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """How a calibration is done.

    Attributes
    ----------
    runs
        Runs of each wave; 0: as many as the form of the emulator asks for.
    waves
        Waves of runs: the second gathers where the first found the data likely.
    kpi, group, target, direction
        Figure that is asked of, the value to reach, and whether that is a floor (``higher``) or a ceiling.
    """

    runs: int = 0
    waves: int = 2
    kpi: str = ""
    group: str = "all"
    target: float | None = None
    direction: str = "higher"
