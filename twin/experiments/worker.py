"""A worker process: tasks in on standard input, progress and outcomes out on standard output, as JSON lines.

Plain processes rather than a process pool: nothing is re-imported from the user's script, so notebooks
and scripts need no ``__main__`` guard; a dead worker is seen at once and its task given to another; and when
the parent dies, standard input ends and the worker stops.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

_PROGRESS_S = 0.5


def _read_tasks(given: TextIO, tasks: queue.SimpleQueue[dict[str, Any]]) -> None:
    """Feed tasks; the end of standard input means that the parent is gone or wants no more."""
    for line in given:
        tasks.put(json.loads(line))
    os._exit(0)


def _say(out: TextIO, message: dict[str, Any]) -> None:
    out.write(json.dumps(message) + "\n")
    out.flush()


def ready(partial: Path) -> Callable[[TextIO, TextIO], None]:
    """Open a study and load what its runs need; returns what serves tasks of it until the given input ends."""
    from threadpoolctl import threadpool_limits

    from twin.city.keeping.build import open_city
    from twin.errors import TwinError
    from twin.experiments.task import Task, do_task
    from twin.scenario.plan.plan import Plan
    from twin.simulate import load_models

    plan = Plan.read(partial)
    city = open_city(partial / "city")
    load_models(plan)

    def serve(given: TextIO, out: TextIO) -> None:
        threadpool_limits(limits=1, user_api="blas")  # every worker has a core of its own, and no more
        tasks: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        threading.Thread(target=_read_tasks, args=(given, tasks), daemon=True).start()
        _say(out, {"ready": os.getpid()})
        span_s = max(plan.content["clock"]["end_s"] - plan.content["clock"]["start_s"], 1.0)
        last = time.perf_counter()

        def progress(now_s: float, end_s: float) -> None:
            nonlocal last
            if time.perf_counter() - last > _PROGRESS_S:
                last = time.perf_counter()
                _say(out, {"progress": min(1.0, 1.0 - (end_s - now_s) / span_s)})

        while True:
            task = Task(**tasks.get())
            began, last = time.thread_time(), time.perf_counter()
            try:
                do_task(partial, plan, city, task, progress)
            except TwinError as fault:
                _say(out, {"error": type(fault).__name__, "what": fault.what, "where": fault.where, "mend": fault.mend})
            except OSError as fault:
                _say(out, {"error": "OSError", "what": str(fault), "where": str(partial), "mend": ""})
            except Exception as fault:  # noqa: BLE001  (the parent must hear of it whatever it is)
                traceback.print_exc()
                _say(out, {"error": "internal", "what": f"{type(fault).__name__}: {fault}", "where": "", "mend": ""})
            else:
                _say(out, {"done": True, "cpu_s": time.thread_time() - began})

    return serve


def main() -> None:
    """Serve tasks until standard input ends."""
    # Ctrl-C goes to every process of a terminal; the parent alone decides, and closes our standard input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The protocol owns standard output; whatever else prints goes to standard error.
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    ready(Path(sys.argv[1]))(sys.stdin, out)


if __name__ == "__main__":
    main()
