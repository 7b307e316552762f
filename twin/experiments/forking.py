"""Processes that begin with all that this one has loaded: forked, where a fork is sound.

Python, Mesa, numba and the models take 2 processor seconds to load, a hundred times a run of a small gate. A fork takes
milliseconds. It is sound where no other thread could hold a lock at that moment, which the child would wait for in
vain: on Linux, and only while the threads of this process are the main one and those that listen to its workers, which
share nothing with the child. Anywhere else (Windows, macOS, a notebook, a server) a process is started anew, and what
it does is the same.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TextIO

#: ``TWIN_FORK=no`` starts every process anew.
SWITCH = "TWIN_FORK"
_FIRST_FREE = 3


class Listener(threading.Thread):
    """A thread that only reads what one process says and puts it into a queue; it holds no lock that a fork needs."""


def may_fork() -> bool:
    """Whether a fork of this process is sound now."""
    if sys.platform != "linux" or os.environ.get(SWITCH) == "no":
        return False
    main = threading.main_thread()
    return threading.current_thread() is main and all(
        thread is main or isinstance(thread, Listener) for thread in threading.enumerate()
    )


class Forked:
    """A process that this one has forked, spoken to as one of :mod:`subprocess`.

    Parameters
    ----------
    work
        What it does, with its standard input and output; when that returns, it ends.
    errors_to
        File its standard error is added to.
    """

    def __init__(self, work: Callable[[TextIO, TextIO], None], errors_to: Path) -> None:
        given, out = os.pipe(), os.pipe()
        signals = {signal.SIGINT, signal.SIGTERM}
        # A Ctrl-C between the fork and the child's own handlers would run the parent's in the child.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
        try:
            with warnings.catch_warnings():
                # Python 3.12 warns of any thread; those of BLAS and Arrow are prepared for forks, ours are known.
                warnings.simplefilter("ignore", DeprecationWarning)
                self.pid = os.fork()
            if self.pid == 0:
                _live(work, given[0], out[1], errors_to, before)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        os.close(given[0])
        os.close(out[1])
        self.stdin = os.fdopen(given[1], "w", encoding="utf-8")
        self.stdout = os.fdopen(out[0], "r", encoding="utf-8")
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit code, negative the signal that ended it; None while it lives."""
        return self._look(os.WNOHANG)

    def wait(self) -> int:
        """Its exit code, when it has ended."""
        code = self._look(0)
        assert code is not None  # noqa: S101  (waited for)
        return code

    def kill(self) -> None:
        """End it at once."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)

    def end(self) -> None:
        """End it at once and close its pipes."""
        self.kill()
        self.wait()
        for pipe in (self.stdin, self.stdout):
            try:
                pipe.close()
            except OSError:
                continue  # a dead process' pipe may refuse its last bytes

    def _look(self, how: int) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, how)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode


def _live(work: Callable[[TextIO, TextIO], None], given: int, out: int, errors_to: Path, mask: Collection[int]) -> None:
    """The life of a forked process: it leaves everything of its parent's alone, and never returns."""
    code = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        os.dup2(os.open(errors_to, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644), 2)
        os.dup2(2, 1)
        sys.stderr = sys.stdout = os.fdopen(2, "w", buffering=1, encoding="utf-8", closefd=False)
        _let_go_of_all_but((given, out))
        work(os.fdopen(given, encoding="utf-8"), os.fdopen(out, "w", encoding="utf-8"))
        code = 0
    except BaseException:  # noqa: BLE001  (whatever it is must not come out in the parent's code)
        os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(code)


def _let_go_of_all_but(kept: Collection[int]) -> None:
    """Turn what is open into nothing: locks end with their parent, and nobody's pipe stays open.

    Closing would free the numbers, and an object of the parent's that is collected here would close a file of ours.
    """
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    for number in [int(name) for name in os.listdir("/proc/self/fd")]:
        if number >= _FIRST_FREE and number not in kept and number != nothing:
            try:
                os.fstat(number)
            except OSError:
                continue  # of the listing itself, closed by now
            os.dup2(nothing, number)
