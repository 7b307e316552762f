"""The page on A4, printed by a browser that is installed: Chrome, Edge or Chromium."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from twin.errors import RunError

#: Commands and places of browsers that print; Edge comes with Windows.
_COMMANDS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
    "microsoft-edge",
)
_PLACES = (
    "%ProgramFiles%/Google/Chrome/Application/chrome.exe",
    "%ProgramFiles(x86)%/Google/Chrome/Application/chrome.exe",
    "%ProgramFiles(x86)%/Microsoft/Edge/Application/msedge.exe",
    "%ProgramFiles%/Microsoft/Edge/Application/msedge.exe",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
#: Names another browser of that kind.
VARIABLE = "TWIN_BROWSER"
_LONGEST_S = 120
_DATE = re.compile(rb"/(CreationDate|ModDate) \(D:[^)]*\)")


def browser() -> str:
    """The browser that prints.

    Raises
    ------
    RunError
        If none is installed, or the one named cannot be found.
    """
    named = os.environ.get(VARIABLE)
    if named:
        found = shutil.which(named)
        if found:
            return found
        raise RunError(
            f"there is no browser {named!r}", where=VARIABLE, mend="give the path of Chrome, Edge or Chromium"
        )
    for command in _COMMANDS:
        found = shutil.which(command)
        if found:
            return found
    for place in _PLACES:
        path = os.path.expandvars(place)
        if os.path.isfile(path):
            return path
    raise RunError(
        "a PDF needs Chrome, Edge or Chromium, and none is installed",
        where="twin report --pdf",
        mend=f"install one, or name it in {VARIABLE}; the page can also be printed from any browser",
    )


def need_kanji() -> None:
    """Refuse where it is known that no font has Japanese letters; other systems come with one.

    Raises
    ------
    RunError
        If the list of fonts has none.
    """
    lister = shutil.which("fc-list")
    if lister is None:
        return
    told = subprocess.run(  # noqa: S603
        [lister, ":lang=ja", "family"], capture_output=True, text=True, check=False, timeout=_LONGEST_S
    )
    if told.returncode == 0 and not told.stdout.strip():
        raise RunError(
            "no font of this machine has Japanese letters",
            where="twin report --pdf",
            mend="install one, for example the package fonts-noto-cjk; or report with --lang en",
        )


def print_page(page: Path, out: Path, *, japanese: bool) -> Path:
    """Print a page as PDF on A4; found whole or not at all.

    Parameters
    ----------
    page
        The page; nothing it names is fetched.
    out
        The PDF.
    japanese
        Whether it has Japanese words.

    Raises
    ------
    RunError
        If no browser or no font serves, or printing fails.
    """
    command = browser()
    if japanese:
        need_kanji()
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "page.pdf"
        arguments = [
            command,
            "--headless",
            "--disable-gpu",
            "--disable-extensions",
            "--no-first-run",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            f"--user-data-dir={Path(folder) / 'profile'}",
            "--no-pdf-header-footer",
            f"--print-to-pdf={made}",
        ]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            arguments.append("--no-sandbox")  # a browser refuses to run as root otherwise
        try:
            told = subprocess.run(  # noqa: S603
                [*arguments, page.resolve().as_uri()], capture_output=True, check=False, timeout=_LONGEST_S
            )
        except (OSError, subprocess.TimeoutExpired) as fault:
            raise RunError(
                f"the browser did not print: {fault}", where=command, mend=f"name another one in {VARIABLE}"
            ) from fault
        if told.returncode or not made.is_file():
            last = told.stderr.decode("utf-8", "replace").strip().splitlines()[-1:] or [f"code {told.returncode}"]
            raise RunError(
                f"the browser did not print: {last[0][:200]}", where=command, mend=f"name another one in {VARIABLE}"
            )
        # When it was printed is no part of what it says.
        data = _DATE.sub(lambda found: _undated(found[0]), made.read_bytes())
    beside = out.with_name(out.name + ".tmp")
    try:
        beside.write_bytes(data)
        os.replace(beside, out)
    except OSError as fault:
        beside.unlink(missing_ok=True)
        raise RunError(f"cannot write: {fault}", where=str(out), mend="choose another file with --out") from fault
    return out


def _undated(entry: bytes) -> bytes:
    """A date of a PDF with all its digits set to the first of January 2000, of the same length."""
    digits = iter(b"20000101000000" + b"0" * len(entry))
    head, found, tail = entry.partition(b"D:")
    return head + found + bytes(next(digits) if 48 <= letter <= 57 else letter for letter in tail)
