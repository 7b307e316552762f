"""Who comes to the shops of a day: keyed by frontage, kind, hour and serial, so that one more moves nobody else."""

from __future__ import annotations

import hashlib

import numpy as np

from twin.arrays import Floats, Ids, Ints, Longs
from twin.engine.draws import event, exponentials, lognormal_law, make_stream, normals, poisson_count, uniforms
from twin.engine.ids import Kind, make_ids, serials_of
from twin.errors import ScenarioError
from twin.models.kerb.params import KerbParams, VisitKind
from twin.models.kerb.rows import VISIT, Records

_HOUR_S = 3600.0
#: Bits of an origin for the name of the frontage, and of a serial for its place within the hour.
_NAME_BITS = 20
_HOUR_BITS = 20


class Day:
    """Visits of a run, by the moment at which they set out.

    Attributes
    ----------
    visits
        Records as of ``rows.VISIT``.
    depart_s : (n,) float64
        When each sets out at the edge of the map.
    entry, leave : (n,) int32
        Where each comes from and drives to, as rows of the places given.
    """

    def __init__(self, visits: Records, depart_s: Floats, entry: Ints, leave: Ints) -> None:
        self.visits, self.depart_s, self.entry, self.leave = visits, depart_s, entry, leave

    def __len__(self) -> int:
        return len(self.depart_s)

    def take(self, rows: Longs) -> Day:
        """Some of them."""
        return Day(
            self.visits[rows].view(np.recarray), self.depart_s[rows], self.entry[rows], self.leave[rows]
        )  # fmt: skip

    def joined(self, other: Day) -> Day:
        """These, then others."""
        visits = np.concatenate([self.visits, other.visits]).view(np.recarray)
        return Day(
            visits,
            np.concatenate([self.depart_s, other.depart_s]),
            np.concatenate([self.entry, other.entry]),
            np.concatenate([self.leave, other.leave]),
        )


def name_code(name: str) -> int:
    """Number of a frontage's name, part of the ids of those who come there."""
    digest = hashlib.blake2b(name.encode(), digest_size=4).digest()
    return int.from_bytes(digest, "little") & ((1 << _NAME_BITS) - 1)


def make_day(
    params: KerbParams, shop_frontage: Ints, run_seed: np.uint64, start_s: float, end_s: float, entries: int
) -> Day:
    """Everybody who sets out within the hours and the clock.

    Parameters
    ----------
    params
        Who comes.
    shop_frontage : (s,) int32
        Row of the frontage of each shop.
    run_seed
        Seed of the run.
    start_s, end_s
        Span of the clock in which new demand enters.
    entries
        Places at which vehicles enter and leave the map.

    Raises
    ------
    ScenarioError
        If two frontages have names that cannot be told apart in ids.
    """
    _check_names(params)
    parts = []
    for number, name in enumerate(params.frontages):
        shops = np.flatnonzero(shop_frontage == number).astype(np.int32)
        for kind, visits in enumerate(params.kinds):
            parts.append(_of_kind(params, visits, kind, name, shops, run_seed, entries))
    none = Day(np.zeros(0, VISIT).view(np.recarray), np.zeros(0), np.zeros(0, np.int32), np.zeros(0, np.int32))
    day = none
    for part in parts:
        day = day.joined(part)
    comes = (day.depart_s >= start_s) & (day.depart_s < end_s)
    order = np.lexsort((day.visits["id"], day.depart_s))
    return day.take(order[comes[order]])


def _check_names(params: KerbParams) -> None:
    codes: dict[int, str] = {}
    for name in params.frontages:
        other = codes.setdefault(name_code(name), name)
        if other != name:
            raise ScenarioError(
                f"the frontages {other!r} and {name!r} have the same number in ids",
                where=f"kerb.frontages.{name}",
                mend="rename one of them",
            )


def _of_kind(
    params: KerbParams, of: VisitKind, kind: int, name: str, shops: Ints, run_seed: np.uint64, entries: int
) -> Day:
    """Visits of one kind to one frontage: a Poisson number per hour, each to a shop of its own choice."""
    streams = {
        purpose: make_stream(run_seed, f"kerb.{purpose}")
        for purpose in ("count", "time", "shop", "entry", "leave", "dwell", "patience")
    }
    origin = (kind + 1) << _NAME_BITS | name_code(name)
    total = sum(of.profile)
    ids: list[Ids] = [np.zeros(0, np.uint64)]
    for hour in range(int(params.hours[0] // _HOUR_S), int(-(-params.hours[1] // _HOUR_S))):
        weight = of.profile[hour % len(of.profile)]
        if not len(shops) or not weight * of.per_shop_day > 0:
            continue
        mean = len(shops) * of.per_shop_day * weight / total
        count = poisson_count(streams["count"], origin << 8 | hour, mean)
        ids.append(make_ids(Kind.KERB_VISIT, origin, count, hour << _HOUR_BITS))
    id_ = np.concatenate(ids)
    hour_of = (serials_of(id_) >> np.uint64(_HOUR_BITS)).astype(np.float64)
    depart_s = (hour_of + uniforms(streams["time"], id_, event(0))) * _HOUR_S
    visits = np.zeros(len(id_), VISIT).view(np.recarray)
    visits["id"], visits["kind"] = id_, kind
    visits["arrive_s"] = visits["stand_s"] = np.nan
    visits["end_s"] = visits["camera_s"] = visits["guard_s"] = np.inf
    visits["bay"] = visits["next"] = visits["pocket"] = -1
    visits["dwell_s"] = _dwell_s(of, streams["dwell"], id_)
    visits["patience_s"] = exponentials(streams["patience"], id_, event(0), of.patience_mean_s)
    if len(id_):
        visits["shop"] = shops[(uniforms(streams["shop"], id_, event(0)) * len(shops)).astype(np.int64)]
    places = [(uniforms(streams[s], id_, event(0)) * entries).astype(np.int32) for s in ("entry", "leave")]
    inside = (depart_s >= params.hours[0]) & (depart_s < params.hours[1])
    return Day(visits, depart_s, *places).take(np.flatnonzero(inside))


def _dwell_s(of: VisitKind, stream: np.uint64, ids: Ids) -> Floats:
    if of.dwell_law == "exponential":
        return exponentials(stream, ids, event(0), of.dwell_mean_s)
    log_mean, log_sd = lognormal_law(of.dwell_mean_s, of.dwell_cv)
    return np.exp(log_mean + log_sd * normals(stream, ids, event(0)))
