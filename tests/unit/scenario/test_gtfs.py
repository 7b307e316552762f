"""GTFS feeds to a table of one day: what is wrong is left out and counted, what cannot be read is told."""

from __future__ import annotations

import datetime as dt
import zipfile

import numpy as np
import pytest

from twin.errors import TableError
from twin.scenario.tables.gtfs import read_feed, seconds_of
from twin.scenario.tables.read import read_tables
from twin.scenario.tables.sheets import SheetError

MONDAY = dt.date(2026, 4, 20)
FEED = {
    "agency.txt": "agency_name,agency_timezone\n市,Asia/Tokyo\n",
    "stops.txt": "stop_id,stop_name,stop_lat,stop_lon\nA,甲,34.65,135.53\nB,乙,34.66,135.54\nC,,34.67,135.55\n",
    "routes.txt": "route_id,route_short_name,route_long_name\nr1,12,\nr2,,長い名前\n",
    "trips.txt": "route_id,service_id,trip_id\nr1,wk,t1\nr2,wk,t2\nr1,sun,t3\nr1,none,t4\n",
    "stop_times.txt": (
        "trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type,drop_off_type\n"
        "t1,07:00:00,07:00:30,A,1,0,1\nt1,,,B,5,0,0\nt1,07:10:00,07:10:00,C,9,1,0\n"
        "t2,23:50:00,23:50:00,C,1,,\nt2,24:20:00,24:20:00,A,2,,\n"
        "t3,8:00:00,8:00:00,A,1,,\nt3,8:05:00,8:05:00,B,2,,\n"
        "t4,8:00:00,8:00:00,A,1,,\nt4,8:05:00,8:05:00,B,2,,\n"
    ),
    "calendar.txt": (
        "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
        "wk,1,1,1,1,1,0,0,20260401,20260430\nsun,0,0,0,0,0,0,1,20260401,20260430\n"
        "none,0,0,0,0,0,0,0,20260401,20260430\n"
    ),
}  # fmt: skip

DRAWN = "route_id,service_id,trip_id,shape_id\nr1,wk,t1,w\nr2,wk,t2,one\nr1,sun,t3,w\nr1,none,t4,other\n"


@pytest.fixture
def feed(tmp_path):
    """Writes a feed as a folder, files changed or left out (None)."""

    def write(**changes):
        folder = tmp_path / "feed"
        folder.mkdir(exist_ok=True)
        for name, text in {**FEED, **{f"{key}.txt": value for key, value in changes.items()}}.items():
            (folder / name).unlink(missing_ok=True)
            if text is not None:
                (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return folder

    return write


def zipped(folder, path, under=""):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, f"{under}{file.name}")
    return path


def of_trip(found, name):
    rows = found.columns["trip"] == name
    return {key: values[rows].tolist() for key, values in found.columns.items()}


def test_a_day_of_a_feed(feed):
    found = read_feed(feed(), MONDAY)
    t1 = of_trip(found, "t1")
    assert t1["route"] == ["12"] * 3
    assert t1["name"] == ["甲", "乙", "C"]
    # A stop without a time lies evenly between those that have one.
    assert t1["arrival_s"] == [25200.0, 25515.0, 25800.0]
    assert t1["departure_s"] == [25230.0, 25515.0, 25800.0]
    assert (t1["may_board"], t1["may_alight"]) == ([1.0, 1.0, 0.0], [0.0, 1.0, 1.0])
    t2 = of_trip(found, "t2")
    assert t2["route"] == ["長い名前"] * 2
    assert t2["arrival_s"] == [85800.0, 87600.0]
    assert not of_trip(found, "t3")["trip"]
    assert [text for text in found.warnings if "no day at all" in text] == [
        "1 services run on no day at all, and neither do their trips: none"
    ]


def test_a_trip_after_midnight_is_there_on_the_next_day_too(feed):
    found = read_feed(feed(), MONDAY + dt.timedelta(days=1))
    assert of_trip(found, "t2@before")["arrival_s"] == [-600.0, 1200.0]
    assert not of_trip(found, "t1@before")["trip"]
    assert not of_trip(read_feed(feed(), MONDAY), "t2@before")["trip"]  # nothing ran on Sunday night


def test_exceptions_of_the_calendar(feed):
    folder = feed(calendar_dates="service_id,date,exception_type\nwk,20260420,2\nsun,20260420,1\nsun,2026,9\n")
    found = read_feed(folder, MONDAY)
    assert set(found.columns["trip"].tolist()) == {"t3"}
    assert any("rows of calendar_dates.txt have no sound date or kind" in text for text in found.warnings)
    only = feed(calendar=None, calendar_dates="service_id,date,exception_type\nwk,20260420,1\n")
    assert set(read_feed(only, MONDAY).columns["trip"].tolist()) == {"t1", "t2"}


