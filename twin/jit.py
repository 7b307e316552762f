"""The only importer of numba, with ``jit_signatures``: the kernel decorators, and a cache that never serves stale code.

numba's file cache notices an edit in the file of a kernel, but not in a helper that the kernel calls from
another file. Compiled code is therefore kept in a folder named by a digest of the file of the kernel, of all files
that it imports of the package (and these of others), of the versions of numba, numpy and Python and of the machine
type. An edit moves the kernels that can see it to a fresh folder and leaves all others; every checkout and every
install with the same sources shares one compilation.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import os
import re
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numba
import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]  # numba brings it
from numba.core import caching

from twin.cache import compiled_folder, platform_parts

if TYPE_CHECKING:
    from twin.jit_signatures import Described

# Some options below are numba's own, known to its compiler and not to its types.
_njit: Any = numba.njit
_function_cache: Any = caching.FunctionCache
_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import[ \t]+(\([^)]*\)|[^\n#]*)|import[ \t]+([\w., \t]+))", re.MULTILINE
)


def _imported_names(text: str) -> set[str]:
    """Dotted names of the loaded modules that the import statements of a source file name.

    A package counts only where something is imported that is no module of it.
    """
    names: set[str] = set()
    for source, imported, plain in _IMPORT.findall(text):
        parts = {f"{source}.{part.split()[0]}" for part in imported.strip("() \n").split(",") if part.strip()}
        names |= parts & sys.modules.keys() if source else set()
        names |= {source} if source and not parts <= sys.modules.keys() else set()
        names.update(part.split()[0] for part in plain.split(",") if part.strip())
    return names


@functools.cache
def _seen_from(path: Path) -> tuple[Path, ...]:
    """A source file and every file of its package, or of ours, that it imports directly or by others.

    Asked while the file is being imported, so that what it imports is loaded already.
    """
    names = {file.__file__: name for name, file in list(sys.modules.items()) if getattr(file, "__file__", None)}
    packages = {"twin", names.get(str(path), "twin").split(".")[0]}
    found: dict[Path, None] = {}
    waiting = [path]
    while waiting:
        file = waiting.pop()
        if file in found:
            continue
        found[file] = None
        if file == Path(__file__):
            continue  # what this file asks for late is loaded in one process and not in the next
        for name in _imported_names(file.read_text(encoding="utf-8")):
            module = sys.modules.get(name) if name.split(".")[0] in packages else None
            if module is not None and getattr(module, "__file__", None):
                waiting.append(Path(str(module.__file__)))
    return tuple(sorted(found, key=lambda p: (p.parent.name, p.name)))


@functools.cache
def _closure_digest(path: Path) -> str:
    digest = hashlib.sha256()
    for file in {Path(__file__): None, **dict.fromkeys(_seen_from(path))}:
        digest.update(f"{file.parent.name}/{file.name}".encode())
        digest.update(file.read_bytes())
    for part in platform_parts():
        digest.update(part.encode())
    return digest.hexdigest()[:16]


def compilations() -> int:
    """How many kernels were compiled in this process because no cache held them."""
    return sum(sum(kernel.stats.cache_misses.values()) for kernel in _KERNELS)


def signatures() -> list[tuple[str, str, list[Described]]]:
    """Every kernel that Python called in this process, as (module, name, types of its arguments as plain data).

    Kernels whose types no other process could make again are left out; so are those that only kernels call, which
    are compiled with their callers.
    """
    from twin.jit_signatures import describe

    out: list[tuple[str, str, list[Described]]] = []
    for one in _KERNELS:
        for kinds in one.overloads:
            told = [describe(kind) for kind in kinds]
            if not one.targetoptions.get("no_cpython_wrapper") and None not in told:
                out.append((one.py_func.__module__, one.py_func.__name__, [kind for kind in told if kind is not None]))
    return sorted(out, key=repr)


def compiles_s() -> float:
    """Seconds that a small kernel of no cache takes to compile, without the first loading of the compiler."""

    def nothing(x: float) -> float:
        return x + 1.0

    def small(table: Any, n: int) -> float:
        total = 0.0
        for i in range(n):
            total += table[i] * np.sqrt(total + 1.0)
        return total

    _njit(nothing)(0.0)
    began = time.perf_counter()
    _njit(small)(np.ones(3), 3)
    return time.perf_counter() - began


def compile_ahead(module: str, name: str, kinds: list[Described]) -> bool:
    """Compile a kernel of :func:`signatures`, unless the cache holds it; says whether it was compiled.

    Raises
    ------
    Exception
        Whatever is raised where the kernel has changed since its signature was written down.
    """
    from twin.jit_signatures import build

    one = getattr(importlib.import_module(module), name)
    before = compilations()
    one.compile(tuple(build(kind) for kind in kinds))
    return compilations() > before


#: Every compiled function of this process.
_KERNELS: list[Any] = []


@functools.cache
def _folder_of(path: Path) -> Path:
    folder = compiled_folder() / f"{path.stem}-{_closure_digest(path)}"
    folder.mkdir(parents=True, exist_ok=True)
    os.utime(folder)
    return folder


class _SourcesLocator:
    """Tells numba where the compiled code of a function lies: by the contents of all sources that it can see."""

    #: Set apart from code of the same function that was compiled otherwise.
    _sort = ""

    def __init__(self, function: Callable[..., Any], file: str) -> None:
        self._py_file = file  # numba names it in its warnings
        self._line = function.__code__.co_firstlineno

    @classmethod
    def from_function(cls, function: Callable[..., Any], file: str) -> _SourcesLocator | None:
        return cls(function, file) if os.path.exists(file) else None

    def ensure_cache_path(self) -> None:
        os.makedirs(self.get_cache_path(), exist_ok=True)

    def get_cache_path(self) -> str:
        return str(_folder_of(Path(self._py_file)))

    def get_source_stamp(self) -> str:
        return _closure_digest(Path(self._py_file))

    def get_disambiguator(self) -> str:
        return f"{self._line}{self._sort}"


class _CalledLocator(_SourcesLocator):
    """Where the form of a function lies that only kernels call."""

    _sort = "called"


class _KernelCacheImpl(_function_cache._impl_class):
    _locator_classes = (_SourcesLocator,)


class _CalledCacheImpl(_function_cache._impl_class):
    _locator_classes = (_CalledLocator,)


class _KernelCache(_function_cache):
    _impl_class = _KernelCacheImpl


class _CalledCache(_function_cache):
    _impl_class = _CalledCacheImpl


#: No way in from Python or C.
_NO_WAY_IN = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def _compiled(function: Callable[..., Any], *, kept: bool = True, **options: Any) -> Callable[..., Any]:
    # Nothing is ever called through a pointer from C.
    compiled: Any = _njit(nogil=True, error_model="numpy", **{"no_cfunc_wrapper": True, **options})(function)
    # A function typed into a notebook has no file to be told by, and is compiled anew; without the compiler there is
    # nothing to keep.
    if kept and compiled is not function and os.path.exists(function.__code__.co_filename):
        compiled._cache = _KernelCache(function)
        _KERNELS.append(compiled)
        if not options.keys() & {"inline", *_NO_WAY_IN}:
            _let_kernels_call(compiled, function, options)
    kernel: Callable[..., Any] = compiled
    return kernel


def _let_kernels_call(compiled: Any, function: Callable[..., Any], options: Mapping[str, Any]) -> None:
    """Give kernels that call this one a form of their own, without the way in from Python.

    Taking fifty arrays of a tuple out of Python objects is a quarter of the machine code of a kernel that takes them;
    most kernels are called by other kernels alone, and then nothing of it is compiled.
    """
    called: Any = _njit(nogil=True, error_model="numpy", **options, **_NO_WAY_IN)(function)
    called._cache = _CalledCache(function)
    _KERNELS.append(called)
    compiled.get_call_template, compiled.get_overload = called.get_call_template, called.get_overload


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function of arrays and numbers on first use; cached on disk, releases the GIL.

    Division by zero gives inf or nan as in numpy; kernels check before they divide.
    """
    return _compiled(function)


