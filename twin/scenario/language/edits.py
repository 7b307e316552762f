"""Edits of the city in a scenario: what a measure's ``change`` may say, and the same as plain data for the plan.

A measure that edits the city looks like this::

    nagahori_dotonbori:
      change: lanes_to_pavement
      where: {street: 御堂筋, from: 長堀通, to: 宗右衛門町通, sides: [east, west], lanes: side}
      pavement_width: 14 m
      furniture: 3 m

Which links that means is found on the map, see ``twin.city.editing.edits``; here only the words are checked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from twin.columns import VEHICLE_CLASSES
from twin.params import Params
from twin.scenario.language.document import Mapping, Node, Problems, Scalar
from twin.scenario.language.edit_spec import EditSpec, End, WhereSpec, composed, on_earth, two_ends
from twin.scenario.language.validate import nearest, validated
from twin.scenario.language.walking_edits import WALKING_EDITS, UndergroundLinkEdit
from twin.units import Metres, Seconds, Share, Speed

VehicleClass = Literal["car", "van", "small_truck", "container_truck", "bus"]
#: Changes other versions will understand.
CHANGES_NOT_YET: tuple[str, ...] = ()
#: Keys of a measure that are no part of its edit.
_BESIDE = ("label", "cost", "set", "change")


class NameSpec(Params):
    """What else a street is called, and what it is not."""

    aliases: tuple[str, ...] = Field((), max_length=100, description="further names of the same street")
    never: tuple[str, ...] = Field((), alias="not", max_length=100, description="other streets, however alike")

    @model_validator(mode="after")
    def _apart(self) -> Self:
        both = sorted({composed(n) for n in self.aliases} & {composed(n) for n in self.never})
        if both:
            raise ValueError(f"{both[0]!r} is named as an alias and under not; keep one of the two")
        return self


class LayerSpec(Params):
    """Lines and polygons that somebody drew: a GeoPackage or a GeoJSON file."""

    file: str = Field(min_length=1, max_length=500, description="GeoPackage or GeoJSON beside the scenario")
    layer: str | None = Field(None, description="layer of a GeoPackage; needed if it has more than one")
    id_field: str = Field(alias="id", min_length=1, max_length=100, description="field that names the features")


class PavementEdit(EditSpec):
    """Lanes become pavement: side lanes are closed, or a lane is taken, and the pavement beside is widened."""

    change = "lanes_to_pavement"
    default_lanes = "side"

    pavement_width_m: Metres = Field(gt=0, le=100, description="width of the pavement afterwards", examples=["14 m"])
    furniture_m: Metres = Field(0.0, ge=0, le=50, description="of this taken by seats, trees and bicycles")

    @model_validator(mode="after")
    def _room_to_walk(self) -> Self:
        if self.furniture_m >= self.pavement_width_m:
            raise ValueError(f"the furniture takes all {self.pavement_width_m:g} m of the pavement")
        return self

    def values(self) -> dict[str, Any]:
        """Widths."""
        return {"pavement_width_m": self.pavement_width_m, "furniture_m": self.furniture_m}


class CloseEdit(EditSpec):
    """Nobody may drive there."""

    change = "close"
    hourly = True


class LanesEdit(EditSpec):
    """Other numbers of lanes, per direction of travel."""

    change = "set_lanes"
    hourly = True

    lanes: int | None = Field(None, ge=1, le=16, description="lanes of each link afterwards")
    add: int | None = Field(None, ge=1, le=15, description="lanes more")
    remove: int | None = Field(None, ge=1, le=15, description="lanes less; at least one must stay")

    @model_validator(mode="after")
    def _one_number(self) -> Self:
        if sum(n is not None for n in (self.lanes, self.add, self.remove)) != 1:
            raise ValueError("set_lanes needs one of lanes, add and remove")
        return self

    def values(self) -> dict[str, Any]:
        """Lanes afterwards, or lanes more (negative for less)."""
        return {"lanes": self.lanes} if self.lanes is not None else {"add": self.add or -(self.remove or 0)}


class SpeedEdit(EditSpec):
    """Another free-flow speed."""

    change = "set_speed"
    hourly = True

    speed_mps: Speed = Field(ge=1, le=40, description="speed driven where nobody is in the way", examples=["30 km/h"])

    def values(self) -> dict[str, Any]:
        """The speed."""
        return {"speed_mps": self.speed_mps}


class AccessEdit(EditSpec):
    """Other classes of vehicles that may drive there."""

    change = "set_access"
    hourly = True

    forbid: tuple[VehicleClass, ...] = Field((), description="classes that may not; the others may")
    only: tuple[VehicleClass, ...] = Field((), description="classes that may; the others may not")

    @model_validator(mode="after")
    def _one_list(self) -> Self:
        if bool(self.forbid) == bool(self.only):
            raise ValueError("set_access needs forbid or only, one of the two")
        if set(self.forbid) == set(VEHICLE_CLASSES):
            raise ValueError("every class is forbidden; write change: close")
        return self

    def values(self) -> dict[str, Any]:
        """Classes that may not, in their fixed order."""
        closed = set(self.forbid) or set(VEHICLE_CLASSES) - set(self.only)
        return {"closed_to": [name for name in VEHICLE_CLASSES if name in closed]}


class SignalEdit(EditSpec):
    """Another fixed-time plan of the lights along a street or at one crossing."""

    change = "set_signal"

    cycle_s: Seconds = Field(ge=10, le=600, description="length of the cycle", examples=["120 s"])
    green: Share = Field(gt=0, lt=1, description="share of the cycle that is green for the street", examples=["50 %"])
    offset_s: Seconds = Field(0.0, ge=0, le=600, description="start of green in the cycle, counted from midnight")
    progression_mps: Speed | None = Field(
        None, gt=0, le=40, description="speed of a green wave from the start of the section: offsets grow by it"
    )

    @model_validator(mode="after")
    def _wave_needs_a_start(self) -> Self:
        if self.progression_mps is not None and not self.where.start:
            raise ValueError("progression runs along a section; give where: {street, from, to}")
        if self.where.layer:
            raise ValueError("lights are named by their street; write where: {street, at} or {street, from, to}")
        return self

    def values(self) -> dict[str, Any]:
        """The plan."""
        return {
            "cycle_s": self.cycle_s,
            "green_share": self.green,
            "offset_s": self.offset_s,
            "progression_mps": self.progression_mps,
        }


class LinkSpec(Params):
    """A link that is not on the map."""

    start: End | None = Field(None, alias="from", description="[street, cross street] or [longitude, latitude]")
    end: End | None = Field(None, alias="to", description="as from")
    via: tuple[tuple[float, float], ...] = Field((), max_length=1000, description="points on the way, as from")
    lanes: int = Field(ge=1, le=16, description="lanes in each direction")
    speed_mps: Speed = Field(ge=1, le=40, description="free-flow speed", examples=["50 km/h"])
    road_class: str = Field("unclassified", alias="class", max_length=40, description="OSM highway class")
    name: str = Field("", max_length=100, description="name as on signs")
    one_way: bool = Field(False, description="only from `from` to `to`")
    bridge: bool = False
    tunnel: bool = False

    @field_validator("via", "start", "end")
    @classmethod
    def _on_earth(cls, value: Any) -> Any:
        return on_earth(value)


class NewLinkEdit(EditSpec):
    """A new link between two places of the street network."""

    change = "add_link"

    where: WhereSpec | None = None  # type: ignore[assignment]
    link: LinkSpec

    @model_validator(mode="after")
    def _two_ends(self) -> Self:
        two_ends(self.where, self.link.start, self.link.end)
        return self

    def values(self) -> dict[str, Any]:
        """The link, without its ends."""
        link = self.link
        return {
            "link": {
                "via": [list(p) for p in link.via],
                "lanes": link.lanes,
                "speed_mps": link.speed_mps,
                "road_class": link.road_class,
                "name": composed(link.name),
                "one_way": link.one_way,
                "bridge": link.bridge,
                "tunnel": link.tunnel,
            }
        }


_ROAD_EDITS: tuple[type[EditSpec], ...] = (
    PavementEdit, CloseEdit, LanesEdit, SpeedEdit, AccessEdit, SignalEdit, NewLinkEdit,
)  # fmt: skip
CHANGES: dict[str, type[EditSpec]] = {spec.change: spec for spec in (*_ROAD_EDITS, *WALKING_EDITS)}
#: Every key of a measure that belongs to an edit.
EDIT_KEYS: frozenset[str] = frozenset(
    {"change"} | {info.alias or name for spec in CHANGES.values() for name, info in spec.model_fields.items()}
)


def measure_without_edit(spec: Mapping) -> Mapping:
    """A measure without the keys of its edit; all foreign keys are the edit's where there is a ``change``."""
    edits = "change" in spec.entries
    left = {k: v for k, v in spec.entries.items() if (k in _BESIDE and k != "change") or not (edits or k in EDIT_KEYS)}
    return replace(spec, entries=left)


