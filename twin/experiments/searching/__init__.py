"""Searches over settings: sweep, frontier, sensitivity, optimisation; all one growing study of points."""
