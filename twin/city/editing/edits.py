"""Edits of the city: a new city whose arrays differ only where an edit says so, and the list of what differs.

    edits → wishes per link (edit_wishes) → conflicts refused → arrays, hours, signals → checked against the base

Edits that always hold change the arrays; those with hours become rows of ``City.timed`` for the road layer.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.city.city import City, LinkChange, SignalPlan, StreetLayer
from twin.city.editing.links import NewLink, with_links
from twin.city.editing.streets import name_of
from twin.city.editing.types import FIELDS, Edit, EditedCity, EditFault, LayerName, TouchedLink, TouchedSignal, Where
from twin.city.editing.wishes import SignalWish, Wanted, Wish, add_wishes, value_before
from twin.city.keeping.digest import city_digest, layer_arrays
from twin.errors import EngineError, Problem, ScenarioError

_DAY_S = 86400.0
#: Longest clock in days, and the six hours it may run on.
_DAYS = 8
_ALWAYS = None

_NODE_ARRAYS = ("node_id", "x_m", "y_m", "lon_deg", "lat_deg", "signal", "crossing")

LinkKey = tuple[LayerName, int]


def apply_edits(city: City, edits: Sequence[Edit | Mapping[str, Any]]) -> EditedCity:
    """City after some edits.

    Parameters
    ----------
    city
        The base, without edits; it stays as it is.
    edits
        In any order: the result does not depend on it. Plain JSON as in a plan will do.

    Returns
    -------
    EditedCity
        With the very same city if there are no edits.

    Raises
    ------
    ScenarioError
        With every edit that the map cannot take, and every pair of measures that contradict each other.
    """
    if not edits:
        return EditedCity(city, base_link=_unmoved(city))
    wanted, problems = Wanted(), []
    for edit in sorted((e if isinstance(e, Edit) else Edit.of(e) for e in edits), key=lambda e: e.key):
        try:
            add_wishes(city, edit, wanted)
        except EditFault as fault:
            problems.append(Problem(fault.what, fault.key or edit.key, fault.mend))
    problems.extend(_conflicts(city, wanted))
    if problems:
        raise ScenarioError.of(problems, city.name)
    edited = _edited(city, wanted)
    check_nothing_else_changed(city, edited)
    return edited


def _unmoved(city: City) -> dict[str, NDArray[np.int64]]:
    return {"drive": np.arange(city.drive.link_count), "walk": np.arange(city.walk.link_count)}


# Conflicts --------------------------------------------------------------------------------------------


def _conflicts(city: City, wanted: Wanted) -> list[Problem]:
    """Pairs of edits that want different things of one link or light at the same time, each pair once."""
    found: dict[tuple[str, str, str], Problem] = {}
    for (layer, link), wishes in _by_link(wanted.links).items():
        street = _words(city.drive if layer == "drive" else city.walk, link)
        for i, second in enumerate(wishes):
            for first in wishes[:i]:
                if _clash(first, second) and _overlap(first.edit, second.edit):
                    _note(found, first.edit, second.edit, street, _field_words(first, second))
    plans: dict[int, SignalWish] = {}
    for signal in wanted.signals:
        other = plans.setdefault(signal.node, signal)
        if replace(other, edit=signal.edit) != signal:
            where = f"the lights at node {city.drive.node_id[signal.node]} on {signal.street}"
            _note(found, other.edit, signal.edit, where, "plans of the lights")
    return list(found.values())


def _by_link(wishes: Iterable[Wish]) -> dict[LinkKey, list[Wish]]:
    out: dict[LinkKey, list[Wish]] = {}
    for wish in wishes:
        out.setdefault((wish.layer, wish.link), []).append(wish)
    return dict(sorted(out.items()))


def _clash(first: Wish, second: Wish) -> bool:
    """Whether two wishes contradict each other; taking a lane twice is one of them."""
    if first.edit is second.edit:
        return False
    if first.field == second.field:
        return first.value != second.value or first.relative or second.relative
    # A street that is closed for good has neither lanes nor speed nor somebody to admit.
    always_closed = any(w.field == "open" and w.edit.span_s is _ALWAYS for w in (first, second))
    return always_closed and first.layer == second.layer == "drive"


def _overlap(first: Edit, second: Edit) -> bool:
    """Whether the hours of two edits share a moment."""
    if first.span_s is _ALWAYS or second.span_s is _ALWAYS:
        return True
    return any(a < d and c < b for a, b in _windows(first) for c, d in _windows(second))


def _windows(edit: Edit) -> list[tuple[float, float]]:
    """Every time an edit with hours holds."""
    start, end = edit.span_s or (0.0, 0.0)
    return [(start + day * _DAY_S, end + day * _DAY_S) for day in range(_DAYS if edit.daily else 1)]


def _note(found: dict[tuple[str, str, str], Problem], first: Edit, second: Edit, street: str, what: str) -> None:
    found.setdefault(
        (first.key, second.key, what),
        Problem(
            f"measures {first.measure} ({first.change}) and {second.measure} ({second.change}) want different {what} "
            f"of {street}",
            second.key,
            "leave one out, or let their sections or hours not overlap",
        ),
    )


def _field_words(first: Wish, second: Wish) -> str:
    names = {
        "lanes": "lanes",
        "speed_mps": "speed",
        "width_m": "pavement width",
        "open": "opening",
        "closed_to": "access",
    }
    return " and ".join(dict.fromkeys(names[w.field] for w in (first, second)))


def _words(layer: StreetLayer, link: int) -> str:
    name = name_of(layer, link) or "a street without a name"
    ends = layer.node_id[layer.link_from[link]], layer.node_id[layer.link_to[link]]
    return f"{name} (way {layer.way_id[link]}, node {ends[0]} to {ends[1]})"


# Doing ------------------------------------------------------------------------------------------------


def _edited(city: City, wanted: Wanted) -> EditedCity:
    by_link = _by_link(wanted.links)
    drive, drive_base = with_links(_changed(city, "drive", by_link), _new_of(wanted, "drive"))
    walk, walk_base = with_links(_changed(city, "walk", by_link), _new_of(wanted, "walk"))
    row, walk_row = (
        {int(before): link for link, before in enumerate(base.tolist()) if before >= 0}
        for base in (drive_base, walk_base)
    )
    life = [replace(one, links=tuple(walk_row[link] for link in one.links)) for one in wanted.life]
    closed_to = {row[link]: classes for link, classes in city.closed_to.items()}
    for (layer, link), wishes in by_link.items():
        for wish in wishes:
            if layer == "drive" and wish.field == "closed_to" and wish.edit.span_s is _ALWAYS:
                closed_to[row[link]] = wish.value
    signals = sorted({w.node: w for w in wanted.signals}.values(), key=lambda w: w.node)
    after = replace(
        city,
        drive=drive,
        walk=walk,
        closed_to=dict(sorted(closed_to.items())),
        timed=tuple(_timed(city, by_link, row)),
        street_life=tuple(sorted(life, key=lambda one: (one.change, one.measure))),
        signal_plans=tuple(SignalPlan(w.node, w.street, w.cycle_s, w.green_share, w.offset_s) for w in signals),
    )
    after = replace(after, digest=_digest(after))
    base_link = {"drive": drive_base, "walk": walk_base}
    touched = [
        *_touched(city, after, by_link, {"drive": row, "walk": walk_row}),
        *_touched_new(after, wanted, "drive", drive_base),
        *_touched_new(after, wanted, "walk", walk_base),
        *_touched_by_life(after, wanted, walk_row),
    ]
    return EditedCity(
        after,
        tuple(sorted(touched, key=lambda t: (t.layer, t.link_index, t.span_s or (-1.0, -1.0)))),
        tuple(
            TouchedSignal(
                w.node, int(city.drive.node_id[w.node]), w.street, w.cycle_s, w.green_share, w.offset_s, w.edit.measure
            )
            for w in signals
        ),
        tuple(wanted.matches),
        base_link,
        _cut_off(city, after),
    )


def _new_of(wanted: Wanted, layer: LayerName) -> list[NewLink]:
    return [new for new in wanted.new if new.layer == layer]


def _changed(city: City, name: LayerName, by_link: Mapping[LinkKey, Sequence[Wish]]) -> StreetLayer:
    """Layer with everything that always holds put into copies of its arrays."""
    layer = city.drive if name == "drive" else city.walk
    arrays = {field: getattr(layer, field).copy() for field in ("lanes", "free_speed_mps", "width_m")}
    changed = False
    for (of, link), wishes in by_link.items():
        for wish in wishes:
            if of != name or wish.edit.span_s is not _ALWAYS or wish.field == "closed_to":
                continue
            changed = True
            if wish.field == "open":
                arrays["lanes"][link], arrays["free_speed_mps"][link] = 0, 0.0
            else:
                arrays["free_speed_mps" if wish.field == "speed_mps" else wish.field][link] = wish.value
    if not changed:
        return layer
    return replace(layer, **arrays)


def _timed(city: City, by_link: Mapping[LinkKey, Sequence[Wish]], row: Mapping[int, int]) -> list[LinkChange]:
    """State of every link with hours at each moment at which it changes."""
    out: list[LinkChange] = []
    for (layer, link), wishes in by_link.items():
        hourly = [w for w in wishes if w.edit.span_s is not _ALWAYS]
        if layer != "drive" or not hourly:
            continue
        always = _values(city, link, [w for w in wishes if w.edit.span_s is _ALWAYS])
        before = always
        for time_s in sorted({t for w in hourly for window in _windows(w.edit) for t in window}):
            now = {**always, **{w.field: w.value for w in hourly if any(a <= time_s < b for a, b in _windows(w.edit))}}
            if now != before:
                out.append(_change(row[link], time_s, now, int(always["lanes"])))
            before = now
    return sorted(out, key=lambda c: (c.time_s, c.link_index))


def _values(city: City, link: int, wishes: Sequence[Wish]) -> dict[str, Any]:
    fields = ("lanes", "speed_mps", "open", "closed_to")
    return {**{f: value_before(city, "drive", link, f) for f in fields}, **{w.field: w.value for w in wishes}}


def _change(link: int, time_s: float, now: Mapping[str, Any], lanes_always: int) -> LinkChange:
    factor = now["lanes"] / lanes_always if now["open"] and lanes_always else 0.0
    return LinkChange(link, time_s, now["lanes"], now["speed_mps"], factor, now["open"], now["closed_to"])


def _digest(city: City) -> str:
    """Hash of the arrays and of what stands beside them."""
    beside = {
        "timed": [asdict(change) for change in city.timed],
        "closed_to": {str(link): classes for link, classes in city.closed_to.items()},
        "signal_plans": [asdict(plan) for plan in city.signal_plans],
    }
    if city.street_life:
        beside["street_life"] = [asdict(life) for life in city.street_life]
    text = city_digest(city) + json.dumps(beside, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


# What differs -----------------------------------------------------------------------------------------


def _touched(
    city: City, after: City, by_link: Mapping[LinkKey, Sequence[Wish]], row: Mapping[str, Mapping[int, int]]
) -> list[TouchedLink]:
    out = []
    for (layer, link), wishes in by_link.items():
        for (span, daily), group in _by_hours(wishes).items():
            old = {w.field: value_before(city, layer, link, w.field) for w in group}
            new = {w.field: w.value for w in group}
            if "open" in new and span is _ALWAYS:
                old["lanes"], new["lanes"] = value_before(city, layer, link, "lanes"), 0
            differs = [f for f in FIELDS if f in old and not _same(old[f], new[f])]
            if differs:
                where = row[layer][link]
                out.append(
                    _touched_link(
                        after,
                        layer,
                        where,
                        link,
                        {f: old[f] for f in differs},
                        {f: new[f] for f in differs},
                        span,
                        daily,
                        [w.edit for w in group],
                    )
                )
    return out


def _same(old: Any, new: Any) -> bool:
    return bool(old == new or (old != old and new != new))  # nan is the same as nan


def _by_hours(wishes: Sequence[Wish]) -> dict[tuple[tuple[float, float] | None, bool], list[Wish]]:
    out: dict[tuple[tuple[float, float] | None, bool], list[Wish]] = {}
    for wish in wishes:
        span = wish.edit.span_s
        out.setdefault((span, wish.edit.daily if span else True), []).append(wish)
    return out


def _touched_new(after: City, wanted: Wanted, name: LayerName, base: NDArray[np.int64]) -> list[TouchedLink]:
    """New links of a layer, each with the edit it comes from."""
    new_rows = np.flatnonzero(base < 0).tolist()
    # Rows of new links are in the order of their nodes, of equal ones in the order of the edits.
    owners = sorted(_new_of(wanted, name), key=lambda n: (n.start, n.end))
    layer = after.drive if name == "drive" else after.walk
    size = {"lanes": layer.lanes} if name == "drive" else {"width_m": layer.width_m}
    return [
        _touched_link(
            after,
            name,
            link,
            -1,
            {},
            {
                **{field: values[link].item() for field, values in size.items()},
                "speed_mps": float(layer.free_speed_mps[link]),
                "open": True,
            },
            None,
            True,
            [owner.edit],
        )
        for link, owner in zip(new_rows, owners, strict=True)
    ]


def _touched_by_life(after: City, wanted: Wanted, row: Mapping[int, int]) -> list[TouchedLink]:
    """Walk links along which a measure puts something, each with the whole of what the section gets."""
    out = []
    for life in wanted.life:
        edit = Edit(life.measure, "", life.change, Where())  # type: ignore[arg-type]
        out += [
            _touched_link(after, "walk", row[link], link, {}, {"along": life.words}, life.span_s, True, [edit])
            for link in life.links
        ]
    return out


def _touched_link(
    after: City,
    layer_name: LayerName,
    link: int,
    base: int,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    span: tuple[float, float] | None,
    daily: bool,
    edits: Sequence[Edit],
) -> TouchedLink:
    layer = after.drive if layer_name == "drive" else after.walk
    return TouchedLink(
        layer_name,
        link,
        base,
        int(layer.way_id[link]),
        name_of(layer, link),
        int(layer.node_id[layer.link_from[link]]),
        int(layer.node_id[layer.link_to[link]]),
        old,
        new,
        span,
        daily,
        tuple(dict.fromkeys(e.measure for e in edits)),
        tuple(dict.fromkeys(e.change for e in edits)),
    )


def _cut_off(before: City, after: City) -> tuple[str, ...]:
    """Places that lose their way in or out because links are closed for good."""
    if np.array_equal(before.drive.free_speed_mps > 0, after.drive.free_speed_mps > 0):
        return ()
    nodes = np.array([p.drive_node for p in before.places], np.int64)
    was, is_ = (_reach(city.drive)[nodes] for city in (before, after))
    # Whoever could reach a district and now reaches less than half of it is cut off from it.
    lost = (nodes >= 0) & (was > 1) & (is_ < was / 2)
    return tuple(p.id for p, gone in zip(before.places, lost.tolist(), strict=True) if gone)


def _reach(layer: StreetLayer) -> NDArray[np.int64]:
    """(n,) int64: nodes of the part around each node in which every way leads forth and back."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    is_open = np.isfinite(layer.free_time_s)
    ends = (layer.link_from[is_open], layer.link_to[is_open])
    ways = coo_array((np.ones(len(ends[0])), ends), (layer.node_count, layer.node_count))
    _, part = connected_components(ways, connection="strong")
    size: NDArray[np.int64] = np.bincount(part)[part]
    return size


