"""Hot loops of sensors: every count, ping and stay by keyed draws, so that a run seen twice is the same bytes."""

from __future__ import annotations

import numpy as np

from twin.engine.draws import event_key, normal, uniform
from twin.jit import kernel

_MISS, _DOUBLE, _TURN = 0, 1, 2


@kernel
def thin_counts(stream, ids, heads, misses, doubles, wrong_way, out_right, out_wrong):
    """Heads counted of each row, by direction.

    Head k of row i has draws of its own, so that one who passes more changes no other's luck.

    stream uint64; ids (n,) uint64; heads (n,) int64; out_right, out_wrong (n,) int64.
    """
    for i in range(ids.size):
        right, wrong = 0, 0
        for k in range(heads[i]):
            if uniform(stream, ids[i], event_key(k, _MISS)) < misses:
                continue
            seen = 2 if uniform(stream, ids[i], event_key(k, _DOUBLE)) < doubles else 1
            if wrong_way > 0.0 and uniform(stream, ids[i], event_key(k, _TURN)) < wrong_way:
                wrong += seen
            else:
                right += seen
        out_right[i] = right
        out_wrong[i] = wrong


@kernel
def ping_stays(
    phone_stream, stream, ids, enter_s, leave_s, phones, every_s, lost, gap_s, least, out_row, out_from_s, out_to_s
):
    """Stays that the positions of phones tell of; returns how many, and writes those for which there is room.

    A phone sends at a moment of its own and every ``every_s`` after that, while its owner is there. A silence longer
    than ``gap_s`` ends a stay.

    ids (n,) uint64; enter_s, leave_s (n,) float64; out_row (m,) int64; out_from_s, out_to_s (m,) float64.
    """
    count = 0
    for i in range(ids.size):
        if uniform(phone_stream, ids[i], np.uint64(0)) >= phones:
            continue
        at = enter_s[i] + uniform(stream, ids[i], event_key(0, 0)) * every_s
        first, last, pings, k = 0.0, 0.0, 0, 0
        while at <= leave_s[i]:
            k += 1
            if lost == 0.0 or uniform(stream, ids[i], event_key(k, 1)) >= lost:
                if pings > 0 and at - last > gap_s:
                    if pings >= least:
                        if count < out_row.size:
                            out_row[count], out_from_s[count], out_to_s[count] = i, first, last
                        count += 1
                    pings = 0
                if pings == 0:
                    first = at
                last = at
                pings += 1
            at += every_s
        if pings > 0 and pings >= least:
            if count < out_row.size:
                out_row[count], out_from_s[count], out_to_s[count] = i, first, last
            count += 1
    return count


@kernel
def zone_pings(
    phone_stream, stream, ids, heads, x_m, y_m, period_s, phones, every_s, lost, noise_m, zone_x_m, zone_y_m, zone_r_m,
    out_count,
):  # fmt: skip
    """Positions that fall into each zone, of people who are at places for a period.

    Head k of row i carries a phone or not, and sends ``period_s / every_s`` times on average, each with an error of its
    own. A position counts in every zone in whose circle it lies.

    ids (n,) uint64; heads (n,) float64 people on average; x_m, y_m (n,); zones (z,); out_count (n, z) int64.
    """
    for i in range(ids.size):
        whole = int(heads[i] + uniform(stream, ids[i], event_key(0, 0)))
        for k in range(whole):
            if uniform(phone_stream, ids[i], event_key(k + 1, 1)) >= phones:
                continue
            pings = int(period_s / every_s + uniform(stream, ids[i], event_key(k + 1, 0)))
            for j in range(pings):
                word = 3 * j + 1
                if lost > 0.0 and uniform(stream, ids[i], event_key(k + 1, word)) < lost:
                    continue
                x = x_m[i] + noise_m * normal(stream, ids[i], event_key(k + 1, word + 1))
                y = y_m[i] + noise_m * normal(stream, ids[i], event_key(k + 1, word + 2))
                for z in range(zone_x_m.size):
                    dx, dy = x - zone_x_m[z], y - zone_y_m[z]
                    if dx * dx + dy * dy <= zone_r_m[z] * zone_r_m[z]:
                        out_count[i, z] += 1


@kernel
def heard(phone_stream, stream, ids, phones, detects, out_came, out_left):
    """Who is heard by beacons when coming and when leaving.

    ids (n,) uint64; out_came, out_left (n,) bool.
    """
    for i in range(ids.size):
        if uniform(phone_stream, ids[i], np.uint64(0)) >= phones:
            continue
        out_came[i] = uniform(stream, ids[i], event_key(0, 0)) < detects
        out_left[i] = uniform(stream, ids[i], event_key(1, 0)) < detects
