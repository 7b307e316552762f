"""Names of columns, elements and codes that every user of the queue engine shares: whole numbers.

A customer is a row. A model appends its own columns and elements after those here, in a ``names.py`` of its own.
"""

from __future__ import annotations

# Columns of ``time_s``: when a customer joined, since when it has stood in its line, when its service, way or wait for
# a window ends, how long it has waited for the first stage in sum, when it left, what remains of a service that a
# closing broke off (nan else).
JOIN, QUEUED, END, WAITED, OUT, REMAIN = range(6)
STATION_TIMES = 6

# Columns of ``word``: class (0 first, 1 second), how it is sorted into lines at the first stage, its line, its server,
# the customer after it in its line (or due list, or on the way), what happens to it next.
CLASS, SORT, LINE, SERVER, NEXT, EVENT = range(6)
STATION_WORDS = 6

# Columns of ``code``: how a customer stands, and why it left.
STATE, REASON = range(2)
STATION_CODES = 2

# States. HELD has come and waits for a window, UNDER_WAY is between two stages, GONE has left.
PLANNED, HELD, WAITING, SERVED, UNDER_WAY, GONE = range(6)
STATES = 6

# Why a customer left: served; came after the closing; stood in line when everything shut at once.
SERVED_WELL, AFTER_CLOSING, IN_LINE_AT_CLOSING = range(3)
REASONS = 3

# In place of a line: to be sent under way, through, held or gone already, not to be taken yet (the model is asked).
UNDER_WAY_NEXT, THROUGH, NOWHERE, ASK_FIRST = -1, -2, -3, -4

#: Sorts of customers before the first stage: each has lines of its own, by number where groups share their lines.
SORTS = 4

# Elements of ``num``: how long every way between stages takes, s, then the numbers of the law of each stage, so many of
# each; a model's own follow.
WAY_S, FIRST_LAW = range(2)
EXPONENTIAL, LOGNORMAL, ERLANG, DETERMINISTIC = range(4)
LAW, MEAN, LOG_MEAN, LOG_SD, PHASES = range(5)
LAW_NUMBERS = 5

# Rules by which a group takes from its lines.
FIRST_LINE_FIRST, OLDEST_FIRST = range(2)

# Kinds of schedule entries (servers of a group; nobody else is let in; the model is asked and nothing else), and
# columns of ``sched_word``: S_ASK is 1 where the model is asked before the entry acts.
SET_SERVERS, CLOSE, OFFER = range(3)
S_KIND, S_GROUP, S_COUNT, S_ASK = range(4)

# Kinds of events in the calendar.
END_EVENT, RELEASE_EVENT = range(1, 3)

# Columns of ``lines`` (then the groups that serve the line, -1 after the last). WATCHED is 1 for lines before the
# first stage, whose customers are counted.
HEAD, TAIL, COUNT, WATCHED, SERVED_BY = range(5)

# Columns of ``groups`` (FREE: no server before it is idle; LINE_A to LINE_C are taken from, -1 for none; from LINE_OF
# on the line that customers of each sort join, -1 if not taken), and of ``servers``.
CAP, BUSY, STAGE, FIRST, RULE, FREE, LINE_A, LINE_B, LINE_C, LINE_OF = range(10)
GROUP_COLUMNS = LINE_OF + SORTS
ROW, GROUP = range(2)
SERVER_COLUMNS = 2

# Stage before which lines are watched, sorted and jockeyed between; its groups come first.
FIRST_STAGE = 0

# Elements of ``tally``: rules (services broken off by a closing; lines turned away at the close; every server of the
# first stage has lines of its own; difference from which the last one jockeys, 0 for never; groups of the first
# stage), then what changes (ways are all equally long, so that who set out first arrives first). A model's own follow.
SUSPEND, FLUSH, OWN_LINES, JOCKEY, FIRST_GROUPS = range(5)
ARRIVAL_NEXT, SCHED_NEXT, ACCEPTING, HELD_COUNT, OUT_COUNT, REC_COUNT, DUE_HEAD, WAY_HEAD, WAY_TAIL = range(5, 14)
SERVERS_OPEN, SERVERS_BUSY, IN_LINE, SECOND_IN_LINE = range(14, 18)
FIRST_CHANGING, STATION_TALLY = 5, 18

# What the loop returns: the moment is reached; the model is asked before a schedule entry, or before an arrival; there
# is no room for another record; the calendar was made too small.
REACHED, ASK, ASK_ARRIVAL, FULL, CALENDAR_FULL = range(5)
