"""Drives between stops whose times change over the day: how long they take, and when to set off for them.

``Times.slices_s`` holds the seconds between all stops in each slice of time. A van under way does, in each slice, the
share of its drive that the slice's time allows, and the rest in the next one (Ichoua, Gendreau and Potvin 2003,
*European Journal of Operational Research* 144(2), whose speeds here are drives per second): who sets off first
arrives first, and setting off later never means being there earlier.
"""

from __future__ import annotations

import numpy as np

from twin.jit import lean_kernel


@lean_kernel
def rest_of_drive_s(times, at_s, left, here, there):
    """Seconds that the last share ``left`` of a drive takes from ``at_s`` on."""
    n = times.from_s.size
    k = np.searchsorted(times.from_s, at_s, side="right") - 1
    now_s = at_s
    while True:
        whole_s = times.between_s[here, there] if n == 1 else times.slices_s[times.slice_of[k], here, there]
        end_s = times.from_s[k + 1] if k + 1 < n else np.inf
        if now_s + left * whole_s <= end_s:
            return now_s + left * whole_s - at_s
        left -= (end_s - now_s) / whole_s
        now_s = end_s
        k += 1


@lean_kernel
def drive_s(times, at_s, here, there):
    """Seconds from a stop to another for who sets off at ``at_s``; inf where there is no way."""
    if times.from_s.size == 1:
        return times.between_s[here, there]
    return rest_of_drive_s(times, at_s, 1.0, here, there)


@lean_kernel
def leave_by_s(times, by_s, here, there):
    """Latest moment to set off from a stop so as to be at another by ``by_s``; -inf where there is no way."""
    if times.from_s.size == 1:
        return by_s - times.between_s[here, there]
    k = np.searchsorted(times.from_s, by_s, side="left") - 1
    now_s, left = by_s, 1.0
    while True:
        whole_s = times.slices_s[times.slice_of[k], here, there]
        if now_s - left * whole_s >= times.from_s[k]:
            return now_s - left * whole_s
        left -= (now_s - times.from_s[k]) / whole_s
        now_s = times.from_s[k]
        k -= 1


@lean_kernel
def share_done(times, from_s, to_s, here, there):
    """Share of a drive from a stop to another that is done between two moments."""
    n = times.from_s.size
    if n == 1:
        return (to_s - from_s) / times.between_s[here, there]
    k = np.searchsorted(times.from_s, from_s, side="right") - 1
    done, now_s = 0.0, from_s
    while now_s < to_s:
        end_s = min(to_s, times.from_s[k + 1] if k + 1 < n else np.inf)
        done += (end_s - now_s) / times.slices_s[times.slice_of[k], here, there]
        now_s = end_s
        k += 1
    return done
