"""Recorder, run folder, KPIs and comparison."""
