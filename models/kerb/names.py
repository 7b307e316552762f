"""Codes of what happens at the kerb, as kernels and tables hold them; their words stand in ``tables.py``."""

from __future__ import annotations

# What a visit is doing.
COMING, DRIVING, WAITING, IN_LANE, IN_BAY, LEAVING, GONE = range(7)
# What became of it: places in ``tables.REASONS``.
SERVED, CUT_SHORT, TURNED_AWAY = range(3)
# What a driver can do who finds no bay free: places in ``tables.CHOICES``.
SEARCH, WAIT, DOUBLE_PARK, GO_AWAY = range(4)
# How a vehicle stands: places in ``tables.MODES``.
MODE_BAY, MODE_LANE, MODE_WAITING = range(3)
# Events, in the order in which they happen at one moment: who leaves makes room first.
LEAVE, PATIENCE, CAMERA, GUARD, PATROL, ARRIVE = range(6)
# What stopped the loop of events.
DONE, LOG_FULL, ASK_DRIVER, ASK_PATROL = range(4)