def test_headways(feed):
    folder = feed(
        frequencies="trip_id,start_time,end_time,headway_secs\nt1,06:00:00,07:00:00,1200\nt9,06:00:00,07:00:00,60\n"
    )
    found = read_feed(folder, MONDAY)
    starts = sorted({row for row in found.columns["trip"].tolist() if row.startswith("t1")})
    assert starts == ["t1@21600", "t1@22800", "t1@24000"]
    assert of_trip(found, "t1@22800")["departure_s"] == [22800.0, 23085.0, 23370.0]
    assert any("rows of frequencies.txt have no sound trip" in text for text in found.warnings)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"stops": None}, "the feed has no stops.txt"),
        ({"routes": None}, "the feed has no routes.txt"),
        ({"calendar": None}, "neither calendar.txt nor calendar_dates.txt"),
        ({"stops": "stop_id,stop_name\nA,a\n"}, "stops.txt lacks stop_lat, stop_lon"),
        ({"trips": "trip_id,trip_id,route_id,service_id\na,b,c,d\n"}, "heading 'trip_id' twice"),
        ({"trips": "route_id,service_id,trip_id\nr1,wk\n"}, "trips.txt is damaged"),
        ({"trips": b""}, "trips.txt is empty"),
        ({"trips": b"route_id,service_id,trip_id\n\x81\x20,wk,t1\n"}, "is not utf-8 or cp932 text"),
        ({"stops": "stop_id,stop_lat,stop_lon\nA,north,1\nB,0,0\n"}, "no stop with a place on earth"),
        ({"calendar": FEED["calendar.txt"].replace("202604", "202504")}, "the feed is for 2025-04-01 to 2025-04-30"),
        ({"routes": "route_id\n" + "x" * 5000 + "\n"}, "a cell of 5000 letters"),
    ],
)
def test_what_cannot_be_read_is_told(feed, changes, said):
    with pytest.raises(SheetError, match=said):
        read_feed(feed(**changes), MONDAY)


@pytest.mark.parametrize(
    ("changes", "said", "left"),
    [
        (
            {"stops": FEED["stops.txt"] + "D,far,37.7,139.0\nE,nowhere,,\nA,again,34.65,135.53\n"},
            (
                "1 stops lie over 200 km from the middle of the feed and are left out: D",
                "1 stops have no place on earth",
                "1 rows of stops.txt repeat a stop",
            ),
            5,
        ),
        ({"stops": FEED["stops.txt"].replace("34.66", "95")}, ("stops of 3 stop times are unknown or left out: B",), 4),
        (
            {"stop_times": FEED["stop_times.txt"].replace("07:10:00,07:10:00", "06:10:00,06:10:00")},
            ("1 trips lack their first or last time or go back in time, and do not run: t1",),
            2,
        ),
        (
            {"stop_times": FEED["stop_times.txt"].replace("07:10:00,07:10:00", "07:61:00,x")},
            ("1 words of arrival_time are no times H:MM:SS and count as missing: 07:61:00",),
            2,
        ),
        ({"stop_times": FEED["stop_times.txt"] + "t9,1:00:00,1:00:00,A,1,,\n"}, ("1 trips of stop_times.txt",), 5),
        ({"stop_times": FEED["stop_times.txt"] + "t1,7:11:00,7:11:00,A,9,,\n"}, ("1 stop times repeat a sequence",), 5),
        ({"trips": FEED["trips.txt"].replace("r2,wk", "r7,wk")}, ("1 routes of trips do not stand in routes.txt",), 5),
        ({"shapes": "broken"}, ("shapes.txt is not used: trips name no shape",), 5),
        ({"shapes": "broken", "trips": DRAWN}, ("shapes.txt is not used: shapes.txt is damaged",), 5),
        ({"fare_attributes": "fare_id,price,currency_type\na,210,JPY\nb,30,JPY\n"}, ("2 fares (210 JPY, 30 JPY)",), 5),
    ],
)  # fmt: skip
def test_what_is_left_out_is_counted(feed, changes, said, left):
    found = read_feed(feed(**changes), MONDAY)
    for text in said:
        assert any(text in warning for warning in found.warnings), found.warnings
    assert len(found.columns["trip"]) == left


def test_a_zip_a_folder_and_cp932_say_the_same(feed, tmp_path):
    folder = feed()
    plain = read_feed(folder, MONDAY)
    for under in ("", "some feed/"):
        packed = read_feed(zipped(folder, tmp_path / "feed.zip", under), MONDAY)
        assert packed.sha256 == plain.sha256
        assert all((packed.columns[key] == plain.columns[key]).all() for key in plain.columns)
    old = read_feed(feed(stops=FEED["stops.txt"].encode("cp932")), MONDAY)
    assert old.columns["name"].tolist() == plain.columns["name"].tolist()
    assert "cp932" in old.encoding
    marked = read_feed(feed(stops=b"\xef\xbb\xbf" + FEED["stops.txt"].encode()), MONDAY)
    assert marked.columns["name"].tolist() == plain.columns["name"].tolist()


