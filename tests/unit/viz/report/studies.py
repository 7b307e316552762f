"""A small study whose words try everything that words may try."""

from __future__ import annotations

from twin import api

HOSTILE = '"><script>alert(1)</script><img src=https://example.org/x.png onerror=alert(2)>\u202etxt.exe =1+1 ＝cmd|x'

SCENARIO = """\
twin: 1
name: hostile
title: {ja: TITLE, en: TITLE}
author: TITLE
city: osaka_yumeshima
seed: 7
clock: {from: 07:00, to: 08:00, then: until_empty, latest: 11:00, step: 5 min}
terminal:
  approach: none
  opening: [07:00-11:00]
  demand: {hourly: {"07:00": 60 trucks}}
  lanes: {A: {count: {value: 1, range: [1, 3], grade: G, source: TITLE}, kind: ordinary}}
  service: {mean: {value: 2.5 min, range: [2 min, 3 min], grade: D, source: TITLE}}
measures:
  lane: {label: {ja: TITLE, en: TITLE}, set: {terminal.lanes.A.count: 2}}
variants:
  today: {label: {ja: TITLE, en: TITLE}}
  two: {label: {ja: TITLE, en: TITLE}, with: [lane]}
questions:
  - {id: wait, main: true, ask: {ja: TITLE, en: TITLE}, kpi: terminal.wait_mean_min, matters_from: 1 %}
  - {id: lanes, find: {smallest: terminal.lanes.A.count, from: 1, to: 3},
     such_that: [{kpi: terminal.wait_mean_min, at_most: 20 min}]}
  - {id: who, kpi: terminal.wait_mean_min, by: every_group}
  - {id: goal, kpi: terminal.throughput_day, target: 30 trucks}
uncertainty: {assumptions: every_range, draws: 3}
"""


def make_study(folder, *, title=HOSTILE, lean=False, **changes):
    """A finished study of the scenario, with its words in place of TITLE."""
    text = SCENARIO.replace("TITLE", '"' + title.replace('"', '\\"') + '"')
    for old, new in changes.items():
        text = text.replace(old, new)
    path = folder / "hostile.yaml"
    path.write_text(text, encoding="utf-8")
    return api.run(path, folder / "study", lean=lean)
