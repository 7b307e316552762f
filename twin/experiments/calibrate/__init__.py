"""Calibration: which values of the parameters agree with what was counted, how surely, and what the counts cannot tell.

Runs at points spread over the ranges give each statistic as a smooth function of the parameters, and its luck; then the
points gather where the counts are likely. The file that comes out is what a scenario can stand on.
"""
