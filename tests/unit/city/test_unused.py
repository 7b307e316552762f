"""Tags that nothing reads are counted where the user looks."""

import json

import twin as twin_package
from twin.city.reading.importer import build_city, report_lines
from twin.city.reading.unused import UnusedTags, unused_of, unused_words
from twin.running.cities import city_facts

MAP = """<osm version="0.6" generator="test">
<node id="1" lon="135.5" lat="34.68"/><node id="2" lon="135.502" lat="34.68"/>
<node id="3" lon="135.504" lat="34.68"><tag k="traffic_calming" v="bump"/><tag k="direction" v="forward"/></node>
<way id="1"><nd ref="1"/><nd ref="2"/><tag k="highway" v="residential"/><tag k="surface" v="asphalt"/>
<tag k="hazard:wind" v="yes"/><tag k="hazard" v="yes"/><tag k="note" v="seen"/></way>
<way id="2"><nd ref="2"/><nd ref="3"/><tag k="highway" v="residential"/><tag k="surface" v="gravel"/></way></osm>"""


def test_families_that_nothing_reads_are_counted_once_per_element(tmp_path):
    (tmp_path / "a.osm").write_text(MAP)
    city = build_city(tmp_path / "a.osm")
    assert city.report["not used"] == {
        "nodes: direction": 1,
        "nodes: traffic_calming": 1,
        "ways: hazard": 1,
        "ways: surface": 2,
    }
    assert any("not used: 2 ways: surface" in line for line in report_lines(city))
    assert city_facts(city)["not_used"] == city.report["not used"]


def test_of_a_family_that_is_read_in_part_the_key_is_named():
    unused = UnusedTags()
    unused.look("ways", ["lanes", "lanes:odd", "turn:lanes"], frozenset({"lanes", "turn:"}))
    unused.look("ways", ["lanes:odd"], frozenset({"lanes", "turn:"}))
    assert unused.report() == {"ways: lanes:odd": 2}


def test_districts_are_taken_together():
    report = {"districts": {"a": {"not used": {"ways: lit": 2}}, "b": {"not used": {"ways: lit": 1, "nodes: ele": 4}}}}
    assert unused_of(report) == {"nodes: ele": 4, "ways: lit": 3}
    assert "nodes: ele 4, ways: lit 3" in unused_words(report)
    assert unused_words({"not used": {}}) == ""


def test_the_check_of_a_scenario_names_them(tmp_path):
    (tmp_path / "a.osm").write_text(MAP)
    (tmp_path / "s.yaml").write_text(
        json.dumps(
            {
                "twin": 1,
                "name": "s",
                "title": "s",
                "city": "./a.osm",
                "seed": 1,
                "clock": {"from": "07:30", "to": "08:00"},
                "transit": {
                    "stops": {"mesh": "100 m"},
                    "fleet": {"count": "1 vans"},
                    "demand": {"requests_per_day": "5 requests"},
                },
            }
        )
    )
    warnings = twin_package.check(tmp_path / "s.yaml").warnings
    assert any("surface 2" in warning for warning in warnings)
