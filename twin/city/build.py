"""Everything one does with cities as a whole: build, save, open, find, join, describe.

The work is done elsewhere: ``importer`` (maps to cities), ``store`` (folders), ``catalogue`` (finding).
"""

from twin.city.catalogue import city_info, find_city, list_cities
from twin.city.importer import build_city, build_from_bbox, build_from_place, report_lines
from twin.city.join import join_cities
from twin.city.store import open_city, save_city

__all__ = [
    "build_city", "build_from_bbox", "build_from_place", "city_info", "find_city", "join_cities", "list_cities",
    "open_city", "report_lines", "save_city",
]
