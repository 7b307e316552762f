"""Numbers that benchmarks make and READMEs state: where each stands, and how far off it may be.

A speed belongs to a machine and a day. On shared cores the same code was seen to take three times as long, so that a
speed holds within a factor of three either way: a README that is ten times too good, or forgotten, is told. What seeds
determine (waits, kilometres, gaps) holds to the printed digits, memory within a quarter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: How many times a speed may be off, and memory; what seeds determine may be off by its last digit.
SPEED, MEMORY, DIGITS = 3.0, 1.25, 1.006


@dataclass(frozen=True)
class Held:
    """One number.

    Attributes
    ----------
    key
        Its name in what the benchmark says.
    said
        Where the README has it: an expression whose groups are the number, or both ends of a range.
    times
        How many times it may be off.
    case
        Of several objects that the benchmark prints the one with these values.
    """

    key: str
    said: str
    times: float = SPEED
    case: Mapping[str, Any] | None = None

    def range_in(self, text: str) -> tuple[float, float]:
        """Both ends of what a README states.

        Raises
        ------
        SystemExit
            If it does not.
        """
        found = re.search(self.said, text)
        if found is None:
            raise SystemExit(f"no README states {self.key}: nothing there is like {self.said}")
        ends = [number_of(group) for group in found.groups()]
        return min(ends), max(ends)

    def made_in(self, cases: Sequence[Mapping[str, Any]]) -> float:
        """The number among all that a benchmark printed."""
        wanted = self.case or {}
        (case,) = (one for one in cases if all(one[name] == value for name, value in wanted.items()))
        return float(case[self.key])


def number_of(text: str) -> float:
    """A number as READMEs print it: 1,530; 1.10 M; 0.84 GB in MB."""
    digits, _, unit = text.replace(",", "").partition(" ")
    return float(digits) * {"": 1.0, "M": 1e6, "GB": 1e3}[unit]


def times_off(low: float, high: float, made: float) -> float:
    """How many times a number is off a range, at least 1."""
    if low <= made <= high:
        return 1.0
    return max(low / made, made / high) if made > 0 else float("inf")


def hold(held: Sequence[Held], text: str, cases: Sequence[Mapping[str, Any]]) -> tuple[list[str], bool]:
    """A line per number, and whether all lie within what they may be off."""
    lines, every = [], True
    for one in held:
        low, high = one.range_in(text)
        made = one.made_in(cases)
        off = times_off(low, high, made)
        fits = off <= one.times
        every = every and fits
        said = f"{low:,g}" if low == high else f"{low:,g} to {high:,g}"
        verdict = "held" if fits else "OFF "
        case = "".join(f" {name} {value}," for name, value in (one.case or {}).items())
        lines.append(
            f"  {verdict}  {case} {one.key}: README {said}, now {made:,.4g} ({off:.2f} times, {one.times:g} may be)"
        )
    return lines, every


def _road(case: str, seconds: str = r"([\d.]+)") -> tuple[Held, ...]:
    row = rf"\| `{case}` \|"
    return Held("cpu_s", rf"{row} {seconds} \|"), Held("peak_mb", rf"{row}[^|]*\| ([\d,]+) \|", MEMORY)


def _equilibrium(name: str, words: str, seconds: int) -> tuple[Held, ...]:
    gaps = (1e-4, 1e-6, 1e-10)[:seconds]
    row = rf"\| {words} \|[^|]*\|[^|]*\|"
    times = tuple(
        Held("cpu_s", row + r"[^|]*\|" * k + r" ([\d.]+) s \|", SPEED, {"case": name, "gap_wanted": gap})
        for k, gap in enumerate(gaps)
    )
    if seconds < 3:
        return times
    return (*times, Held("objective", row + r"[^|]*\|" * 3 + r" ([\d,.]+) \|", 1.0 + 1e-9,
                         {"case": name, "gap_wanted": 1e-10}))  # fmt: skip


_WARD = r"\| ward, 2 \|"
HELD: dict[str, tuple[Held, ...]] = {
    "transit.speed": (
        Held("requests_per_cpu_s", rf"{_WARD} ([\d,]+)–([\d,]+) \|"),
        Held("mean_wait_s", rf"{_WARD}[^|]*\|[^|]*\| (\d+) s", DIGITS),
        Held("p95_wait_s", rf"{_WARD}(?:[^|]*\|){{3}} (\d+) s", DIGITS),
        Held("vehicle_km", rf"{_WARD}(?:[^|]*\|){{4}} ([\d,]+) \|", DIGITS),
    ),
    "pedestrian.grid": (
        Held("cpu_s", r"180 minutes takes ([\d.]+) CPU-seconds"),
        Held("peak_mb", r"180 minutes takes [\d.]+ CPU-seconds and ([\d.]+) MB", MEMORY),
    ),
    "pedestrian.midosuji": (
        Held("cpu_s", r"no feedback\) (\d+) CPU-seconds"),
        Held("walkers", r"a million \(([\d,]+) parties", 1.0),
        Held("peak_mb", r"no feedback\) \d+ CPU-seconds and ([\d.]+ GB)", MEMORY),
    ),
    **{f"road.{case}": _road(case) for case in ("g20_10k", "osm", "big")},
    "road.g20_100k": _road("g20_100k", r"([\d.]+) to ([\d.]+)"),
    "road.equilibrium": (
        *_equilibrium("SiouxFalls", "Sioux Falls", 3),
        *_equilibrium("Anaheim", "Anaheim", 3),
        *_equilibrium("ChicagoSketch", "Chicago Sketch", 3),
        *_equilibrium("grid-100x100", "grid 100 x 100", 1),
    ),
    "terminal.visits": (Held("visits_per_cpu_s", r"\| `visits`[^|]*\| ([\d.]+ M) \|"),),
    "terminal.peers": (
        Held("twin_per_cpu_s", r"\| `peers`[^|]*\| ([\d.]+ M) customers"),
        Held("twin_records_per_cpu_s", r"\| the same, every change[^|]*\| ([\d.]+ M) \|"),
        Held("twin_model_per_cpu_s", r"\| the same through the whole model \| ([\d.]+ M) \|"),
    ),
}