def check_nothing_else_changed(base: City, edited: EditedCity) -> None:
    """Compare all arrays of both layers outside what is listed as touched.

    Raises
    ------
    EngineError
        Naming the array and the row that changed without being listed.
    """
    after = edited.city
    if any(getattr(base, f) != getattr(after, f) for f in ("name", "crs", "places", "attribution", "driving_side")):
        raise EngineError("an edit changed facts or places of the city", mend="report this: edits touch streets only")
    allowed: dict[tuple[str, str], set[int]] = {}
    for touched in edited.touched:
        if touched.span_s is not _ALWAYS or touched.base_link_index < 0:
            continue
        for field in touched.new:
            arrays = {"open": ("lanes", "free_speed_mps"), "speed_mps": ("free_speed_mps",), "closed_to": ()}
            for array in arrays.get(field, (field,)):
                allowed.setdefault((touched.layer, array), set()).add(touched.base_link_index)
    for name, before, now in (("drive", base.drive, after.drive), ("walk", base.walk, after.walk)):
        rows = np.asarray(edited.base_link[name])
        kept = np.flatnonzero(rows >= 0)
        if not np.array_equal(rows[kept], np.arange(before.link_count)):
            raise EngineError(f"an edit lost or moved links of the {name} layer")
        if now.names[: len(before.names)] != before.names or now.aliases != before.aliases:
            raise EngineError(f"an edit changed names of the {name} layer")
        for array, values in layer_arrays(before):
            changed = _changed_rows(array, values, now, kept, before)
            unlisted = sorted(set(changed) - allowed.get((name, array), set()))
            if unlisted:
                raise EngineError(
                    f"an edit changed {array} of row {unlisted[0]} of the {name} layer, which is not listed",
                    where=_words(before, unlisted[0]) if len(values) == before.link_count else name,
                    mend="report this: the list of touched links must be complete",
                )


