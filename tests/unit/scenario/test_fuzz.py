"""Garbage in: one clear error out, in bounded time, and never a traceback of another kind."""

import contextlib
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.scenario.conftest import HEAD
from twin.errors import LimitError, ScenarioError, TableError
from twin.scenario.language.load import load_scenario
from twin.scenario.plan.check import check_scenario
from twin.scenario.plan.plan import make_plan
from twin.scenario.tables.read import read_tables

FUZZ = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

BODY = """\
seed: 3
title: {ja: 夢洲, en: Yumeshima}
terminal: {service: {value: 2 min, range: [1 min, 3 min], grade: G}, lanes: {A: {count: 6}}, opening: [08:30-16:30]}
tables: {a: {file: a.csv, columns: {hour: 時, trucks: 台数}, values: {}, gaps: zero}}
measures: {m: {label: x, cost: 3 yen, set: {terminal.quota: {slot: 30 min}}}}
variants: {today: {}, with_m: {from: today, with: [m], set: {terminal.trucks: 9}}}
record: {traces: 10 %}
limits: {agents: 1000000, memory: 4 GB}
"""

scraps = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        [
            ":",
            "：",
            "{",
            "}",
            "[",
            "]",
            "- ",
            "\t",
            "\u3000",
            "&a ",
            "*a",
            "!!int ",
            "? ",
            "|",
            ">",
            "'",
            '"',
            "#",
            "---\n",
            "%YAML 1.1\n",
            ".nan",
            "-.inf",
            "1e999",
            "0x",
            "\x00",
            "\x85",
            "\u2028",
            "\ud7ff",
            "\ufeff",
            "<<: *a",
            "60 min",
            "value",
            "range: [1, 2]",
            "from: today",
            "with: [m, m]",
            "null",
            "true",
            "\n",
            "  ",
            "99999999999999999999999",
            "terminal.trucks",
            "..",
            "set: {}",
            "24:30",
            "５ %",
        ]
    ),
)


@FUZZ
@given(st.binary(max_size=300))
def test_bytes_of_any_kind_are_refused_in_words(tmp_path, data):
    path = tmp_path / "s.yaml"
    path.write_bytes(data)
    with pytest.raises(ScenarioError):
        load_scenario(path)


@FUZZ
@given(st.text(max_size=300))
def test_text_of_any_kind_is_refused_in_words(tmp_path, text):
    path = tmp_path / "s.yaml"
    path.write_bytes(text.encode("utf-8", "replace"))
    with pytest.raises(ScenarioError):
        load_scenario(path)


@FUZZ
@given(st.lists(st.tuples(st.integers(0, len(HEAD + BODY)), st.integers(0, 12), scraps), min_size=1, max_size=6))
def test_a_scenario_with_scraps_in_it_loads_or_is_refused_in_words(tmp_path, cuts):
    text = HEAD + BODY
    for at, length, scrap in cuts:
        text = text[:at] + scrap + text[at + length :]
    (tmp_path / "a.csv").write_text("時,台数\n8,10\n", encoding="utf-8")
    path = tmp_path / "s.yaml"
    path.write_bytes(text.encode("utf-8", "replace"))
    began = time.perf_counter()
    with contextlib.suppress(LimitError):
        report = check_scenario(path)
        for problem in report.problems:
            assert problem.what
            assert problem.where
        if report.ok:
            assert make_plan(report.scenario).params_of(next(iter(report.scenario.variants)))
    assert time.perf_counter() - began < 2


leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(["60 min", "60 %", "08:30", "08:30-11:30", "1e3 trucks", "osaka", "../x", "G", "10 km/h"]),
)
keys = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        [
            "value",
            "range",
            "grade",
            "source",
            "set",
            "with",
            "from",
            "label",
            "service",
            "trucks",
            "lanes",
            "quota",
            "file",
            "columns",
            "values",
            "day_total",
            "terminal",
            "terminal.trucks",
            "ja",
            "table",
        ]
    ),
)
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=4)),
    max_leaves=12,
)


@FUZZ
@given(
    st.dictionaries(
        st.sampled_from(
            [
                "terminal",
                "road_traffic",
                "pedestrian",
                "tables",
                "measures",
                "variants",
                "clock",
                "record",
                "limits",
                "title",
                "city",
                "seed",
                "replications",
                "author",
                "name",
                "days",
            ]
        ),
        trees,
        min_size=1,
        max_size=5,
    )
)
def test_trees_of_any_shape_under_known_keys_load_or_are_refused_in_words(tmp_path, tree):
    import json

    path = tmp_path / "s.yaml"
    # JSON is YAML, but for its NaN and for surrogates.
    text = "\n".join(f"{key}: {json.dumps(value, ensure_ascii=True)}" for key, value in tree.items())
    path.write_text("twin: 1\n" + text + "\n", encoding="utf-8")
    with contextlib.suppress(ScenarioError):
        load_scenario(path)


@FUZZ
@given(
    data=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda t: t.encode("utf-8", "replace"))),
    suffix=st.sampled_from(["csv", "tsv", "xlsx"]),
)
def test_tables_of_any_bytes_are_read_or_refused_in_words(tmp_path, data, suffix):
    (tmp_path / f"t.{suffix}").write_bytes(data)
    path = tmp_path / "s.yaml"
    path.write_text(HEAD + f"terminal:\ntables: {{t: {{file: t.{suffix}}}}}\n", encoding="utf-8")
    with contextlib.suppress(TableError):
        read_tables(load_scenario(path))


@FUZZ
@given(
    rows=st.lists(
        st.lists(
            st.sampled_from(
                [
                    "8",
                    "8時台",
                    "合計",
                    "1,204",
                    "-",
                    "",
                    "約3",
                    "24:00",
                    "9:00～8:00",
                    "0.5",
                    "○",
                    "R8.4.24",
                    "inf",
                    "１２",
                    "X",
                ]
            ),
            min_size=3,
            max_size=3,
        ),
        max_size=8,
    )
)
def test_rows_of_plausible_cells_are_read_or_refused_in_words(tmp_path, rows):
    text = "時,台数,日付\n" + "".join(",".join(f'"{cell}"' for cell in row) + "\n" for row in rows)
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    path = tmp_path / "s.yaml"
    path.write_text(
        HEAD + "terminal:\ntables: {t: {file: t.csv, columns: {hour: 時, trucks: 台数, date: 日付}, gaps: zero}}\n",
        encoding="utf-8",
    )
    with contextlib.suppress(TableError):
        table = read_tables(load_scenario(path))["t"]
        assert {len(column) for column in table.columns.values()} == {table.echo.rows}


def test_large_but_sound_files_are_checked_in_bounded_time(tmp_path):
    variants = "".join(f"  v{i}: {{with: [m{i}], set: {{terminal.trucks: {i}}}}}\n" for i in range(150))
    measures = "".join(f"  m{i}: {{set: {{terminal.service: {i + 1} s}}}}\n" for i in range(150))
    path = tmp_path / "s.yaml"
    path.write_text(HEAD + "terminal:\nmeasures:\n" + measures + "variants:\n" + variants, encoding="utf-8")
    began = time.perf_counter()
    assert len(load_scenario(path).variants) == 150
    assert time.perf_counter() - began < 5
