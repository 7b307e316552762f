"""Sensors as operators: from the tables of a run to what they would have reported, errors included."""
