"""Kernels are compiled before the first run: those that it needs, once, and nobody waits in silence."""

from __future__ import annotations

import importlib
import inspect
import itertools
import json
import os
import subprocess
import sys

import pytest

from twin.experiments import compiling, speed
from twin.experiments.compiling import Kernel, compile_all, kernels_for, known_kernels

DRAWS = [kernel for kernel in known_kernels() if kernel.module == "twin.engine.draws"]


@pytest.fixture
def cold(tmp_path, monkeypatch):
    """A machine on which nothing was compiled; this process keeps what it has."""
    monkeypatch.setenv("TWIN_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(speed, "compiled_folder", lambda: tmp_path / "kernels")
    return tmp_path


def test_every_kernel_of_the_list_is_there_and_takes_as_many_arguments():
    assert known_kernels()
    for kernel in known_kernels():
        function = getattr(importlib.import_module(kernel.module), kernel.name)
        function = getattr(function, "py_func", function)
        assert len(inspect.signature(function).parameters) == len(kernel.types), kernel


def test_a_run_needs_the_kernels_of_its_models_and_of_their_forms(cold):
    terminal = {kernel.module for kernel in kernels_for([{"terminal": {}}])}
    assert any(module.startswith("twin.models.terminal") for module in terminal)
    assert not any(module.startswith(("twin.models.transit", "twin.models.pedestrian")) for module in terminal)
    forms = {
        form: {k.module for k in kernels_for([{"road_traffic": {"form": form}, "terminal": {}, "transit": {}}])}
        for form in ("free_flow", "queueing")
    }
    assert "twin.models.road_traffic.free_flow.kernels" in forms["free_flow"] - forms["queueing"]
    assert "twin.models.road_traffic.queueing.kernels" not in forms["free_flow"]


def test_what_is_compiled_is_not_compiled_again(cold):
    told = []
    compile_all(DRAWS, 2, lambda done, total: told.append((done, total)))
    assert told[-1] == (len(DRAWS), len(DRAWS))
    assert all(a <= b for a, b in itertools.pairwise(told))
    code = (
        "import json, sys; from twin.jit import compile_ahead; "
        "print([compile_ahead(*kernel) for kernel in json.loads(sys.argv[1])])"
    )
    said = json.dumps([[k.module, k.name, list(k.types)] for k in DRAWS])
    done = subprocess.run(
        [sys.executable, "-c", code, said], capture_output=True, text=True, check=True, env={**os.environ}
    )
    assert json.loads(done.stdout.lower()) == [False] * len(DRAWS)
    assert not {kernel.key for kernel in DRAWS} & {kernel.key for kernel in kernels_for([{"terminal": {}}])}


def test_a_run_finds_what_was_compiled_ahead(cold):
    """Both processes must tell the folder of a kernel alike, whatever else they have loaded."""
    said = (
        "import sys; from pathlib import Path; {}; import twin.engine.draws as draws; from twin import jit; "
        "print(jit._folder_of(Path(draws.__file__)).name)"
    )
    names = {
        subprocess.run(
            [sys.executable, "-c", said.format(first)], capture_output=True, text=True, check=True, env={**os.environ}
        ).stdout
        for first in ("import twin.jit_signatures", "import twin.simulate", "from twin.experiments import compiling")
    }
    assert len(names) == 1


def test_a_kernel_that_has_changed_since_it_was_listed_is_left_to_its_run(cold):
    gone = [
        Kernel("twin.engine.draws", "no_such_kernel", ("int64",), frozenset()),
        Kernel("twin.engine.no_such_module", "draw", ("int64",), frozenset()),
        Kernel(DRAWS[0].module, DRAWS[0].name, (["sack"],), frozenset()),
    ]
    told = []
    compile_all(gone, 1, lambda done, total: told.append((done, total)))
    assert told[-1] == (3, 3)


def test_who_stops_the_work_leaves_no_process_behind(cold, monkeypatch):
    crews = []

    class Crew(compiling._Crew):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            crews.append(self)

    monkeypatch.setattr(compiling, "_Crew", Crew)

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compile_all(known_kernels(), 2, stop)
    assert all(process.poll() is not None for process in crews[0]._processes)
