"""Waiting for a page from outside: its policy forbids the usual polling inside it."""

from __future__ import annotations

import time


def wait_until(page, condition, patience_s=60.0, faults=()):
    """Ask a page, or a frame of it, until a condition holds; fail with the faults heard when patience ends."""
    end = time.monotonic() + patience_s
    while not page.evaluate(f"Boolean({condition})"):
        assert time.monotonic() < end, f"never came true: {condition}; {faults}"
        page.wait_for_timeout(50)
