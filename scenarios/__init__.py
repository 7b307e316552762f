"""Scenarios that ship with the twin."""
