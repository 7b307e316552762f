"""Who wants to come to the gate: trucks by id, from hourly counts or vessel calls."""