def test_bombs_and_zips_that_lead_elsewhere_are_refused(feed, tmp_path):
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("stops.txt", b"\0" * 50_000_000)
    with pytest.raises(SheetError, match="unfolds to more than"):
        read_feed(bomb, MONDAY)
    slip = zipped(feed(), tmp_path / "slip.zip", "../../../tmp/")
    before = sorted(path.name for path in tmp_path.rglob("*"))
    assert len(read_feed(slip, MONDAY).columns["trip"]) == 5  # names of folders in a zip lead nowhere
    assert sorted(path.name for path in tmp_path.rglob("*")) == before
    two = tmp_path / "two.zip"
    with zipfile.ZipFile(two, "w") as archive:
        for name in ("a/stops.txt", "b/stops.txt"):
            archive.writestr(name, FEED["stops.txt"])
    with pytest.raises(SheetError, match="more than one feed: in a, b"):
        read_feed(two, MONDAY)
    for data in (b"", b"PK\x03\x04", slip.read_bytes()[:300]):
        (tmp_path / "broken.zip").write_bytes(data)
        with pytest.raises(SheetError, match="is no readable zip"):
            read_feed(tmp_path / "broken.zip", MONDAY)


def test_a_link_in_a_folder_is_not_followed(feed, tmp_path):
    folder = feed(stops=None)
    (tmp_path / "secret.txt").write_text(FEED["stops.txt"], encoding="utf-8")
    (folder / "stops.txt").symlink_to(tmp_path / "secret.txt")
    with pytest.raises(SheetError, match=r"the feed has no stops\.txt"):
        read_feed(folder, MONDAY)


@pytest.mark.parametrize(
    ("word", "seconds"),
    [("0:00:00", 0), ("27:15:09", 98109), ("72:00:00", 259200), ("73:00:00", np.nan), ("7:00", np.nan), ("", np.nan)],
)
def test_times_of_a_feed(word, seconds):
    assert np.array_equal(seconds_of(np.array([word])), [seconds], equal_nan=True)


def test_a_scenario_names_a_feed_and_its_day(feed, load):
    feed()
    scenario = load("terminal:\ntables:\n  bus: {file: feed, gtfs_day: 2026-04-20}\n")
    table = read_tables(scenario)["bus"]
    assert table.echo.rows == 5
    assert any("no day at all" in text for text in table.echo.warnings)
    with pytest.raises(TableError, match="nothing runs on 2027-04-20"):
        read_tables(load("terminal:\ntables:\n  bus: {file: feed, gtfs_day: 2027-04-20}\n"))


def test_the_feed_of_kobe(shared_data):
    path = shared_data / "kobe-subway-gtfs" / "kobe_subway_gtfs.zip"
    if not path.exists():
        pytest.skip("the feed of Kobe's subway is not here")
    weekday, sunday = (read_feed(path, dt.date(2017, 9, day)) for day in (4, 3))
    assert len(np.unique(weekday.columns["stop"])) <= 53
    # More runs on weekdays than on Sundays; the two days have all 1,151 runs between them.
    counts = [
        len({t for t in found.columns["trip"].tolist() if not t.endswith("@before")}) for found in (weekday, sunday)
    ]
    assert counts[0] > counts[1]
    assert sum(counts) == 1151
    # Whose it is and for which dates, as the provenance of the file says.
    assert "2017-08-16 to 2017-11-17" in weekday.told["valid"]
    assert weekday.more == {}


SHAPES = (
    "shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence\nw,34.66,135.54,2\nw,34.65,135.53,1\nw,34.67,135.55,3\n"
    "w,0,0,4\nother,34.6,135.5,1\nother,34.6,135.6,2\none,34.6,135.5,1\n"
)


def test_shapes_of_the_day_are_read_in_their_order_and_bad_ones_told(feed):
    found = read_feed(feed(shapes=SHAPES, trips=DRAWN), MONDAY)
    assert found.more[".shapes"]["shape"].tolist() == ["w"] * 3
    assert found.more[".shapes"]["lat"].tolist() == [34.65, 34.66, 34.67]
    assert dict(zip(found.columns["trip"].tolist(), found.columns["shape"].tolist(), strict=True)) == {
        "t1": "w",
        "t2": "",
    }
    told = "; ".join(found.warnings)
    assert "1 points of shapes have no place on earth" in told
    assert "1 shapes have fewer than two points; buses drive from stop to stop: one" in told


def test_a_feed_tells_whose_it_is(feed):
    info = "feed_publisher_name,feed_start_date,feed_end_date,feed_version\n大阪市高速電気軌道,20260401,20260930,3\n"
    told = read_feed(feed(feed_info=info, attributions="organization_name\n甲社\n乙社\n"), MONDAY).told
    assert told == {
        "publisher": "大阪市高速電気軌道", "version": "3", "valid": "2026-04-01 to 2026-09-30", "agencies": "市",
        "attributions": "甲社, 乙社",
    }  # fmt: skip
    assert read_feed(feed(agency=None), MONDAY).told["publisher"]
    assert read_feed(feed(agency=None, feed_info="", attributions=None), MONDAY).told == {}
