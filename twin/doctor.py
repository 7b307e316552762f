"""Can this machine run the twin, and show what it made? Each finding comes with its mend.

Nothing here needs internet, and nothing that it says names a person, a folder of theirs, or the machine.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from packaging.requirements import Requirement

from twin import __version__
from twin.browsers import browsers

State = Literal["good", "warn", "bad"]
#: Called with the check that begins.
OnCheck = Callable[[str], None]

_SAMPLE = "夢洲 → 御堂筋 m² ±95 %"
_PYTHONS = ((3, 11), (3, 13))
_KANJI_FONTS = ("meiryo.ttc", "YuGothM.ttc", "msgothic.ttc", "BIZ-UDGothicR.ttc")
#: Asks a page whether it can draw with WebGL, and by which renderer.
_WEBGL_PAGE = """<body><script>
const gl = document.createElement("canvas").getContext("webgl2");
const more = gl && gl.getExtension("WEBGL_debug_renderer_info");
document.body.textContent = "WEBGL[" + (gl ? gl.getParameter(more ? more.UNMASKED_RENDERER_WEBGL : gl.RENDERER) : "")
  + "]";
</script></body>"""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    check
        What was looked at.
    state
        good, warn: it works but worse than it could, bad: something will fail.
    found
        What was found, in English.
    mend_en, mend_ja
        What to do about it; empty where it is good.
    """

    check: str
    state: State
    found: str
    mend_en: str = ""
    mend_ja: str = ""

    def to_dict(self) -> dict[str, str]:
        """Plain data."""
        return {name: getattr(self, name) for name in ("check", "state", "found", "mend_en", "mend_ja")}


def examine(on_check: OnCheck | None = None) -> list[Finding]:
    """Look at everything; takes about ten seconds, most of them for the browser and the compiler.

    Parameters
    ----------
    on_check
        Called with the name of each check before it.
    """
    checks: dict[str, Callable[[], Finding]] = {
        "Python": _python,
        "libraries": _libraries,
        "memory": _memory,
        "cores": _cores,
        "disk": _disk,
        "cache": _cache,
        "console": _console,
        "fonts": _fonts,
        "browser": _browser,
        "compiler": _compiler,
        "kernels": _kernels,
    }
    out = []
    for name, look in checks.items():
        if on_check:
            on_check(name)
        out.append(look())
    return out


def _python() -> Finding:
    low, high = _PYTHONS
    bits = 64 if sys.maxsize > 2**32 else 32
    found = f"{platform.python_implementation()} {platform.python_version()}, {bits} bits, {platform.system()}"
    if bits < 64 or sys.version_info[:2] < low:
        return Finding(
            "Python",
            "bad",
            found,
            f"install a 64-bit Python {low[0]}.{low[1]} to {high[0]}.{high[1]}",
            f"64ビット版のPython {low[0]}.{low[1]}〜{high[0]}.{high[1]}をインストールする",
        )
    if sys.version_info[:2] > high:
        return Finding(
            "Python",
            "warn",
            found,
            f"not tried with this version; tried with {low[0]}.{low[1]} to {high[0]}.{high[1]}",
            f"この版では未検証。検証済みは{low[0]}.{low[1]}〜{high[0]}.{high[1]}",
        )
    return Finding("Python", "good", found)


def _libraries() -> Finding:
    wrong, count = [], 0
    try:
        required = importlib.metadata.requires("osaka-twin") or []
    except importlib.metadata.PackageNotFoundError:
        return Finding(
            "libraries",
            "warn",
            "the twin runs from its sources and is not installed: versions of libraries were not compared",
            "install it: pip install -e .",
            "pip install -e . で導入する",
        )
    for text in required:
        wanted = Requirement(text)
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
            continue
        count += 1
        try:
            here = importlib.metadata.version(wanted.name)
        except importlib.metadata.PackageNotFoundError:
            wrong.append(f"{wanted.name} is missing")
            continue
        if not wanted.specifier.contains(here, prereleases=True):
            wrong.append(f"{wanted.name} {here}, wanted {wanted.specifier}")
    if wrong:
        return Finding(
            "libraries",
            "bad",
            "; ".join(wrong),
            "install the twin again into a fresh environment",
            "新しい環境にツインを入れ直す",
        )
    numba, numpy, mesa = (importlib.metadata.version(name) for name in ("numba", "numpy", "mesa"))
    return Finding("libraries", "good", f"{count} of {count}; numba {numba}, numpy {numpy}, mesa {mesa}")


