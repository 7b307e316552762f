"""Compiled parts of the planner: rows of plans, places in them, and ruin and recreate."""