def read_edit(
    name: str,
    spec: Node,
    names: dict[str, NameSpec],
    layers: Iterable[str],
    problems: Problems,
    not_yet: Iterable[str] = (),
) -> dict[str, Any] | None:
    """Edit of a measure as plain data, or None without one (or with its faults noted).

    Parameters
    ----------
    name, spec
        The measure.
    names
        Streets with aliases, as the file declares them.
    layers
        Layers the file declares.
    problems
        Receives every fault, at its line.
    not_yet
        Keys that are noted elsewhere as not yet understood.
    """
    if not isinstance(spec, Mapping):
        return None
    change = spec.entries.get("change")
    if change is None:
        for key in [k for k in spec.entries if k in EDIT_KEYS]:
            problems.add(
                f"{key} belongs to an edit of the city, but the measure has no change",
                spec.key_marks[key],
                f"{spec.path}.{key}",
                f"add change: one of {', '.join(CHANGES)}",
            )
        return None
    word = change.text if isinstance(change, Scalar) else ""
    if word not in CHANGES:
        what = "is not yet understood by this version" if word in CHANGES_NOT_YET else "is no change of the city"
        problems.add(f"change {word[:40]!r} {what}", change.mark, change.path, nearest(word, CHANGES))
        return None
    kept = {k: v for k, v in spec.entries.items() if k not in (*_BESIDE, *not_yet)}
    part = replace(spec, entries=kept, key_marks={k: spec.key_marks[k] for k in kept})
    found = validated(CHANGES[word], part, spec.path, problems)
    if found is None:
        return None
    where = found.where
    if where is not None and where.layer and where.layer not in set(layers):
        node = spec.entries["where"]
        at = node.entries.get("layer", node) if isinstance(node, Mapping) else node
        problems.add(
            f"there is no layer {where.layer!r}",
            at.mark,
            at.path,
            nearest(where.layer, layers) or "declare it under layers: {NAME: {file: x.gpkg, id: FIELD}}",
        )
        return None
    return plain_edit(name, found, names)


