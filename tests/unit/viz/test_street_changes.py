from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from twin.viz.packs import unpack_columns
from twin.viz.run_view import Streets
from twin.viz.street_changes import _Counts, _layer

ORIGIN = (135.5, 34.69)
ROWS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 23), st.integers(0, 50)), max_size=40)


class _Words:
    name, ja, en, unit = "demo.flow_count", "人", "people", "people"


def streets():
    """Three streets, each driven both ways: links 0 and 1, 2 and 3, 4 and 5."""
    lon, lat = [], []
    for n in range(3):
        ends = [(135.5 + 0.001 * n, 34.69), (135.5 + 0.001 * n, 34.691)]
        for way in (ends, ends[::-1]):
            lon += [p[0] for p in way]
            lat += [p[1] for p in way]
    return Streets(np.arange(0, 13, 2), np.array(lon), np.array(lat), np.ones(6, np.int64))


def counted(rows):
    out = _Counts(streets(), np.array(list("aabbcc")))
    link, hour, value = (np.array([r[k] for r in rows], np.int64) for k in range(3))
    out.add(link, hour, value)
    return out


@given(ROWS, ROWS)
def test_changes_add_up_to_the_difference_of_all_counts_street_by_street(first, second):
    layer = _layer(_Words, counted(first), counted(second), ORIGIN)
    changes, names = unpack_columns(layer["changes"]), layer["names"]
    name_of = [names[n] for n in unpack_columns(layer["shapes"])["name"]]
    found = {}
    for link, change in zip(changes["link"].tolist(), changes["change"].tolist(), strict=True):
        found[name_of[link]] = found.get(name_of[link], 0) + change
    for street in range(3):
        wanted = sum(n for link, _, n in second if link // 2 == street) - sum(
            n for link, _, n in first if link // 2 == street
        )
        assert found.get("abc"[street], 0) == wanted
    assert not np.any(changes["change"] == 0)


def test_parts_of_people_are_kept_to_the_hundredth():
    a, b = counted([]), counted([])
    b.add(np.array([0]), np.array([8]), np.array([0.25]))
    layer = _layer(_Words, a, b, ORIGIN)
    assert unpack_columns(layer["changes"])["change"] * layer["step"] == [0.25]


def test_a_street_of_one_run_alone_is_marked():
    a, b = counted([]), counted([])
    shape = ((1, 1), (2, 2))
    b.known[shape] = 99
    b.count[(shape, 8)] = 4.0
    assert _layer(_Words, a, b, ORIGIN)["only"] == [1]


def test_a_table_that_does_not_fit_its_streets_is_left_out(demo, tmp_path):
    from twin.columns import TABLES
    from twin.results.parquet import write_columns
    from twin.results.run_folder import Run
    from twin.viz.run_view import read_run_view
    from twin.viz.street_changes import street_changes

    good = Run(demo.make_demo_run(tmp_path / "good"))
    folder = demo.make_demo_run(tmp_path / "bad", later_s=60.0)
    table = dict(Run(folder).table("road_links"))
    table["link_index"] = np.full_like(table["link_index"], 99_999)
    rows = {"traces": 1, "terminal_queue": 1, "road_links": len(table["link_index"])}
    write_columns(folder / "tables" / "road_links.parquet", TABLES["road_links"].columns, table)
    demo.write_manifest(folder, rows, {"ja": "x", "en": "x"})
    bad = Run(folder)
    assert street_changes((good, read_run_view(good)), (bad, read_run_view(bad)), ORIGIN) == []
