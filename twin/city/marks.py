"""What of a map was dropped, passed over or assumed, element by element, to be drawn and looked up.

Marks stand beside the streets and are no part of a city's digest: they say how it was read, not what it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from twin.arrays import Floats, Ints, Longs

NODE, WAY, RELATION = 0, 1, 2
#: More are counted by the report only: a map of a country would fill a page with them.
MOST_MARKS = 100_000


def _longs() -> Longs:
    return np.empty(0, np.int64)


def _ints() -> Ints:
    return np.empty(0, np.int32)


def _floats() -> Floats:
    return np.empty(0, np.float64)


@dataclass(frozen=True, eq=False)
class Marks:
    """Marks of a city.

    Attributes
    ----------
    words
        What happened, in the words of the report.
    kind, word : (k,) int32
        ``NODE``, ``WAY`` or ``RELATION``; row of ``words``.
    map_id : (k,) int64
        OSM id.
    lon_deg, lat_deg : (k,) float64
        Where it is; nan where the file does not say.
    assumed_way : (a,) int64
        Ways of which something is assumed.
    assumed_word : (a,) int32
        Row of ``words``: what.
    """

    words: tuple[str, ...] = ()
    kind: Ints = field(default_factory=_ints)
    word: Ints = field(default_factory=_ints)
    map_id: Longs = field(default_factory=_longs)
    lon_deg: Floats = field(default_factory=_floats)
    lat_deg: Floats = field(default_factory=_floats)
    assumed_way: Longs = field(default_factory=_longs)
    assumed_word: Ints = field(default_factory=_ints)

    def __eq__(self, other: object) -> bool:
        """Whether all words and arrays are the same."""
        return (
            isinstance(other, Marks)
            and self.words == other.words
            and all(np.array_equal(a, other.arrays()[name], equal_nan=True) for name, a in self.arrays().items())
        )

    __hash__ = None  # type: ignore[assignment]

    @property
    def count(self) -> int:
        """Marks of elements that were dropped or passed over."""
        return len(self.map_id)

    def arrays(self) -> dict[str, np.ndarray]:
        """Arrays by name, in the order of their declaration."""
        names = ("kind", "word", "map_id", "lon_deg", "lat_deg", "assumed_way", "assumed_word")
        return {name: getattr(self, name) for name in names}

    def fits(self) -> bool:
        """Whether every array has its length and every word exists: a folder may be made up."""
        like = Marks().arrays()
        arrays = self.arrays()
        sound = all(a.ndim == 1 and a.dtype == like[name].dtype for name, a in arrays.items())
        return (
            sound
            and len({len(arrays[name]) for name in ("kind", "word", "map_id", "lon_deg", "lat_deg")}) == 1
            and len(self.assumed_way) == len(self.assumed_word)
            and all(bool(((a >= 0) & (a < len(self.words))).all()) for a in (self.word, self.assumed_word))
            and bool(((self.kind >= NODE) & (self.kind <= RELATION)).all())
        )


class MarkList:
    """Marks as they are met while a map is read."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, int, int, float, float]] = []

    def add(self, words: str, kind: int, map_id: int, lon_deg: float = np.nan, lat_deg: float = np.nan) -> None:
        """Mark one element; one that would be too many is left to the report's counts."""
        if len(self._rows) < MOST_MARKS:
            self._rows.append((words, kind, map_id, lon_deg, lat_deg))

    def close(self, assumed: Iterable[tuple[int, str]]) -> Marks:
        """All marks, in an order that the file has no part in; ``assumed`` are ways with what is assumed of each."""
        rows, guesses = sorted(set(self._rows), key=lambda row: row[:3]), sorted(set(assumed))
        words = sorted({row[0] for row in rows} | {what for _, what in guesses})
        at = {word: i for i, word in enumerate(words)}
        return Marks(
            words=tuple(words),
            kind=np.array([row[1] for row in rows], np.int32),
            word=np.array([at[row[0]] for row in rows], np.int32),
            map_id=np.array([row[2] for row in rows], np.int64),
            lon_deg=np.array([row[3] for row in rows], np.float64),
            lat_deg=np.array([row[4] for row in rows], np.float64),
            assumed_way=np.array([way for way, _ in guesses], np.int64),
            assumed_word=np.array([at[what] for _, what in guesses], np.int32),
        )


def join_marks(parts: Sequence[Marks]) -> Marks:
    """Marks of several districts as those of one city."""
    words = sorted({word for part in parts for word in part.words})
    at = {word: i for i, word in enumerate(words)}
    rename = [np.array([at[word] for word in part.words], np.int32) for part in parts]

    def chain(name: str) -> np.ndarray:
        return np.concatenate([getattr(part, name) for part in parts])

    plain = {name: chain(name) for name in Marks().arrays() if name not in ("word", "assumed_word")}
    return Marks(
        words=tuple(words),
        word=np.concatenate([new[part.word] for new, part in zip(rename, parts, strict=True)]),
        assumed_word=np.concatenate([new[part.assumed_word] for new, part in zip(rename, parts, strict=True)]),
        **plain,
    )
