"""Windows: how somebody with a booking stands to it when it comes."""

from __future__ import annotations

from twin.booking import names
from twin.jit import inner_kernel


@inner_kernel
def is_late(joined_s, to_s, grace_late_s):
    """Whether somebody came after its window."""
    return joined_s > to_s + grace_late_s


@inner_kernel
def by_window(joined_s, now_s, from_s, to_s, grace_early_s, grace_late_s, early, late):
    """How somebody with a booking stands to its window.

    Parameters
    ----------
    joined_s, now_s
        When it joined, by which lateness goes, and the moment.
    from_s, to_s
        Its slot.
    grace_early_s, grace_late_s
        By how much it may come earlier or later.
    early, late
        What those who come outside are told: ``EARLY_WAITS`` to ``TURNED_AWAY``. ``REBOOK`` is the desk's; who comes
        back from it late is served without a booking.
    """
    if is_late(joined_s, to_s, grace_late_s):
        if late == names.TURNED_AWAY:
            return names.TOO_LATE
        return names.AS_BOOKED if late == names.ADMITTED else names.AS_ORDINARY
    if now_s < from_s - grace_early_s:
        if early == names.EARLY_WAITS:
            return names.WAITS_FOR_WINDOW
        if early == names.TURNED_AWAY:
            return names.TOO_EARLY
        return names.AS_BOOKED if early == names.ADMITTED else names.AS_ORDINARY
    return names.AS_BOOKED