def _changed_rows(
    array: str, values: NDArray[Any], now: StreetLayer, kept: NDArray[np.int64], before: StreetLayer
) -> list[int]:
    """Rows of the base whose value differs; for shapes the links, for pointers into links the nodes."""
    after: NDArray[Any] = getattr(now, array)
    if array in ("vertex_ptr", "vertex_x_m", "vertex_y_m"):
        if now.link_count == before.link_count:
            return [] if np.array_equal(values, after) else [-1]
        shapes = [
            (slice(*before.vertex_ptr[i : i + 2].tolist()), slice(*now.vertex_ptr[k : k + 2].tolist()))
            for i, k in enumerate(kept.tolist())
        ]
        if array == "vertex_ptr":
            return [i for i, (a, b) in enumerate(shapes) if a.stop - a.start != b.stop - b.start]
        return [i for i, (a, b) in enumerate(shapes) if not np.array_equal(values[a], after[b])]
    if array == "out_ptr":
        expected = np.searchsorted(now.link_from, np.arange(now.node_count + 1))
        return np.flatnonzero(after != expected).tolist()
    if array in _NODE_ARRAYS:
        return np.flatnonzero(after != values).tolist()
    moved = after[kept]
    same = (moved == values) | ((moved != moved) & (values != values))
    return np.flatnonzero(~same).tolist()
