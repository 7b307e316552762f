"""Which stops lie on the way between others."""

from __future__ import annotations

import numpy as np

from twin.jit import lean_kernel

#: Two ways are as quick as one another up to here.
_SAME_S = 1e-6


@lean_kernel
def first_on_the_way(between_s, near, via):
    """First stop on a quickest way from each stop to each other one; the other one where none lies between.

    Parameters
    ----------
    between_s : (n, n) float64
        Seconds, 0 on the diagonal; inf where there is no way.
    near : (n, n) int64
        Stops by their time from each.
    via : (n, n) int32
        Filled in.
    """
    n = between_s.shape[0]
    for a in range(n):
        for b in range(n):
            via[a, b] = b
            whole = between_s[a, b]
            if a == b or not np.isfinite(whole):
                continue
            for c in near[a]:
                first = between_s[a, c]
                if first > whole - _SAME_S:
                    break
                # Stops at one place are no way ahead.
                if first > _SAME_S and first + between_s[c, b] <= whole + _SAME_S:
                    via[a, b] = c
                    break
