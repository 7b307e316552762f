"""Codes and columns of booking that kernels and Python share: whole numbers."""

from __future__ import annotations

# What came of asking for a place.
NOT_ASKED, PLACED, NO_SHOW, UNPLACED, CANCELLED, CANCELLED_LATE, LAPSED = range(7)
OUTCOMES = 7

# What whoever comes early or late is told.
EARLY_WAITS, BECOMES_ORDINARY, ADMITTED, TURNED_AWAY, REBOOK = range(5)

# How somebody with a booking stands to its window: served as booked, served without the booking, to wait for it, sent
# off because too early or too late.
AS_BOOKED, AS_ORDINARY, WAITS_FOR_WINDOW, TOO_EARLY, TOO_LATE = range(5)

# What becomes of a booking in the books. MISSED is that of a second slot which is never given back.
NO_BOOKING, FATE_KEPT, FATE_CANCELLED, FATE_CANCELLED_LATE, FATE_LAPSED, FATE_MISSED = range(-1, 5)

# Columns of ``ask``: wanted, earliest and latest moment, when what is booked for is known to be there, how long before
# the slot it would be cancelled, and a second one given back. A model's own follow.
DESIRED, EARLIEST, LATEST, KNOWN, CANCEL_LEAD, SECOND_LEAD = range(6)
ASK_OWN = 6

# Columns of ``asker``: bits of what it will do with a booking, pools in which it needs a place (bit 0 for that of all),
# the first slot that ends soon enough before the wanted moment, the first that ends at it or later, its type. A model's
# own follow.
INTENT, POOLS, FIRST, NEAREST, TYPE = range(5)
ASKER_OWN = 5

# Bits of INTENT.
CANCELS, DOUBLES, NEVER_GIVES_BACK = 1, 2, 4

# Column of ``trait``, by type: scale of the taste for slots, s. A model's own follow.
TASTE = 0
TRAIT_OWN = 1

# Elements of ``rule``. A model's own follow.
LATER_WEIGHT, MAX_SHIFT, CLOSES_BEFORE, CANCEL_BEFORE, CONFIRM_BEFORE, WAITING_LIST = range(6)
RULE_OWN = 6

# Elements of ``number`` of those who ask.
BOOKS_OPEN, DOUBLE_SHARE, DOUBLE_LAPSE, CANCEL_SHARE, CANCEL_MEAN = range(5)
NUMBER_OWN = 5

# Elements of ``number`` of those who have asked.
NO_SHOW_SHARE, ON_TIME_SHARE, BUNCHING = range(3)
SETTLE_NUMBERS = 3

# Rows of the counts of slots, and elements of what became of second ones.
C_BOOKED, C_NO_SHOW, C_CANCELLED, C_CANCELLED_LATE, C_LAPSED = range(5)
SLOT_COUNTS = 5
SECOND_ALL, SECOND_CANCELLED, SECOND_CANCELLED_LATE, SECOND_MISSED = range(4)
