"""The same command on odd machines: consoles, paths, homes, pipes, signals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from tests.scenarios.cases import TINY, TWO_VARIANTS, results
from tests.unit.city.conftest import MapText
from twin.errors import RunError
from twin.results.run_folder import open_any, partial_of

posix = pytest.mark.skipif(os.name != "posix", reason="a POSIX signal or device")
ODD = "生野区 ｵﾝﾃﾞﾏﾝﾄﾞ (案)"


def environment(**changes):
    """This environment with changes; None removes."""
    merged = {**os.environ, **changes}
    return {key: value for key, value in merged.items() if value is not None}


def run_bytes(*args, cwd, env=None, **options):
    """The command line in a process of its own; streams as bytes, as a console gets them."""
    return subprocess.run(
        [sys.executable, "-m", "twin", *map(str, args)],
        capture_output=True,
        cwd=cwd,
        env=env or environment(),
        timeout=300,
        **options,
    )


@pytest.fixture
def scenario(tmp_path):
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY.replace("seed: 7", "seed: 7\ntitle: 夢洲の朝 — ①髙"), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("env", "encoding"),
    [
        ({"PYTHONIOENCODING": "cp932", "PYTHONUTF8": "0"}, "cp932"),
        ({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}, "ascii"),
    ],
    ids=["cp932", "c_locale"],
)
def test_a_console_that_lacks_characters_gets_the_others(env, encoding, scenario, tmp_path):
    odd = environment(**env)
    for args in (
        ("check", scenario),
        ("run", scenario, "--out", "結果", "--workers", "2", "--replications", "2"),
        ("resume", "結果"),
        ("compare", "無い"),
    ):
        done = run_bytes(*args, cwd=tmp_path, env=odd)
        assert done.returncode == (4 if args[0] == "compare" else 0), done.stderr.decode(encoding, "replace")
        shown = (done.stdout + done.stderr).decode(encoding)  # strict: every byte is of the console's own
        assert "Traceback" not in shown
        assert "UnicodeEncodeError" not in shown
        if encoding == "cp932" and args[0] in ("run", "resume"):
            assert "夢洲の朝" in shown
    manifest = json.loads((tmp_path / "結果" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["title"]["ja"] == "夢洲の朝 — ①髙"
    as_json = run_bytes("resume", "結果", "--json", cwd=tmp_path, env=odd)
    assert json.loads(as_json.stdout.decode("ascii"))["runs"][0]["status"] == "finished"


def test_japanese_paths_with_spaces_hold_scenario_table_city_and_output(tmp_path):
    home = tmp_path / ODD / "入力 1"
    home.mkdir(parents=True)
    text = MapText()
    for node_id, (x_m, y_m) in enumerate([(0, 0), (400, 0), (400, 400), (0, 400)], 1):
        text.node(node_id, x_m, y_m, twin__place="stop", name=f"停留所 {node_id}")
    text.way(10, [1, 2, 3, 4, 1], highway="residential", name="平野町通")
    (home / "街 地図.osm").write_text(text.text(), encoding="utf-8")
    built = run_bytes("city", "build", home / "街 地図.osm", "--out", home / "街 完成", cwd=tmp_path)
    assert built.returncode == 0, built.stderr.decode()
    (home / "予約 表.csv").write_bytes("時,台数\n6,10\n7,5\n".encode("cp932"))
    gate = TINY.replace('hourly: {"06:00": 10 trucks}', "table: 来場") + (
        "tables: {来場: {file: 予約 表.csv, counted_at: line_join, columns: {hour: 時, trucks: 台数}}}\n"
    )
    (home / "門 案.yaml").write_text(gate, encoding="utf-8")
    out = tmp_path / ODD / "結 果"
    done = run_bytes("run", home / "門 案.yaml", "--out", out, "--workers", "2", "--replications", "2", cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    vans = TINY.split("terminal:")[0].replace("osaka_yumeshima", "街 完成").replace("step: 60 s", "step: 5 s") + (
        "transit: {fleet: {count: 1 vans}, demand: {requests_per_day: 20 requests}}\n"
    )
    (home / "車.yaml").write_text(vans, encoding="utf-8")
    done = run_bytes("run", home / "車.yaml", "--out", tmp_path / ODD / "車", "--workers", "1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    page = run_bytes("view", tmp_path / ODD / "車", "--no-open", "--out", tmp_path / ODD / "場 面.html", cwd=tmp_path)
    assert page.returncode == 0, page.stderr.decode()
    assert (tmp_path / ODD / "場 面.html").stat().st_size > 0


def test_a_script_without_a_main_guard_runs_two_workers(scenario, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(f"""\
        import twin
        print("once")
        study = twin.run({str(scenario)!r}, "out", workers=2, replications=2)
        print(len(study.kpis))
    """),
        encoding="utf-8",
    )
    done = subprocess.run([sys.executable, script.name], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "once"
    assert len(lines) == 2, "the script ran again in a worker"
    assert int(lines[1]) > 0


def test_two_studies_at_once_in_one_folder_do_not_meet(scenario, tmp_path):
    alone = run_bytes("run", scenario, "--out", "alone", "--workers", "1", cwd=tmp_path)
    assert alone.returncode == 0, alone.stderr.decode()
    command = [sys.executable, "-m", "twin", "run", str(scenario), "--workers", "1", "--out"]
    both = [
        subprocess.Popen([*command, name], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for name in ("one", "two")
    ]
    for process in both:
        _, err = process.communicate(timeout=300)
        assert process.returncode == 0, err.decode()
    for name in ("one", "two"):
        assert results(tmp_path / name) == results(tmp_path / "alone")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["alone", "one", "tiny.yaml", "two"]


def test_two_runs_into_one_folder_leave_one_whole_study(scenario, tmp_path):
    command = [sys.executable, "-m", "twin", "run", str(scenario), "--workers", "1", "--out", "one"]
    both = [subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    said = [process.communicate(timeout=300)[1].decode() for process in both]
    codes = sorted(process.returncode for process in both)
    assert codes == [0, 4], said
    assert all("Traceback" not in text for text in said)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["one", "tiny.yaml"]
    assert open_any(tmp_path / "one").kpis.shape[0] > 0


@posix
def test_a_home_that_is_not_set_is_no_hindrance(scenario, tmp_path):
    odd = environment(HOME=None, XDG_CACHE_HOME=None, TWIN_CACHE_DIR=None)
    done = run_bytes("run", scenario, "--out", "out", "--workers", "1", cwd=tmp_path, env=odd)
    assert done.returncode == 0, done.stderr.decode()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out", "tiny.yaml"]


def test_a_home_that_cannot_be_written_gives_kernels_a_folder_that_goes_with_the_process(tmp_path):
    home = tmp_path / "home"
    home.write_text("no folder", encoding="utf-8")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    odd = environment(
        HOME=str(home),
        USERPROFILE=str(home),
        LOCALAPPDATA=str(home),
        XDG_CACHE_HOME=None,
        TWIN_CACHE_DIR=None,
        TMPDIR=str(temporary),
        TEMP=str(temporary),
    )
    # A whole run would compile for half a minute; one kernel shows where its cache goes, and what workers inherit.
    code = (
        "import os, pathlib, numpy as np; from twin.engine import draws; "
        "draws.uniform(np.uint64(1), np.uint64(2), np.uint64(3)); "
        "print(os.environ['TWIN_CACHE_DIR']); "
        "print(len(list(pathlib.Path(os.environ['TWIN_CACHE_DIR']).rglob('*.nbi'))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=odd, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    folder, cached = done.stdout.split()
    assert Path(folder).parent == temporary
    assert int(cached) >= 1
    assert list(temporary.iterdir()) == []
    info = run_bytes("city", "info", "osaka_yumeshima", cwd=tmp_path, env=odd)
    assert info.returncode == 0, info.stderr.decode()


@posix
def test_a_closed_standard_input_is_no_hindrance(scenario, tmp_path):
    for workers in ("2",):
        command = f'exec "$0" -m twin run "$1" --out out{workers} --workers {workers} --replications 2 <&-'
        done = subprocess.run(
            ["sh", "-c", command, sys.executable, str(scenario)], cwd=tmp_path, capture_output=True, timeout=300
        )
        assert done.returncode == 0, done.stderr.decode()


@posix
def test_a_reader_that_goes_away_is_met_with_silence(scenario, tmp_path):
    for args in (f'check "{scenario}"', "schema", "city info osaka_yumeshima", "--help"):
        line = f'"{sys.executable}" -m twin {args} | head -n 1'
        done = subprocess.run(["sh", "-c", line], cwd=tmp_path, capture_output=True, timeout=300)
        assert done.returncode == 0
        assert done.stderr == b"", done.stderr.decode()
        assert len(done.stdout.splitlines()) == 1


def grow(tmp_path, *, workers):
    """A study under way: started, with its first run done."""
    path = tmp_path / "s.yaml"
    path.write_text(TWO_VARIANTS, encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "twin", "run", path.name, "--out", "out", "--workers", workers, "--replications", "12"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=os.name == "posix",
    )
    first = partial_of(tmp_path / "out") / "runs" / "today" / "000" / "manifest.json"
    deadline = time.monotonic() + 120
    while not first.is_file():
        assert process.poll() is None, process.stderr.read().decode()
        assert time.monotonic() < deadline, "no run was done in two minutes"
        time.sleep(0.02)  # the other process tells of its first run by a file alone
    return process


def children_of(process):
    import psutil

    return psutil.Process(process.pid).children(recursive=True)


@posix
@pytest.mark.parametrize("workers", ["1", "2"])
def test_ctrl_c_leaves_a_study_that_resumes(workers, tmp_path):
    process = grow(tmp_path, workers=workers)
    crew = children_of(process)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal sends it: to the command and its workers
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err.decode()
    assert err.decode().startswith("interrupted")
    assert "twin resume" in err.decode()
    assert "Traceback" not in err.decode()
    assert out == b""
    assert not [worker for worker in crew if worker.is_running() and worker.status() != "zombie"]
    assert "Traceback" not in (tmp_path / "out.partial" / "log.txt").read_text(encoding="utf-8")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out.partial", "s.yaml"]
    with pytest.raises(RunError, match="not finished"):
        open_any(tmp_path / "out")
    done = run_bytes("resume", "out", "--workers", "2", cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    assert open_any(tmp_path / "out").replications == 12
    assert not [p for p in (tmp_path / "out").rglob("*") if p.suffix in (".tmp", ".partial")]


@posix
def test_workers_die_within_five_seconds_of_their_parent(tmp_path):
    process = grow(tmp_path, workers="2")
    crew = children_of(process)
    assert len(crew) == 2
    process.kill()
    process.wait()
    import psutil

    _, alive = psutil.wait_procs(crew, timeout=5)
    for worker in alive:
        worker.kill()
    assert alive == []
    process.stdout.close()
    process.stderr.close()
    done = run_bytes("resume", "out", "--workers", "1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()


def test_another_working_folder_is_as_good(scenario, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = run_bytes("run", scenario, "--workers", "1", cwd=elsewhere)
    assert done.returncode == 0, done.stderr.decode()
    assert [p.name for p in elsewhere.iterdir()] == ["runs"]
    assert (elsewhere / "runs" / "tiny" / "manifest.json").is_file()
    shown = run_bytes("check", Path("..") / scenario.name, cwd=elsewhere)
    assert shown.returncode == 0, shown.stderr.decode()