def memory_gb() -> tuple[float, float] | None:
    """(all, free) memory of this machine in GB, the limit of a container included; None where it is not known."""
    try:
        text = Path("/proc/meminfo").read_text(encoding="ascii")
        known = {row[1]: int(row[2]) / 1e6 for row in re.finditer(r"^(\w+):\s+(\d+) kB$", text, re.MULTILINE)}
        total, free = known["MemTotal"], known["MemAvailable"]
    except (OSError, KeyError):
        return _memory_of_windows()
    try:
        limit = float(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii")) / 1e9
        used = float(Path("/sys/fs/cgroup/memory.current").read_text(encoding="ascii")) / 1e9
    except (OSError, ValueError):
        return total, free
    return min(total, limit), min(free, max(limit - used, 0.0))


def _memory_of_windows() -> tuple[float, float] | None:
    import ctypes

    if not hasattr(ctypes, "windll"):
        return None

    class Status(ctypes.Structure):
        _fields_ = (
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            *((name, ctypes.c_ulonglong) for name in ("total", "free", "page", "page_free", "own", "own_free", "more")),
        )

    status = Status(length=ctypes.sizeof(Status))
    if not ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
        return None
    return float(status.total) / 1e9, float(status.free) / 1e9


def _memory() -> Finding:
    known = memory_gb()
    if known is None:
        return Finding(
            "memory",
            "warn",
            "not known on this system",
            "twin check says how much a scenario needs",
            "シナリオに必要な量は twin check が示す",
        )
    found = f"{known[0]:.1f} GB, {known[1]:.1f} GB free"
    if known[1] < 2.0:
        return Finding(
            "memory",
            "warn",
            found,
            "close other programs, or run with --workers 1; a district needs about 0.5 GB a worker",
            "他のソフトを閉じるか --workers 1 で実行する。一地区で一ワーカー約0.5 GB",
        )
    return Finding("memory", "good", found)


def usable_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _cores() -> Finding:
    from twin.experiments.speed import machine_factor

    factor = machine_factor()
    found = f"{usable_cores()}, each {1 / factor:.2f} times as fast as the machine of our estimates"
    if factor > 4:
        return Finding(
            "cores",
            "warn",
            found,
            "the machine is slow or busy: close other programs; twin check estimates with its speed",
            "遅いか混んでいる。他のソフトを閉じる。twin check はこの速さで見積もる",
        )
    return Finding("cores", "good", found)


def _disk() -> Finding:
    places = {"this folder": Path.cwd(), "temporary files": Path(tempfile.gettempdir())}
    free = {name: shutil.disk_usage(path).free / 1e9 for name, path in places.items()}
    found = ", ".join(f"{gb:.1f} GB free for {name}" for name, gb in free.items())
    if min(free.values()) < 1.0:
        return Finding(
            "disk",
            "bad" if min(free.values()) < 0.1 else "warn",
            found,
            "make room, or choose another --out; a run of a district takes 5 to 50 MB",
            "空きを作るか --out で別の場所を選ぶ。一地区の一実行は5〜50 MB",
        )
    try:
        tempfile.TemporaryFile(dir=Path.cwd()).close()
    except OSError:
        return Finding(
            "disk",
            "warn",
            f"{found}; this folder cannot be written",
            "go to a folder of your own, or name one with --out",
            "自分のフォルダーに移るか --out で指定する",
        )
    return Finding("disk", "good", found)


def _cache() -> Finding:
    from twin.cache import compiled_folder

    before = os.environ.get("TWIN_CACHE_DIR")
    folder = compiled_folder()
    if os.environ.get("TWIN_CACHE_DIR") != before:
        return Finding(
            "cache",
            "warn",
            "the cache folder cannot be written: kernels are compiled in every process group anew",
            "set TWIN_CACHE_DIR to a folder that can be written",
            "書き込めるフォルダーを TWIN_CACHE_DIR に設定する",
        )
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
    return Finding("cache", "good", f"{size:.0f} MB of compiled kernels")


def _console() -> Finding:
    encoding = sys.stdout.encoding or "ascii"
    lost = sorted({letter for letter in _SAMPLE if not _encodes(letter, encoding)})
    if lost:
        return Finding(
            "console",
            "warn",
            f"{encoding}: cannot show {len(lost)} of {len(set(_SAMPLE))} sample characters; ? stands for them",
            "set PYTHONUTF8=1 and use a console with UTF-8 (Windows: chcp 65001)",
            "PYTHONUTF8=1 を設定し、UTF-8の端末を使う（Windows: chcp 65001）",
        )
    return Finding("console", "good", encoding)


def _encodes(letter: str, encoding: str) -> bool:
    try:
        letter.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _fonts() -> Finding:
    found = _kanji_font()
    if found is None:
        return Finding("fonts", "good", "this system brings its own Japanese fonts")
    if not found:
        return Finding(
            "fonts",
            "warn",
            "no font with kanji: place names in pictures and pages show as boxes",
            "install one, e.g. fonts-noto-cjk on Debian",
            "日本語フォントを入れる（例：Debianの fonts-noto-cjk）",
        )
    return Finding("fonts", "good", found)


def _kanji_font() -> str | None:
    """Name of a font with kanji, empty without one, None where the system always has some."""
    system = platform.system()
    if system == "Windows":
        folder = Path(os.environ.get("WINDIR", r"C:\Windows")) / "Fonts"
        return next((name for name in _KANJI_FONTS if (folder / name).is_file()), "")
    if system == "Darwin":
        return None
    lister = shutil.which("fc-list")
    if lister is None:
        return ""
    listed = _said([lister, ":lang=ja", "family"], 20)
    return (listed.splitlines() or [""])[0].split(",")[0].strip()


def _browser() -> Finding:
    path = next(browsers(), None)
    if path is None:
        return Finding(
            "browser",
            "warn",
            "none found; pages are written all the same",
            "open pages on a machine with Chrome, Edge or Firefox of 2023 or later",
            "Chrome・Edge・Firefox（2023年以降）のある機器で開く",
        )
    name = Path(path).stem
    if "firefox" in name.lower() or "safari" in name.lower():
        return Finding("browser", "good", f"{name}; WebGL was not tried")
    renderer = _renderer_of(path)
    if renderer is None:
        return Finding("browser", "good", f"{name}; WebGL could not be tried without a window")
    if not renderer or re.search("swiftshader|llvmpipe|software|basic render", renderer, re.IGNORECASE):
        how = "draws 3D in software" if renderer else "has no WebGL"
        return Finding(
            "browser",
            "warn",
            f"{name} {how}",
            "pages open with the flat view, which carries the same information; a graphics driver brings 3D back",
            "頁は同じ情報の平面表示で開く。3Dには画像ドライバーが必要",
        )
    return Finding("browser", "good", f"{name}, {renderer}")


def _renderer_of(browser: str) -> str | None:
    """What draws WebGL there; empty without any, None if the browser did not answer."""
    with tempfile.TemporaryDirectory(prefix="twin-doctor-", ignore_cleanup_errors=True) as folder:
        page = Path(folder) / "webgl.html"
        page.write_text(_WEBGL_PAGE, encoding="utf-8")
        alone = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        command = [browser, "--headless=new", *alone, f"--user-data-dir={folder}/profile", "--no-first-run"]
        said = _said([*command, "--virtual-time-budget=3000", "--dump-dom", page.as_uri()], 30)
    answer = re.search(r"WEBGL\[([^\]]*)\]", said)
    return answer[1] if answer else None


def _said(command: list[str], seconds: float) -> str:
    """Standard output of a program, empty if it fails or takes too long."""
    try:
        done = subprocess.run(command, capture_output=True, timeout=seconds, check=False)  # noqa: S603  (ours)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace")


def _compiler() -> Finding:
    from twin.jit import compiles_s

    try:
        seconds = compiles_s()
    except Exception as fault:  # noqa: BLE001  (whatever the compiler says is the finding)
        return Finding(
            "compiler",
            "bad",
            f"{type(fault).__name__}: {fault}"[:200],
            "install numba and llvmlite anew, of versions that fit this Python",
            "このPythonに合うnumbaとllvmliteを入れ直す",
        )
    return Finding("compiler", "good", f"a small kernel in {seconds:.1f} s")


def _kernels() -> Finding:
    from twin.experiments.compiling import known_kernels
    from twin.experiments.speed import compiled_ahead

    total, there = len(known_kernels()), compiled_ahead()
    done = sum(kernel.key in there for kernel in known_kernels())
    return Finding("kernels", "good", f"{done} of {total} compiled ahead; the first run of each kind compiles the rest")


def report(findings: list[Finding]) -> dict[str, object]:
    """Findings as plain data, with the versions and the moment, for a mail to whoever helps."""
    return {
        "twin": __version__,
        "at": time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime()),
        "findings": [finding.to_dict() for finding in findings],
    }
