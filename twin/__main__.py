"""The ``twin`` command, also as ``python -m twin``: Ctrl-C ends it without a traceback from the first moment on.

What the command needs takes a while to load, and whoever presses Ctrl-C then is not interested in where.
"""

from __future__ import annotations

# The module behind `signal`, which alone needs nothing that takes time to load.
import _signal as signal  # type: ignore[import-not-found]
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import NoReturn

INTERRUPTED = 130


def _leave(*_: object) -> NoReturn:
    """End at once: nothing is under way yet, or the user has pressed Ctrl-C again."""
    os.write(2, b"interrupted\n")
    os._exit(INTERRUPTED)


def _stop(_: int, __: FrameType | None) -> None:
    """Let the command put away what it has under way; a second Ctrl-C waits for nothing."""
    signal.signal(signal.SIGINT, _leave)
    raise KeyboardInterrupt


def _unraisable(slip: sys.UnraisableHookArgs) -> None:
    """Heed a Ctrl-C that fell into a finaliser, from which no exception comes out."""
    if isinstance(slip.exc_value, KeyboardInterrupt):
        _leave()
    sys.__unraisablehook__(slip)


def _end() -> NoReturn:
    """End as interrupted; Python itself would end by the signal where it fell into a text that was executed."""
    import atexit

    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            continue  # whoever read it has gone
    os._exit(INTERRUPTED)


def main() -> None:
    """Load the command line and serve one command."""
    from twin.cli import main as serve

    sys.unraisablehook = _unraisable
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, _stop)
    try:
        serve()
    except KeyboardInterrupt:
        _leave()
    except SystemExit as done:
        if done.code == INTERRUPTED:
            _end()
        raise
    finally:
        # The answer stands; what is left is to close the interpreter.
        signal.signal(signal.SIGINT, signal.SIG_IGN)


# A process that runs in the background was told to ignore Ctrl-C, and keeps doing so.
if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, _leave)
if __name__ == "__main__":
    main()
