"""How many runs and how much time an answer takes.

    python tests/benchmarks/bench_decide.py --case gate|decision|report --json

* ``gate``: a 5 % change of gate wait, to a verdict; runs against those that independent luck would have needed.
* ``decision``: the shipped decision on queues before holidays, warm, on two workers.
* ``report``: the report of a study of two variants and 40 replications.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from twin import api
from twin.viz.report.page import write_report

ROOT = Path(__file__).resolve().parents[2]
ASKING = ROOT / "tests" / "scenarios" / "asking.yaml"
DECISION = ROOT / "scenarios" / "yumeshima_decision.yaml"


def cpu_s():
    """CPU seconds of this process and of its finished workers."""
    spent = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(use.ru_utime + use.ru_stime for use in spent)


def measured(work):
    """Result, wall and CPU seconds."""
    before, began = cpu_s(), time.perf_counter()
    result = work()
    return result, time.perf_counter() - began, cpu_s() - before


def bench(case, folder):
    if case == "report":
        loaded = api.load(ASKING, replications=40, only=["today", "quick"])
        study = api.run(loaded, folder / "study", workers=2)
        page, wall, cpu = measured(lambda: write_report(study, folder / "report.html"))
        return {"report_s": wall, "cpu_s": cpu, "report_bytes": page.stat().st_size}
    path = ASKING if case == "gate" else DECISION
    api.run(path, folder / "warm", lean=True, replications=1)
    study, wall, cpu = measured(lambda: api.run(path, folder / "study", lean=True, workers=2))
    answer = next(a for a in study.answers["answers"] if a["main"])
    row = answer["rows"][0]
    apart = answer["runs"] * row["variance_ratio"] if row["variance_ratio"] else None
    return {
        "verdict": row["verdict"] if case == "gate" else answer["verdict"],
        "runs": answer["runs"],
        "runs_independent": apart,
        "wall_s": wall,
        "cpu_s": cpu,
        "efficiency": cpu / wall / 2,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", choices=("gate", "decision", "report"), required=True)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = {"case": chosen.case, **bench(chosen.case, Path(folder))}
    if chosen.json:
        print(json.dumps(found))
    else:
        for name, value in found.items():
            print(f"{name}: {value}")


if __name__ == "__main__":
    main()
