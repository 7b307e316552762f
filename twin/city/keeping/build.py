"""Everything one does with cities as a whole: build, save, open, find, join, describe.

The work is done elsewhere: ``importer`` (maps to cities), ``store`` (folders), ``catalogue`` (finding).
"""

from twin.city.keeping.catalogue import city_info, downloads_folder, find_city, list_cities
from twin.city.keeping.join import join_cities
from twin.city.keeping.store import open_city, save_city
from twin.city.reading.importer import build_city, build_from_bbox, build_from_place, report_lines

__all__ = [
    "build_city",
    "build_from_bbox",
    "build_from_place",
    "city_info",
    "downloads_folder",
    "find_city",
    "join_cities",
    "list_cities",
    "open_city",
    "report_lines",
    "save_city",
]
