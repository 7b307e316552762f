"""A finished run in a folder, made once."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from twin.results.run_folder import Run
from twin.viz.run_view import read_run_view


def _load_demo():
    path = Path(__file__).with_name("demo_run.py")
    spec = importlib.util.spec_from_file_location("viz_demo_run", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def demo():
    return _load_demo()


@pytest.fixture(scope="session")
def demo_folder(demo, tmp_path_factory):
    return demo.make_demo_run(tmp_path_factory.mktemp("viz") / "run 夢洲")


@pytest.fixture(scope="session")
def run_view(demo_folder):
    return read_run_view(Run(demo_folder))
