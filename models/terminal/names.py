"""Names of the gate's columns, elements and codes: whole numbers that kernels and Python share."""

from __future__ import annotations

# Columns of ``time_s``: moments and lengths of a visit, nan until known. Those of every visit come first, so that
# they lie together in memory.
JOIN, QUEUED, END, CALLED, GATE_START, GATE_END, WAITED, OUT, REMAIN, YARD_WAITED = range(10)
SLOT_FROM, SLOT_TO, ROAD_IN, ROAD_S, PLAN, ENTER, DESIRED, HOURS_LEFT, CRANE_S, ASKED = range(10, 20)
TIME_COLUMNS = 20

# Columns of ``word``: whole numbers of a visit.
CLASS, LINE, SERVER, LANE, SPACE, FLAGS, NEXT, EVENT, MOVE, MOVES, BLOCK_A, BLOCK_B = range(12)
STOOD, RANK, ROAD_NEXT, ROAD_PREV, REHANDLES, KIND, HAULIER, ENTRY = range(12, 20)
WORD_COLUMNS = 20

# Columns of ``code``: how a visit stands, one byte each, by which all visits are counted again and again.
STATE, REASON, BOOKING, SERVED_AS = range(4)
CODE_COLUMNS = 4

# States of a visit. GONE has left the gate and waits to be told to the other models.
PLANNED, DRIVING_IN, HELD, WAITING, SERVED, DRIVING, GONE, DRIVING_OUT, LEFT, WITHDRAWN = range(10)

# Classes, and why a visit ended.
ORDINARY, BOOKED = range(2)
SERVED_WELL, AFTER_CLOSING, IN_LINE_AT_CLOSING, TOO_LATE, TOO_EARLY = range(5)

# How a truck is sorted before the in-gate: by class, or because only some lanes take it. Each has a line of its own
# where lanes share their lines, and each lane says which it takes where every lane has its own.
OVERSIZE, SORTED_OUT = 2, 3
SORTS = 4

# What came of asking for a slot.
NOT_ASKED, PLACED, NO_SHOW, UNPLACED, CANCELLED, CANCELLED_LATE, LAPSED = range(7)

#: Room for outcomes of asking, states and reasons where visits are counted by all three.
COUNTS = (8, 16, 8)

# Bits of FLAGS. FETCHES << m: move m fetches a laden box; REFUSES << y: the driver refuses holding yard y;
# REBOOKED: the booking desk has settled what becomes of a truck that came too late.
CHECKED, SIGNALLED, TROUBLED, FETCHES, IS_OVERSIZE, REFUSES, REBOOKED = 1, 2, 4, 8, 32, 64, 1 << 30

# Where a truck waits: index of the holding yard, or one of these.
NO_SPACE, ON_ROAD = -1, -2

# Lines before those of the blocks, which follow in order; lines of single lanes come last.
ORDINARY_LINE, BOOKED_LINE, OVERSIZE_LINE, SORTED_OUT_LINE, TROUBLE_LINE, OUT_LINE, FIRST_BLOCK_LINE = range(7)

# Stages: laws, and elements of ``streams``; rehandles have a stream but no law.
GATE, TROUBLE, CRANE, OUT_GATE, REHANDLE = range(5)

# Laws, and the numbers of each law in ``num``.
EXPONENTIAL, LOGNORMAL, ERLANG, DETERMINISTIC = range(4)
LAW, MEAN, LOG_MEAN, LOG_SD, PHASES = range(5)

# Rules by which a group takes from its lines.
FIRST_LINE_FIRST, OLDEST_FIRST = range(2)

# Kinds of schedule entries, and columns of ``sched_word``.
SET_SERVERS, SIGN, OFFER = range(3)
S_KIND, S_GROUP, S_COUNT, S_ASK = range(4)

# Kinds of events in the calendar.
END_EVENT, RELEASE_EVENT = range(1, 3)

# Columns of ``lines`` (then the groups that serve the line, -1 after the last). AT_GATE is 1 for lines before the
# in-gate, whose trucks are counted as the queue.
HEAD, TAIL, COUNT, AT_GATE, SERVED_BY = range(5)

# Columns of ``groups`` (FREE: no server before it is idle; LINE_A to LINE_C are taken from, -1 for none; from
# LINE_OF on the line that trucks of each sort join, -1 if not taken), and of ``servers``.
CAP, BUSY, STAGE, FIRST, RULE, FREE, LINE_A, LINE_B, LINE_C, LINE_OF = range(10)
GROUP_COLUMNS = LINE_OF + SORTS
ROW, GROUP = range(2)
SERVER_COLUMNS = 2

# Elements of ``tally``: first those that change (from LAST on the last record, in the order of the record's counts),
# then rules, then for each holding yard spaces used and spaces.
PLAN_NEXT, SCHED_NEXT, ACCEPTING, ROAD_COUNT, ROAD_HEAD, ROAD_TAIL, HELD_COUNT, INSIDE, IN_LANES = range(9)
OUT_COUNT, REC_COUNT, ANNOUNCED, ENTERED, HANDED_OVER, RECEIVED, DUE_HEAD, IN_YARDS = range(9, 17)
DRIVE_HEAD, DRIVE_TAIL, LANES_OPEN, IN_LINE, BOOKED_IN_LINE, BOOKED_ON_ROAD, LAST = range(17, 24)
CHANGING = LAST + 8
SUSPEND, IN_LANE_TROUBLE, EARLY, LATE, RESERVED, HAS_YARD, HAS_OUT_GATE, FLUSH, YARDS = range(CHANGING, CHANGING + 9)
OVERSIZE_LANES, TROUBLE_LANES, LANE_GROUPS, OWN_LINES, JOCKEY, KERB = range(CHANGING + 9, CHANGING + 15)
FIRST_YARD = CHANGING + 15
EARLY_WAITS, BECOMES_ORDINARY, ADMITTED, TURNED_AWAY, REBOOK = range(5)

# Rows of the records of the queue: counts, and times and lengths.
R_LINE, R_BOOKED, R_YARDS, R_ROAD, R_BOOKED_ROAD, R_OPEN, R_BUSY, R_INSIDE = range(8)
REC_COUNTS = 8
R_TIME, R_METRES = range(2)
REC_NUMBERS = 2

# Elements of ``num``: metres in the last record, flows into and out of the queue on the road with the moment of each,
# then constants, then the laws.
LAST_METRES, FLOW_IN, FLOW_IN_AT, FLOW_OUT, FLOW_OUT_AT = range(5)
MOVE_UP, CHECKED_FACTOR, REHANDLE_MEAN, REHANDLE_S, SIGNAL_FACTOR, DRIVE_S, GRACE_EARLY, GRACE_LATE = range(5, 13)
KAPPA, FREE_SPEED, WAVE_SPEED, FLOW_MEMORY, ROAD_LANES, SIGNAL_LEAD, MARSHALLING, CLOSING = range(13, 21)
FIRST_LAW = 21
NUMBERS = FIRST_LAW + 4 * 5

# What ``kernels.run_until`` returns.
REACHED, ASK, FULL, CALENDAR_FULL, CAME_LATE = range(5)
