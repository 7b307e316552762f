"""A headless Chromium, where the machine has one, and a page made from the small invented run."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path

import pytest

from tests.browser.waiting import wait_until
from twin.results.run_folder import Run
from twin.viz.run_view import read_run_view
from twin.viz.scene_3d import write_scene
from twin.viz.two_runs import two_runs_scene

QUIET = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
#: A browser that offers no WebGL at all.
NO_WEBGL = """const of = HTMLCanvasElement.prototype;
const before = of.getContext;
of.getContext = function (kind, ...more) { return /webgl/.test(kind) ? null : before.call(this, kind, ...more); };"""
#: Software rendering may take seconds a frame.
PATIENCE_S = 120


@pytest.fixture(scope="session")
def demo():
    path = Path(__file__).parents[1] / "unit" / "viz" / "demo_run.py"
    spec = importlib.util.spec_from_file_location("viz_demo_run", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def page_file(demo, tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser")
    run = demo.make_demo_run(folder / "run")
    return write_scene(read_run_view(Run(run)), folder / "大阪 の図.html")


@pytest.fixture(scope="session")
def pair_runs(demo, tmp_path_factory):
    """Two variants of one day: vans that set out later, fewer trucks, a chapter of the scenario."""
    folder = tmp_path_factory.mktemp("pair")
    own = {
        "at_s": demo.FROM_S + 1200.0,
        "label": {"ja": demo.HOSTILE, "en": demo.HOSTILE},
        "place": "gate/1",
        "reach_m": 300.0,
    }
    label = {"ja": f"遅い{demo.HOSTILE}", "en": f"Later {demo.HOSTILE}"}
    second = demo.make_demo_run(folder / "b", later_s=300.0, trucks=9, variant="late", label=label)
    return Run(demo.make_demo_run(folder / "a", chapters=[own])), Run(second)


@pytest.fixture(scope="session")
def pair_file(pair_runs, demo, tmp_path_factory):
    words = {"ja": f"待ちは減る {demo.HOSTILE}", "en": f"The wait is shorter {demo.HOSTILE}"}
    page = two_runs_scene(*pair_runs, sentences=[words])
    return write_scene(page, tmp_path_factory.mktemp("pair_page") / "二つの案.html")


@pytest.fixture(scope="module")
def opened_pair(chromium, pair_file):
    found = Opened(chromium, pair_file.as_uri() + "#flat", color_scheme="dark")
    yield found
    found.context.close()


@pytest.fixture(scope="session")
def chromium():
    executable = shutil.which("chromium")
    if executable is None:
        pytest.skip("no chromium on this machine (Debian: apt-get install chromium)")
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=QUIET)
        yield browser
        browser.close()


class Opened:
    """A page with everything it asked for and complained of."""

    def __init__(self, browser, address, *, before="", **context):
        self.context = browser.new_context(**{"viewport": {"width": 1100, "height": 700}, **context})
        if before:
            self.context.add_init_script(before)
        self.page = self.context.new_page()
        self.requests, self.faults = [], []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", self._heard)
        self.page.goto(address)
        self.wait("window.__twin?.state?.ready && window.__twin.state.drawn > 0")

    def _heard(self, message):
        # Notes of the graphics driver about its own speed say nothing of the page.
        if message.type in ("error", "warning") and "GL Driver Message" not in message.text:
            self.faults.append(message.text)

    def ask(self, script, argument=None):
        return self.page.evaluate(script, argument)

    def wait(self, condition):
        wait_until(self.page, condition, PATIENCE_S, self.faults)


@pytest.fixture(scope="module")
def opened(chromium, page_file):
    found = Opened(chromium, page_file.as_uri() + "#3d", color_scheme="dark")
    yield found
    found.context.close()


@pytest.fixture(scope="module")
def opened_bare(chromium, demo, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bare")
    run = demo.make_demo_run(folder / "run", with_traces=False, with_queue=False, places=[])
    page = write_scene(run, folder / "bare.html", lang="en")
    found = Opened(chromium, page.as_uri() + "#3d")
    yield found
    found.context.close()


@pytest.fixture(scope="module")
def opened_flat(chromium, page_file):
    found = Opened(chromium, page_file.as_uri(), before=NO_WEBGL, color_scheme="light")
    yield found
    found.context.close()
