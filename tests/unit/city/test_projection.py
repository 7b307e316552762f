"""Metres and driving side by place."""

from __future__ import annotations

import numpy as np
import pytest

from twin.city.reading.projection import choose_crs, choose_driving_side, project
from twin.errors import CityError


@pytest.mark.parametrize(
    ("lon_deg", "lat_deg", "crs"),
    [
        (135.5, 34.7, "EPSG:6674"),
        (135.77, 35.0, "EPSG:6674"),
        (139.7, 35.7, "EPSG:32654"),
        (24.9, 60.2, "EPSG:32635"),
        (-58.4, -34.6, "EPSG:32721"),
        (180.0, 0.0, "EPSG:32660"),
        (-180.0, -1.0, "EPSG:32701"),
    ],
)
def test_the_metric_grid_follows_the_place(lon_deg, lat_deg, crs):
    assert choose_crs(lon_deg, lat_deg) == crs


def test_beyond_the_grids_one_must_be_given():
    with pytest.raises(CityError, match="latitude 87"):
        choose_crs(0.0, 87.0)


@pytest.mark.parametrize(
    ("place", "lon_deg", "lat_deg", "side"),
    [
        ("Osaka", 135.5, 34.7, "left"),
        ("Sapporo", 141.35, 43.06, "left"),
        ("Naha", 127.68, 26.21, "left"),
        ("Fukuoka", 130.4, 33.6, "left"),
        ("Nagasaki", 129.87, 32.75, "left"),
        ("Tsushima", 129.3, 34.2, "left"),
        ("Nemuro", 145.58, 43.33, "left"),
        ("Niigata", 139.04, 37.92, "left"),
        ("Kanazawa", 136.65, 36.56, "left"),
        ("Ogasawara", 142.2, 27.09, "left"),
        ("Ishigaki", 124.16, 24.34, "left"),
        ("Aomori", 140.74, 40.82, "left"),
        ("Busan", 129.04, 35.1, "right"),
        ("Jeju", 126.5, 33.5, "right"),
        ("Seoul", 127.0, 37.57, "right"),
        ("Taipei", 121.5, 25.0, "right"),
        ("Ulleungdo", 130.9, 37.5, "right"),
        ("Vladivostok", 131.9, 43.1, "right"),
        ("Shanghai", 121.5, 31.2, "right"),
        ("Korsakov", 142.8, 46.6, "right"),
        ("Helsinki", 24.9, 60.2, "right"),
    ],
)
def test_japan_drives_left(place, lon_deg, lat_deg, side):
    assert choose_driving_side(lon_deg, lat_deg) == side, place


def test_metres_agree_with_the_ellipsoid():
    import pyproj

    lon, lat = [135.49, 135.51], [34.66, 34.71]
    _, _, true_m = pyproj.Geod(ellps="GRS80").inv(lon[0], lat[0], lon[1], lat[1])
    x_m, y_m = project("EPSG:6674", lon, lat)
    assert np.hypot(np.diff(x_m), np.diff(y_m))[0] == pytest.approx(true_m, rel=2e-4)


def test_points_outside_a_grid_are_refused():
    with pytest.raises(CityError, match="outside EPSG:6674"):
        project("EPSG:6674", [np.inf], [0.0])
