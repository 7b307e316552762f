"""How a figure is named as a sensor sees it; apart from ``kpi.py``, so that a check loads no arrays."""

#: Joins a figure to the sensor that sees it: ``pedestrian.stay_share@gps``.
AT = "@"