def inline_kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a small helper that is copied into the kernels that call it."""
    return _compiled(function, inline="always")


def lean_kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a kernel that makes no array: without reference counts, five times faster on tuples of many arrays."""
    return _compiled(function, _nrt=False)


def inner_kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a helper that only lean kernels call, never Python: no wrapper to compile, and always inlined."""
    return _compiled(function, _nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True, forceinline=True)


def lean_template(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a helper of lean kernels that takes other kernels as its first arguments and calls them.

    It is never kept by itself, since what it does depends on kernels that its file does not see: it is part of the
    kernel that names them, and is kept with that.
    """
    return _compiled(function, kept=False, _nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)


def inner_template(function: Callable[..., Any]) -> Callable[..., Any]:
    """As :func:`lean_template`, and always inlined."""
    return _compiled(
        function, kept=False, _nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True, forceinline=True
    )  # fmt: skip


def _prefetch_row(_typing: Any, table: Any, _row: Any) -> Any:
    """Type and code of :func:`fetch_row`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        byte, number, place = ir.IntType(8).as_pointer(), ir.IntType(32), ir.IntType(64)
        fetch = builder.module.declare_intrinsic(
            "llvm.prefetch", [byte], ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        )
        stride = builder.extract_value(array.strides, 0)
        start = builder.gep(builder.bitcast(array.data, byte), [builder.mul(arguments[1], stride)])
        for line in range(0, 192 if signature.args[0].ndim > 1 else 64, 64):
            # To be written, to be kept in every cache, data.
            how = [ir.Constant(number, 1), ir.Constant(number, 3), ir.Constant(number, 1)]
            builder.call(fetch, [builder.gep(start, [ir.Constant(place, line)]), *how])
        return context.get_dummy_value()

    return numba.types.void(table, numba.types.intp), generate


def _assume_columns(_typing: Any, table: Any, _columns: Any) -> Any:
    """Type and code of :func:`has_columns`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        builder.assume(builder.icmp_signed("==", builder.extract_value(array.shape, 1), arguments[1]))
        return context.get_dummy_value()

    return numba.types.void(table, numba.types.intp), generate


def _nothing(_table: Any, _row: Any) -> None:
    """What :func:`fetch_row` and :func:`has_columns` do where nothing is compiled."""


@inner_kernel
def index(number: Any) -> Any:
    """A whole number from 0 to below 2**32 as an index of which the compiler knows that it is not negative.

    For kernels whose indices come out of arrays: each look-up then spares a test whether to count from the end.
    """
    return np.int64(np.uint32(number))


_is_compiled = os.environ.get("NUMBA_DISABLE_JIT", "0") == "0"
#: ``fetch_row(table, row)``: have the first 192 bytes of a row of a 2-d array, or an element of a 1-d one, brought near
#: before they are needed. For kernels that know which row comes next and would wait for memory there.
fetch_row: Any = numba.extending.intrinsic(_prefetch_row) if _is_compiled else _nothing
#: ``has_columns(table, number)``: promise the compiler that a 2-d array has so many columns, a number known when the
#: kernel is compiled. Rows are then found without a multiplication.
has_columns: Any = numba.extending.intrinsic(_assume_columns) if _is_compiled else _nothing
