"""Rules of booking, one thing for all who give places by the slot: gates, counters, vans, timed tickets."""
