"""Write or check ``kernels.json``: which kernels the shipped scenarios call, with the types of their arguments.

    python -m tests.verification.kernel_list            # write it anew
    python -m tests.verification.kernel_list --check    # end with 1 if anything is missing or has gone

Each shipped scenario runs once in a process of its own, tables and all. Kernels that only kernels call are compiled
with their callers and stand in no list. Then every kernel is compiled without a cache, because those that take longest
must be begun first.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "twin/experiments/kernels.json"
ONE_RUN = """
import json, sys
from twin import api, jit
from twin.experiments.compiling import tags_of
from twin.simulate import simulate
plan, city = api.plan_and_city(api.load(sys.argv[1]))
seen, nth = [], int(sys.argv[2])
for variant in plan.variants:
    tags = sorted(tags_of(plan.variant(variant)["models"]))
    if tags in seen:
        continue
    seen.append(tags)
    if len(seen) - 1 == nth:
        simulate(plan, variant, 0, city)
        print(json.dumps([tags, jit.signatures()]))
        break
"""
TIMES = """
import json, sys, time
from twin.jit import compile_ahead
out = []
for module, name, types in json.loads(sys.stdin.read()):
    began = time.process_time()
    compile_ahead(module, name, types)
    out.append(time.process_time() - began)
print(json.dumps(out))
"""


def python(code: str, *arguments: str, cache: str | None = None, stdin: str = "") -> str:
    """Last line that a process of its own prints."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **({"TWIN_CACHE_DIR": cache} if cache else {})}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, env=environment, input=stdin, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout.splitlines()[-1] if done.stdout.strip() else ""


def called(pattern: str) -> dict[str, set[str]]:
    """Kernel as JSON -> what was in every run that called it."""
    needs: dict[str, set[str]] = {}
    for scenario in sorted((ROOT / "scenarios").glob(f"{pattern}.yaml")):
        nth = 0
        while line := python(ONE_RUN, str(scenario), str(nth)):
            tags, kernels = json.loads(line)
            print(f"{scenario.name}, {', '.join(tags)}: {len(kernels)} kernels", flush=True)
            for kernel in kernels:
                said = json.dumps(kernel)
                owner = kernel[0].split(".")[2] if kernel[0].startswith("twin.models.") else ""
                # A model's kernel is called wherever the model is, whatever runs beside it.
                here = {tag for tag in tags if not owner or tag.split(":")[0] == owner}
                needs[said] = needs.get(said, here) & here
            nth += 1
    return needs


def main() -> int:
    """Write or check the file."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--check", action="store_true")
    options.add_argument("--only", default="*", help="Scenarios whose names match; a list of them alone is not whole.")
    check, only = vars(options.parse_args()).values()
    needs = called(only)
    if check:
        listed = {json.dumps([m, n, types]) for m, n, types, _ in json.loads(FILE.read_text(encoding="utf-8"))}
        for word, names in (("missing", needs.keys() - listed), ("gone", listed - needs.keys())):
            for said in sorted(names):
                print(f"{word}: {'.'.join(json.loads(said)[:2])}")
        return int(needs.keys() != listed)
    kernels = [json.loads(said) for said in sorted(needs)]
    with tempfile.TemporaryDirectory() as cache:
        seconds = json.loads(python(TIMES, cache=cache, stdin=json.dumps(kernels)))
    order = sorted(range(len(kernels)), key=lambda i: -seconds[i])
    rows = [json.dumps([*kernels[i], sorted(needs[json.dumps(kernels[i])])]) for i in order]
    FILE.write_text("[\n" + ",\n".join(rows) + "\n]\n", encoding="utf-8")
    print(f"{len(rows)} kernels, {sum(seconds):.0f} CPU seconds to compile; the longest {seconds[order[0]]:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
