"""Forked processes: they do what they are given, hold nothing of their parent's, and are not made beside threads."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
import time

import pytest
from filelock import FileLock, Timeout

from tests.scenarios.cases import results
from tests.scenarios.test_search import HALF_HOUR, LANES
from twin.experiments.crew import Worker
from twin.experiments.forking import SWITCH, Forked, Listener, may_fork
from twin.service_search import Place, Searcher, sweep

linux = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux only")


@pytest.fixture
def log(tmp_path):
    return tmp_path / "log.txt"


@pytest.fixture
def fork(log):
    """Forks a process, which is ended with the test."""
    made = []

    def do(work):
        made.append(Forked(work, log))
        return made[-1]

    yield do
    for child in made:
        child.end()


def echo(given, out):
    for line in given:
        out.write(f"{os.getpid()} {line}")
        out.flush()


@linux
def test_a_forked_process_answers_and_ends_with_its_input(fork, log):
    child = fork(echo)
    child.stdin.write("はい\n")
    child.stdin.flush()
    assert child.stdout.readline() == f"{child.pid} はい\n"
    assert child.pid != os.getpid()
    assert child.poll() is None
    child.stdin.close()
    assert child.wait() == 0
    assert child.poll() == 0
    child.kill()  # one that has ended is left alone
    assert log.read_text() == ""


@linux
def test_one_that_is_killed_or_fails_says_so(fork, log):
    child = fork(echo)
    child.kill()
    assert child.wait() == -signal.SIGKILL

    def fails(given, out):
        print("on its way")
        raise ValueError("broken here")

    child = fork(fails)
    assert child.wait() == 1
    assert child.stdout.read() == ""
    assert "on its way" in log.read_text()
    assert "ValueError: broken here" in log.read_text()


@linux
def test_an_elder_sibling_ends_with_its_input_whatever_the_younger_holds(fork):
    """A pipe has ended when nobody holds its other end; the younger child was born holding it too."""
    elder = fork(echo)
    younger = fork(echo)
    younger.stdin.write("born\n")
    younger.stdin.flush()
    assert younger.stdout.readline()
    elder.stdin.close()
    assert elder.wait() == 0


@linux
def test_a_lock_of_the_parents_is_not_held_by_the_child(fork, tmp_path):
    lock = FileLock(tmp_path / "study.lock")
    with lock:
        child = fork(echo)
        child.stdin.write("born\n")
        child.stdin.flush()
        assert child.stdout.readline()
    ask = "import sys\nfrom filelock import FileLock\nFileLock(sys.argv[1], timeout=0).acquire()\n"
    done = subprocess.run([sys.executable, "-c", ask, str(tmp_path / "study.lock")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@linux
def test_a_child_that_forgets_the_lock_does_not_let_it_go(fork, tmp_path):
    """A lock belongs to what is open, which both would share: what the child drops must not free the parent's."""
    lock = FileLock(tmp_path / "study.lock")

    def drops(given, out):
        lock.release(force=True)
        out.write("dropped\n")
        out.flush()

    with lock:
        child = fork(drops)
        assert child.stdout.readline() == "dropped\n"
        child.wait()
        with pytest.raises(Timeout):
            FileLock(tmp_path / "study.lock").acquire(timeout=0)


def test_nothing_is_forked_beside_a_thread_that_may_hold_a_lock(monkeypatch):
    before = may_fork()
    assert before or sys.platform != "linux" or threading.active_count() > 1
    monkeypatch.setenv(SWITCH, "no")
    assert not may_fork()
    monkeypatch.delenv(SWITCH)
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        assert not may_fork()
    finally:
        stop.set()
        thread.join()
    inbox: queue.Queue[bool] = queue.Queue()
    listener = Listener(target=inbox.get)
    listener.start()
    try:
        assert may_fork() == before
    finally:
        inbox.put(True)
        listener.join()


@pytest.mark.slow
@pytest.mark.parametrize("fork", ["", "no"])
def test_workers_forked_or_started_give_the_same_bytes_as_none(fork, tmp_path, monkeypatch):
    scenario = tmp_path / "s.yaml"
    scenario.write_text(HALF_HOUR, encoding="utf-8")
    vary = {LANES: [1, 2, 3]}
    sweep(Searcher(scenario, vary=vary), replications=4, place=Place(tmp_path / "alone"))
    monkeypatch.setenv(SWITCH, fork)
    kinds = []
    real = Worker.__init__
    monkeypatch.setattr(
        Worker, "__init__", lambda self, process, inbox: (kinds.append(type(process)), real(self, process, inbox))[1]
    )
    sweep(Searcher(scenario, vary=vary), replications=4, place=Place(tmp_path / "crew", workers=2))
    assert results(tmp_path / "alone") == results(tmp_path / "crew")
    # Where tests are run by several processes, each has a thread that listens, and nothing is forked.
    assert kinds == [Forked if may_fork() else subprocess.Popen] * 2


@linux
def test_a_worker_ends_when_its_parent_is_killed(tmp_path):
    """The parent is killed in mid-run: nobody closes the pipes but the kernel."""
    parent = (
        "import os, sys, time\nfrom pathlib import Path\nfrom twin.experiments.forking import Forked\n"
        "a, b = (Forked(lambda given, out: given.read(), Path(sys.argv[1])) for _ in range(2))\n"
        "print(a.pid, b.pid, flush=True)\ntime.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", parent, str(tmp_path / "log")], stdout=subprocess.PIPE, text=True)
    pids = [int(pid) for pid in process.stdout.readline().split()]
    assert len(pids) == 2
    process.kill()
    process.wait()
    process.stdout.close()
    began = time.monotonic()
    while any(os.path.exists(f"/proc/{pid}/fd/1") for pid in pids):
        assert time.monotonic() - began < 20, "a worker outlived its parent"
        time.sleep(0.02)  # orphans are not ours to wait for
