"""Where a city lies: its metres and its driving side."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from twin.arrays import Floats
from twin.errors import CityError

#: JGD2011 plane rectangular system VI, in force in Kyoto, Osaka, Fukui, Shiga, Mie, Nara and Wakayama.
OSAKA_CRS = "EPSG:6674"
_ZONE_VI = (134.8, 33.4, 136.95, 36.4)

#: West, south, east, north of boxes that together hold Japan's inhabited islands and no other country's.
_JAPAN = (
    (122.9, 24.0, 131.5, 29.0),
    (128.3, 29.0, 132.0, 34.0),
    (129.15, 34.0, 132.0, 34.75),
    (131.0, 33.0, 136.0, 37.3),
    (136.0, 33.4, 142.2, 41.0),
    (138.8, 24.0, 142.4, 33.4),
    (139.3, 41.0, 145.4, 45.6),
    (145.3, 43.0, 145.85, 43.42),
)


def _inside(box: tuple[float, float, float, float], lon_deg: float, lat_deg: float) -> bool:
    return box[0] <= lon_deg <= box[2] and box[1] <= lat_deg <= box[3]


def choose_crs(lon_deg: float, lat_deg: float) -> str:
    """CRS in metres for a place: Osaka's own around Osaka, else the UTM zone.

    Raises
    ------
    CityError
        If the place lies beyond the latitudes of UTM.
    """
    if _inside(_ZONE_VI, lon_deg, lat_deg):
        return OSAKA_CRS
    if not -80 <= lat_deg <= 84:
        raise CityError(
            f"no metric grid is chosen at latitude {lat_deg:.2f}", mend="give one yourself, e.g. --crs EPSG:3413"
        )
    zone = min(int((lon_deg + 180) // 6) + 1, 60)
    return f"EPSG:{32600 + zone if lat_deg >= 0 else 32700 + zone}"


def choose_driving_side(lon_deg: float, lat_deg: float) -> str:
    """``"left"`` in Japan, ``"right"`` elsewhere."""
    return "left" if any(_inside(box, lon_deg, lat_deg) for box in _JAPAN) else "right"


def middle_deg(lon_deg: Floats, lat_deg: Floats) -> tuple[float, float]:
    """Mean longitude and latitude of points, also of points on both sides of the 180th meridian."""
    lon = np.asarray(lon_deg, np.float64)
    if np.ptp(lon) > 180:
        lon = lon % 360
    mean = float(np.mean(lon))
    return (mean - 360 if mean > 180 else mean), float(np.mean(lat_deg))


def project(crs: str, lon_deg: ArrayLike, lat_deg: ArrayLike) -> tuple[Floats, Floats]:
    """Metres east and north in a CRS.

    Raises
    ------
    CityError
        If the CRS is unknown or not in metres, or a point lies outside it.
    """
    import pyproj

    try:
        target = pyproj.CRS.from_user_input(crs)
    except pyproj.exceptions.CRSError as error:
        raise CityError(f"{crs!r} is no known CRS", mend=f"give an EPSG code in metres, e.g. {OSAKA_CRS}") from error
    if not target.is_projected or any(axis.unit_name != "metre" for axis in target.axis_info):
        raise CityError(f"{crs!r} is not in metres", mend=f"give a projected CRS, e.g. {OSAKA_CRS}")
    transform = pyproj.Transformer.from_crs("EPSG:4326", target, always_xy=True)
    x_m, y_m = transform.transform(np.asarray(lon_deg, np.float64), np.asarray(lat_deg, np.float64))
    x_m, y_m = np.asarray(x_m, np.float64), np.asarray(y_m, np.float64)
    if not (np.isfinite(x_m).all() and np.isfinite(y_m).all()):
        raise CityError(f"part of the map lies outside {crs}", mend="leave the CRS out, and one is chosen")
    return x_m, y_m
