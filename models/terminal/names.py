"""Names of the gate's columns, elements and codes: those of the queue engine and of booking, then the gate's own.

Whole numbers that kernels and Python share.
"""

from __future__ import annotations

from twin.booking.names import CANCELLED as CANCELLED
from twin.booking.names import CANCELLED_LATE as CANCELLED_LATE
from twin.booking.names import LAPSED as LAPSED
from twin.booking.names import NO_SHOW as NO_SHOW
from twin.booking.names import NOT_ASKED as NOT_ASKED
from twin.booking.names import PLACED as PLACED
from twin.booking.names import REBOOK as REBOOK
from twin.booking.names import UNPLACED as UNPLACED
from twin.engine.stations.names import *  # noqa: F403  (the engine's names are the gate's too)
from twin.engine.stations.names import (
    ASK_ARRIVAL,
    FIRST_LAW,
    LAW_NUMBERS,
    REASONS,
    SECOND_IN_LINE,
    SERVERS_BUSY,
    SERVERS_OPEN,
    STATES,
    STATION_CODES,
    STATION_TALLY,
    STATION_TIMES,
    STATION_WORDS,
)  # fmt: skip

# Columns of ``time_s``: moments and lengths of a visit, nan until known. Those of every visit come first, so that
# they lie together in memory.
CALLED, GATE_START, GATE_END, YARD_WAITED = range(STATION_TIMES, STATION_TIMES + 4)
SLOT_FROM, SLOT_TO, ROAD_IN, ROAD_S, PLAN, ENTER, DESIRED, HOURS_LEFT, CRANE_S, ASKED = range(10, 20)
TIME_COLUMNS = 20

# Columns of ``word``: whole numbers of a visit. CLASS is ORDINARY or BOOKED.
LANE, SPACE, FLAGS, MOVE, MOVES, BLOCK_A, BLOCK_B = range(STATION_WORDS, STATION_WORDS + 7)
STOOD, RANK, ROAD_NEXT, ROAD_PREV, REHANDLES, KIND, HAULIER, ENTRY = range(13, 21)
WORD_COLUMNS = 21

# Columns of ``code``: how a visit stands, one byte each, by which all visits are counted again and again.
BOOKING, SERVED_AS = range(STATION_CODES, STATION_CODES + 2)
CODE_COLUMNS = 4

# States of a visit beyond those of the engine. GONE has left the gate and waits to be told to the other models; from
# HELD to UNDER_WAY it is inside, from GONE to LEFT it is through.
DRIVING_OUT, LEFT, WITHDRAWN, DRIVING_IN = range(STATES, STATES + 4)

# Classes, and why a visit ended beyond the reasons of the engine.
ORDINARY, BOOKED = range(2)
TOO_LATE, TOO_EARLY = range(REASONS, REASONS + 2)

# How a truck is sorted before the in-gate: by class, or because only some lanes take it.
OVERSIZE, SORTED_OUT = 2, 3

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

# Elements of ``tally`` after the engine's: first those that change (from LAST on the last record, in the order of the
# record's counts), then rules, then for each holding yard spaces used and spaces.
ROAD_COUNT, ROAD_HEAD, ROAD_TAIL, INSIDE, ANNOUNCED, ENTERED = range(STATION_TALLY, STATION_TALLY + 6)
HANDED_OVER, RECEIVED, IN_YARDS, BOOKED_ON_ROAD, LAST = range(STATION_TALLY + 6, STATION_TALLY + 11)
CHANGING = LAST + 8
IN_LANE_TROUBLE, EARLY, LATE, RESERVED, HAS_YARD, HAS_OUT_GATE, YARDS = range(CHANGING, CHANGING + 7)
OVERSIZE_LANES, TROUBLE_LANES, KERB = range(CHANGING + 7, CHANGING + 10)
FIRST_YARD = CHANGING + 10

# Rows of the records of the queue: counts, and times and lengths.
R_LINE, R_BOOKED, R_YARDS, R_ROAD, R_BOOKED_ROAD, R_OPEN, R_BUSY, R_INSIDE = range(8)
REC_COUNTS = 8
R_TIME, R_METRES = range(2)
REC_NUMBERS = 2

# Elements of ``num`` after the four laws: metres in the last record, flows into and out of the queue on the road with
# the moment of each, then constants.
LAST_METRES, FLOW_IN, FLOW_IN_AT, FLOW_OUT, FLOW_OUT_AT = range(FIRST_LAW + 4 * LAW_NUMBERS, FIRST_LAW + 25)
FIRST_CONSTANT = FLOW_OUT_AT + 1
MOVE_UP, CHECKED_FACTOR, REHANDLE_MEAN, REHANDLE_S, SIGNAL_FACTOR = range(FIRST_CONSTANT, FIRST_CONSTANT + 5)
GRACE_EARLY, GRACE_LATE = range(FIRST_CONSTANT + 5, FIRST_CONSTANT + 7)
KAPPA, FREE_SPEED, WAVE_SPEED, FLOW_MEMORY, ROAD_LANES = range(FIRST_CONSTANT + 7, FIRST_CONSTANT + 12)
SIGNAL_LEAD, MARSHALLING, CLOSING = range(FIRST_CONSTANT + 12, FIRST_CONSTANT + 15)
NUMBERS = FIRST_CONSTANT + 15

# The engine's words in those of the gate.
LANES_OPEN, LANES_BUSY = SERVERS_OPEN, SERVERS_BUSY
BOOKED_IN_LINE = SECOND_IN_LINE
CAME_LATE = ASK_ARRIVAL
