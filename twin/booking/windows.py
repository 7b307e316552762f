"""Words of a scenario for what is told to those who come outside their window, as kernels take them."""

from __future__ import annotations

from twin.booking import names as n

EARLY_CODES = {
    "waits": n.EARLY_WAITS,
    "ordinary": n.BECOMES_ORDINARY,
    "admitted": n.ADMITTED,
    "turned_away": n.TURNED_AWAY,
}
LATE_CODES = {"ordinary": n.BECOMES_ORDINARY, "admitted": n.ADMITTED, "turned_away": n.TURNED_AWAY, "rebook": n.REBOOK}
