"""Words of a scenario for what is told to those who come outside their window, as kernels take them."""

from __future__ import annotations

from twin.booking import names

EARLY_CODES = {
    "waits": names.EARLY_WAITS,
    "ordinary": names.BECOMES_ORDINARY,
    "admitted": names.ADMITTED,
    "turned_away": names.TURNED_AWAY,
}
LATE_CODES = {
    "ordinary": names.BECOMES_ORDINARY,
    "admitted": names.ADMITTED,
    "turned_away": names.TURNED_AWAY,
    "rebook": names.REBOOK,
}
