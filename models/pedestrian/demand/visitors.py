"""Who comes, where and when: every walker has an id from its source, and all that it is follows from the id.

The source of a walker is a class, an exit and ten minutes of the day. The number from one source is a Poisson
number of that source's key (or the count of a table), and a larger mean only adds walkers: those who came
before come again, at the same second, with the same speed, budget and luck.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats, Ids
from twin.city.city import City, Place
from twin.city.exit_names import folded_exit, names_of, nearest_exits
from twin.engine.draws import event, make_stream, poisson_counts, uniforms
from twin.engine.ids import Kind, first_ids
from twin.errors import Problem, ScenarioError, TableError
from twin.models.pedestrian.demand.places import Exits
from twin.models.pedestrian.demand.shares import ExitShares
from twin.models.pedestrian.measures import EventCrowd, event_crowds
from twin.models.pedestrian.movement.rows import ARRIVAL, Rows, new_rows, rows_of
from twin.models.pedestrian.params import CLASSES, PedestrianParams, VisitorClass

Columns = Mapping[str, NDArray[np.generic]]

SLOT_S = 600.0
_SLOTS_MOST = 256
_SLOTS_A_DAY = 144
_HOUR_S = 3600.0
#: Stands for an exit in ids of people who are at home when the clock starts.
_AT_HOME = 0xFFF
#: Stands for an exit in ids of people who come for the first event of a scenario; later events count downwards.
_FOR_EVENTS = 0xFFE
#: Stands for the class in ids of walkers from a table that names no class.
_ANY_CLASS = 15
#: Rows of a table that fall into one slot of one exit have this many ids each.
_SERIAL_BITS = 20
#: Columns that may say when a row begins and ends; the first that is there counts.
_STARTS = ("time_s", "time", "hour_start_s")
_ENDS = ("until_s", "hour_end_s")
_LIMIT = 20_000_000


def make_arrivals(
    params: PedestrianParams,
    exits: Exits,
    shares: ExitShares,
    city: City,
    tables: Mapping[str, Columns],
    run_seed: np.uint64,
    start_s: float,
    end_s: float,
) -> Rows:
    """Everybody who enters from ``start_s`` up to ``end_s``, ascending by (time, id).

    Those inside when the clock starts are not among them but for residents at home: who came before is walked first.

    Raises
    ------
    ScenarioError
        If the clock runs beyond 42 h or more than 20 million people are asked for.
    TableError
        If the table of arrivals is missing or wrong; all problems at once.
    """
    if end_s > _SLOTS_MOST * SLOT_S:
        raise ScenarioError(
            f"walkers can enter until {_SLOTS_MOST * SLOT_S / _HOUR_S:.1f} h after midnight of day "
            f"one, the clock runs to {end_s / _HOUR_S:.1f} h",
            where="clock.to",
            mend="let the clock end earlier",
        )
    began_s = max(start_s - params.inside.warm_up_s, 0.0)
    if params.arrivals_table:
        ids, enter_s, classes, entry = _from_table(params, exits, city, tables, run_seed)
        members = np.ones(len(ids), np.uint8)
    else:
        ids, enter_s, classes, entry = _from_params(params, shares, run_seed, began_s, end_s)
        members = _parties(params, ids, classes, run_seed)
    destination = _destinations(params, shares, ids, classes, entry, run_seed)
    came = rows_of(
        ARRIVAL,
        id=ids,
        enter_s=enter_s,
        until_s=np.zeros(len(ids)),
        entry=entry,
        visitor_class=classes,
        members=members,
        destination=destination,
    )
    kept = came[(came.enter_s >= began_s) & (came.enter_s < end_s)]
    others = (
        residents_inside(params, shares, exits, run_seed, start_s),
        *(
            event_visitors(params, shares, crowd, i, run_seed, (began_s, end_s))
            for i, crowd in enumerate(event_crowds(city))
        ),
    )
    people = np.concatenate([kept, *others]).view(np.recarray)
    return people[np.lexsort((people.id, people.enter_s))]


def residents_inside(
    params: PedestrianParams, shares: ExitShares, exits: Exits, run_seed: np.uint64, start_s: float
) -> Rows:
    """Residents at home when the clock starts who leave later in the day, as rows that stay until they leave."""
    c = CLASSES.index("resident")
    inside, resident = params.inside, params.classes.resident
    count = round(inside.residents * params.visitors_factor * params.sample_share / resident.party_mean)
    if not count or not len(shares.home):
        return new_rows(ARRIVAL, 0)
    ids = first_ids(Kind.WALKER, np.array([_origin(c, _AT_HOME, 0)]))[0] + np.arange(count, dtype=np.uint64)
    ids = ids.astype(np.uint64)
    by_hour = np.cumsum(inside.leaving_profile) / sum(inside.leaving_profile)
    u = uniforms(make_stream(run_seed, "pedestrian.leave_home"), ids, event(0))
    hour = np.minimum(np.searchsorted(by_hour, u, side="right"), 23)
    until_s = (hour + uniforms(make_stream(run_seed, "pedestrian.leave_home"), ids, event(1))) * _HOUR_S
    home = np.searchsorted(shares.home, uniforms(make_stream(run_seed, "pedestrian.home"), ids, event(0)), side="right")
    home = np.minimum(home, len(shares.home) - 1)
    classes = np.full(count, c, np.uint8)
    rows = rows_of(
        ARRIVAL,
        id=ids,
        enter_s=np.full(count, start_s),
        until_s=until_s,
        entry=(2 * len(exits.id) + home).astype(np.int32),
        visitor_class=classes,
        members=_parties(params, ids, classes, run_seed),
        destination=np.zeros(count, np.uint8),
    )
    return rows[until_s > start_s]


def event_visitors(
    params: PedestrianParams,
    shares: ExitShares,
    crowd: EventCrowd,
    place: int,
    run_seed: np.uint64,
    clock_s: tuple[float, float],
) -> Rows:
    """People who come for an event, from an hour before it to an hour before its end; ``place`` counts events.

    They are tourists, and come by every exit.
    """
    c = CLASSES.index("tourist")
    first, last = (int((t - _HOUR_S) // SLOT_S) for t in (crowd.from_s, crowd.to_s))
    slots = np.arange(max(first, 0), max(last, first + 1, 1))
    stream = make_stream(run_seed, f"pedestrian.event.{crowd.measure}")
    slot_ids = first_ids(Kind.WALKER, _origin(c, _FOR_EVENTS - place, 0) + slots)
    people = crowd.people * params.visitors_factor * params.sample_share / params.classes.tourist.party_mean
    count = poisson_counts(stream, slot_ids, np.full(len(slots), people / len(slots)))
    ids = np.repeat(slot_ids, count) + _ranks(count).astype(np.uint64)
    enter_s = (np.repeat(slots, count) + uniforms(stream, ids, event(1))) * SLOT_S
    entry = np.searchsorted(np.cumsum(shares.come[c]), uniforms(stream, ids, event(2)), side="right")
    classes = np.full(len(ids), c, np.uint8)
    rows = rows_of(
        ARRIVAL,
        id=ids,
        enter_s=enter_s,
        until_s=np.zeros(len(ids)),
        entry=np.minimum(entry, shares.come.shape[1] - 1).astype(np.int32),
        visitor_class=classes,
        members=_parties(params, ids, classes, run_seed),
        destination=np.zeros(len(ids), np.uint8),
    )
    return rows[(enter_s >= clock_s[0]) & (enter_s < clock_s[1])]


def _parties(params: PedestrianParams, ids: Ids, classes: NDArray[np.uint8], run_seed: np.uint64) -> NDArray[np.uint8]:
    """Members of each party, drawn by its id from the shares of its class."""
    u = uniforms(make_stream(run_seed, "pedestrian.party"), ids, event(0))
    out = np.ones(len(ids), np.uint8)
    for c, visitor_class in enumerate(params.classes.in_order()):
        below = np.cumsum(visitor_class.party_shares) / sum(visitor_class.party_shares)
        mine = classes == c
        out[mine] = 1 + np.minimum(np.searchsorted(below, u[mine], side="right"), len(below) - 1)
    return out


def _destinations(
    params: PedestrianParams,
    shares: ExitShares,
    ids: Ids,
    classes: NDArray[np.uint8],
    entry: NDArray[np.int32],
    run_seed: np.uint64,
) -> NDArray[np.uint8]:
    """Cluster of exits each party is bound for, from 1; 0 for classes that leave wherever it suits."""
    out = np.zeros(len(ids), np.uint8)
    u = uniforms(make_stream(run_seed, "pedestrian.destination"), ids, event(0))
    for c, visitor_class in enumerate(params.classes.in_order()):
        mine = np.flatnonzero(classes == c) if visitor_class.through_m > 0 else np.zeros(0, np.intp)
        if len(mine):
            below = shares.bound[c][entry[mine]]
            out[mine] = 1 + np.minimum((u[mine, None] >= below).sum(axis=1), below.shape[1] - 1)
    return out


def after(arrivals: Rows, time_s: float) -> int:
    """Row of the first who comes after a moment."""
    return int(np.searchsorted(arrivals.enter_s, time_s, side="right"))


_People = tuple[Ids, Floats, NDArray[np.uint8], NDArray[np.int32]]


def _origin(class_index: int, exit_index: int, slot: int) -> int:
    return class_index << 20 | exit_index << 8 | slot


def _from_params(
    params: PedestrianParams, shares: ExitShares, run_seed: np.uint64, start_s: float, end_s: float
) -> _People:
    first, last = int(start_s // SLOT_S), int(np.ceil(end_s / SLOT_S))
    slots = np.arange(max(first, 0), last)
    walked = params.visitors_factor * params.sample_share
    bases, means, slot_of, class_of, exit_of = [], [], [], [], []
    for c, visitor_class in enumerate(params.classes.in_order()):
        by_slot = visitor_class.visitors_per_day / visitor_class.party_mean * walked * slot_shares(visitor_class)
        for x, share in enumerate(shares.come[c].tolist()):
            bases.append(first_ids(Kind.WALKER, _origin(c, x, 0) + slots))
            means.append(by_slot[slots % len(by_slot)] * share)
            slot_of.append(slots)
            class_of.append(np.full(len(slots), c, np.uint8))
            exit_of.append(np.full(len(slots), x, np.int32))
    slot_ids, mean = np.concatenate(bases), np.concatenate(means)
    if mean.sum() > _LIMIT:
        raise ScenarioError(
            f"{mean.sum():.3g} walkers are asked for, at most {_LIMIT:.0e} can be run",
            where="pedestrian.classes",
            mend="lower visitors_per_day or visitors_factor",
        )
    count = poisson_counts(make_stream(run_seed, "pedestrian.volume"), slot_ids, mean)
    ids = np.repeat(slot_ids, count) + _ranks(count).astype(np.uint64)
    within = uniforms(make_stream(run_seed, "pedestrian.enter"), ids, event(0))
    enter_s = (np.repeat(np.concatenate(slot_of), count) + within) * SLOT_S
    return ids, enter_s, np.repeat(np.concatenate(class_of), count), np.repeat(np.concatenate(exit_of), count)


def slot_shares(visitor_class: VisitorClass) -> Floats:
    """Share of the day's arrivals in each ten minutes, (144,)."""
    profile = np.asarray(visitor_class.arrival_profile, np.float64)
    shares: Floats = np.repeat(profile, _SLOTS_A_DAY // len(profile))
    return shares / shares.sum()


def _ranks(count: NDArray[np.int64]) -> NDArray[np.int64]:
    """0, 1, 2 … within each group of the given sizes."""
    ends = np.cumsum(count)
    return np.arange(int(ends[-1]) if len(ends) else 0) - np.repeat(ends - count, count)


def _from_table(
    params: PedestrianParams, exits: Exits, city: City, tables: Mapping[str, Columns], run_seed: np.uint64
) -> _People:
    table, where = _table(params.arrivals_table, tables), f"tables.{params.arrivals_table}"
    exit_of, class_of, count, time_s, until_s = _checked_rows(table, exits, city, where)
    count = count * params.visitors_factor * params.sample_share
    if count.sum() > _LIMIT:
        raise TableError(f"the table holds {count.sum():.3g} people, at most {_LIMIT:.0e} can be run", where=where)
    slot = (time_s // SLOT_S).astype(np.int64)
    named = np.where(class_of < 0, _ANY_CLASS, class_of)
    origin = named << 20 | exit_of << 8 | slot
    # Rows of one source, such as two rows of five minutes, have ids of their own.
    rank = np.zeros(len(origin), np.int64)
    seen: dict[int, int] = {}
    for row in np.lexsort((time_s, origin)).tolist():
        rank[row] = seen.get(int(origin[row]), 0)
        seen[int(origin[row])] = int(rank[row]) + 1
    base = first_ids(Kind.WALKER, origin.astype(np.int64)) | (rank.astype(np.uint64) << np.uint64(_SERIAL_BITS))
    whole = np.floor(count).astype(np.int64)
    # The fraction of a person becomes a whole one by a draw of that person's id.
    chance = uniforms(make_stream(run_seed, "pedestrian.volume"), base + whole.astype(np.uint64), event(0))
    whole += chance < count - whole
    ids = np.repeat(base, whole) + _ranks(whole).astype(np.uint64)
    within = uniforms(make_stream(run_seed, "pedestrian.enter"), ids, event(0))
    enter_s = np.repeat(time_s, whole) + within * np.repeat(until_s - time_s, whole)
    classes = _classes_of(params, ids, np.repeat(class_of, whole), enter_s, run_seed, where)
    return ids, enter_s, classes, np.repeat(exit_of, whole).astype(np.int32)


def _classes_of(
    params: PedestrianParams, ids: Ids, class_of: NDArray[np.int64], enter_s: Floats, run_seed: np.uint64, where: str
) -> NDArray[np.uint8]:
    """Class of each walker: as the table says, else drawn from the mix of classes at that hour."""
    out = class_of.astype(np.uint8)
    open_rows = np.flatnonzero(class_of < 0)
    if not len(open_rows):
        return out
    classes = params.classes.in_order()
    mix = np.array([slot_shares(c).reshape(24, -1).sum(axis=1) * c.visitors_per_day for c in classes])
    if not mix.sum() > 0:
        raise TableError(
            "the table of arrivals names no class, and visitors_per_day of every class is 0",
            where=where,
            mend="add a column class, or give visitors_per_day: it says how classes mix",
        )
    # An hour in which the parameters expect nobody takes the mix of the day.
    mix[:, mix.sum(axis=0) == 0] = mix.sum(axis=1, keepdims=True)
    cumulative = np.cumsum(mix / mix.sum(axis=0), axis=0)
    u = uniforms(make_stream(run_seed, "pedestrian.class"), ids[open_rows], event(0))
    hour = (enter_s[open_rows] // _HOUR_S).astype(np.int64) % 24
    out[open_rows] = np.minimum((u[None, :] >= cumulative[:, hour]).sum(axis=0), len(classes) - 1)
    return out


def _table(name: str, tables: Mapping[str, Columns]) -> Columns:
    if name not in tables:
        raise TableError(
            f"there is no table {name!r}",
            where="pedestrian.arrivals_table",
            mend=f"name one of {', '.join(sorted(tables)) or 'the tables under tables:'}",
        )
    table = tables[name]
    missing = [c for c in ("exit", "count") if c not in table]
    if not any(c in table for c in _STARTS):
        missing.append("time")
    if missing:
        raise TableError(
            f"the table of arrivals has no column {', '.join(missing)}",
            where=f"tables.{name}",
            mend="columns exit, time (or hour), count; class and until_s if wanted",
        )
    return table


def _column(table: Columns, names: tuple[str, ...]) -> Floats:
    """The first that is there of some columns of numbers, one of which there is."""
    return np.asarray(table[next(name for name in names if name in table)], np.float64)


def _checked_rows(
    table: Columns, exits: Exits, city: City, where: str
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats, Floats, Floats]:
    """Exit, class (-1 where open), count, start and end of every row; all problems at once."""
    problems: list[Problem] = []
    count, time_s = np.asarray(table["count"], np.float64), _column(table, _STARTS)
    until_s = _column(table, _ENDS) if any(c in table for c in _ENDS) else time_s + _gap_s(time_s)
    most_s = _SLOTS_MOST * SLOT_S
    problems.extend(
        Problem(
            f"count must lie between 0 and {(1 << _SERIAL_BITS) - 1}, got {count[row]:g}", f"{where}, row {row + 1}"
        )
        for row in np.flatnonzero(~((count >= 0) & (count < 1 << _SERIAL_BITS))).tolist()
    )
    problems.extend(
        Problem(
            f"a row must end after it starts and before 42 h, got {time_s[row]:g} s to {until_s[row]:g} s",
            f"{where}, row {row + 1}",
        )
        for row in np.flatnonzero(~((time_s >= 0) & (time_s < until_s) & (until_s <= most_s))).tolist()
    )
    own = [city.place_by_id[exit_id] for exit_id in exits.id]
    by_name = _exit_names(own)
    exit_of = _matched(table["exit"], by_name, "exit", where, problems, lambda word: nearest_exits(own, word))
    class_of = np.full(len(count), -1, np.int64)
    if "class" in table:
        names = {folded_exit(name): {i} for i, name in enumerate(CLASSES)}
        class_of = _matched(table["class"], names, "class", where, problems, lambda _: ", ".join(CLASSES))
    if problems:
        raise TableError.of(problems, where)
    return exit_of, class_of, count, time_s, until_s


def _gap_s(time_s: Floats) -> float:
    """Length of a row where the table does not say: the least gap between its times, else ten minutes."""
    gaps = np.diff(np.unique(time_s[np.isfinite(time_s)]))
    return float(gaps.min()) if len(gaps) else SLOT_S


def _exit_names(own: Sequence[Place]) -> dict[str, set[int]]:
    """Everything an exit may be called, as it is written by hand."""
    names: dict[str, set[int]] = {}
    for index, place in enumerate(own):
        for name in names_of(place):
            names.setdefault(folded_exit(name), set()).add(index)
    return names


def _matched(
    words: NDArray[np.generic],
    names: Mapping[str, set[int]],
    what: str,
    where: str,
    problems: list[Problem],
    nearest: Callable[[str], str],
) -> NDArray[np.int64]:
    out = np.zeros(len(words), np.int64)
    for row, word in enumerate(words.astype(str).tolist()):
        found = names.get(folded_exit(word), set())
        if len(found) == 1:
            (out[row],) = found
        elif not found:
            problems.append(
                Problem(
                    f"there is no {what} {word!r}",
                    f"{where}, row {row + 1}",
                    f"nearest: {near}" if (near := nearest(word)) else "write it as on the sign, or its id",
                )
            )
        else:
            problems.append(
                Problem(
                    f"{len(found)} exits are called {word!r}", f"{where}, row {row + 1}", "write the id of the exit"
                )
            )
    return out
