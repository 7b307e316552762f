"""What a scenario adds to its pictures, and what it leaves out of tables and reports."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import Field, field_validator

from twin.errors import Problem, ScenarioError
from twin.params import Params
from twin.scenario.language.label import LabelField
from twin.scenario.language.validate import nearest
from twin.units import ClockTime, Count, Metres

#: Words below ``output`` that planners wished for -> what does it today.
OUTPUT_MENDS = {
    "report": "leave it out; twin report STUDY --lang both --pdf --charts writes page, PDF and charts",
    "gis": "leave it out; twin export STUDY writes a styled GeoPackage in the city's CRS",
    "scene": "leave it out; twin view STUDY writes the scene",
}


class ChapterSpec(Params):
    """A moment of the day to show, in the author's words."""

    at_s: ClockTime = Field(alias="at", ge=0, description="moment of the clock", examples=["10:52"])
    label: LabelField = Field(description="what happens, without the time of day")
    place: str = Field("", max_length=200, description="id of a place to look at; the whole city if not given")
    reach_m: Metres = Field(
        400.0, alias="around", ge=20, le=20_000, description="how much of its surroundings to show on each side"
    )

    @field_validator("label")
    @classmethod
    def _says_something(cls, label: LabelField) -> LabelField:
        if not label.ja.strip():
            raise ValueError("a chapter without words says nothing; write label: {ja: …, en: …}")
        return label


class PrivacySpec(Params):
    """What exported tables and reports leave out; the study itself keeps every figure."""

    smallest_cell: Count = Field(
        10.0,
        ge=2,
        le=1e6,
        description=(
            "smaller counts of a group are left out, and what would tell them by subtraction; M: 10 as planners ask "
            "for, and as counts of people by mobile phones in Japan are published"
        ),
    )


class OutputSpec(Params):
    """What is added to pictures and films, and what is left out of what is published."""

    chapters: tuple[ChapterSpec, ...] = Field(
        (), max_length=30, description="chapters of one's own beside those that the run writes from its events"
    )
    privacy: PrivacySpec | None = Field(None, description="small counts to leave out; nothing is left out without it")

    def to_list(self) -> list[dict[str, Any]]:
        """Chapters as plain data in SI units."""
        return [
            {"at_s": c.at_s, "label": c.label.to_dict(), "place": c.place, "reach_m": c.reach_m} for c in self.chapters
        ]


def check_chapters(
    chapters: Sequence[dict[str, Any]], clock: tuple[float, float], places: Iterable[str], file: str
) -> None:
    """Check moments and places of chapters against the clock and the map.

    Parameters
    ----------
    chapters
        As :meth:`OutputSpec.to_list` gives them.
    clock
        Begin and end, seconds since midnight of day one.
    places
        Ids of all places of the city.
    file
        For messages.

    Raises
    ------
    ScenarioError
        With every chapter outside the clock or at no place.
    """
    known = {name for place in places for name in (place, *_ends_of(place))}
    problems = []
    for number, chapter in enumerate(chapters):
        where = f"{file}, output.chapters[{number}]"
        if not clock[0] <= chapter["at_s"] <= clock[1]:
            what = f"a chapter at {_clock(chapter['at_s'])} lies outside the clock"
            problems.append(Problem(what, where, f"the clock runs from {_clock(clock[0])} to {_clock(clock[1])}"))
        if chapter["place"] and chapter["place"] not in known:
            what = f"there is no place {chapter['place'][:60]!r} on the map"
            problems.append(Problem(what, where, nearest(chapter["place"], sorted(known))))
    if problems:
        raise ScenarioError.of(problems, file)


def _ends_of(place: str) -> list[str]:
    """Shorter forms of an id: without its district, and so on."""
    parts = place.split("/")
    return ["/".join(parts[n:]) for n in range(1, len(parts))]


def _clock(at_s: float) -> str:
    return f"{int(at_s) // 3600:02d}:{int(at_s) // 60 % 60:02d}"
