"""The fixed side of a queue: groups of servers, their lines and their schedule, as the loop takes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np

from twin.arrays import Floats, Ints
from twin.engine.draws import lognormal_law
from twin.engine.stations import names

Law = Literal["exponential", "lognormal", "erlang", "deterministic"]

_LAWS = {
    "exponential": names.EXPONENTIAL,
    "lognormal": names.LOGNORMAL,
    "erlang": names.ERLANG,
    "deterministic": names.DETERMINISTIC,
}


class Group(NamedTuple):
    """Servers of one kind.

    Attributes
    ----------
    stage
        What they do. Groups of the first stage stand first in a layout.
    lines
        Lines they take from, at most three, the preferred one first.
    rule
        ``FIRST_LINE_FIRST`` or ``OLDEST_FIRST``.
    joins
        By sort of customers, the line they join to come here; only of the first stage.
    first
        Number of the first server. There may be more numbers than servers, so that they stay when counts change.
    size
        How many numbers there are.
    steps
        (time, servers, whether the model is asked before) over the run; it begins with none.
    """

    stage: int
    lines: tuple[int, ...]
    rule: int
    joins: Mapping[int, int]
    first: int
    size: int
    steps: tuple[tuple[float, int, bool], ...]


class Schedule(NamedTuple):
    """Changes of servers, the close, and when the model is asked.

    Attributes
    ----------
    time_s : (entries,) float64
        Ascending.
    word : (entries, 4) int32
        Kind, group, servers from then on, and whether the model is asked before.
    """

    time_s: Floats
    word: Ints


def group_arrays(members: Sequence[Group]) -> tuple[Ints, Ints]:
    """Idle groups and servers: (groups, GROUP_COLUMNS) and (servers, SERVER_COLUMNS) int32.

    Parameters
    ----------
    members
        Groups, by number of their first server.
    """
    groups = np.full((len(members), names.GROUP_COLUMNS), -1, np.int32)
    groups[:, [names.CAP, names.BUSY]] = 0
    servers = np.full((members[-1].first + members[-1].size, names.SERVER_COLUMNS), -1, np.int32)
    for index, member in enumerate(members):
        groups[index, [names.STAGE, names.RULE, names.FIRST, names.FREE]] = (
            member.stage,
            member.rule,
            member.first,
            member.first,
        )
        groups[index, names.LINE_A : names.LINE_A + len(member.lines)] = member.lines
        for sort, line in member.joins.items():
            groups[index, names.LINE_OF + sort] = line
        servers[member.first : member.first + member.size, names.GROUP] = index
    return groups, servers


def line_array(members: Sequence[Group], count: int, watched: Sequence[int]) -> Ints:
    """Empty lines: (count, SERVED_BY + groups) int32.

    Parameters
    ----------
    members
        Groups; those that serve a line are asked in this order when somebody comes to it.
    count
        Number of lines.
    watched
        Lines before the first stage.
    """
    serving: list[list[int]] = [[] for _ in range(count)]
    for index, member in enumerate(members):
        for line in member.lines:
            serving[line].append(index)
    out = np.full((count, names.SERVED_BY + max(map(len, serving)) + 1), -1, np.int32)
    out[:, [names.COUNT, names.WATCHED]] = 0
    out[watched, names.WATCHED] = 1
    for line, groups in enumerate(serving):
        out[line, names.SERVED_BY : names.SERVED_BY + len(groups)] = groups
    return out


def make_schedule(members: Sequence[Group], close_s: float, offers_s: Sequence[float] = ()) -> Schedule:
    """All changes of servers, the close and the offers, sorted by time, then kind, then group.

    Parameters
    ----------
    members
        Groups with their steps.
    close_s
        When nobody else is let in.
    offers_s
        When the model is asked, and nothing else happens.
    """
    entries = [(close_s, names.CLOSE, 0, 0, 0)]
    for index, group in enumerate(members):
        before = 0
        for time_s, servers, asks in group.steps:
            if servers != before:
                entries.append((time_s, names.SET_SERVERS, index, servers, int(asks)))
            before = servers
    entries += [(time_s, names.OFFER, 0, 0, 1) for time_s in offers_s]
    entries.sort()
    return Schedule(
        np.array([entry[0] for entry in entries]), np.array([entry[1:] for entry in entries], np.int32).reshape(-1, 4)
    )


def law_numbers(law: Law, mean_s: float, cv: float = 1.0, phases: int = 1) -> list[float]:
    """The ``LAW_NUMBERS`` of a law of service in ``num``.

    Parameters
    ----------
    law
        Its name.
    mean_s
        Mean, s.
    cv
        Coefficient of variation of the lognormal law.
    phases
        Phases of the Erlang law.
    """
    log_mean, log_sd = lognormal_law(mean_s, cv)
    return [float(_LAWS[law]), mean_s, log_mean, log_sd, float(phases)]


def law_of(stage: int) -> slice:
    """Where the law of a stage stands in ``num``."""
    return slice(names.FIRST_LAW + names.LAW_NUMBERS * stage, names.FIRST_LAW + names.LAW_NUMBERS * (stage + 1))