def plain_edit(measure: str, spec: EditSpec, names: dict[str, NameSpec]) -> dict[str, Any]:
    """An edit as it stands in a plan: plain JSON in SI units, names with all their aliases."""
    span, values = spec.hours or spec.when, spec.values()
    if isinstance(spec, NewLinkEdit | UndergroundLinkEdit):
        for side, end in (("from", spec.link.start), ("to", spec.link.end)):
            if end is not None:
                values["link"][side] = _end(end, names)
    return {
        "measure": measure,
        "key": f"measures.{measure}",
        "change": spec.change,
        "where": _where(spec.where, spec.default_lanes, names),
        "values": values,
        "span_s": list(span) if span else None,
        "daily": spec.hours is not None or span is None,
    }


def _end(end: End | str, names: dict[str, NameSpec]) -> dict[str, Any]:
    if isinstance(end, str):
        return {"place": composed(end)}
    if isinstance(end[0], str):
        return {"crossing": [list(all_names(str(name), names)) for name in end]}
    return {"point": list(end)}


def _where(where: WhereSpec | None, default_lanes: str, names: dict[str, NameSpec]) -> dict[str, Any]:
    if where is None:
        return {}
    return {
        "street": composed(where.street),
        "names": list(all_names(where.street, names)),
        "never": list(_never(where.street, names)),
        "start": list(all_names(where.start, names)),
        "end": list(all_names(where.end, names)),
        "at": list(all_names(where.at, names)),
        "sides": list(where.sides),
        "direction": where.direction or "",
        "lanes": where.lanes or default_lanes,
        "within_m": where.within_m,
        "layer": where.layer,
        **({"ids": list(where.ids)} if where.layer else {}),
    }


def _declared(written: str, names: dict[str, NameSpec]) -> str:
    """Street under which a name is declared, itself or as an alias; empty if it is not."""
    written = composed(written)
    return next(
        (street for street, spec in names.items() if written in (composed(street), *map(composed, spec.aliases))), ""
    )


def all_names(written: str, names: dict[str, NameSpec]) -> tuple[str, ...]:
    """The name as written and every other name of the same street; none for no name."""
    if not written:
        return ()
    street = _declared(written, names)
    others = (street, *names[street].aliases) if street else ()
    return tuple(dict.fromkeys(composed(name) for name in (written, *others)))


def _never(written: str, names: dict[str, NameSpec]) -> tuple[str, ...]:
    street = _declared(written, names) if written else ""
    return tuple(composed(name) for name in names[street].never) if street else ()
